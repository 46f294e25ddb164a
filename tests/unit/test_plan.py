"""From a target to its steps: AWS's rules, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from stsctl.arn import Arn
from stsctl.errors import ConfigurationError, UsageError
from stsctl.lifetime import Maximum
from stsctl.plan import Asks, Plan, Step, Surroundings, make, within
from stsctl.request import Asker, AskerKind, Endpoint, Operation
from stsctl.session_name import Person
from stsctl.source import Source, SourceKind
from stsctl.target import Hop, HopKind, MfaMode, Target

HOUR = timedelta(hours=1)
SERIAL = "arn:aws:iam::111111111111:mfa/alice"
OTHER_SERIAL = "arn:aws:iam::111111111111:mfa/other"
KEYS = Asker.of_keys("AKIAEXAMPLE000000001")
TEMPORARY = Asker.of_keys("ASIAEXAMPLE000000001")
HUB_ARN = Arn.parse_role("arn:aws:iam::111111111111:role/Hub")
ADMIN_ARN = Arn.parse_role("arn:aws:iam::222222222222:role/Admin")
ENDPOINT = Endpoint(partition="aws", region="eu-west-1")


def hop(name: str = "admin", arn: Arn = ADMIN_ARN, **more: object) -> Hop:
    """A role, with whatever is said of it."""
    return Hop(name=name, role_arn=arn, **more)  # type: ignore[arg-type]


def target(*hops: Hop, serial: str | None = None, mfa: MfaMode = MfaMode.AUTO, **more: object) -> Target:
    """Those roles, from the source "work"."""
    source = Source(kind=SourceKind.KEYS, name="work", mfa_serial=serial)
    name = hops[-1].name if hops else "work"
    return Target(name=name, source=source, hops=hops, mfa=mfa, **more)  # type: ignore[arg-type]


@dataclass
class Around:
    """What surrounds a plan."""

    asker: Asker = KEYS
    user: str = "alice"
    host: str = "laptop"
    maxima: dict[Arn, Maximum] = field(default_factory=dict)

    def plan(self, what: Target) -> Plan:
        """The plan for `what`."""
        surroundings = Surroundings(
            asker=self.asker,
            person=Person(user=self.user, host=self.host),
            endpoint_of=lambda each: ENDPOINT,
            maximum_of=lambda role, endpoint: self.maxima.get(role),
        )
        return make(what, surroundings)


def plan(what: Target) -> Plan:
    """The plan for `what`, from long-term keys, with nothing learned."""
    return Around().plan(what)


def shape(made: Plan) -> list[str]:
    """A plan in short: each call, a + where it takes a code, and how long its session lasts."""
    calls = {Operation.GET_SESSION_TOKEN: "session", Operation.ASSUME_ROLE: "role"}
    return [
        f"{calls[step.request.operation]}{'+' if step.asks is Asks.MFA else ''} {step.effective / HOUR:g}h"
        for step in made.steps
    ]


HUB = hop("hub", HUB_ARN)

SHAPES: list[tuple[str, Target, list[str]]] = [
    ("a source", target(), []),
    ("a source with a device", target(serial=SERIAL), ["session+ 12h"]),
    ("a source with a device, direct", target(serial=SERIAL, mfa=MfaMode.DIRECT), ["session+ 12h"]),
    ("a role", target(hop()), ["role 1h"]),
    ("a role of 12 h", target(hop(duration=12 * HOUR)), ["role 12h"]),
    ("a role of 12 h, typed", target(hop(duration=12 * HOUR, duration_typed=True)), ["role 12h"]),
    ("a role of 12 h, from [defaults]", target(hop(duration=12 * HOUR, duration_general=True)), ["role 12h"]),
    ("a role of 15 m", target(hop(duration=HOUR / 4)), ["role 0.25h"]),
    ("a role with a device", target(hop(mfa_serial=SERIAL)), ["session+ 12h", "role 1h"]),
    ("a role, its source with a device", target(hop(), serial=SERIAL), ["session+ 12h", "role 1h"]),
    ("a role of an hour with a device", target(hop(mfa_serial=SERIAL, duration=HOUR)), ["session+ 12h", "role 1h"]),
    ("a role of 2 h with a device", target(hop(mfa_serial=SERIAL, duration=2 * HOUR)), ["role+ 2h"]),
    (
        "a role of 2 h with a device, typed",
        target(hop(mfa_serial=SERIAL, duration=2 * HOUR, duration_typed=True)),
        ["role+ 2h"],
    ),
    (
        "a role of 2 h with a device, from [defaults]",
        target(hop(mfa_serial=SERIAL, duration=2 * HOUR, duration_general=True)),
        ["session+ 12h", "role 1h"],
    ),
    ("a role of 2 h, source with a device", target(hop(duration=2 * HOUR), serial=SERIAL), ["role+ 2h"]),
    (
        "mfa = session caps a configured duration",
        target(hop(mfa_serial=SERIAL, duration=2 * HOUR), mfa=MfaMode.SESSION),
        ["session+ 12h", "role 1h"],
    ),
    ("mfa = direct", target(hop(mfa_serial=SERIAL), mfa=MfaMode.DIRECT), ["role+ 1h"]),
    (
        "mfa = direct with [defaults]",
        target(hop(mfa_serial=SERIAL, duration=2 * HOUR, duration_general=True), mfa=MfaMode.DIRECT),
        ["role+ 1h"],
    ),
    ("mfa = direct in a chain", target(HUB, hop(mfa_serial=SERIAL), mfa=MfaMode.DIRECT), ["role+ 1h", "role 1h"]),
    ("a chain", target(HUB, hop()), ["role 1h", "role 1h"]),
    ("a chain, device on the source", target(HUB, hop(), serial=SERIAL), ["session+ 12h", "role 1h", "role 1h"]),
    (
        "a chain, device on the hub",
        target(hop("hub", HUB_ARN, mfa_serial=SERIAL), hop()),
        ["session+ 12h", "role 1h", "role 1h"],
    ),
    ("a chain, device on the last", target(HUB, hop(mfa_serial=SERIAL)), ["session+ 12h", "role 1h", "role 1h"]),
    ("a chain that wants 4 h", target(HUB, hop(duration=4 * HOUR)), ["role 1h", "role 1h"]),
    ("a hub that wants 4 h", target(hop("hub", HUB_ARN, duration=4 * HOUR), hop()), ["role 4h", "role 1h"]),
    (
        "a hub that wants 4 h, and a device",
        target(hop("hub", HUB_ARN, duration=4 * HOUR, mfa_serial=SERIAL), hop()),
        ["session+ 12h", "role 1h", "role 1h"],
    ),
]


@pytest.mark.parametrize(("what", "steps"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_the_shape_of_a_plan(what: Target, steps: list[str]) -> None:
    """Which calls are made, where the code goes, and how long each session lasts (AWS-RULES 2.1)."""
    assert shape(plan(what)) == steps


@pytest.mark.parametrize("row", SHAPES, ids=[row[0] for row in SHAPES])
def test_each_step_asks_with_the_session_before_it(row: tuple[str, Target, list[str]]) -> None:
    """The first step is asked by the source, each other by the session before; a code goes at most into one call."""
    steps = plan(row[1]).steps
    askers = [KEYS, *(step.request.next_asker() for step in steps)]
    assert [step.request.asker for step in steps] == askers[: len(steps)]
    assert sum(step.request.mfa_serial is not None for step in steps) <= 1
    assert all((step.request.mfa_serial is not None) is (step.asks is Asks.MFA) for step in steps)
    assert all(step.reason for step in steps)


@pytest.mark.parametrize("row", SHAPES, ids=[row[0] for row in SHAPES])
def test_what_is_capped_says_why(row: tuple[str, Target, list[str]]) -> None:
    """A step whose duration differs from what was said gives the reason, and only such a step does."""
    for step in plan(row[1]).steps:
        differs = step.requested is not None and step.requested != step.effective
        assert (step.capped_because is not None) is differs
        assert step.request.duration == (step.effective if step.requested is not None else None)


def test_a_session_token_is_asked_for_with_the_device_only() -> None:
    """GetSessionToken carries the device's serial, and leaves the duration to AWS."""
    request = plan(target(hop(), serial=SERIAL)).steps[0].request
    assert (request.mfa_serial, request.duration, request.role_arn, request.session_name) == (SERIAL, None, None, None)


