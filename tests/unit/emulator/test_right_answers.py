"""The table of right answers, asked of the emulator with botocore's client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.credentials import Credentials, Secret
from stsctl.totp import code_at, step_at
from tests.emulator_fixture import credentials_of
from tests.unit.emulator.front import HOST, Front, Signer
from tests.unit.emulator.right_answers import (
    MINE,
    OTHER,
    RIGHT_ANSWERS,
    SEED,
    Asked,
    Refused,
    allow,
    assume,
    call,
    organisation,
    policy,
    role,
    trusts,
    user,
)

NOBODY = Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret("x" * 40))


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """The organisation of the table."""
    return Front(organisation())


@pytest.fixture
def asker(front: Front) -> Iterator[Asker]:
    """Asks, from the present on."""
    yield Asker(front)
    front.clock.ahead = timedelta()


class Asker:
    """Makes the calls of the table, each after those that it needs the credentials of."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self._code = code_at(Secret(SEED), step_at(datetime.now(UTC)))

    def ask(self, asked: Asked) -> Any:
        """The answer to one call, as botocore gives it; raises ClientError."""
        client = self.front.client("sts", self._credentials(asked.by))
        self.front.clock.ahead += timedelta(seconds=asked.later)
        given = {**asked.given}
        if given.get("TokenCode") == "now":
            given["TokenCode"] = self._code
        if asked.twice:
            client._make_api_call(asked.operation, given)
        return client._make_api_call(asked.operation, given)

    def _credentials(self, by: str | Asked | Credentials) -> Credentials | None:
        if isinstance(by, Asked):
            return credentials_of(self.ask(by))
        if isinstance(by, Credentials):
            return by
        if by == "":
            return None
        return NOBODY if by == "stranger" else self.front.principal(f"{MINE}:{by}")

    @property
    def now(self) -> datetime:
        """The emulator's present."""
        return datetime.now(UTC) + self.front.clock.ahead


