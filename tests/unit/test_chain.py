"""How an AWS profile is reached: the SDKs' order, chains, and what is refused with its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl import profile
from stsctl.chain import Chain, is_hook, leads_somewhere, of_profile
from stsctl.errors import ConfigurationError
from stsctl.origin import Origin
from stsctl.source import IdentityCenter, Proof, SourceKind
from stsctl.target import HopKind, NamedFile

PAIR = "aws_access_key_id = AKIA1\naws_secret_access_key = one\n"
POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ROLE = "arn:aws:iam::111111111111:role/"


def reach(name: str, config: str, credentials: str = "") -> Chain:
    """The chain of a profile of these files."""
    return of_profile(profile.load(config.encode(), credentials.encode()), name)


def refusal(name: str, config: str, credentials: str = "") -> ConfigurationError:
    """Why a profile of these files is refused."""
    with pytest.raises(ConfigurationError) as caught:
        reach(name, config, credentials)
    return caught.value


def test_a_chain_through_source_profiles() -> None:
    """From the keys over every role to the one that is meant, each with what its own profile says."""
    chain = reach(
        "prod",
        f"[profile prod]\nrole_arn = {ROLE}prod\nsource_profile = hub\nexternal_id = x-1\nduration_seconds = 1800\n"
        "region = eu-west-1\nrole_session_name = me\nca_bundle = /ca.pem\n"
        f"[profile hub]\nrole_arn = {ROLE}hub\nsource_profile = me\nmfa_serial = arn:aws:iam::111111111111:mfa/me\n"
        "[profile me]\nregion = us-west-2\n",
        "[me]\n" + PAIR,
    )
    assert (chain.source.kind, chain.source.name, chain.source.profile) == (SourceKind.PROFILE, "me", "me")
    assert (chain.source.region, chain.source.access_key_id) == ("us-west-2", "AKIA1")
    hub, prod = chain.hops
    assert (hub.name, str(hub.role_arn), hub.mfa_serial) == ("hub", f"{ROLE}hub", "arn:aws:iam::111111111111:mfa/me")
    assert (prod.external_id, prod.duration, prod.region) == ("x-1", timedelta(minutes=30), "eu-west-1")
    assert (prod.session_name, chain.connection.ca_bundle, str(prod.origin)) == ("me", "/ca.pem", "~/.aws/config:1")


def test_mfa_is_read_from_the_source_too() -> None:
    """People write mfa_serial beside the keys as often as beside the role."""
    source = reach("a", "[profile a]\nmfa_serial = 123456789\nmfa_process = totp 'my code'\n" + PAIR).source
    assert (source.mfa_serial, source.mfa_process) == ("123456789", ("totp", "my code"))


@pytest.mark.parametrize(
    ("name", "kind", "called"),
    [
        ("Environment", SourceKind.ENVIRONMENT, "environment"),
        ("Ec2InstanceMetadata", SourceKind.INSTANCE_METADATA, "instance-metadata"),
        ("EcsContainer", SourceKind.CONTAINER, "container"),
    ],
)
def test_named_credential_sources(name: str, kind: SourceKind, called: str) -> None:
    """credential_source names what the machine itself gives."""
    chain = reach("a", f"[profile a]\nrole_arn = {ROLE}a\ncredential_source = {name}\n")
    assert (chain.source.kind, chain.source.name, len(chain.hops)) == (kind, called, 1)


def test_a_process_as_the_beginning_of_a_chain() -> None:
    """A source profile may have its keys from a program."""
    config = f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\ncredential_process = get 'the keys'\n"
    source = reach("a", config).source
    assert (source.kind, source.process, source.profile) == (SourceKind.PROCESS, "get 'the keys'", "b")


def test_a_profile_may_be_its_own_source() -> None:
    """With keys of its own, as the SDKs allow it."""
    chain = reach("a", f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = a\n", "[a]\n" + PAIR)
    assert (chain.source.profile, [hop.name for hop in chain.hops]) == ("a", ["a"])


def test_keys_of_a_source_count_before_its_role() -> None:
    """As in botocore: a source profile with keys is not assumed itself, one that is asked for by name is."""
    config = (
        f"[profile b]\nrole_arn = {ROLE}b\nsource_profile = a\n"
        f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = a\n" + PAIR
    )
    assert [hop.name for hop in reach("b", config).hops] == ["b"]
    assert [hop.name for hop in reach("a", config).hops] == ["a"]


def test_the_credentials_file_comes_before_a_process_and_that_before_the_config() -> None:
    """The order in which SDKs look into one profile."""
    process = "[profile a]\ncredential_process = get\n" + PAIR
    assert reach("a", process, "[a]\n" + PAIR).source.kind is SourceKind.PROFILE
    assert reach("a", process).source.kind is SourceKind.PROCESS


def test_tags_of_other_tools() -> None:
    """aws-vault's comma syntax, and the source identity."""
    hop = reach(
        "a",
        f"[profile a]\nrole_arn = {ROLE}a\ncredential_source = Environment\nsource_identity = alice\n"
        "session_tags = project=blue, cost center = 1=2 ,\ntransitive_session_tags = project ,\n",
    ).hops[0]
    assert hop.tags == (("project", "blue"), ("cost center", "1=2"))
    assert (hop.transitive, hop.source_identity) == (("project",), "alice")