def test_two_roles_share_the_session_with_mfa() -> None:
    """The call that takes the code is the same for every role of a source, so that its session is shared."""
    one, other = plan(target(hop(), serial=SERIAL)), plan(target(hop("b", HUB_ARN, mfa_serial=SERIAL)))
    assert one.steps[0].request.cache_key() == other.steps[0].request.cache_key()


def test_two_targets_share_a_hub() -> None:
    """The way to a hub is the same whatever is behind it."""
    one = plan(target(HUB, hop(external_id="a"), serial=SERIAL))
    other = plan(target(HUB, hop("b", external_id="b"), serial=SERIAL))
    assert [step.request for step in one.steps[:2]] == [step.request for step in other.steps[:2]]
    assert one.steps[2].request != other.steps[2].request


@pytest.mark.parametrize("duration", [timedelta(0), timedelta(seconds=899), timedelta(hours=12, seconds=1)])
@pytest.mark.parametrize("typed", [True, False])
def test_what_no_role_gives_is_refused(duration: timedelta, typed: bool) -> None:
    """A role's session lasts 15 minutes to 12 hours; anything else fails before anything is asked."""
    with pytest.raises(UsageError, match="15m to 12h"):
        plan(target(hop(duration=duration, duration_typed=typed), serial=SERIAL))


