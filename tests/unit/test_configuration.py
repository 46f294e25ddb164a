"""config.toml and added.toml: what is read, and what is refused on which line."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl import configuration
from stsctl.arn import Arn
from stsctl.configuration import Configuration, SealKey, StoreName
from stsctl.errors import ConfigurationError
from stsctl.origin import Origin
from stsctl.source import Proof, SourceKind
from stsctl.target import MfaMode, NamedFile


def load(config: str = "", added: str = "") -> Configuration:
    """Reads both files."""
    return configuration.load(config.encode(), added.encode())


def refusal(config: str, added: str = "") -> ConfigurationError:
    """Why they are refused."""
    with pytest.raises(ConfigurationError) as caught:
        load(config, added)
    return caught.value


WHOLE = """\
[defaults]
region = "eu-west-1"
duration = "1h30m"
session_name = "{user}@{host}"
store = "sealed-file"
mfa = "direct"
mfa_process = ["totp", "aws"]
prompt_timeout = "45s"
lock_timeout = 90

[sealed_file]
key = "passphrase"

[source.work]
type = "keys"
mfa_serial = "arn:aws:iam::111111111111:mfa/alice"
mfa_process = "totp 'my code'"
region = "us-east-1"
access_key_id = "AKIA1"
user_arn = "arn:aws:iam::111111111111:user/alice"

[source."old keys"]
type = "profile"
profile = "legacy"

[source.ci]
type = "environment"

[source.vault]
type = "process"
process = ["get", "the keys"]

[source.pipeline]
type = "oidc"
web_identity_token_file = "~/token"
audience = "sts.amazonaws.com"

[source.corp]
type = "saml"
assertion_process = ["sign", "in"]
provider_arn = "arn:aws:iam::111111111111:saml-provider/corp"

[role.prod-admin]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "work"
duration = 3600
session_name = "deploy"
external_id = "x-1"
mfa_serial = "arn:aws:iam::111111111111:mfa/alice"
mfa_process = ["totp"]
mfa = "session"
source_identity = "alice"
tags = { project = "blue", "cost center" = "12" }
transitive = ["project"]
policy = { Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }] }
policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
region = "eu-central-1"
description = "the whole of production"

[role.reader]
role_arn = "arn:aws:iam::222222222222:role/Reader"
from = "prod-admin"
policy_file = "reader.json"
"""


def test_everything_that_can_be_said() -> None:
    """Each key of each table arrives as what it means, with its place."""
    read = load(WHOLE)
    assert (read.defaults.region, read.defaults.duration) == ("eu-west-1", timedelta(minutes=90))
    assert (read.defaults.store, read.defaults.mfa) == (StoreName.SEALED_FILE, MfaMode.DIRECT)
    assert (read.defaults.session_name, read.defaults.mfa_process) == ("{user}@{host}", ("totp", "aws"))
    assert (read.defaults.prompt_timeout, read.defaults.lock_timeout) == (timedelta(seconds=45), timedelta(seconds=90))
    assert str(read.defaults.origins["prompt_timeout"]) == "config.toml:8"
    assert (read.sealed_file.key, str(read.sealed_file.origins["key"])) == (SealKey.PASSPHRASE, "config.toml:12")

    work = read.sources["work"]
    assert (work.source.kind, work.source.mfa_process) == (SourceKind.KEYS, ("totp", "my code"))
    assert (work.source.access_key_id, work.user_arn) == ("AKIA1", "arn:aws:iam::111111111111:user/alice")
    assert read.sources["old keys"].source.profile == "legacy"
    assert str(read.sources["old keys"].source.origin) == "config.toml:22"
    assert read.sources["ci"].source.kind is SourceKind.ENVIRONMENT
    assert read.sources["vault"].source.process == "get 'the keys'"

    assert read.sources["pipeline"].source.proof == Proof(file="~/token", audience="sts.amazonaws.com")
    provider = Arn.parse("arn:aws:iam::111111111111:saml-provider/corp")
    assert read.sources["corp"].source.proof == Proof(process=("sign", "in"), provider_arn=provider)
    assert read.sources["corp"].source.kind is SourceKind.SAML

    role = read.roles["prod-admin"]
    assert (role.from_name, role.mfa, str(role.from_at)) == ("work", MfaMode.SESSION, "config.toml:45")
    hop = role.hop
    assert (str(hop.role_arn), hop.duration) == ("arn:aws:iam::222222222222:role/Admin", timedelta(hours=1))
    assert (hop.session_name, hop.external_id, hop.source_identity) == ("deploy", "x-1", "alice")
    assert (hop.mfa_serial, hop.mfa_process) == ("arn:aws:iam::111111111111:mfa/alice", ("totp",))
    assert (hop.tags, hop.transitive) == ((("project", "blue"), ("cost center", "12")), ("project",))
    assert hop.policy == ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}')
    assert hop.policy_arns == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    assert (hop.region, hop.description, str(hop.origin)) == (
        "eu-central-1",
        "the whole of production",
        "config.toml:43",
    )
    reader = read.roles["reader"]
    assert reader.hop.policy_file == NamedFile(path="reader.json", origin=Origin(place="config.toml", line=63))


def test_nothing_is_needed() -> None:
    """Without files there is an empty configuration."""
    assert configuration.load(None, None) == Configuration()


def test_what_stsctl_added_says_so() -> None:
    """Sources and roles of added.toml are told apart from a person's."""
    read = load('[source.a]\ntype = "environment"\n', '[source.b]\ntype = "environment"\n')
    assert [(entry.name, entry.added) for entry in read.sources.values()] == [("a", False), ("b", True)]
    assert str(read.sources["b"].source.origin) == "added.toml:1"


