"""What the doctor finds: each finding, on a machine that has it and on the nearest one that has not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl import profile, settings
from stsctl.arn import Arn
from stsctl.configuration import Configuration
from stsctl.doctor.examine import examine
from stsctl.doctor.picture import Keyring, Picture, Place, Purpose, Seen, Trouble, Way
from stsctl.severity import Severity

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LONG_TERM = "[work]\naws_access_key_id = AKIAEXAMPLEEXAMPLE00\naws_secret_access_key = s3cr3t\n"
TEMPORARY = f"{LONG_TERM}aws_session_token = t0k3n\n"
CHAIN = "[profile work]\nrole_arn = x\nsource_profile = {}\nduration_seconds = {}\n[profile first]\nrole_arn = y\n"
ROLE = Arn.parse_role("arn:aws:iam::111111111111:role/team/Admin")
HEALTHY = Picture(now=NOW, platform="linux", variables={})

Change = Callable[[Picture], Picture]


def variables(**found: str) -> Change:
    """A machine with these variables, by which its settings go."""
    return lambda picture: replace(
        picture, variables=found, settings=settings.resolve(Configuration(), found), profiles=profile.load(b"", b"")
    )


def aws_files(config: str = "", credentials: str = "", *, missing: str = "", own: str = "", age: int = 0) -> Change:
    """A machine with these AWS files."""
    seen = Seen(
        path="~/.aws/credentials",
        purpose=Purpose.SECRETS,
        mode=0o600,
        is_folder=False,
        is_mine=True,
        changed_at=NOW - timedelta(days=age),
    )
    return lambda picture: replace(
        picture,
        profiles=profile.load(config.encode(), credentials.encode()),
        headers=tuple((line.strip("[]"), "~/.aws/config:1") for line in config.splitlines() if line.startswith("[")),
        shared_headers=tuple(
            (line.strip("[]"), "~/.aws/credentials:1") for line in credentials.splitlines() if line.startswith("[")
        ),
        missing=frozenset(missing.split()),
        own_names={own: "~/.config/stsctl/config.toml:1"} if own else {},
        seen=(seen,),
    )


def twice(first: str, second: str) -> Change:
    """A machine with two sections in its ~/.aws/config."""
    headers = ((first.strip("[]"), "~/.aws/config:1"), (second.strip("[]"), "~/.aws/config:4"))
    return lambda picture: replace(picture, headers=headers)


def seen(mode: int, purpose: Purpose = Purpose.SECRETS, *, is_folder: bool = False, is_mine: bool = True) -> Change:
    """A machine with one file, or folder."""
    one = Seen(path="~/.aws/x", purpose=purpose, mode=mode, is_folder=is_folder, is_mine=is_mine, changed_at=NOW)
    return lambda picture: replace(picture, seen=(one,))


def store(name: str, keyring: Keyring | None) -> Change:
    """A machine whose store is said, with a keyring or one that does not answer."""
    return lambda picture: replace(
        picture, settings=settings.resolve(Configuration(), {"STSCTL_STORE": name}), keyring=keyring
    )


def at(place: Place, change: Change) -> Change:
    """A machine in some sort of place."""
    return lambda picture: replace(change(picture), place=place)


def ahead(seconds: int) -> Change:
    """A machine whose clock is off."""
    return lambda picture: replace(picture, ahead=timedelta(seconds=seconds))


def missing(path: str, change: Change) -> Change:
    """A machine on which something that is named is not there."""
    return lambda picture: replace(change(picture), missing=frozenset({path}))


def way(current: str | None = None, role: Arn | None = ROLE, **more: object) -> Change:
    """A machine, and the way to a name."""
    found = Way(name="prod", role=role, current=Arn.parse(current) if current else None, **more)  # type: ignore[arg-type]
    return lambda picture: replace(picture, way=found)


def written(until: datetime | None) -> Change:
    """A machine on which stsctl wrote a profile."""
    return lambda picture: replace(picture, written_until=(("prod", until),))


LOCKED = Keyring(kind=None, trouble=Trouble(what="the keyring is locked", fix="unlock it"))
OPEN = Keyring(kind="Secret Service")
TROUBLE = Trouble(what="~/.aws/config:3: the source profiles go round: a → b → a", fix=None)
HOOK = "[profile work]\ncredential_process = {} credential-process work\n"
KEYS = {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "(set)", "AWS_SESSION_TOKEN": "(set)"}
AKIA = KEYS | {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}
SESSION = "arn:aws:sts::111111111111:assumed-role/{}/me"

CASES: list[tuple[str, Severity, Change, Change]] = [
    ("configuration", Severity.HIGH, lambda picture: replace(picture, troubles=(TROUBLE,)), lambda picture: picture),
    ("owner", Severity.HIGH, seen(0o600, is_mine=False), seen(0o600)),
    ("permissions", Severity.HIGH, seen(0o644), seen(0o600)),
    ("permissions", Severity.HIGH, seen(0o640), seen(0o400)),
    ("permissions", Severity.HIGH, seen(0o664, Purpose.CONFIGURATION), seen(0o644, Purpose.CONFIGURATION)),
    ("permissions", Severity.HIGH, seen(0o777, is_folder=True), seen(0o700, is_folder=True)),
    ("permissions", Severity.MEDIUM, seen(0o755, is_folder=True), seen(0o755, Purpose.CONFIGURATION, is_folder=True)),
    ("static keys", Severity.MEDIUM, aws_files(credentials=LONG_TERM), aws_files(credentials=TEMPORARY)),
    ("static keys", Severity.HIGH, aws_files(credentials=LONG_TERM, age=91), aws_files()),
    (
        "static keys",
        Severity.MEDIUM,
        aws_files(LONG_TERM.replace("[work]", "[profile work]")),
        aws_files("[profile x]"),
    ),
    ("written profiles", Severity.LOW, written(NOW), written(NOW + timedelta(seconds=1))),
    ("headers", Severity.MEDIUM, aws_files("[work]\nregion = eu-west-1\n"), aws_files("[default]\nregion = x\n")),
    ("headers", Severity.MEDIUM, aws_files("[profile a b]\n"), aws_files('[profile "a b"]\n')),
    (
        "headers",
        Severity.MEDIUM,
        twice("[default]", "[profile default]"),
        twice("[profile default]", "[profile other]"),
    ),
    ("headers", Severity.MEDIUM, aws_files(credentials="[profile work]\n"), aws_files("[profile work]\n")),
    (
        "names",
        Severity.MEDIUM,
        aws_files("[profile work]\nrole_arn = x\n", own="work"),
        aws_files("[profile work]\nregion = eu-west-1\n", own="work"),
    ),
    (
        "hooks",
        Severity.HIGH,
        aws_files(HOOK.format("stsctl"), LONG_TERM),
        aws_files(HOOK.format("stsctl"), LONG_TERM.replace("work", "other")),
    ),
    (
        "hooks",
        Severity.MEDIUM,
        aws_files("[profile work]\ncredential_process = other x\nrole_arn = y\n"),
        aws_files("[profile work]\ncredential_process = other x\n"),
    ),
    (
        "hooks",
        Severity.HIGH,
        aws_files(HOOK.format("/gone/stsctl"), missing="/gone/stsctl"),
        aws_files(HOOK.format("/here/stsctl")),
    ),
    ("hooks", Severity.HIGH, aws_files(HOOK.format('"')), aws_files(HOOK.format('"x y"'))),
    (
        "shadowed keys",
        Severity.MEDIUM,
        aws_files(LONG_TERM.replace("[work]", "[profile work]"), LONG_TERM),
        aws_files("[profile work]\nregion = x\n", LONG_TERM),
    ),
    (
        "keys of stsctl's",
        Severity.LOW,
        aws_files("[profile work]\nsession_tags = a=b\n"),
        aws_files("[profile work]\nrole_session_name = x\n"),
    ),
    (
        "keys of stsctl's",
        Severity.MEDIUM,
        aws_files("[profile work]\ninclude_profile = b\n"),
        aws_files("[profile work]\nsource_identity = b\n"),
    ),
    (
        "two ways",
        Severity.MEDIUM,
        aws_files("[profile work]\nsso_account_id = 111111111111\n", LONG_TERM),
        aws_files("[profile work]\nrole_arn = x\nsource_profile = work\n", LONG_TERM),
    ),
    (
        "durations",
        Severity.MEDIUM,
        aws_files(CHAIN.format("first", 3601)),
        aws_files(CHAIN.format("first", 3600)),
    ),
    ("durations", Severity.MEDIUM, aws_files(CHAIN.format("first", 7200)), aws_files(CHAIN.format("other", 7200))),
    ("profile names", Severity.LOW, aws_files('[profile "a b"]\n'), aws_files("[profile a-b]\n")),
    ("variables", Severity.HIGH, variables(AWS_SECURITY_TOKEN="(set)", **KEYS), variables(**KEYS)),
    ("variables", Severity.MEDIUM, variables(AWS_SECURITY_TOKEN="(set)"), variables()),
    ("variables", Severity.HIGH, variables(AWS_ACCESS_KEY_ID="ASIAEXAMPLE"), variables(**KEYS)),
    ("variables", Severity.HIGH, variables(AWS_SECRET_ACCESS_KEY="(set)"), variables(**KEYS)),
    ("variables", Severity.MEDIUM, variables(AWS_SESSION_TOKEN="(set)"), variables(**KEYS)),
    (
        "variables",
        Severity.MEDIUM,
        variables(AWS_PROFILE="a", AWS_DEFAULT_PROFILE="b"),
        variables(AWS_PROFILE="a", AWS_DEFAULT_PROFILE="a"),
    ),
    ("variables", Severity.MEDIUM, variables(AWS_PROFILE="a", **KEYS), variables(**KEYS)),
    ("variables", Severity.LOW, variables(**AKIA), variables(STSCTL_SESSION="x", STSCTL_ROLE="hub", **AKIA)),
    (
        "variables",
        Severity.MEDIUM,
        variables(AWS_CREDENTIAL_EXPIRATION="2029-12-31T23:59:59Z", **KEYS),
        variables(AWS_CREDENTIAL_EXPIRATION="2030-01-01T00:00:01Z", **KEYS),
    ),
    ("variables", Severity.HIGH, variables(AWS_PROFILE="nobody"), variables(AWS_PROFILE="")),
    (
        "variables",
        Severity.LOW,
        variables(AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-2"),
        variables(AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="eu-west-1"),
    ),
    (
        "variables",
        Severity.MEDIUM,
        missing("/gone", variables(AWS_CONFIG_FILE="/gone")),
        variables(AWS_CONFIG_FILE="/x"),
    ),
    ("variables", Severity.LOW, variables(STSCTL_STOER="keyring"), variables(STSCTL_STORE="keyring")),
    ("store", Severity.HIGH, store("keyring", LOCKED), store("sealed-file", LOCKED)),
    ("store", Severity.LOW, store("memory", OPEN), store("keyring", OPEN)),
    ("store", Severity.LOW, store("keyring", Keyring(kind="macOS")), store("sealed-file", Keyring(kind="macOS"))),
    ("store", Severity.HIGH, store("kernel", OPEN), at(Place(has_kernel_keyring=True), store("kernel", OPEN))),
    (
        "store",
        Severity.MEDIUM,
        at(Place(has_kernel_keyring=True, in_container=True), store("kernel", OPEN)),
        at(Place(has_kernel_keyring=True), store("kernel", OPEN)),
    ),
    ("store", Severity.LOW, store("kernel", OPEN), store("keyring", OPEN)),
    ("store", Severity.HIGH, store("process", OPEN), variables(STSCTL_STORE="process", STSCTL_STORE_PROCESS="x")),
    ("clock", Severity.HIGH, ahead(-301), ahead(-59)),
    ("clock", Severity.MEDIUM, ahead(61), ahead(0)),
    (
        "endpoints",
        Severity.HIGH,
        variables(AWS_ENDPOINT_URL_STS="http://sts.example.com"),
        variables(AWS_ENDPOINT_URL_STS="https://sts.example.com"),
    ),
    (
        "endpoints",
        Severity.LOW,
        variables(AWS_ENDPOINT_URL_STS="http://127.0.0.1:5000"),
        variables(AWS_ENDPOINT_URL_STS="http://127.0.0.1:5000", STSCTL_EMULATOR="an-id"),
    ),
    (
        "endpoints",
        Severity.LOW,
        variables(AWS_ENDPOINT_URL_STS="https://sts.example.com", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"),
        variables(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"),
    ),
    ("certificates", Severity.HIGH, missing("/gone", variables(AWS_CA_BUNDLE="/gone")), variables(AWS_CA_BUNDLE="/x")),
    (
        "certificates",
        Severity.HIGH,
        aws_files("[profile work]\nca_bundle = /gone\n", missing="/gone"),
        aws_files("[profile work]\nca_bundle = /here\n"),
    ),
    ('the way to "prod"', Severity.HIGH, way(trouble=TROUBLE), way()),
    ('the way to "prod"', Severity.HIGH, way(source=TROUBLE), way()),
    ('the way to "prod"', Severity.MEDIUM, way(warnings=("2 MFA devices are named on the way",)), way()),
    ('the way to "prod"', Severity.LOW, way(capped=("it does not last as long",)), way()),
    ('the way to "prod"', Severity.LOW, way(SESSION.format("Admin")), way(SESSION.format("Admins"))),
]


@pytest.mark.parametrize(("check", "severity", "has", "has_not"), CASES)
def test_a_finding_and_the_nearest_machine_without_it(
    check: str, severity: Severity, has: Change, has_not: Change
) -> None:
    """The one machine has it, with its weight and (where it can be mended here) a fix; the other has not."""
    found = [finding for finding in examine(has(HEALTHY)) if finding.check == check]
    assert severity in {finding.severity for finding in found}
    left = [finding for finding in examine(has_not(HEALTHY)) if finding.check == check]
    assert severity not in {finding.severity for finding in left}


def test_a_healthy_machine_has_nothing() -> None:
    """No check finds anything where there is nothing, whatever could not be read."""
    assert examine(HEALTHY) == []
    assert examine(variables()(HEALTHY)) == []


def test_findings_show_no_secret() -> None:
    """Names, places and ids of keys at most: no finding repeats a value that is secret."""
    for _, _, has, _ in CASES:
        for finding in examine(has(HEALTHY)):
            assert "s3cr3t" not in finding.what + (finding.fix or "")
            assert "t0k3n" not in finding.what + (finding.fix or "")


def test_the_heaviest_come_first() -> None:
    """What weighs most is read first."""
    both = examine(ahead(61)(seen(0o644)(HEALTHY)))
    assert [finding.severity for finding in both] == [Severity.HIGH, Severity.MEDIUM]


def test_botocore_agrees_about_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of AWS_SECURITY_TOKEN, AWS_PROFILE and AWS_DEFAULT_PROFILE is what botocore does."""
    import botocore.session

    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECURITY_TOKEN", "the old one")
    monkeypatch.setenv("AWS_PROFILE", "second")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "first")
    assert botocore.session.get_session().get_config_variable("profile") == "first"
    monkeypatch.delenv("AWS_DEFAULT_PROFILE")
    monkeypatch.delenv("AWS_PROFILE")
    found = botocore.session.get_session().get_credentials()
    assert found is not None
    assert (found.method, found.token) == ("env", "the old one")