@pytest.mark.parametrize(
    "what",
    [
        target(HUB, hop(duration=2 * HOUR, duration_typed=True)),
        target(HUB, hop(duration=2 * HOUR, duration_typed=True), serial=SERIAL),
        target(hop(duration=2 * HOUR, duration_typed=True), serial=SERIAL, mfa=MfaMode.SESSION),
    ],
    ids=["chain", "chain with a device", "mfa = session"],
)
def test_a_typed_duration_that_chaining_forbids_is_refused(what: Target) -> None:
    """More than an hour, typed, for a role that a session assumes is refused with AWS's reason."""
    with pytest.raises(UsageError, match=r'2h is refused by AWS for "admin".*role chaining') as raised:
        plan(what)
    assert raised.value.hint == "try --duration 1h"


def test_an_hour_typed_for_a_chain_is_an_hour() -> None:
    """Exactly the hour that chaining allows is asked for."""
    made = plan(target(HUB, hop(duration=HOUR, duration_typed=True)))
    assert made.steps[-1].request.duration == HOUR
    assert made.steps[-1].capped_because is None


def test_temporary_keys_are_a_session_already() -> None:
    """Keys that begin with ASIA are a session's: what they assume is a chain, an hour long at most."""
    around = Around(asker=TEMPORARY)
    made = around.plan(target(hop(duration=4 * HOUR)))
    assert shape(made) == ["role 1h"]
    assert "ends after an hour" in (made.steps[0].capped_because or "")
    with pytest.raises(UsageError, match="role chaining"):
        around.plan(target(hop(duration=4 * HOUR, duration_typed=True)))


@pytest.mark.parametrize("mfa", list(MfaMode))
@pytest.mark.parametrize("serial", [SERIAL, "arn:aws:iam::111111111111:u2f/user/alice/key"])
def test_no_code_goes_with_temporary_keys(mfa: MfaMode, serial: str) -> None:
    """GetSessionToken takes no session's keys and a device is a user's: no code is asked, and a warning says so."""
    made = Around(asker=TEMPORARY).plan(target(hop(), serial=serial, mfa=mfa))
    assert shape(made) == ["role 1h"]
    assert any("temporary" in warning for warning in made.warnings)


def test_a_security_key_cannot_be_used() -> None:
    """STS takes no security key, which is said before it is tried."""
    with pytest.raises(ConfigurationError, match="is a security key") as raised:
        plan(target(hop(mfa_serial="arn:aws:iam::111111111111:u2f/user/alice/key-X")))
    assert "authenticator app" in (raised.value.hint or "")


def test_two_devices_are_odd() -> None:
    """Where two devices are named, the first on the way is asked, and a warning says so; one named twice is one."""
    made = plan(target(hop(mfa_serial=OTHER_SERIAL), serial=SERIAL))
    assert made.steps[0].request.mfa_serial == SERIAL
    assert any("2 MFA devices" in warning and SERIAL in warning for warning in made.warnings)
    assert plan(target(hop(mfa_serial=SERIAL), serial=SERIAL)).warnings == ()


def test_who_asks_for_the_code() -> None:
    """The first mfa_process on the way belongs to the step that takes the code, and to no other."""
    what = target(hop("hub", HUB_ARN, mfa_process=("oath", "code")), hop(mfa_process=("other",)), serial=SERIAL)
    assert [step.mfa_process for step in plan(what).steps] == [("oath", "code"), (), ()]
    what = target(hop(mfa_serial=SERIAL, mfa_process=("oath",), duration=2 * HOUR))
    assert [step.mfa_process for step in plan(what).steps] == [("oath",)]