def test_a_policy_as_text_is_made_compact() -> None:
    """Spaces count against the length that AWS takes."""
    text = (
        """[role.a]\nrole_arn = "arn:aws:iam::222222222222:role/A"\nfrom = "b"\npolicy = '''{\n "é" : [1, 2] }'''\n"""
    )
    assert load(text).roles["a"].hop.policy == '{"é":[1,2]}'


SOURCE = '[source.a]\ntype = "keys"\n'
ROLE = '[role.a]\nrole_arn = "arn:aws:iam::222222222222:role/A"\nfrom = "b"\n'
_SAML = '[source.a]\ntype = "saml"\n'
REFUSED = [
    ('[source.a]\ntype = "oidc"\nassertion_file = "f"\n', 3, 'unknown key "assertion_file"', None),
    (
        '[source.a]\ntype = "oidc"\ntoken_process = "p"\ntoken_variable = "V"\n',
        4,
        "says both token_process and token_variable",
        "take one",
    ),
    (_SAML + 'assertion_file = "f"\nassertion_process = "p"\n', 4, "both assertion_file and assertion_process", None),
    (_SAML + 'provider_arn = "corp"\n', 3, "is no ARN", None),
    (_SAML + 'provider_arn = "arn:aws:iam::111111111111:role/x"\n', 3, "is no ARN of a SAML provider", "it looks like"),
    ("[defualts]\n", 1, 'unknown key "defualts"', 'did you mean "defaults"?'),
    ("x = 1\n", 1, 'unknown key "x"', "known are defaults, sealed_file, console, agent, source, role"),
    ("[defaults]\n\nregoin = 'x'\n", 3, 'unknown key "regoin" in [defaults]', 'did you mean "region"?'),
    (ROLE + "include = ['x']\n", 4, 'unknown key "include" in [role.a]', "include is written on the first line"),
    ("[accounts]\ninclude = ['x']\n", 2, "12 digits", "include is written on the first line"),
    ("include = 'x'\n", 1, "include is a text in quotes, it takes a list", 'include = ["…"]'),
    (ROLE + "external-id = 'x'\n", 4, 'unknown key "external-id" in [role.a]', 'did you mean "external_id"?'),
    ("[defaults]\nregion = 1\n", 2, "region is a number, it takes a text in quotes", None),
    ("[defaults]\nregion = ''\n", 2, "region is empty", "leave the line out"),
    ("[defaults]\nduration = 1h\n", 2, "this is no TOML:", None),
    ("[defaults]\nduration = '1 hour'\n", 2, 'duration: "1 hour" is no duration', "write it as 30m, 1h, 1h30m or a"),
    ("[defaults]\nduration = true\n", 2, "duration is true or false, it takes a text in quotes or a number", None),
    ("[defaults]\nduration = 1.5\n", 2, "duration is a number, it takes a text", None),
    ("[defaults]\nduration = '14m'\n", 2, "this duration is refused by AWS", 'write it as "15m" to "12h"'),
    ("[defaults]\nduration = 43201\n", 2, "this duration is refused by AWS", 'write it as "15m" to "12h"'),
    ("[defaults]\nprompt_timeout = 0\n", 2, "prompt_timeout is zero", None),
    (
        "[defaults]\nprompt_with = 'pinentri'\n",
        2,
        'prompt_with "pinentri" is none of auto, terminal',
        'did you mean "pin',
    ),
    (
        "[defaults]\nstore = 'keyrng'\n",
        2,
        'store "keyrng" is none of keyring, sealed-file, kernel, process, memory',
        'did you mean "key',
    ),
    ("[defaults]\nsession_name = '{usr}'\n", 2, 'has the template field "{usr}"', None),
    ("[defaults]\nsession_name = 'a b'\n", 2, "takes only letters, digits and _+=,.@-", None),
    ("[defaults]\nmfa_process = []\n", 2, "mfa_process names no program", None),
    ("[defaults]\nmfa_process = 'a | b'\n", 2, "mfa_process: it is run without a shell", "put the line into a script"),
    ("[defaults]\nmfa_process = [1]\n", 2, "mfa_process takes a list of texts", None),
    ("[sealed_file]\nkey = 'keyring'\nkey_file = 'x'\n", 3, "[sealed_file] says both key and key_file", None),
    ("source = 3\n", 1, "source is a number, it takes a table", None),
    ("[source]\na = 3\n", 2, "a is a number, it takes a table", None),
    ("[source.a]\n", 1, "[source.a] has no type", 'add type = "keys"'),
    (
        "[source.a]\ntype = 'key'\n",
        2,
        'type "key" is none of keys, environment, profile, process',
        'did you mean "keys"?',
    ),
    (SOURCE + "profile = 'x'\n", 3, 'unknown key "profile" in [source.a]', None),
    ('[source.a]\ntype = "profile"\n', 1, '[source.a] of type "profile" has no profile', None),
    ('[source.a]\ntype = "process"\n', 1, '[source.a] of type "process" has no process', None),
    (SOURCE + "mfa_serial = 'x'\n", 3, "has 1 characters, it takes 9 to 256", None),
    (SOURCE + "mfa_serial = 'arn:aws:iam::111111111111:u2f/user/a/k'\n", 3, "is a security key, and STS", None),
    ('[source."-a"]\ntype = "keys"\n', 1, '"-a" cannot be a name', None),
    ('[role."arn:aws"]\n', 1, '"arn:aws" cannot be a name', None),
    ('[role."a\\nb"]\n', 1, "cannot be a name", None),
    ("[role.a]\nfrom = 'b'\n", 1, "[role.a] has no role_arn", None),
    ("[role.a]\nrole_arn = 'arn:aws:iam::2:role/A'\nfrom = 'b'\n", 2, "12 digits", None),
    ("[role.a]\nrole_arn = 'arn:aws:iam::222222222222:role/A'\n", 1, "[role.a] has no from", 'add from = "NAME"'),
    (ROLE + "external_id = 'x'\n", 4, 'external_id "x" has 1 characters, it takes 2 to 1224', None),
    (ROLE + "source_identity = 'a:b'\n", 4, "takes only letters, digits and _+=,.@-", None),
    (ROLE + "tags = { a = 1 }\n", 4, 'the value of "a" in tags is a text in quotes', None),
    (ROLE + "[role.a.tags]\na = 'x'\nA = 'y'\n", 4, 'tag key "A" is there twice', None),
    (ROLE + "tags = { 'aws:x' = 'y' }\n", 4, 'starts with "aws:"', None),
    (ROLE + "transitive = ['a']\n", 4, 'transitive key "a" is not among the tags', None),
    (ROLE + "policy = '{'\n", 4, "policy is no JSON", None),
    (ROLE + "policy = '[]'\n", 4, "policy is no policy: it takes a JSON object", None),
    (ROLE + """policy = '{"a": 1, "a": 2}'\n""", 4, '"a" is there twice', None),
    (ROLE + f'policy = \'{{"a": "{"x" * 2048}"}}\'\n', 4, "has 2056 characters, AWS takes 2048", None),
    (ROLE + "policy = { a = 2020-01-01 }\n", 4, "policy holds a date", None),
    (ROLE + "policy = '{}'\npolicy_file = 'x'\n", 5, "[role.a] has both policy and policy_file", None),
    (ROLE + "policy_arns = ['arn:aws:iam::aws:role/x']\n", 4, "is no ARN of a managed policy", None),
    (ROLE + f"policy_arns = {['arn:aws:iam::aws:policy/x'] * 11}\n", 4, "there are 11 policy ARNs, AWS takes 10", None),
    ('[role.a]\nx = "\n', 2, "this is no TOML:", None),
    ("[role.a\n", 1, "this is no TOML:", None),
    ("[role.a]\nx = [1,\n\n", 4, "this is no TOML:", None),
    (ROLE + "warn = 1\n", 4, "warn is a number, it takes true or false", None),
    ("[shell]\nwarn_before = []\n", 2, "warn_before is empty", "leave warn = true out"),
    ("[shell]\nwarn_before = ['rm -r; ls']\n", 2, '"rm -r; ls" is no pattern of a command', "write words"),
]


