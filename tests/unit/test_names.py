"""From what a person typed to the target that it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from stsctl import configuration, names, profile, settings
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.listing import listing
from stsctl.origin import Origin
from stsctl.source import SourceKind
from stsctl.target import MfaMode, NamedFile, Target, Wanted

A = "arn:aws:iam::111111111111:role/"
B = "arn:aws:iam::222222222222:role/"
ALICE = "arn:aws:iam::111111111111:mfa/alice"

CONFIG = f"""\
[source.work]
type = "keys"
mfa_serial = "{ALICE}"

[role.hub]
role_arn = "{A}hub"
from = "work"

[role.prod-admin]
role_arn = "{B}Admin"
from = "hub"
external_id = "x-1"
tags = {{ project = "red", Team = "t" }}
transitive = ["project"]
duration = "30m"
session_name = "own"
mfa = "direct"
"""
AWS_CONFIG = f"""\
[default]
region = eu-west-1
[profile legacy]
{"aws_access_key_id = AKIA1"}
aws_secret_access_key = s
mfa_serial = {ALICE}
[profile aws-role]
role_arn = {A}aws
source_profile = legacy
endpoint_url = http://127.0.0.1:5000
[profile hook]
credential_process = stsctl credential-process prod-admin
"""


def resolve(
    name: str = "prod-admin",
    *,
    config: str = CONFIG,
    added: str = "",
    aws: str = AWS_CONFIG,
    environ: dict[str, str] | None = None,
    policies: dict[str, str] | None = None,
    **wanted: object,
) -> Target:
    """What a name and flags mean with these files; `policies` are policy files by path."""
    configured = configuration.load(config.encode(), added.encode())
    return names.resolve(
        replace(Wanted(name=name), **wanted),  # type: ignore[arg-type]
        configured,
        profile.load(aws.encode(), None),
        settings.resolve(configured, environ or {}),
        read_text=lambda file: (policies or {})[file.path],
    )


def refusal(name: str = "prod-admin", **rest: object) -> StsctlError:
    """Why it is refused."""
    with pytest.raises(StsctlError) as caught:
        resolve(name, **rest)  # type: ignore[arg-type]
    return caught.value


def chain(target: Target) -> list[str]:
    """The names from the source to the target."""
    return [target.source.name, *(hop.name for hop in target.hops)]


def test_a_role_is_reached_over_the_roles_before_it() -> None:
    """By `from`, down to the source, each with what it says itself."""
    target = resolve()
    assert chain(target) == ["work", "hub", "prod-admin"]
    assert (target.source.mfa_serial, target.hops[1].external_id, target.mfa) == (ALICE, "x-1", MfaMode.DIRECT)
    assert target.hops[1].tags == (("project", "red"), ("Team", "t"))


def test_a_source_is_a_target_without_roles() -> None:
    """The source's own credentials are the answer."""
    assert chain(resolve("work")) == ["work"]


def test_a_role_can_begin_at_an_aws_profile() -> None:
    """With whatever leads to that, and what it says of the way to STS."""
    target = resolve("r", config=f'[role.r]\nrole_arn = "{B}R"\nfrom = "aws-role"\n')
    assert chain(target) == ["legacy", "aws-role", "r"]
    assert target.connection.url_of("sts") == "http://127.0.0.1:5000"


def test_an_aws_profile_is_a_target() -> None:
    """Without anything of stsctl's own."""
    target = resolve("aws-role", config="")
    assert (chain(target), target.source.mfa_serial, target.source.kind) == (
        ["legacy", "aws-role"],
        ALICE,
        SourceKind.PROFILE,
    )