def test_a_short_session_is_warned_of() -> None:
    """Under 30 minutes SDKs ask at every use; only the last session is used by them."""
    assert any("15m" in warning for warning in plan(target(hop(duration=HOUR / 4))).warnings)
    assert plan(target(hop(duration=HOUR / 2))).warnings == ()
    assert plan(target(hop("hub", HUB_ARN, duration=HOUR / 4), hop())).warnings == ()


def test_a_targets_own_warnings_stay() -> None:
    """What was odd about the configuration is said with the plan."""
    assert plan(target(hop(), warnings=("odd",))).warnings == ("odd",)


# What AWS's answers taught


def test_a_refused_duration_is_not_asked_again() -> None:
    """Once AWS refused 12 h the next plan asks for what is known to be given, at least the hour; it says why."""
    around = Around(maxima={ADMIN_ARN: Maximum(below=12 * HOUR)})
    step = around.plan(target(hop(duration=12 * HOUR))).steps[0]
    assert (step.requested, step.effective, step.request.duration) == (12 * HOUR, HOUR, HOUR)
    assert "AWS refused 12h" in (step.capped_because or "")
    around = Around(maxima={ADMIN_ARN: Maximum(at_least=4 * HOUR, below=12 * HOUR)})
    assert around.plan(target(hop(duration=12 * HOUR))).steps[0].effective == 4 * HOUR


def test_what_is_below_the_refused_is_tried() -> None:
    """A duration shorter than the refused one is asked for, and another role's maximum does not matter."""
    around = Around(maxima={ADMIN_ARN: Maximum(below=12 * HOUR), HUB_ARN: Maximum(below=2 * HOUR)})
    assert around.plan(target(hop(duration=8 * HOUR))).steps[0].effective == 8 * HOUR


def test_a_typed_duration_is_tried_as_typed() -> None:
    """What a person types is asked for whatever was learned: the role may have changed."""
    around = Around(maxima={ADMIN_ARN: Maximum(below=12 * HOUR)})
    step = around.plan(target(hop(duration=12 * HOUR, duration_typed=True))).steps[0]
    assert (step.effective, step.capped_because) == (12 * HOUR, None)


def test_within_changes_only_what_it_must() -> None:
    """Nothing learned, nothing asked, or less asked than refused: the step stays the very same."""
    step = plan(target(hop(duration=4 * HOUR))).steps[0]
    unasked = plan(target(hop())).steps[0]
    assert within(step, None) is step
    assert within(step, Maximum(at_least=2 * HOUR)) is step
    assert within(step, Maximum(below=5 * HOUR)) is step
    assert within(unasked, Maximum(below=2 * HOUR)) is unasked
    assert within(replace(step, duration_typed=True), Maximum(below=4 * HOUR)).effective == 4 * HOUR
    shorter = within(step, Maximum(below=4 * HOUR))
    assert within(shorter, Maximum(below=4 * HOUR)) is shorter


@pytest.mark.parametrize(("at_least", "effective"), [(None, 1), (2, 2), (12, 12)])
def test_a_general_duration_risks_no_code(at_least: int | None, effective: int) -> None:
    """[defaults] knows nothing of the role: with a code at stake only what the role is known to give is asked for."""
    maxima = {ADMIN_ARN: Maximum(at_least=at_least * HOUR)} if at_least else {}
    what = target(hop(duration=12 * HOUR, duration_general=True), serial=SERIAL, mfa=MfaMode.DIRECT)
    step = Around(maxima=maxima).plan(what).steps[0]
    assert step.effective == effective * HOUR
    assert ("a code is at stake" in (step.capped_because or "")) is (effective < 12)


def test_a_general_duration_is_asked_for_where_no_code_is_at_stake() -> None:
    """Without a code a refusal costs nothing, so [defaults] is asked for in full."""
    assert plan(target(hop(duration=12 * HOUR, duration_general=True))).steps[0].effective == 12 * HOUR


# What a plan depends on


