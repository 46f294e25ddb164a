"""OIDC issuers, and what their tokens say of whose they are.

An issuer that several organisations share gives tokens to anybody: only claims tell one's own from others'.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html (which claims
AWS demands of shared issuers), reference_policies_iam-condition-keys.html beside it, and each issuer's own page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from stsctl.access.guard import is_wild, literal


class Step(NamedTuple):
    """A part of a subject: the text before it, what it names, the text that ends it (none: it goes on to the end)."""

    lead: str
    what: str
    close: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One issuer, or several of a kind; `steps` take its subjects apart, the widest first.

    `claim` is the one that says whose a token is, `also` are others that do. `custom` is found in subjects that an
    issuer's customers have given another form.
    """

    host: re.Pattern[str]
    name: str
    shared: bool
    claim: str = "sub"
    steps: tuple[Step, ...] = ()
    also: tuple[str, ...] = ()
    custom: re.Pattern[str] | None = None

    def depth(self, pattern: str) -> int:
        """How many steps a pattern fixes; all of them where it names one subject, or one that is not of this form."""
        begins = literal(pattern)
        if self.custom is not None and self.custom.search(begins):
            return len(self.steps)
        if not is_wild(pattern) and (self.custom is None or begins.startswith(self.steps[0].lead)):
            return len(self.steps)
        return self._read(pattern)[0]

    def narrowed(self, pattern: str) -> str:
        """A subject in the place of a pattern, with examples for what that leaves open."""
        depth, fixed = self._read(pattern)
        if not self.steps:
            return f"{fixed}SUBJECT"
        rest = "".join(step.lead + step.example + step.close for step in self.steps[depth + 1 :])
        step = self.steps[depth]
        return fixed + step.lead + self._begun(pattern, fixed, step) + step.close + rest

    @staticmethod
    def _begun(pattern: str, fixed: str, step: Step) -> str:
        """What a pattern says of the step that it leaves open, or an example."""
        text = literal(pattern).removeprefix(fixed)
        return text.removeprefix(step.lead) if text.startswith(step.lead) and text != step.lead else step.example

    def _read(self, pattern: str) -> tuple[int, str]:
        """How many steps are fixed, and the text of these."""
        begins = literal(pattern)
        at = 0
        for number, step in enumerate(self.steps):
            if not begins.startswith(step.lead, at):
                return number, begins[:at]
            start = at + len(step.lead)
            end = begins.find(step.close, start) if step.close else len(begins)
            open_end = not step.close and is_wild(pattern)
            if end <= start or open_end:
                return number, begins[:at]
            at = end + len(step.close)
        return len(self.steps), begins


def _host(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII | re.IGNORECASE)


_GITHUB_STEPS = (
    Step("repo:", "owner", "/", "OWNER"),
    Step("", "repository", ":", "REPOSITORY"),
    Step("", "branch, environment or event", "", "ref:refs/heads/main"),
)

GOOGLE, COGNITO = "accounts.google.com", "cognito-identity.amazonaws.com"
_KNOWN = (
    Issuer(
        host=_host(r"(vs)?token\.actions\.githubusercontent\.com(/.*)?"),
        name="GitHub Actions",
        shared=True,
        steps=_GITHUB_STEPS,
        also=("enterprise_id", "job_workflow_ref", "repository", "repository_id", "repository_owner_id"),
        custom=re.compile(
            r"(^|:)(repository_owner|repository_owner_id|repository_id|enterprise|enterprise_id):[^:]+(:|$)"
            r"|(^|:)(repository|job_workflow_ref):[^/:]+/"
        ),
    ),
    Issuer(
        host=_host(r"gitlab\.com"),
        name="GitLab",
        shared=True,
        steps=(
            Step("project_path:", "group", "/", "GROUP"),
            Step("", "project", ":", "PROJECT"),
            Step("", "branch or tag", "", "ref_type:branch:ref:main"),
        ),
        also=("namespace_id", "namespace_path", "project_id", "project_path"),
    ),
    Issuer(
        host=_host(r"agent\.buildkite\.com"),
        name="Buildkite",
        shared=True,
        steps=(
            Step("organization:", "organization", ":", "ORGANIZATION"),
            Step("pipeline:", "pipeline", ":", "PIPELINE"),
        ),
        also=("organization_id", "organization_slug", "pipeline_slug"),
    ),
    Issuer(
        host=_host(r"app\.terraform\.io"),
        name="HCP Terraform",
        shared=True,
        steps=(
            Step("organization:", "organization", ":", "ORGANIZATION"),
            Step("project:", "project", ":", "PROJECT"),
            Step("workspace:", "workspace", ":", "WORKSPACE"),
        ),
    ),
    Issuer(
        host=_host(r"oidc\.circleci\.com/org/[^/]+"),
        name="CircleCI",
        shared=False,
        steps=(Step("org/", "organization", "/", "ORGANIZATION-ID"), Step("project/", "project", "/", "PROJECT-ID")),
        also=("oidc.circleci.com/project-id",),
    ),
    Issuer(
        host=_host(r"api\.bitbucket\.org/2\.0/workspaces/[^/]+/pipelines-config/identity/oidc"),
        name="Bitbucket",
        shared=False,
        steps=(Step("", "repository", ":", "{REPOSITORY-UUID}"),),
    ),
    Issuer(
        host=_host(r"oidc(-eks)?\.(eks\.)?[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws|on\.aws)/id/[^/]+"),
        name="this EKS cluster",
        shared=False,
        steps=(
            Step("system:serviceaccount:", "namespace", ":", "NAMESPACE"),
            Step("", "service account", "", "SERVICE-ACCOUNT"),
        ),
    ),
    Issuer(host=_host(re.escape(COGNITO)), name="Cognito identity pools", shared=True, claim="aud"),
    Issuer(host=_host(re.escape(GOOGLE)), name="Google", shared=True, claim="aud", also=("sub",)),
    Issuer(host=_host(r"graph\.facebook\.com"), name="Facebook", shared=True, claim="app_id"),
    Issuer(host=_host(r"www\.amazon\.com"), name="Login with Amazon", shared=True, claim="app_id"),
    Issuer(
        host=_host(r"oidc\.vercel\.com|api\.pulumi\.com/oidc|sandboxes\.cloud"),
        name="a platform that others use too",
        shared=True,
        claim="aud",
        also=("sub",),
    ),
    Issuer(
        host=_host(
            r"oidc\.codefresh\.io|studio\.datachain\.ai/api|oidc-configuration\.audit-log\.githubusercontent\.com"
            r"|scalr\.io|tokens\.cloud\.shisho\.dev|proidc\.upbound\.io"
            r"|(oidc\.op1\.openshiftapps\.com|rh-oidc\.s3\.us-east-1\.amazonaws\.com)/.*"
        ),
        name="a platform that others use too",
        shared=True,
    ),
)


def issuer(host: str) -> Issuer:
    """The issuer at a host (with what follows it); one that nobody knows is somebody's own."""
    found = next((each for each in _KNOWN if each.host.fullmatch(host)), None)
    return found or Issuer(host=_host(re.escape(host)), name=host, shared=False)