def test_a_source_of_type_profile_is_what_the_profile_is() -> None:
    """With what `[source.NAME]` says besides."""
    config = '[source.s]\ntype = "profile"\nprofile = "{}"\nmfa_serial = "123456789"\nregion = "us-west-2"\n'
    source = resolve("s", config=config.format("legacy")).source
    assert (source.name, source.profile, source.mfa_serial, source.region) == ("s", "legacy", "123456789", "us-west-2")
    assert chain(resolve("s", config=config.format("aws-role"))) == ["legacy", "aws-role"]
    error = refusal("s", config=config.format("legcy"))
    assert (error.message, error.hint) == (
        'config.toml:1: there is no AWS profile "legcy"',
        'did you mean "legacy"?',
    )


def test_roles_that_go_round_are_refused_with_their_way() -> None:
    """The way round is printed, with the line that closes it."""
    config = "".join(f'[role.{name}]\nrole_arn = "{A}{name}"\nfrom = "{then}"\n' for name, then in ("ab", "bc", "cb"))
    assert refusal("a", config=config).message == "config.toml:9: the roles go round: a → b → c → b"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    """By what can be typed, hooks and empty profiles left out."""
    error = refusal("prd-admin")
    assert isinstance(error, ConfigurationError)
    assert error.message == 'there is no role, source or AWS profile "prd-admin"'
    assert error.hint == 'did you mean "prod-admin"?'
    assert refusal("zzz").hint == "stsctl list --names"
    assert refusal("zzz", config="", aws="").hint == "stsctl keys add NAME"


def test_a_group_is_no_role() -> None:
    """Who types its name is told what takes it."""
    error = refusal("prod", config=f'{CONFIG}[group.prod]\nroles = ["prod-*"]\n')
    assert error.message == '"prod" is a group of roles, and not one of them'
    assert error.hint == "stsctl each --group prod -- COMMAND"


def test_an_unknown_beginning_is_refused_with_its_line() -> None:
    """The line that names it."""
    error = refusal("r", config=f'[role.r]\nrole_arn = "{B}R"\nfrom = "wrok"\n[source.work]\ntype = "keys"\n')
    assert error.message == 'config.toml:3: there is no role, source or AWS profile "wrok"'
    assert error.hint == 'did you mean "work"?'
    missing = refusal("r", config=f'[role.r]\nrole_arn = "{B}R"\nfrom = "mine"\n')
    assert missing.hint == 'if it is to be a pair of access keys: stsctl keys add "mine"'


def test_a_name_that_a_person_wrote_in_both_is_refused_with_both_places() -> None:
    """As a target and as a beginning."""
    config = f'[role.legacy]\nrole_arn = "{B}R"\nfrom = "work"\n[source.work]\ntype = "keys"\n'
    message = '"legacy" could be two things: config.toml:1 and ~/.aws/config:3'
    assert refusal("legacy", config=config).message == message
    assert refusal("r", config=config + f'[role.r]\nrole_arn = "{B}R"\nfrom = "legacy"\n').message == message


def test_what_stsctl_wrote_makes_no_name_ambiguous() -> None:
    """A source that it added, and a profile that asks it, are its own."""
    added = '[source.legacy]\ntype = "keys"\n'
    assert resolve("legacy", added=added).source.kind is SourceKind.KEYS
    hook = "[profile prod-admin]\ncredential_process = stsctl credential-process prod-admin\n"
    assert chain(resolve(aws=hook)) == ["work", "hub", "prod-admin"]


def test_a_profile_that_leads_nowhere_makes_no_name_ambiguous() -> None:
    """A region for the SDKs, beside the keys that `profile write` puts into the credentials file."""
    assert chain(resolve(aws="[profile prod-admin]\nregion = eu-west-1\n")) == ["work", "hub", "prod-admin"]


def test_a_source_that_is_the_profile_of_its_own_name_is_not_ambiguous() -> None:
    """Both mean the same."""
    config = '[source.legacy]\ntype = "profile"\nprofile = "legacy"\n'
    assert resolve("legacy", config=config).source.profile == "legacy"