@pytest.mark.parametrize("name", RIGHT_ANSWERS)
def test_right_answer(asker: Asker, name: str) -> None:
    """Each request of the table gets its right answer."""
    asked, right = RIGHT_ANSWERS[name]
    if isinstance(right, Refused):
        with pytest.raises(ClientError) as refused:
            asker.ask(asked)
        answer: Any = refused.value.response
        error = answer["Error"]
        assert (error["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (right.code, right.status), error
        assert right.message in error["Message"]
        return
    answer = asker.ask(asked)
    for path, value in right.items():
        if path == "seconds":
            left = (answer["Credentials"]["Expiration"] - asker.now).total_seconds()
            assert value - 5 < left <= value
        elif value is ...:
            assert answer[path]
        else:
            assert at(answer, path) == value


def refused(call: Callable[[], object]) -> tuple[str, int]:
    """Code and status of a refusal."""
    with pytest.raises(ClientError) as error:
        call()
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_user_who_is_made_again_is_another(asker: Asker, front: Front) -> None:
    """A trust policy means the user that was there when it was saved, not the next one of that name."""
    iam = front.client("iam", front.principal(f"{MINE}:root"))
    iam.create_user(UserName="again")
    trust = policy(trusts(user("again")))
    iam.create_role(RoleName="ByAgain", AssumeRolePolicyDocument=trust)
    assert asker.ask(assume(made(iam), "ByAgain"))
    iam.delete_access_key(
        UserName="again", AccessKeyId=iam.list_access_keys(UserName="again")["AccessKeyMetadata"][0]["AccessKeyId"]
    )
    old = iam.get_user(UserName="again")["User"]["UserId"]
    iam.delete_user(UserName="again")
    iam.create_user(UserName="again")
    assert refused(lambda: asker.ask(assume(made(iam), "ByAgain"))) == ("AccessDenied", 403)
    shown = iam.get_role(RoleName="ByAgain")["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"] == {"AWS": old}
    iam.update_assume_role_policy(RoleName="ByAgain", PolicyDocument=trust)
    assert asker.ask(assume(made(iam), "ByAgain"))


def test_a_role_that_is_made_again_is_another(asker: Asker, front: Front) -> None:
    """Its old sessions are nobody's, and trust in it is not trust in the new one."""
    iam = front.client("iam", front.principal(f"{MINE}:root"))
    trust, onward = policy(trusts("*")), policy(trusts(role("Again")))
    iam.create_role(RoleName="Again", AssumeRolePolicyDocument=trust)
    iam.create_role(RoleName="AfterAgain", AssumeRolePolicyDocument=onward)
    held = credentials_of(asker.ask(assume("alice", "Again")))
    assert asker.ask(assume(held, "AfterAgain"))
    iam.delete_role(RoleName="Again")
    iam.create_role(RoleName="Again", AssumeRolePolicyDocument=trust)
    assert refused(lambda: asker.ask(call(held, "GetCallerIdentity"))) == ("InvalidClientTokenId", 403)
    again = credentials_of(asker.ask(assume("alice", "Again")))
    assert refused(lambda: asker.ask(assume(again, "AfterAgain"))) == ("AccessDenied", 403)


def test_trust_in_somebody_who_is_not_there(front: Front) -> None:
    """A trust policy that names a principal which does not exist is not saved."""
    iam = front.client("iam", front.principal(f"{MINE}:root"))
    for whom in (user("nobody"), role("Nothing"), f"{user('bob')}*", f"arn:aws:iam::{MINE}:group/g"):
        given = {"RoleName": "ByNobody", "AssumeRolePolicyDocument": policy(trusts(whom))}
        assert refused(lambda given=given: iam.create_role(**given)) == ("MalformedPolicyDocument", 400)


def test_any_request_forgets_what_is_over(asker: Asker, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions that are over are let go of though none is issued any more, and even where the request is refused."""
    asker.ask(assume("alice", "Hub"))
    assert front.status()["sessions"] > 0
    monkeypatch.setattr(front.clock, "wall", lambda: datetime.now(UTC) + timedelta(hours=37))
    assert refused(lambda: asker.ask(call("bob", "GetCallerIdentity"))) == ("SignatureDoesNotMatch", 403)
    assert front.status()["sessions"] == 0


def test_policies_count_at_once(asker: Asker, front: Front) -> None:
    """What a role may do changes under its sessions."""
    iam = front.client("iam", front.principal(f"{MINE}:root"))
    iam.create_role(RoleName="Changing", AssumeRolePolicyDocument=policy(trusts("*")))
    held = credentials_of(asker.ask(assume("alice", "Changing")))
    assert refused(lambda: asker.ask(assume(held, "Account"))) == ("AccessDenied", 403)
    iam.put_role_policy(RoleName="Changing", PolicyName="may", PolicyDocument=policy(allow("sts:*")))
    assert asker.ask(assume(held, "Account"))
    iam.delete_role_policy(RoleName="Changing", PolicyName="may")
    assert refused(lambda: asker.ask(assume(held, "Account"))) == ("AccessDenied", 403)


def test_keys_that_are_switched_off(asker: Asker, front: Front) -> None:
    """An inactive key is nobody's, though its user is still there, and a session of the user goes on."""
    iam = front.client("iam", front.principal(f"{MINE}:root"))
    iam.create_user(UserName="off")
    keys = made(iam, "off")
    token = credentials_of(asker.ask(call(keys, "GetSessionToken")))
    iam.update_access_key(UserName="off", AccessKeyId=keys.access_key_id, Status="Inactive")
    assert refused(lambda: asker.ask(call(keys, "GetCallerIdentity"))) == ("InvalidClientTokenId", 403)
    assert asker.ask(call(token, "GetCallerIdentity"))["Arn"] == user("off")


def test_a_denial_decoded(asker: Asker) -> None:
    """A denial's message tells those who may ask, in its account only, what was asked and decided."""
    with pytest.raises(ClientError) as error:
        asker.ask(assume("assuming", "NeedsMfa"))
    answer: Any = error.value.response
    message = answer["Error"]["EncodedAuthorizationMessage"]
    told = json.loads(asker.ask(call("handy", "DecodeAuthorizationMessage", EncodedMessage=message))["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, False)
    assert told["context"]["action"] == "sts:AssumeRole"
    assert told["context"]["resource"] == role("NeedsMfa")
    assert told["context"]["principal"]["arn"] == user("assuming")
    elsewhere = call(asker.front.principal(f"{OTHER}:root"), "DecodeAuthorizationMessage", EncodedMessage=message)
    assert refused(lambda: asker.ask(elsewhere)) == ("InvalidAuthorizationMessageException", 400)


def test_presigned_identity(front: Front) -> None:
    """A presigned GetCallerIdentity counts for fifteen minutes, whatever it says, and as it was signed."""
    signer = Signer(credentials=front.principal(f"{MINE}:bob"))
    target = signer.presigned("Action=GetCallerIdentity&Version=2011-06-15", expires=86400)
    wall = front.clock.wall

    def answer(path: str, after: float = 0, headers: tuple[tuple[str, str], ...] = ()) -> tuple[int, str]:
        front.clock.wall = lambda: wall() + timedelta(seconds=after)
        try:
            received = front.send("GET", path, [("Host", HOST), *headers])
        finally:
            front.clock.wall = wall
        return received.status, received.parsed("GetCallerIdentity").get("Error", {}).get("Code", "")

    assert answer(target) == (200, "")
    assert answer(target, after=890) == (200, "")
    assert answer(target, after=910) == (403, "SignatureDoesNotMatch")
    assert answer(target, after=-310) == (403, "SignatureDoesNotMatch")
    assert answer(target.replace("GetCallerIdentity", "GetSessionToken")) == (403, "SignatureDoesNotMatch")
    assert answer(target.replace("X-Amz-Expires=86400", "X-Amz-Expires=86401")) == (403, "SignatureDoesNotMatch")
    assert answer(target, headers=(("X-K8s-Aws-Id", "cluster"),)) == (200, "")
    assert answer(target, headers=(("X-Amz-Meta", "x"),)) == (403, "SignatureDoesNotMatch")


def made(iam: Any, name: str = "again") -> Credentials:
    """New keys of a user."""
    found = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(access_key_id=found["AccessKeyId"], secret_access_key=Secret(found["SecretAccessKey"]))


def at(answer: Any, path: str) -> object:
    """What an answer has at a path; None where there is nothing."""
    for name in path.split("."):
        answer = answer.get(name)
        if answer is None:
            return None
    return answer