def test_what_is_no_toml_is_said_in_tomllibs_words_with_our_place() -> None:
    """Its own place is taken out of them."""
    message = refusal("[role.a]\nx = = 1\n").message
    assert message.startswith("config.toml:2: this is no TOML: ")
    assert "(at line" not in message


@pytest.mark.parametrize(
    ("config", "line", "message", "hint"), REFUSED, ids=[f"{message} {line}" for _, line, message, _ in REFUSED]
)
def test_refused_with_file_and_line(config: str, line: int, message: str, hint: str | None) -> None:
    """Whatever is wrong is said where it is written, with what to write instead where that is known."""
    error = refusal(config)
    assert error.message.startswith(f"config.toml:{line}: ")
    assert message in error.message
    assert hint is None or (error.hint is not None and error.hint.startswith(hint))


def test_what_is_asked_about_before_it_runs() -> None:
    """Which roles warn, and of what, in place of the usual."""
    loaded = load(ROLE + "warn = true\n\n[shell]\nwarn_before = ['terraform destroy', 'sql *drop*']\n")
    assert loaded.roles["a"].warn
    assert loaded.shell.warn_before == ("terraform destroy", "sql *drop*")


def test_a_name_in_both_files_is_refused_with_both_places() -> None:
    """Neither of the two wins."""
    error = refusal("\n" + SOURCE, '[source.a]\ntype = "environment"\n')
    assert error.message == 'the name "a" is written twice: config.toml:2 and added.toml:1'


def test_a_source_and_a_role_share_their_names() -> None:
    """A name stands for one thing."""
    assert refusal(SOURCE + ROLE).message == 'the name "a" is written twice: config.toml:1 and config.toml:3'


def test_added_toml_holds_only_what_stsctl_adds() -> None:
    """Defaults belong to the person's file."""
    assert refusal("", '[defaults]\nregion = "r"\n').message == 'added.toml:1: unknown key "defaults"'


def test_text_that_is_not_utf8_is_refused_with_its_line() -> None:
    """The line with the first byte that is none is told."""
    with pytest.raises(ConfigurationError, match=r"^config\.toml:2: this line is not UTF-8 text$"):
        configuration.load(b"[defaults]\nregion = '\xff'\n", None)


def test_windows_files_are_read() -> None:
    """With a byte order mark and CRLF, and with the right lines."""
    error = refusal("\ufeff[defaults]\r\nregion = 'x'\r\nstroe = 'y'\r\n")
    assert error.message == 'config.toml:3: unknown key "stroe" in [defaults]'