SIGN_IN = (
    "sso_account_id = 111111111111\nsso_role_name = x\nsso_region = us-east-1\nsso_start_url = https://x.y/start\n"
)
ROLE_IN_A_FILE = "role_arn = arn:aws:iam::111111111111:role/A\nrole_session_name = s\n"
AS_BOTOCORE_HAS_IT = [
    (f"[profile work]\n{SIGN_IN}", LONG_TERM, "sso"),
    ("[profile work]\ncredential_process = true\n", LONG_TERM, "shared-credentials-file"),
    (f"[profile work]\n{ROLE_IN_A_FILE}source_profile = work\n", LONG_TERM, "assume-role"),
    ("[profile work]\ninclude_profile = other\n", LONG_TERM.replace("work", "other"), None),
    (f"[profile work]\n{ROLE_IN_A_FILE}source_identity = x\nsource_profile = work\n", LONG_TERM, "assume-role"),
    ("\ufeff[profile work]\nregion = x\n", "", "ConfigParseError"),
    ("[profile work]\nregion\n", "", "ConfigParseError"),
    (f"[profile work]\n{ROLE_IN_A_FILE}source_profile = b\n[profile b]\n{ROLE_IN_A_FILE}source_profile = work\n", "",
     "InfiniteLoopConfigError"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "shared", "outcome"), AS_BOTOCORE_HAS_IT)
def test_botocore_agrees_about_profiles(
    config: str, shared: str, outcome: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said of two ways, of keys that are passed over, of loops and of what cannot be read is what it does."""
    import botocore.exceptions
    import botocore.session

    for name, text in (("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", shared)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    try:
        credentials = botocore.session.Session(profile="work").get_credentials()
        found = credentials.method if credentials else None
    except botocore.exceptions.BotoCoreError as error:
        found = type(error).__name__
    assert found == outcome
