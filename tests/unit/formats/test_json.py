from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.formats.json import Json, assume_role, credential_process

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
CREDENTIALS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "s3cret/+",
    "SessionToken": "t0ken==",
    "Expiration": "2026-01-31T12:00:00Z",
}


def test_credential_process_answers_one_compact_line() -> None:
    """The whole answer is one line without blanks, in the shape that SDKs ask for."""
    text = credential_process(SESSION)
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    assert " " not in text
    assert json.loads(text) == {"Version": 1, **CREDENTIALS, "AccountId": "222222222222"}


def test_credential_process_leaves_out_what_long_term_keys_do_not_have() -> None:
    """No null where an SDK expects a text: the members are absent."""
    keys = Credentials(access_key_id="AKIAEXAMPLE", secret_access_key=Secret("s3cret"))
    answer = json.loads(credential_process(replace(SESSION, credentials=keys, account_id=None)))
    assert answer == {"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "s3cret"}


def test_assume_has_the_shape_of_stss_own_answer() -> None:
    """A script written for `aws sts assume-role` reads it too."""
    answer = json.loads(assume_role(replace(SESSION, packed_policy_size=6, source_identity="alice")))
    assert answer == {
        "Credentials": CREDENTIALS,
        "AssumedRoleUser": {
            "AssumedRoleId": "AROAEXAMPLE:alice",
            "Arn": "arn:aws:sts::222222222222:assumed-role/Admin/alice",
        },
        "PackedPolicySize": 6,
        "SourceIdentity": "alice",
    }


def test_a_session_token_has_no_assumed_role() -> None:
    """GetSessionToken's answer is credentials alone, and optional members are left out."""
    assert json.loads(assume_role(replace(SESSION, identity=None, user_id=None))) == {"Credentials": CREDENTIALS}


def test_variables_as_an_object_say_null_for_what_goes() -> None:
    """A reader can tell a variable to be removed from one to be emptied."""
    text = Json().render({"A": Secret("é\n"), "B": None, "C": Secret("")})
    assert json.loads(text) == {"A": "é\n", "B": None, "C": ""}