def test_a_profile_that_gives_no_credentials_stands_for_the_kept_keys_of_its_name() -> None:
    """As with aws-vault: the profile says whose device it is and where, the store has the keys."""
    theirs = f"[profile work]\nregion = eu-west-1\nmfa_serial = {ALICE}\n"
    role = f"[profile admin]\nrole_arn = {B}Admin\nsource_profile = work\n"
    keys = '[source.work]\ntype = "keys"\n'
    for aws in (theirs + role, role, f"{theirs}include_profile = common\n[profile common]\noutput = json\n{role}"):
        target = resolve("admin", config="", added=keys, aws=aws)
        assert (target.source.kind, target.source.name, chain(target)) == (SourceKind.KEYS, "work", ["work", "admin"])
    target = resolve("admin", config="", added=keys, aws=theirs + role)
    assert (target.source.mfa_serial, target.source.region) == (ALICE, "eu-west-1")
    refused = refusal("admin", config="", aws=theirs + role)
    assert "has no credentials" in refused.message
    own = theirs + "aws_access_key_id = AKIA1\naws_secret_access_key = s\n" + role
    assert resolve("admin", config="", added=keys, aws=own).source.access_key_id == "AKIA1"


def test_a_hook_is_no_target() -> None:
    """It asks stsctl, so stsctl cannot ask it."""
    assert "gets its credentials from stsctl itself" in refusal("hook").message


def test_the_environment_is_a_source_by_itself() -> None:
    """Unless somebody gave its name to something else."""
    assert resolve(A + "x", source="environment").source.kind is SourceKind.ENVIRONMENT
    config = '[source.environment]\ntype = "keys"\n'
    assert resolve(A + "x", source="environment", config=config).source.kind is SourceKind.KEYS


class TestRoleArns:
    """An ARN is a target by itself, and needs a beginning."""

    def test_from_the_only_source(self) -> None:
        """There is one, so it is meant."""
        assert chain(resolve(B + "X")) == ["work", B + "X"]

    def test_from_the_default_profile(self) -> None:
        """Where there is no source, and it has keys."""
        aws = "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
        assert chain(resolve(B + "X", config="", aws=aws)) == ["default", B + "X"]

    def test_several_beginnings_are_told(self) -> None:
        """With a command to type."""
        aws = "[default]\naws_access_key_id = A\naws_secret_access_key = s\n"
        error = refusal(B + "X", aws=aws)
        assert error.message == 'who is to assume the role? there are "work", "default"'
        assert error.hint == f"stsctl assume {B}X --from work"

    def test_no_beginning_says_how_to_get_one(self) -> None:
        """Nothing is configured, or only what has no keys."""
        error = refusal(B + "X", config="")
        assert error.message == "who is to assume the role? there is no source yet"
        assert error.hint is not None
        assert "stsctl keys add NAME" in error.hint

    def test_a_typo_is_refused(self) -> None:
        """As a matter of usage."""
        error = refusal("arn:aws:iam::22222222222:role/X")
        assert isinstance(error, UsageError)
        assert "12 digits" in error.message

    def test_from_and_via(self) -> None:
        """A source, a role or an AWS profile; then roles by name or ARN, in order."""
        assert chain(resolve(B + "X", source="aws-role")) == ["legacy", "aws-role", B + "X"]
        assert chain(resolve(B + "X", source="hub")) == ["work", "hub", B + "X"]
        assert chain(resolve(B + "X", source="legacy", via=("hub", A + "Y"))) == ["legacy", "hub", A + "Y", B + "X"]

    def test_via_a_role_begins_where_that_role_does(self) -> None:
        """Its own `from` counts, when nobody says --from."""
        assert chain(resolve(B + "X", via=("hub",))) == ["work", "hub", B + "X"]
        assert chain(resolve(B + "X", via=(A + "Y", "hub"))) == ["work", A + "Y", "hub", B + "X"]


def test_from_and_via_change_how_a_named_role_is_reached() -> None:
    """Its own external id and tags stay."""
    target = resolve(source="legacy")
    assert (chain(target), target.hops[0].external_id) == (["legacy", "prod-admin"], "x-1")
    assert chain(resolve(via=("aws-role",))) == ["legacy", "aws-role", "prod-admin"]
    assert chain(resolve(via=(A + "Y",))) == ["work", "hub", A + "Y", "prod-admin"]
    assert resolve(source="legacy").mfa is MfaMode.DIRECT