CONTEXT = "arn:aws:iam::aws:contextProvider/IdentityCenter"


def test_what_only_stsctl_has_keys_for() -> None:
    """Session policies and provided contexts of a profile, where SDKs pass over them."""
    text = f"[profile a]\nrole_arn = {ROLE}a\ncredential_source = Environment\n"
    (hop,) = reach("a", text + 'stsctl_policy = { "Version": "2012-10-17", "Statement": [] }\n').hops
    assert hop.policy == '{"Version":"2012-10-17","Statement":[]}'
    more = f"stsctl_policy_file = p.json\nstsctl_policy_arns = {POLICY}, {POLICY}2\n"
    more += f"stsctl_provided_contexts = {CONTEXT}=c\n"
    (hop,) = reach("a", text + more).hops
    assert hop.policy_arns == (POLICY, f"{POLICY}2")
    assert hop.policy_file == NamedFile(path="p.json", origin=Origin(place="~/.aws/config", line=4))
    assert hop.context_files == ((CONTEXT, NamedFile(path="c", origin=Origin(place="~/.aws/config", line=6))),)


ZOE = "arn:aws:iam::111111111111:user/zoe"


def test_login_counts_where_sdks_count_it() -> None:
    """A session of `aws login` comes after keys in the credentials file, and before a process and other keys."""
    config = f"[profile a]\nlogin_session = {ZOE}\ncredential_process = tool\n{PAIR}"
    source = reach("a", config).source
    assert (source.kind, source.name, str(source.login_session)) == (SourceKind.LOGIN, "a", ZOE)
    assert reach("a", config, "[a]\n" + PAIR).source.kind is SourceKind.PROFILE
    assert reach("r", f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = a\n" + config).source.kind is SourceKind.LOGIN


def test_a_login_session_that_is_no_arn() -> None:
    """It is read without an error, and refused, with the line, only where it is to be used."""
    config = f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = a\n[profile a]\nlogin_session = x\n[profile b]\n{PAIR}"
    assert reach("b", config).source.name == "b"
    assert refusal("r", config).message.startswith('~/.aws/config:5: profile "a": "x" is no ARN')


SESSION = "[sso-session s]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-central-1\n"
SET = "sso_account_id = 111111111111\nsso_role_name = Admin\n"


def test_identity_center_counts_where_sdks_count_it() -> None:
    """An account and a role come before keys, a session alone after them, and as nothing where there are none."""
    assert reach("a", "[profile a]\nsso_session = s\n" + PAIR).source.kind is SourceKind.PROFILE
    chain = reach("a", f"{SESSION}[profile a]\nsso_session = s\n{SET}{PAIR}", "[a]\n" + PAIR)
    assert chain.source.kind is SourceKind.IDENTITY_CENTER
    for key in ("sso_session", "sso_start_url"):
        error = refusal("a", f"[profile a]\n{key} = x\n")
        assert f"names an Identity Center ({key}), and no account and role there" in error.message


def test_a_permission_set_of_a_session() -> None:
    """The section says where people sign in, the profile which permission set it is; other roles go on from there."""
    config = (
        f"{SESSION}sso_registration_scopes = sso:account:access, codewhisperer:completions\n"
        f"[profile a]\nsso_session = s\n{SET}region = us-west-2\n"
        f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = a\n"
    )
    chain = reach("a", config)
    assert (chain.source.name, chain.source.profile) == ("s", "a")
    assert chain.source.identity_center == IdentityCenter(
        start_url="https://acme.awsapps.com/start",
        region="eu-central-1",
        scopes=("sso:account:access", "codewhisperer:completions"),
        session_name="s",
    )
    (hop,) = chain.hops
    assert (hop.name, hop.kind, hop.account_id, hop.role_name) == ("a", HopKind.PERMISSION_SET, "111111111111", "Admin")
    assert hop.region == "us-west-2"
    assert [one.name for one in reach("r", config).hops] == ["a", "r"]


def test_a_permission_set_of_the_older_form() -> None:
    """A profile may say it all by itself; what it and its section both say has to be the same."""
    where = "sso_start_url = https://acme.awsapps.com/start\nsso_region = eu-central-1\n"
    chain = reach("a", f"[profile a]\n{where}{SET}")
    assert chain.source.name == "a"
    assert chain.source.identity_center == IdentityCenter(
        start_url="https://acme.awsapps.com/start", region="eu-central-1"
    )
    assert reach("a", f"{SESSION}[profile a]\nsso_session = s\n{where}{SET}").source.name == "s"


@pytest.mark.parametrize(
    ("config", "what"),
    [
        (f"[profile a]\nsso_session = s\n{SET}", ':2: profile "a": there is no section [sso-session s]'),
        (f"{SESSION}[profile a]\nsso_session = s\nsso_role_name = x\n", "(sso_role_name), without sso_account_id"),
        (f"[profile a]\n{SET}", "without sso_start_url, sso_region"),
        (f"[sso-session s]\n[profile a]\nsso_session = s\n{SET}", "without sso_start_url, sso_region"),
        (
            f"{SESSION}[profile a]\nsso_session = s\nsso_region = us-east-1\n{SET}",
            ':6: profile "a": sso_region is "us-east-1" here, and "eu-central-1" at ~/.aws/config:3',
        ),
        (f"{SESSION}[profile a]\nsso_session = s\nsso_role_name = x\nsso_account_id = 1\n", '"1" has not 12 digits'),
        (f"[profile a]\nsso_start_url = http://x\nsso_region = r\n{SET}", "does not begin with https://"),
    ],
)
def test_what_is_no_permission_set(config: str, what: str) -> None:
    """What SDKs refuse is refused, with its line."""
    assert what in refusal("a", config).message


def test_a_web_identity_role_is_not_taken_for_a_role_with_a_source() -> None:
    """role_arn beside a token file means another call than AssumeRole, to the SDKs too."""
    config = (
        f"[profile a]\nrole_arn = {ROLE}a\nsource_profile = b\nweb_identity_token_file = t\n{PAIR}[profile b]\n{PAIR}"
    )
    chain = reach("a", config)
    assert (chain.source.kind, chain.source.proof) == (SourceKind.OIDC, Proof(file="t"))
    assert [str(hop.role_arn) for hop in chain.hops] == [f"{ROLE}a"]
    chain = reach("c", f"{config}[profile c]\nrole_arn = {ROLE}c\nsource_profile = a\n")
    assert chain.source.kind is SourceKind.OIDC
    assert [str(hop.role_arn) for hop in chain.hops] == [f"{ROLE}a", f"{ROLE}c"]


R = f"[profile a]\nrole_arn = {ROLE}a\n"
REFUSED = [
    ("[profile a]\nweb_identity_token_file = t\n", ":2:", "has web_identity_token_file without role_arn"),
    (R + "source_profile = b\ncredential_source = Environment\n", ":4:", "both source_profile and credential_source"),
    (R, ":2:", "has role_arn, but neither source_profile nor credential_source"),
    (R + "source_profile = b\n", ":3:", 'source_profile "b" is no profile'),
    (R + "source_profile = a\n", ":3:", "the source profiles go round: a → a"),
    (R + "credential_source = environment\n", ":3:", 'credential_source "environment" is none of Environment, Ec2'),
    ("[profile a]\nrole_arn = arn:aws:iam::1:role/a\ncredential_source = Environment\n", ":2:", "12 digits"),
    (R + "credential_source = Environment\nduration_seconds = 1h\n", ":4:", "is no number of seconds"),
    (R + "credential_source = Environment\nduration_seconds = 899\n", ":4:", "a role's session lasts 15m to 12h"),
    (R + "credential_source = Environment\nduration_seconds = 43201\n", ":4:", "a role's session lasts 15m to 12h"),
    (R + "credential_source = Environment\nduration_seconds = ³600\n", ":4:", "is no number of seconds"),
    (R + "credential_source = Environment\nexternal_id = a b\n", ":4:", "takes only letters, digits and _+=,.@:/-"),
    (R + "credential_source = Environment\nrole_session_name = x\n", ":4:", "has 1 characters, it takes 2 to 64"),
    (R + "credential_source = Environment\nmfa_serial = x\n", ":4:", "has 1 characters, it takes 9 to 256"),
    (R + "credential_source = Environment\nsession_tags = a\n", ":4:", '"a" in session_tags is no key=value'),
    (R + "credential_source = Environment\nsession_tags = a=1,A=2\n", ":4:", 'tag key "A" is there twice'),
    (R + "credential_source = Environment\ntransitive_session_tags = a\n", ":4:", '"a" is not among the tags'),
    (R + "credential_source = Environment\nmfa_process = a | b\n", ":4:", "it is run without a shell"),
    (R + "credential_source = Environment\nmfa_process = 'a\n", ":4:", "has a quote that does not end"),
    (R + "credential_source = Environment\nstsctl_policy = {\n", ":4:", "stsctl_policy is no JSON"),
    (R + "credential_source = Environment\nstsctl_policy = {}\nstsctl_policy_file = x\n", ":5:", "has both"),
    (R + "credential_source = Environment\nstsctl_policy_arns = x\n", ":4:", '"x" is no ARN'),
    (R + "credential_source = Environment\nstsctl_provided_contexts = x\n", ":4:", "is no PROVIDER_ARN=FILE"),
    (R + "credential_source = Environment\nstsctl_provided_contexts = x=y\n", ":4:", '"x" is no ARN'),
    ("[profile a]\nregion = r\n", ":1:", "has no credentials"),
]


@pytest.mark.parametrize(("config", "line", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_refused_with_file_and_line(config: str, line: str, message: str) -> None:
    """What SDKs or AWS would refuse is refused where it is written."""
    error = refusal("a", config)
    assert error.message.startswith(f"~/.aws/config{line}")
    assert message in error.message


def test_a_loop_is_printed() -> None:
    """The way round, from where it was entered."""
    config = "".join(
        f"[profile {name}]\nrole_arn = {ROLE}{name}\nsource_profile = {then}\n" for name, then in ("ab", "bc", "cb")
    )
    assert refusal("a", config).message.endswith("the source profiles go round: a → b → c → b")


def test_a_missing_source_names_the_nearest() -> None:
    """What may have been meant."""
    assert refusal("a", R + "source_profile = bse\n[profile base]\nx = y\n").hint == 'did you mean "base"?'


def test_a_source_that_stsctl_wrote_is_refused() -> None:
    """A session of stsctl's own making is no beginning."""
    error = refusal("a", R + "source_profile = b\n", "[b]\n# managed by stsctl: b\n" + PAIR)
    assert "is what stsctl itself wrote" in error.message


@pytest.mark.parametrize(
    "process",
    [
        "stsctl credential-process a",
        "/usr/local/bin/stsctl credential-process a",
        r"'C:\Program Files\stsctl.exe' credential-process a",
        "python3 -m stsctl credential-process a",
        "sh -c 'exec stsctl credential-process a'",
        "env X=1 /opt/stsctl credential-process a",
        "/usr/bin/python3 -I -S /home/me/.local/state/stsctl/hook-311.pyc a",
    ],
)
def test_a_hook_cannot_call_itself(process: str) -> None:
    """A profile that asks stsctl is an answer, so neither a target nor a source."""
    config = R + f"source_profile = b\n[profile b]\ncredential_process = {process}\n"
    for name in "ab":
        assert refusal(name, config).message.startswith(
            '~/.aws/config:5: profile "b": gets its credentials from stsctl'
        )
    profiles = profile.load(config.encode(), b"")
    assert is_hook(profiles.get("b"))
    assert not is_hook(profiles.get("a"))


@pytest.mark.parametrize("process", ["/home/stsctl/bin/get-keys", "aws-vault export stsctl", "/src/stsctl/.venv/bin/x"])
def test_other_processes_are_sources(process: str) -> None:
    """A path with the name in it is not the program."""
    assert reach("a", f"[profile a]\ncredential_process = {process}\n").source.kind is SourceKind.PROCESS


def test_a_hook_that_sdks_never_reach_is_none() -> None:
    """With role_arn in the profile they assume the role, and so do we."""
    config = R + f"source_profile = b\ncredential_process = stsctl credential-process a\n[profile b]\n{PAIR}"
    assert [hop.name for hop in reach("a", config).hops] == ["a"]


def test_what_leads_somewhere() -> None:
    """A profile with a region alone is not worth offering."""
    config = f"[default]\nregion = r\n{R}[profile b]\n{PAIR}[profile c]\ncredential_process = stsctl x\n"
    profiles = profile.load(config.encode(), b"")
    assert [name for name in profiles if leads_somewhere(profiles.get(name))] == ["a", "b"]