def test_another_role_changes_no_plan() -> None:
    """A plan is made of its own target only, and made twice it is the same."""
    before = plan(target(HUB, hop(duration=HOUR), serial=SERIAL))
    plan(target(hop("another", Arn.parse_role("arn:aws:iam::333333333333:role/New"), duration=HOUR), serial=SERIAL))
    assert plan(target(HUB, hop(duration=HOUR), serial=SERIAL)) == before


def test_a_plan_asks_only_about_its_own_roles() -> None:
    """Endpoints and maxima are looked up for the source and the roles on the way, and nothing else."""
    asked: list[object] = []

    def endpoint_of(each: Hop | None) -> Endpoint:
        asked.append(each.name if each else None)
        return ENDPOINT

    def maximum_of(role: Arn, endpoint: Endpoint) -> None:
        asked.append(role)

    around = Surroundings(asker=KEYS, person=Person(user="a", host="b"), endpoint_of=endpoint_of, maximum_of=maximum_of)
    make(target(HUB, hop(), serial=SERIAL), around)
    assert set(asked) <= {None, "hub", "admin", HUB_ARN, ADMIN_ARN}


def test_each_call_goes_to_its_own_endpoint() -> None:
    """The source's call and each role's are asked where each belongs."""
    endpoints = {name: Endpoint(partition="aws", region=f"r-{name}") for name in (None, "hub", "admin")}
    around = Surroundings(
        asker=KEYS,
        person=Person(user="a", host="b"),
        endpoint_of=lambda each: endpoints[each.name if each else None],
        maximum_of=lambda role, endpoint: None,
    )
    steps = make(target(HUB, hop(), serial=SERIAL), around).steps
    assert [step.request.endpoint.region for step in steps] == ["r-None", "r-hub", "r-admin"]


def test_with_step_gives_later_steps_their_new_asker() -> None:
    """Where a step changes, what follows asks with the changed one's session; what precedes stays."""
    made = plan(target(HUB, hop(), serial=SERIAL))
    changed = replace(made.steps[1], request=replace(made.steps[1].request, duration=HOUR / 2))
    other = made.with_step(1, changed)
    assert other.steps[0] is made.steps[0]
    assert other.steps[1] is changed
    assert other.steps[2].request.asker == changed.request.next_asker()
    assert replace(other.steps[2].request, asker=made.steps[2].request.asker) == made.steps[2].request


def test_every_field_of_a_hop_reaches_the_request() -> None:
    """What is said of a role is in its request; tags and transitive keys are sorted, whatever their order."""
    what = hop(
        session_name="me",
        external_id="ext",
        source_identity="alice",
        tags=(("b", "2"), ("a", "1")),
        transitive=("b", "a"),
        policy="{}",
        policy_arns=("arn:aws:iam::aws:policy/X",),
    )
    request = plan(target(what)).steps[0].request
    assert request.role_arn == ADMIN_ARN
    assert (request.session_name, request.external_id, request.source_identity) == ("me", "ext", "alice")
    assert (request.tags, request.transitive_tag_keys) == ((("a", "1"), ("b", "2")), ("a", "b"))
    assert (request.policy, request.policy_arns) == ("{}", ("arn:aws:iam::aws:policy/X",))


@pytest.mark.parametrize(
    ("template", "user", "host", "name"),
    [
        (None, "alice", "laptop", "alice"),
        (None, "CORP\\jürgen müller", "laptop", "CORP-j-rgen-m-ller"),
        (None, "a", "laptop", "a-"),
        (None, "", "laptop", "--"),
        (None, "u" * 80, "laptop", "u" * 64),
        ("{user}@{host}", "alice", "laptop.local", "alice@laptop.local"),
        ("ci-{host}-{user}", "alice", "h" * 70, "ci-" + "h" * 61),
        ("fixed", "alice", "laptop", "fixed"),
    ],
)
def test_session_names_are_made_to_fit(template: str | None, user: str, host: str, name: str) -> None:
    """What fills a template takes the characters and the length that STS takes: 2 to 64 of [\\w+=,.@-]."""
    made = Around(user=user, host=host).plan(target(hop(session_name=template)))
    assert made.steps[0].request.session_name == name


def test_the_names_on_the_way() -> None:
    """A plan is called as its target, and names its chain from the source on."""
    made = plan(target(HUB, hop()))
    assert (made.name, made.chain) == ("admin", ("work", "hub", "admin"))
    assert [step.name for step in made.steps] == ["hub", "admin"]
    assert '"admin" is assumed from "hub"' in made.steps[1].reason