def test_the_way_to_sts_is_the_targets_before_its_beginnings() -> None:
    """Also where the roles between come from the command line."""
    aws = AWS_CONFIG + f"[profile other]\nrole_arn = {A}o\nsource_profile = legacy\nca_bundle = /o.pem\n"
    assert resolve("aws-role", aws=aws, source="other").connection.url_of("sts") == "http://127.0.0.1:5000"
    assert resolve("aws-role", aws=aws, source="other").connection.ca_bundle == "/o.pem"
    assert resolve("other", aws=aws, source="aws-role").connection.url_of("sts") == "http://127.0.0.1:5000"
    assert resolve("other", aws=aws, source="aws-role").connection.ca_bundle == "/o.pem"


@pytest.mark.parametrize(
    ("name", "rest", "message"),
    [
        ("work", {"source": "legacy"}, '"work" is a source, and a role is needed here'),
        ("hub", {"via": ("work",)}, '"work" is a source, and a role is needed here'),
        ("hub", {"source": "legacy", "via": ("work",)}, '"work" is a source, and a role is needed here'),
        ("hub", {"source": "nobody"}, 'there is no role, source or AWS profile "nobody"'),
    ],
)
def test_sources_where_roles_are_needed(name: str, rest: dict[str, object], message: str) -> None:
    """And unknown names in flags."""
    assert refusal(name, **rest).message == message


