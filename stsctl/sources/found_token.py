"""The OIDC tokens that CI systems, Kubernetes and other clouds have ready for what runs there.

Each detector gives None when the environment is not its own, and raises when it is but cannot deliver. Those of CI come
first: a job of a self-hosted runner in a pod is asked for itself, and not for the pod. A machine's metadata, which only
the network could tell of, is asked where a source says so, and never otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, StsctlError, UnavailableError
from stsctl.host import files
from stsctl.host.link_local import NoAnswerError, exchange
from stsctl.source import TokenFrom
from stsctl.sources.client import READ_TIMEOUT
from stsctl.sources.http import Fields, Http, Reply, shown

STS = "sts.amazonaws.com"
"""The audience that AWS's own documents use for its STS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a detector may look at: variables, programs, and who answers on the network.

    `said_audience` is for whom the source says that the token has to be.
    """

    environ: Mapping[str, str]
    run: Callable[[Sequence[str]], str]
    http: Http
    said_audience: str | None = None

    @property
    def audience(self) -> str:
        """For whom a token is asked for."""
        return self.said_audience or STS


def github_actions(here: Surroundings) -> Secret | None:
    """https://docs.github.com/en/actions/reference/security/oidc: asked for by a request of the job's own."""
    if here.environ.get("GITHUB_ACTIONS") != "true":
        return None
    url, bearer = (here.environ.get(f"ACTIONS_ID_TOKEN_REQUEST_{name}") for name in ("URL", "TOKEN"))
    if not url or not bearer:
        raise ConfigurationError(
            "this job of GitHub Actions may have no ID token", hint='add "permissions: id-token: write" to the job'
        )
    asked = f"{url}{'&' if '?' in url else '?'}audience={quote(here.audience)}"
    try:
        reply = here.http.get("the ID token", asked, headers={"Authorization": Secret(f"Bearer {bearer}")})
    except UnavailableError as error:
        hint = "check ACTIONS_ID_TOKEN_REQUEST_URL, or run the job again"
        raise UnavailableError(
            "no answer came from GitHub Actions, which was asked for an ID token", hint=hint
        ) from error
    return _answered(reply, reply.json.get("value"), "GitHub Actions", hint="run the job again")


def gitlab(here: Surroundings) -> Secret | None:
    """https://docs.gitlab.com/ci/cloud_services/aws/: in the variable that the job names under `id_tokens`."""
    if here.environ.get("GITLAB_CI") != "true":
        return None
    hint = f'add "id_tokens: GITLAB_OIDC_TOKEN: aud: {here.audience}" to the job, or name yours as token_variable'
    return _variable(here, "this job of GitLab", ("GITLAB_OIDC_TOKEN",), hint)


def bitbucket(here: Surroundings) -> Secret | None:
    """https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/."""
    if "BITBUCKET_BUILD_NUMBER" not in here.environ:
        return None
    return _variable(
        here, "this step of Bitbucket Pipelines", ("BITBUCKET_STEP_OIDC_TOKEN",), 'add "oidc: true" to the step'
    )


def circleci(here: Surroundings) -> Secret | None:
    """https://circleci.com/docs/openid-connect-tokens/."""
    if here.environ.get("CIRCLECI") != "true":
        return None
    names = ("CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN")
    return _variable(here, "this job of CircleCI", names, "give the job a context")


def buildkite(here: Surroundings) -> Secret | None:
    """https://buildkite.com/docs/agent/cli/reference/oidc: its agent asks for it."""
    if here.environ.get("BUILDKITE") != "true":
        return None
    try:
        token = here.run(("buildkite-agent", "oidc", "request-token", "--audience", here.audience)).strip()
    except StsctlError as error:
        raise ConfigurationError(f"this job of Buildkite has no ID token: {error.message}", hint=error.hint) from error
    if not token:
        raise ConfigurationError("buildkite-agent printed no ID token", hint="buildkite-agent oidc request-token")
    return Secret(token)


def kubernetes(here: Surroundings) -> Secret | None:
    """The file that a pod has for AWS, as the SDKs find it: EKS mounts it, and sets their variable.

    https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
    """
    place = here.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    return in_file(Path(place), "AWS_WEB_IDENTITY_TOKEN_FILE") if place else None


def gcp(here: Surroundings) -> Secret:
    """https://cloud.google.com/compute/docs/instances/verifying-instance-identity: the machine's service account."""
    host = here.environ.get("GCE_METADATA_HOST") or "metadata.google.internal"
    query = urlencode({"audience": here.audience, "format": "full"})
    url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/identity?{query}"
    reply = _metadata("Google Cloud", url, {"Metadata-Flavor": "Google"})
    # By this header Google's own libraries tell their metadata from whatever else answers by that name.
    if reply.headers.get("metadata-flavor") != "Google":
        raise ConfigurationError("what answers in the place of Google Cloud's metadata is something else")
    return _answered(reply, reply.text, "Google Cloud", hint="give this machine a service account")


