"""The OIDC tokens that CI systems and Kubernetes have ready for their jobs.

Each detector gives None when the environment is not its own, and raises when it is but cannot deliver. Those of CI come
first: a job of a self-hosted runner in a pod is asked for itself, and not for the pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, StsctlError, UnavailableError
from stsctl.host import files

STS = "sts.amazonaws.com"
"""The audience that AWS's own documents use for its STS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a detector may look at: variables, programs, and what an HTTP server answers who shows it a secret."""

    environ: Mapping[str, str]
    run: Callable[[Sequence[str]], str]
    fetch: Callable[[str, Secret], tuple[int, Mapping[str, object]]]
    audience: str = STS


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
        status, answer = here.fetch(asked, Secret(bearer))
    except UnavailableError as error:
        hint = "check ACTIONS_ID_TOKEN_REQUEST_URL, or run the job again"
        raise UnavailableError(
            "no answer came from GitHub Actions, which was asked for an ID token", hint=hint
        ) from error
    token = answer.get("value")
    if not isinstance(token, str) or not token:
        raise ConfigurationError(
            f"no ID token came from GitHub Actions (HTTP status {status})", hint="run the job again"
        )
    return Secret(token)


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


_DETECTORS = (github_actions, gitlab, bitbucket, circleci, buildkite, kubernetes)


def find(here: Surroundings) -> Secret | None:
    """The token of where this runs; None where nobody has one ready. Raises ConfigurationError."""
    return next((token for detector in _DETECTORS if (token := detector(here)) is not None), None)


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
