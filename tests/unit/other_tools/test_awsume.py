"""Moving in from awsume: most profiles work as they are, what it wrote itself stays there."""

from __future__ import annotations

from stsctl.other_tools.finding import Outcome
from tests.unit.other_tools.texts import AWSUME, AWSUME_CREDENTIALS, AWSUME_PROFILES, found, values


def test_profiles_work_as_they_are_and_sessions_stay() -> None:
    """Also the keys that lie in plain text, with what takes them into the store."""
    every = found("awsume", AWSUME, aws=AWSUME_PROFILES, credentials=AWSUME_CREDENTIALS)
    assert (every['profile "admin"'].outcome, every['profile "default"'].outcome) == (Outcome.AS_IT_IS,) * 2
    assert every['profile "default"'].hint == "stsctl keys add default --from-profile default"
    assert every['profile "autoawsume-admin"'].note == "a session that awsume wrote: stsctl gets its own"


def test_a_role_that_is_assumed_with_what_a_program_gives_becomes_one() -> None:
    """Which to SDKs, and so to stsctl, the profile is not."""
    every = found("awsume", aws=AWSUME_PROFILES)
    program = {"": 'source "by-program-program"', "type": "process", "process": "my-tool --print"}
    assert values(every['program "my-tool --print"']) == program
    assert values(every['profile "by-program"']) == {
        "": 'role "by-program"',
        "from": "by-program-program",
        "role_arn": "arn:aws:iam::222222222222:role/Tool",
        "external_id": "x-1",
        "duration": "1800",
    }


def test_settings_and_what_says_too_little_are_told_with_what_to_write() -> None:
    """A configuration is the person's own."""
    every = found("awsume", AWSUME, aws=AWSUME_PROFILES)
    duration, region = every['setting "role-duration"'], every['setting "region"']
    assert duration.hint == 'config.toml: [defaults] duration = "3600"'
    assert (str(region.origin), region.outcome) == ("theirs:3", Outcome.STAYS)
    assert "type saml" in every['profile "federated"'].note
    assert found("awsume", b"a: b: c")["its settings"].note == "theirs:1: this is no YAML"