class TestOverrides:
    """What the command line and the shell say of the last role."""

    def test_flags_count_for_the_last_role_alone(self) -> None:
        """Each of them, the roles before it left as they are."""
        target = resolve(
            duration=timedelta(hours=1),
            session_name="typed",
            external_id="x-2",
            source_identity="alice",
            policy=' {"Statement": []} ',
            policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
            region="eu-west-3",
            mfa=MfaMode.SESSION,
        )
        hub, last = target.hops
        assert (hub.duration, hub.session_name, hub.external_id, hub.policy) == (None, None, None, None)
        assert (last.duration, last.duration_typed, last.duration_general) == (timedelta(hours=1), True, False)
        assert (last.session_name, last.external_id, last.source_identity) == ("typed", "x-2", "alice")
        assert (last.policy, last.policy_arns) == ('{"Statement":[]}', ("arn:aws:iam::aws:policy/ReadOnlyAccess",))
        assert (target.region, target.mfa) == ("eu-west-3", MfaMode.SESSION)

    def test_what_nobody_typed_stays(self) -> None:
        """The configured duration is the role's own, neither typed nor general."""
        last = resolve().hops[-1]
        assert (last.duration, last.duration_typed, last.duration_general) == (timedelta(minutes=30), False, False)

    def test_typed_tags_take_the_place_of_their_keys(self) -> None:
        """Whatever their case; the others stay, transitive ones too."""
        last = resolve(tags=(("Project", "blue"), ("x", "y")), transitive=("x",)).hops[-1]
        assert last.tags == (("Team", "t"), ("Project", "blue"), ("x", "y"))
        assert last.transitive == ("project", "x")

    def test_a_typed_device_is_the_only_one(self) -> None:
        """AWS takes a code only from the user at the beginning, so it is put there."""
        target = resolve("r", config=CONFIG + f'[role.r]\nrole_arn = "{B}R"\nfrom = "hub"\nmfa_serial = "{ALICE}"\n')
        assert (target.source.mfa_serial, target.hops[-1].mfa_serial) == (ALICE, ALICE)
        target = resolve(mfa_serial="123456789")
        assert [target.source.mfa_serial, *(hop.mfa_serial for hop in target.hops)] == ["123456789", None, None]

    def test_the_shell_says_more_than_a_file_and_less_than_a_flag(self) -> None:
        """STSCTL_DURATION, STSCTL_SESSION_NAME, STSCTL_MFA, STSCTL_MFA_PROCESS."""
        environ = {
            "STSCTL_DURATION": "1h",
            "STSCTL_SESSION_NAME": "env",
            "STSCTL_MFA": "session",
            "STSCTL_MFA_PROCESS": "totp",
        }
        target = resolve(environ=environ)
        last = target.hops[-1]
        assert (last.duration, last.duration_general, last.session_name) == (timedelta(hours=1), True, "env")
        assert (target.mfa, target.source.mfa_process) == (MfaMode.SESSION, ("totp",))
        target = resolve(environ=environ, session_name="typed", duration=timedelta(hours=2), mfa=MfaMode.AUTO)
        last = target.hops[-1]
        assert (last.duration, last.duration_typed, last.duration_general) == (timedelta(hours=2), True, False)
        assert (last.session_name, target.mfa) == ("typed", MfaMode.AUTO)

    def test_defaults_fill_what_a_role_does_not_say(self) -> None:
        """For every role on the way, and marked as said of none in particular."""
        defaults = '[defaults]\nduration = "2h"\nsession_name = "{user}"\nmfa = "session"\nmfa_process = ["totp"]\n'
        target = resolve(config=defaults + CONFIG)
        hub, last = target.hops
        assert (hub.duration, hub.duration_general, hub.session_name) == (timedelta(hours=2), True, "{user}")
        assert (last.duration, last.duration_general, last.session_name) == (timedelta(minutes=30), False, "own")
        assert (target.mfa, target.source.mfa_process) == (MfaMode.DIRECT, ("totp",))
        assert resolve("hub", config=defaults + CONFIG).mfa is MfaMode.SESSION

    def test_a_mfa_process_on_the_way_counts_before_the_general_one(self) -> None:
        """The default is for chains that name none."""
        config = '[defaults]\nmfa_process = ["totp"]\n' + CONFIG + 'mfa_process = ["own"]\n'
        target = resolve(config=config)
        assert (target.source.mfa_process, target.hops[-1].mfa_process) == ((), ("own",))

    @pytest.mark.parametrize(
        ("flag", "wanted"),
        [
            ("--duration", {"duration": timedelta(hours=1)}),
            ("--session-name", {"session_name": "me"}),
            ("--external-id", {"external_id": "x-1"}),
            ("--source-identity", {"source_identity": "me"}),
            ("--tag", {"tags": (("a", "b"),)}),
            ("--transitive", {"transitive": ("a",)}),
            ("--policy", {"policy": "{}"}),
            ("--policy-arn", {"policy_arns": ("arn:aws:iam::aws:policy/X",)}),
        ],
    )
    def test_flags_of_roles_are_refused_for_a_source(self, flag: str, wanted: dict[str, object]) -> None:
        """They would silently do nothing."""
        error = refusal("work", **wanted)
        assert isinstance(error, UsageError)
        assert error.message == f'{flag} is for roles, and "work" is a source'

    @pytest.mark.parametrize(
        ("message", "wanted"),
        [
            ('--session-name "a b" takes only', {"session_name": "a b"}),
            ('--session-name "{x}" has the template field', {"session_name": "{x}"}),
            ('--external-id "x" has 1 characters', {"external_id": "x"}),
            ('--source-identity "a b" takes only', {"source_identity": "a b"}),
            ('--mfa-serial "x" has 1 characters', {"mfa_serial": "x"}),
            ("--policy is no JSON", {"policy": "{"}),
            ("--policy-arn: ", {"policy_arns": ("x",)}),
            ('transitive key "a" is not among', {"transitive": ("a",)}),
            ("there are 51 tags", {"tags": tuple((f"k{n}", "v") for n in range(49))}),
        ],
    )
    def test_what_aws_would_refuse_is_a_matter_of_usage(self, message: str, wanted: dict[str, object]) -> None:
        """It is said before anybody is asked for a code, and never mended silently."""
        error = refusal(**wanted)
        assert isinstance(error, UsageError)
        assert error.message.startswith(message)


