"""How long sessions last, what is refused before anybody is asked, and what AWS's answers teach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stsctl.host.stopwatch import Stopwatch
from tests.program import LONG, READ_ONLY, Me


def _life(me: Me, *words: str, **options: str) -> timedelta:
    """How long the session lasts that `credential-process` answers with, to the minute."""
    ends = datetime.fromisoformat(me.session(*words, **options)["Expiration"])
    return timedelta(minutes=round((ends - datetime.now(UTC)) / timedelta(minutes=1)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("long", "--duration", "14m"), "15m to 12h"),
        (("long", "--duration", "899"), "15m to 12h"),
        (("long", "--duration", "13h"), "15m to 12h"),
        (("long", "--duration", "43201"), "15m to 12h"),
        (("prod-admin", "--duration", "61m"), "role chaining"),
        (("prod-admin", "--duration", "12h"), "role chaining"),
        (("audit", "--duration", "2h"), "role chaining"),
        (("long", "--duration", "soon"), '"soon"'),
        (("long", "--duration", "0"), "15m to 12h"),
    ],
)
def test_a_typed_duration_that_aws_would_refuse_is_refused_before_anything_is_asked(
    me: Me, words: tuple[str, ...], said: str
) -> None:
    """It is a mistake on the command line: no prompt, no call, and the rule is named."""
    me.configure_as_usual(hub=me.code_process())
    done = me.run("credential-process", *words)
    assert done.status == 2, done
    assert said in done.err
    assert done.out == ""
    assert me.prompts() == 0
    assert me.calls() == []


def test_typed_durations_that_aws_gives_are_given(me: Me) -> None:
    """From a quarter of an hour to the role's own maximum, and an hour in a chain."""
    me.configure_as_usual(hub=me.code_process())
    assert _life(me, "long", "--duration", "15m") == timedelta(minutes=15)
    assert _life(me, "long", "--duration", "6h") == timedelta(hours=6)
    assert _life(me, "long") == timedelta(hours=1)
    assert _life(me, "prod-admin", "--duration", "1h") == timedelta(hours=1)


def test_a_configured_duration_above_the_chains_hour_is_capped_and_plan_says_why(me: Me) -> None:
    """The chain's hour counts, and `plan` says that it does."""
    me.configure_as_usual(hub=me.code_process())
    text = me.config.read_text().replace("[role.prod-admin]", '[role.prod-admin]\nduration = "4h"')
    me.config.write_text(text)
    assert _life(me, "prod-admin") == timedelta(hours=1)
    plan = me.ok("plan", "prod-admin")
    assert "1h, not 4h" in plan
    assert "ends after an hour" in plan


def test_a_capped_duration_is_said_once(me: Me) -> None:
    """Who gets an hour in place of the four that the configuration wants is told so, when it is fetched."""
    me.configure_as_usual(hub=me.code_process())
    text = me.config.read_text().replace("[role.prod-admin]", '[role.prod-admin]\nduration = "4h"')
    me.config.write_text(text)
    first = me.run("credential-process", "prod-admin")
    assert first.status == 0, first
    assert '"prod-admin" lasts 1h, not 4h: a role that a session assumes ends after an hour' in first.err
    assert me.run("credential-process", "prod-admin").err == ""


def test_a_duration_above_the_roles_maximum_is_learned(me: Me) -> None:
    """A configured one is asked for once; AWS's no is said, an hour is taken, and the next run asks for that alone."""
    me.configure_as_usual(more=f'\n[role.eager]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\nduration = "8h"\n')
    done = me.run("credential-process", "eager")
    assert done.status == 0, done
    assert "8h is more than the role's maximum session duration" in done.err
    assert me.calls() == ["AssumeRole!", "AssumeRole"]
    assert _life(me, "eager", "--refresh") == timedelta(hours=1)
    assert me.calls() == ["AssumeRole"]
    assert "AWS refused 8h for this role before" in me.ok("plan", "eager")


def test_a_typed_duration_above_the_roles_maximum_is_refused_and_says_which_is_which(me: Me) -> None:
    """What a person typed is not quietly made less: the error names both, and the hop."""
    done = me.run("credential-process", "read-only", "--duration", "2h")
    assert done.status == 5, done
    assert "2h is more than the role's maximum session duration (MaxSessionDuration)" in done.err
    assert "hop 1 of 1" in done.err
    assert "hint: try --duration 1h" in done.err
    assert me.calls() == ["AssumeRole!"]


def test_with_a_code_at_stake_a_general_duration_does_not_spend_it(me: Me) -> None:
    """[defaults] duration on a role of unknown maximum, with MFA: the hour is asked for first, and the code serves."""
    me.config.write_text(
        me.config.read_text().replace("[defaults]", f'[defaults]\nduration = "8h"\n{me.code_process()}')
        + f'\n[role.guarded]\nrole_arn = "{LONG}"\nfrom = "work"\nmfa_serial = "{me.mfa_serial}"\n'
    )
    assert _life(me, "guarded") == timedelta(hours=1)
    assert "AssumeRole!" not in me.calls()
    assert me.prompts() == 1


def test_a_single_role_that_wants_more_than_an_hour_takes_the_code_itself(me: Me) -> None:
    """No GetSessionToken goes before it, because AWS would then cap it at the hour."""
    me.config.write_text(
        me.config.read_text()
        + f'\n[role.night]\nrole_arn = "{LONG}"\nfrom = "work"\nmfa_serial = "{me.mfa_serial}"\nduration = "5h"\n'
    )
    assert _life(me, "night", "-t", me.code()) == timedelta(hours=5)
    assert me.calls() == ["AssumeRole"]
    assert "this very call" in me.ok("plan", "night")


def test_exec_with_min_remaining_renews_first(me: Me) -> None:
    """A session with less left than the program needs is renewed before the program starts."""
    held = me.key_id("long")
    words = ("exec", "long", "--min-remaining", "{}", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID")
    assert me.ok(*(word.format("30m") for word in words)).strip() == held
    assert me.ok(*(word.format("2h") for word in words)).strip() != held


@pytest.mark.parametrize(
    ("hours", "words", "said"),
    [
        (0.5, (), None),
        (0.8, ("--duration", "30m"), "ends in 29m, and this took 48m before: --serve renews it meanwhile"),
        (3.0, (), "ends in 59m, and this took 3h before: --serve renews it meanwhile"),
        (3.0, ("--serve",), None),
    ],
)
def test_exec_says_that_the_session_ends_within_the_time_that_the_command_took_before(
    me: Me, hours: float, words: tuple[str, ...], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what helps: not where it lasts long enough, or is renewed meanwhile."""
    monkeypatch.chdir(me.home)
    Stopwatch(me.state / "run-times", "read-only", ["true"]).note(hours * 3600)
    done = me.run("exec", "read-only", *words, "--", "true")
    assert done.status == 0, done
    assert done.err.strip() == (f'stsctl: "read-only" {said}' if said else "")
