from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from stsctl.arn import Arn
from stsctl.console_table import Color
from stsctl.credentials import Credentials, Secret, Session
from stsctl.formats import environment
from stsctl.formats.interface import rfc3339
from stsctl.marks import Marks

NOW = datetime(2026, 1, 31, 11, 0, tzinfo=UTC)
SESSION = Session(
    credentials=Credentials(
        access_key_id="ASIAEXAMPLE",
        secret_access_key=Secret("s3cret/+"),
        session_token=Secret("t0ken=="),
        expires_at=NOW + timedelta(hours=1),
    ),
    identity=Arn.parse("arn:aws:sts::222222222222:assumed-role/Admin/alice"),
    account_id="222222222222",
    request_key="ab" * 32,
    obtained_at=NOW,
    user_id="AROAEXAMPLE:alice",
)
KEYS = Session(
    credentials=Credentials(access_key_id="AKIAEXAMPLE", secret_access_key=Secret("s3cret")),
    request_key="cd" * 32,
    obtained_at=NOW,
)
CLEARED = {
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
}


def test_a_session_sets_every_variable_and_clears_every_rival() -> None:
    """The child's environment has the session's variables, and none that would lead an SDK elsewhere."""
    before = dict.fromkeys(CLEARED, "stale") | {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "AKIAOLD", "STSCTL_ROLE": "old"}
    changes = environment.export(SESSION, {}, role="prod-admin", region="eu-west-1", depth=2)
    assert environment.child(before, changes) == {
        "PATH": "/bin",
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "s3cret/+",
        "AWS_SESSION_TOKEN": "t0ken==",
        "AWS_ACCOUNT_ID": "222222222222",
        "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z",
        "AWS_SESSION_EXPIRATION": "2026-01-31T12:00:00Z",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "STSCTL_REGION": "eu-west-1/",
        "STSCTL_ROLE": "prod-admin",
        "STSCTL_SESSION": "ab" * 32,
        "STSCTL_RENEW_AT": "2026-01-31T11:40:00Z",
        "STSCTL_DEPTH": "2",
    }


def test_what_a_role_is_marked_with_goes_along_and_goes_again() -> None:
    """The colour and what is asked about are the session's: the next one has its own, or none."""
    red = Marks(color=Color.RED, warn_before=("terraform destroy", "aws delete-*"))
    marked = environment.child({}, environment.export(SESSION, {}, role="prod", marks=red))
    assert marked["STSCTL_COLOR"] == "red"
    assert marked["STSCTL_WARN"] == "terraform destroy;aws delete-*"
    after = environment.child(marked, environment.export(SESSION, {}, role="prod-admin"))
    assert not {"STSCTL_COLOR", "STSCTL_WARN"} & after.keys()
    assert environment.child(marked, environment.unset(marked)) == {}


def test_long_term_credentials_clear_the_token_and_the_end_of_a_session_before() -> None:
    """Keys never meet the token of an older session, which would make every request fail."""
    before = environment.child({}, environment.export(SESSION, {}, role="prod-admin"))
    after = environment.child(before, environment.export(KEYS, {}, role="work"))
    assert after == {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "STSCTL_ROLE": "work",
        "STSCTL_SESSION": "cd" * 32,
    }


def test_an_unknown_region_leaves_the_persons_own() -> None:
    """A role without a region does not take away the one that the person set."""
    after = environment.child({"AWS_REGION": "eu-north-1"}, environment.export(SESSION, {}, role="prod-admin"))
    assert after["AWS_REGION"] == "eu-north-1"
    assert "AWS_DEFAULT_REGION" not in after


def test_the_depth_is_for_children_only() -> None:
    """What `env` prints does not change how deep a shell is."""
    assert "STSCTL_DEPTH" not in environment.export(SESSION, {}, role="prod-admin")


def test_unset_takes_back_all_that_export_sets() -> None:
    """After `env --unset` nothing of stsctl's is left, and the rest is untouched."""
    changes = environment.export(SESSION, {}, role="prod-admin", region="eu-west-1", depth=1)
    exported = environment.child({"PATH": "/bin", "AWS_CA_BUNDLE": "/ca"}, changes)
    assert environment.child(exported, environment.unset(exported)) == {"PATH": "/bin", "AWS_CA_BUNDLE": "/ca"}


def test_unset_leaves_keys_that_are_the_persons_own() -> None:
    """Where stsctl exported nothing, or it was taken back already, there is nothing of its to take back."""
    mine = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_REGION": "eu-west-1"}
    assert environment.child(mine, environment.unset(mine)) == mine


def test_a_region_that_was_exported_goes_with_its_session() -> None:
    """The person's own region comes back with the next role that names none, and with `env --unset`."""
    mine = {"AWS_DEFAULT_REGION": "us-west-2"}
    first = environment.child(mine, environment.export(SESSION, mine, role="a", region="eu-west-1"))
    second = environment.child(first, environment.export(SESSION, first, role="b", region="eu-north-1"))
    third = environment.child(second, environment.export(SESSION, second, role="c"))
    assert [each["AWS_REGION"] for each in (first, second, third)] == ["eu-west-1", "eu-north-1", "us-west-2"]
    assert "STSCTL_REGION" not in third
    assert environment.child(second, environment.unset(second))["AWS_REGION"] == "us-west-2"


def test_values_do_not_print_before_they_are_rendered() -> None:
    """The mapping can appear in a traceback without showing a secret."""
    assert "s3cret" not in repr(environment.export(SESSION, {}, role="prod-admin"))
    assert "t0ken" not in repr(environment.export(SESSION, {}, role="prod-admin"))


def test_instants_are_written_in_utc_and_never_rounded_up() -> None:
    """Another zone is converted; a session is not said to last longer than it does."""
    at = datetime(2026, 1, 31, 14, 0, 0, 999999, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(at) == "2026-01-31T12:00:00Z"