def _reasons(steps: tuple[Step, ...]) -> str:
    return " / ".join(step.reason for step in steps)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (target(serial=SERIAL), "the user's own session"),
        (target(hop(), serial=SERIAL), "one code at the start serves every role"),
        (target(hop(), serial=SERIAL, mfa=MfaMode.SESSION), 'mfa = "session"'),
        (target(hop(), serial=SERIAL, mfa=MfaMode.DIRECT), 'mfa = "direct"'),
        (target(hop(duration=2 * HOUR), serial=SERIAL), "a role that a session assumes ends after an hour"),
    ],
)
def test_where_the_code_goes_has_a_reason(what: Target, words: str) -> None:
    """The plan says why the code is given where it is."""
    assert words in _reasons(plan(what).steps)


class TestOtherHops:
    """Sessions that are no role's."""

    SESSION = Hop(name="session", kind=HopKind.SESSION_TOKEN, duration=timedelta(hours=36))
    GUEST = Hop(name="guest", kind=HopKind.FEDERATION_TOKEN, session_name="{user}@{host}")
    ROOT = Hop(name="root", kind=HopKind.ROOT, account_id="222222222222")
    SANDBOX = Hop(name="sandbox", kind=HopKind.PERMISSION_SET, account_id="222222222222", role_name="Admin")

    def test_the_code_goes_into_a_users_own_session(self) -> None:
        """There is one call, with the code and the length, and no second session before it."""
        (step,) = plan(target(self.SESSION, serial=SERIAL)).steps
        request = step.request
        assert (request.operation, request.mfa_serial) == (Operation.GET_SESSION_TOKEN, SERIAL)
        assert (request.duration, step.asks, step.is_hop) == (36 * HOUR, Asks.MFA, True)

    def test_a_root_user_is_opened_by_the_keys_themselves(self) -> None:
        """AssumeRoot takes no code, and a user's session that was got by one may not call it."""
        for mode in MfaMode:
            (step,) = plan(target(self.ROOT, serial=SERIAL, mfa=mode)).steps
            assert (step.request.operation, step.asks) == (Operation.ASSUME_ROOT, Asks.NOTHING)
            assert step.effective == timedelta(minutes=15)

    def test_a_federated_user_comes_without_a_code(self) -> None:
        """A session that was got by a code could not call GetFederationToken; the name fits what AWS takes."""
        found = Around(user="somebody-with-quite-a-long-name", host="laptop").plan(target(self.GUEST, serial=SERIAL))
        (step,) = found.steps
        assert (step.asks, step.effective) == (Asks.NOTHING, 12 * HOUR)
        assert step.request.session_name == "somebody-with-quite-a-long-name@"
        assert any("can do nothing" in warning for warning in found.warnings)
        allowed = replace(self.GUEST, policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",))
        assert plan(target(allowed)).warnings == ()

    def test_a_missing_sign_in_is_said(self) -> None:
        """The first call asks for it, and what follows a permission set is chained."""
        source = Source(kind=SourceKind.IDENTITY_CENTER, name="corp")
        what = Target(name="admin", source=source, hops=(self.SANDBOX, hop(duration=2 * HOUR)))
        asker = Asker(kind=AskerKind.IDENTITY_CENTER, id="{}")
        surroundings = Surroundings(
            asker=asker,
            person=Person(user="alice", host="laptop"),
            endpoint_of=lambda each: ENDPOINT,
            maximum_of=lambda role, endpoint: None,
        )
        first, second = make(what, surroundings).steps
        assert (first.request.account_id, first.request.role_name) == ("222222222222", "Admin")
        assert (first.asks, second.effective) == (Asks.NOTHING, HOUR)
        first, second = make(what, replace(surroundings, asks=Asks.SIGN_IN)).steps
        assert (first.asks, second.asks) == (Asks.SIGN_IN, Asks.NOTHING)

    def test_tags_that_came_down_the_chain_are_in_the_way(self) -> None:
        """Whatever their case; a tag that is not handed on is in nobody's way."""
        first = hop("hub", HUB_ARN, tags=(("team", "blue"), ("cost", "1")), transitive=("team",))
        assert plan(target(first, hop(tags=(("cost", "2"),)))).warnings == ()
        (warning,) = plan(target(first, hop(tags=(("Team", "red"),)))).warnings
        assert '"Team" of "admin"' in warning
