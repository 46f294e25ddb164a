"""Files as other tools write them: made up, in their form."""

from __future__ import annotations

import json
from typing import Any

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


def found(tool: str, text: str | bytes | None = None, **rest: Any) -> dict[str, Finding]:
    """What becomes of each thing of a tool, by what it is there."""
    listed = settled(tool, text, **rest)
    named = {each.what: each for each in listed}
    assert len(named) == len(listed)
    return named


def settled(
    tool: str,
    text: str | bytes | None = None,
    *,
    aws: str = "",
    credentials: str = "",
    items: tuple[str, ...] | None = None,
    here: str = "",
    added: str = "",
) -> list[Finding]:
    """What becomes of each thing of a tool; `here` and `added` is what is configured already."""
    file = None if text is None else File(place="theirs", text=text.encode() if isinstance(text, str) else text)
    keyring = None if items is None else Keyring(place='keyring "theirs"', items=items)
    profiles = profile.load(aws.encode(), credentials.encode())
    configured = configuration.load(here.encode(), added.encode())
    kept = frozenset(configured.kept_keys)
    listed = TOOLS[tool].read(Theirs(profiles=profiles, file=file, keyring=keyring, kept=kept))
    return settle(listed, tool, configured, profiles)


def values(finding: Finding) -> dict[str, str]:
    """What is to be written, with the name."""
    assert finding.outcome is Outcome.BECOMES, finding
    assert finding.entry is not None
    return {"": finding.entry.title, **finding.entry.values}


AWS_SSO = """\
SSOConfig:
    Default:
        SSORegion: eu-west-1
        StartUrl: https://acme.awsapps.com/start
        DefaultRegion: eu-central-1
        Accounts:
            012345670123:
                Name: Log archive
                Tags:
                    Type: Sub Account
                    Color: Red
                Roles:
                    ReadOnly:
                        Profile: logs
                        Tags:
                            - Team: platform
                            - Icon: unheard-of
                    Deep:
                        Via: arn:aws:iam::012345670123:role/ReadOnly
                        ExternalId: x-42
                        SourceIdentity: alice
                        DefaultRegion: us-west-2
            222222222222:
                Roles:
                    Admin:
                    Round:
                        Via: arn:aws:iam::222222222222:role/Round
            nonsense:
                Roles:
                    Admin:
    GovCloud:
        SSORegion: us-gov-west-1
        StartUrl: https://gov.awsapps.com/start/#/
DefaultSSO: Default
UrlAction: exec
UrlExecCommand:
    - /usr/bin/firefox
    - "%s"
SecureStore: file
ProfileFormat: '{{ .AccountName }}/{{ .RoleName }}'
"""

AWS_SSO_PROFILES = """\
# BEGIN_AWS_SSO_CLI

[profile 222222222222:Admin]
credential_process = /usr/local/bin/aws-sso -u open -S "Default" process --arn arn:aws:iam::222222222222:role/Admin
region = eu-central-1

[profile gov:Admin]
credential_process = /usr/local/bin/aws-sso -S "GovCloud" process --arn arn:aws-us-gov:iam::333333333333:role/Admin

[profile old:Admin]
credential_process = /usr/local/bin/aws-sso -S "Gone" process --arn arn:aws:iam::444444444444:role/Admin

# END_AWS_SSO_CLI
"""

SAML2AWS = """\
[default]
name                    = default
app_id                  =
url                     = https://acme.okta.com/home/amazon_aws/0oa1b2c3d4/272
username                = alice@example.com
provider                = Okta
mfa                     = PUSH
skip_verify             = false
timeout                 = 0
aws_urn                 = urn:amazon:webservices
aws_session_duration    = 28800
aws_profile             = saml
resource_id             =
subdomain               =
role_arn                = arn:aws:iam::222222222222:role/Admin
region                  = eu-west-1
http_attempts_count     =
http_retry_delay        =
credentials_file        =
saml_cache              = false
disable_remember_device = false
disable_sessions        = false
download_browser_driver = false
headless                = false

[adfs]
url                     = https://id.example.com/
username                = alice
provider                = ADFS
mfa                     = Auto
aws_urn                 = urn:amazon:webservices
aws_session_duration    = 3600
aws_profile             = saml
role_arn                =

[azure]
app_id                  = 2784b9b1-53ed-4883-95a8-56bf94ad4f5f
url                     = https://account.activedirectory.windowsazure.com
provider                = AzureAD
mfa                     = Auto
aws_profile             = dev
role_arn                = arn:aws:iam::111111111111:role/Dev ; the usual one
aws_session_duration    = 3600

[google]
url      = `https://accounts.google.com/o/saml2/initsso?idpid=C1&spid=2&forceauthn=false#x`
provider = GoogleApps
mfa      = Auto

[one]
url       = https://acme.onelogin.com
provider  = OneLogin
app_id    = 123
subdomain = acme
mfa       = Auto
"""