class TestPolicyFiles:
    """A role's policy_file is read when the role is resolved."""

    CONFIG = CONFIG + 'policy_file = "p.json"\n'

    def test_it_becomes_the_policy(self) -> None:
        """Compact, as one written in the configuration."""
        assert resolve(config=self.CONFIG, policies={"p.json": '{ "a": 1 }'}).hops[-1].policy == '{"a":1}'

    def test_a_typed_policy_takes_its_place(self) -> None:
        """The flag counts more."""
        target = resolve(config=self.CONFIG, policies={"p.json": '{"a": 1}'}, policy='{"b": 2}')
        assert target.hops[-1].policy == '{"b":2}'

    def test_what_is_no_policy_is_refused_with_its_line(self) -> None:
        """The line that names the file."""
        error = refusal(config=self.CONFIG, policies={"p.json": "nope"})
        assert isinstance(error, ConfigurationError)
        assert error.message.startswith('config.toml:18: policy_file "p.json" is no JSON')

    def test_the_reader_is_told_where_the_path_was_written(self) -> None:
        """A relative path is one beside that file."""
        asked: list[tuple[str, Origin]] = []

        def read(file: NamedFile) -> str:
            asked.append((file.path, file.origin))
            return "{}"

        configured = configuration.load(self.CONFIG.encode(), None, config_place="/x/config.toml")
        settled = settings.resolve(configured, {})
        names.resolve(Wanted(name="prod-admin"), configured, profile.load(None, None), settled, read_text=read)
        assert asked == [("p.json", Origin(place="/x/config.toml", line=18))]


@pytest.mark.parametrize("name", ["work", "hub", "prod-admin", "aws-role"])
def test_other_names_have_no_say_in_a_target(name: str) -> None:
    """A role, a source and a profile more change nothing of what another name means."""
    more = f'[source.other]\ntype = "environment"\n[role.other-role]\nrole_arn = "{B}O"\nfrom = "hub"\n'
    aws = f"[profile other-profile]\nrole_arn = {B}O\nsource_profile = legacy\n"
    assert resolve(name, config=CONFIG + more, aws=AWS_CONFIG + aws) == resolve(name)


def test_roles_of_two_partitions_are_refused() -> None:
    """No trust reaches across."""
    error = refusal("arn:aws-cn:iam::222222222222:role/X", via=("hub",))
    assert error.message.startswith('"hub" is in partition aws and "arn:aws-cn:iam::222222222222:role/X" in aws-cn')


def test_the_listing_holds_all_that_can_be_typed() -> None:
    """Roles, sources, AWS profiles that lead somewhere; each name once."""
    configured = configuration.load(CONFIG.encode(), b'[source.legacy]\ntype = "keys"\n')
    listed = listing(configured, profile.load(AWS_CONFIG.encode(), None))
    assert [(one.name, one.kind, one.description) for one in listed] == [
        ("hub", "role", A + "hub"),
        ("prod-admin", "role", B + "Admin"),
        ("work", "source", "source of type keys"),
        ("legacy", "source", "source of type keys"),
        ("aws-role", "profile", A + "aws"),
    ]
    assert str(listed["aws-role"].origin) == "~/.aws/config:7"


def test_a_role_given_by_its_arn_has_the_external_id_that_the_configuration_knows() -> None:
    """The id belongs to that role's trust policy, whatever the role is called by; a typed one counts more."""
    by_arn = resolve(f"{B}Admin", source="work")
    assert by_arn.hops[-1].external_id == "x-1"
    assert (by_arn.hops[-1].tags, by_arn.hops[-1].duration) == ((), None)
    assert resolve(f"{B}Admin", source="work", external_id="x-2").hops[-1].external_id == "x-2"
    two = CONFIG + f'[role.other]\nrole_arn = "{B}Admin"\nfrom = "hub"\nexternal_id = "x-3"\n'
    assert resolve(f"{B}Admin", source="work", config=two).hops[-1].external_id is None
