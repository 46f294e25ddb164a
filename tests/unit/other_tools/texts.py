"""Files as other tools write them: made up, in their form."""

from __future__ import annotations

from stsctl import configuration, profile
from stsctl.other_tools.finding import File, Finding, Keyring, Outcome, Theirs
from stsctl.other_tools.settling import settle
from stsctl.other_tools.tools import TOOLS

AWS_VAULT = """\
[default]
region = eu-west-1

[profile common]
region = eu-west-1
mfa_serial = arn:aws:iam::111111111111:mfa/alice

[profile work]
include_profile = common

[profile admin]
include_profile = common
source_profile = work
role_arn = arn:aws:iam::222222222222:role/Admin
session_tags = project=red,team=t
transitive_session_tags = project

[profile audit]
source_profile = elsewhere
role_arn = arn:aws:iam::222222222222:role/Audit

[profile web]
role_arn = arn:aws:iam::222222222222:role/Web
duration_seconds = 3600
web_identity_token_process = gcloud auth print-identity-token

[profile for-sdks]
credential_process = /usr/local/bin/aws-vault exec --no-session --json work
"""

GRANTED = """\
[profile testing/DevRole]
granted_sso_start_url      = https://acme.awsapps.com/start#/
granted_sso_region         = ap-southeast-2
granted_sso_account_id     = 123456789012
granted_sso_role_name      = DevRole
common_fate_generated_from = aws-sso
credential_process         = granted credential-process --profile testing/DevRole
region                     = us-west-2

[profile by-session]
sso_session                = corp
granted_sso_account_id     = 123456789012
granted_sso_role_name      = Reader
credential_process         = granted credential-process --profile by-session

[profile bot]
credential_process = granted credential-process --profile=bot
region = eu-west-1

[profile broken]
granted_sso_account_id = 123456789012
granted_sso_role_name  = Reader

[profile usual]
sso_start_url  = https://acme.awsapps.com/start
sso_region     = ap-southeast-2
sso_account_id = 123456789012
sso_role_name  = Usual
credential_process = granted credential-process --profile usual

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
"""

GRANTED_SETTINGS = """\
DefaultBrowser = "FIREFOX"
CustomBrowserPath = "/usr/bin/firefox"
CustomSSOBrowserPath = ""
Ordering = ""
ExportCredentialSuffix = ""

[Keyring]
  Backend = "secret-service"
  LibSecretCollectionName = "mine"

[ProfileRegistry]
  PrefixAllProfiles = false
  PrefixDuplicateProfiles = false

  [[ProfileRegistry.Registries]]
    name = "acme"
    url = "git@github.com:acme/registry.git"

[SSO]
  [SSO.acme]
    StartURL = "https://acme.awsapps.com/start"
    SSORegion = "ap-southeast-2"
    Prefix = ""
    NoCredentialProcess = false
    ProfileTemplate = ""
"""


def found(
    tool: str,
    text: str | bytes | None = None,
    *,
    aws: str = "",
    credentials: str = "",
    items: tuple[str, ...] | None = None,
    here: str = "",
    added: str = "",
) -> dict[str, Finding]:
    """What becomes of each thing of a tool, by what it is there; `here` and `added` is what is configured already."""
    file = None if text is None else File(place="theirs", text=text.encode() if isinstance(text, str) else text)
    keyring = None if items is None else Keyring(place='keyring "theirs"', items=items)
    profiles = profile.load(aws.encode(), credentials.encode())
    listed = TOOLS[tool].read(Theirs(profiles=profiles, file=file, keyring=keyring))
    settled = settle(listed, tool, configuration.load(here.encode(), added.encode()), profiles)
    named = {each.what: each for each in settled}
    assert len(named) == len(listed)
    return named


def values(finding: Finding) -> dict[str, str]:
    """What is to be written, with the name."""
    assert finding.outcome is Outcome.BECOMES, finding
    assert finding.entry is not None
    return {"": finding.entry.title, **finding.entry.values}