def azure(here: Surroundings) -> Secret:
    """The token of a workload of AKS, of an app of App Service or Container Apps, or of a virtual machine.

    https://azure.github.io/azure-workload-identity/docs/quick-start.html,
    https://learn.microsoft.com/azure/app-service/overview-managed-identity (its REST endpoint),
    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
    """
    variables = here.environ
    if place := variables.get("AZURE_FEDERATED_TOKEN_FILE"):
        return in_file(Path(place), "AZURE_FEDERATED_TOKEN_FILE")
    if here.said_audience is None:
        raise ConfigurationError(
            "the source names no application, and Azure gives tokens only for one that it knows",
            hint='add audience = "api://APPLICATION_ID" to the source',
        )
    asked = {"resource": here.said_audience}
    if client_id := variables.get("AZURE_CLIENT_ID"):
        asked["client_id"] = client_id  # which of several identities, as Azure's own SDKs are told
    endpoint, secret = variables.get("IDENTITY_ENDPOINT"), variables.get("IDENTITY_HEADER")
    if endpoint and secret:
        url = f"{endpoint}?{urlencode({'api-version': '2019-08-01', **asked})}"
        reply = _metadata("Azure", url, {"X-IDENTITY-HEADER": Secret(secret)})
    else:
        url = (
            f"http://169.254.169.254/metadata/identity/oauth2/token?{urlencode({'api-version': '2018-02-01', **asked})}"
        )
        reply = _metadata("Azure", url, {"Metadata": "true"})
    return _answered(
        reply, reply.json.get("access_token"), "Azure", hint="check this machine's identity, and the source's audience"
    )


_BY_THEMSELVES: Mapping[TokenFrom, Callable[[Surroundings], Secret | None]] = {
    TokenFrom.GITHUB_ACTIONS: github_actions,
    TokenFrom.GITLAB: gitlab,
    TokenFrom.BITBUCKET: bitbucket,
    TokenFrom.CIRCLECI: circleci,
    TokenFrom.BUILDKITE: buildkite,
    TokenFrom.KUBERNETES: kubernetes,
}
_WHERE_SAID = {TokenFrom.GCP: gcp, TokenFrom.AZURE: azure}


def find(here: Surroundings, said: TokenFrom | None = None) -> Secret | None:
    """The token of where this runs, or of that place only; None where there is none ready.

    Raises ConfigurationError, UnavailableError.
    """
    if said is not None:
        detector = _BY_THEMSELVES.get(said) or _WHERE_SAID[said]
        return detector(here)
    return next((token for detector in _BY_THEMSELVES.values() if (token := detector(here)) is not None), None)


def in_file(path: Path, said_by: str) -> Secret:
    """What a file holds; raises ConfigurationError where there is none."""
    content = files.read(path)
    if content is None:
        raise ConfigurationError(f'{said_by}: there is no file "{path}"')
    try:
        return Secret(content.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f'{said_by}: what is in "{path}" is no text') from None  # the cause shows the bytes


def in_variable(environ: Mapping[str, str], name: str, said_by: str) -> Secret:
    """What a variable holds; raises ConfigurationError where it is not set."""
    if not environ.get(name):
        raise ConfigurationError(f'{said_by}: the variable "{name}" is not set here')
    return Secret(environ[name])


def _variable(here: Surroundings, where: str, names: tuple[str, ...], hint: str) -> Secret:
    token = next((here.environ[name] for name in names if here.environ.get(name)), None)
    if token is None:
        raise ConfigurationError(f"{where} has no ID token ({names[0]} is not set)", hint=hint)
    return Secret(token)


def _metadata(cloud: str, url: str, headers: Fields) -> Reply:
    try:
        answer = exchange("GET", url, shown(headers), seconds=READ_TIMEOUT)
    except NoAnswerError as error:
        hint = "is this one of its machines?"
        raise UnavailableError(f"no metadata of {cloud} answers here: {error.message}", hint=hint) from error
    return Reply(status=answer.status, headers=answer.headers, content=answer.body)


def _answered(reply: Reply, found: object, whose: str, *, hint: str) -> Secret:
    """The token in an answer."""
    token = found if isinstance(found, Secret) else Secret(found) if isinstance(found, str) else None
    if reply.status != 200 or token is None or not token.reveal().strip():
        raise ConfigurationError(f"no ID token came from {whose} (HTTP status {reply.status})", hint=hint)
    return token