OPS = "arn:aws:iam::111111111111:role/Ops"
SAML2AWS_PROFILES = f"""\
[profile ops]
region = us-east-1
credential_process = saml2aws login --quiet --credential-process --idp-account adfs --role {OPS} --profile ops

[profile lost]
credential_process = saml2aws login --credential-process --idp-account gone --role {OPS}
"""

SAML2AWS_CREDENTIALS = """\
[saml]
aws_access_key_id        = ASIAIOSFODNN7EXAMPLE
aws_secret_access_key    = x
aws_session_token        = y
aws_security_token       = y
x_principal_arn          = arn:aws:sts::222222222222:assumed-role/Admin/alice
x_security_token_expires = 2026-01-31T12:00:00Z
region                   = eu-west-1
"""

AWSUME = """\
colors: true
fuzzy-match: false
region: eu-west-1
role-duration: 3600
console:
  browser_command: firefox "{url}"
"""

AWSUME_PROFILES = """\
[default]
region = eu-west-1

[profile admin]
role_arn = arn:aws:iam::222222222222:role/Admin
source_profile = default
mfa_serial = arn:aws:iam::111111111111:mfa/alice

[profile by-program]
role_arn = arn:aws:iam::222222222222:role/Tool
credential_process = my-tool --print
external_id = x-1
duration_seconds = 1800

[profile federated]
role_arn = arn:aws:iam::222222222222:role/Saml
principal_arn = arn:aws:iam::222222222222:saml-provider/Okta
"""

AWSUME_CREDENTIALS = """\
[default]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x

[autoawsume-admin]
aws_access_key_id = ASIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
aws_session_token = y
autoawsume = true
expiration = 2026-01-31 12:00:00
source_expiration = 2026-01-31 12:00:00
awsumepy_command = -a admin
manager = awsume
"""

_SSO_ROLE = {
    "region": "eu-west-1", "profileId": "p0", "type": "awsSsoRole", "awsSsoConfigurationId": "i1",
    "email": "aws@example.com", "status": 0,
}  # fmt: skip
LEAPP = json.dumps(
    {
        "_pinned": [],
        "_sessions": [
            {"sessionName": "Acme", "sessionId": "s1", "roleArn": "arn:aws:iam::111111111111/Reader", **_SSO_ROLE},
            {"sessionName": "Acme", "sessionId": "s2", "roleArn": "arn:aws:iam::111111111111/Admin", **_SSO_ROLE},
            {"sessionName": "me", "sessionId": "u1", "region": "eu-west-1", "profileId": "p0", "type": "awsIamUser",
             "mfaDevice": "arn:aws:iam::111111111111:mfa/me", "status": 0},
            {"sessionName": "prod", "sessionId": "c1", "region": "us-east-1", "type": "awsIamRoleChained",
             "roleArn": "arn:aws:iam::222222222222:role/Prod", "parentSessionId": "u1", "profileId": "p0",
             "roleSessionName": "assumed-from-leapp", "status": 0},
            {"sessionName": "orphan", "sessionId": "c2", "region": "us-east-1", "type": "awsIamRoleChained",
             "roleArn": "arn:aws:iam::222222222222:role/Prod", "parentSessionId": "gone", "profileId": "p0"},
            {"sessionName": "fed", "sessionId": "f1", "region": "eu-west-1", "type": "awsIamRoleFederated",
             "idpUrlId": "w1", "idpArn": "arn:aws:iam::222222222222:saml-provider/Okta", "profileId": "p0",
             "roleArn": "arn:aws:iam::222222222222:role/Fed", "status": 2},
            {"sessionName": "Sub", "sessionId": "a1", "type": "azure", "subscriptionId": "s", "tenantId": "t"},
        ],
        "_defaultRegion": "us-east-1",
        "_idpUrls": [{"id": "w1", "url": "https://acme.okta.com/home/amazon_aws/0oa1/272"}],
        "_profiles": [{"id": "p0", "name": "default"}],
        "_awsSsoIntegrations": [
            {"id": "i1", "alias": "acme", "portalUrl": "https://acme.awsapps.com/start/#/", "region": "eu-west-1",
             "type": "AWS-SSO", "browserOpening": "In-browser", "isOnline": False}
        ],
        "_samlRoleSessionDuration": 3600,
        "_workspaceVersion": 6,
    }
)  # fmt: skip
