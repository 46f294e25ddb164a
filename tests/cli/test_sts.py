"""`stsctl sts`: whose a key is, and sessions that are revoked by the emulator's own rules."""

from __future__ import annotations

import base64
import contextlib
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet

from stsctl.credentials import Credentials, Secret
from tests.emulator_fixture import client
from tests.program import READ_ONLY, WORK, Me, Organisation, somebody


@pytest.fixture
def mine(home: Path, other_organisation: Organisation) -> Me:
    """Somebody in an organisation of the test's own, whose roles may be changed."""
    return somebody(home, other_organisation)


def works(me: Me) -> bool:
    """Whether the session of read-only may do something."""
    return refusal(me, me.session("read-only")) is None


def refusal(me: Me, session: dict[str, str]) -> str | None:
    """Why a session may not list buckets; None where it may."""
    credentials = Credentials(
        access_key_id=session["AccessKeyId"],
        secret_access_key=Secret(session["SecretAccessKey"]),
        session_token=Secret(session["SessionToken"]),
    )
    try:
        client(me.organisation.running, "s3", credentials).list_buckets()
    except ClientError as error:
        return str(error)
    return None


def test_whose_a_key_is(me: Me) -> None:
    """The account, by STS; one that is no key is refused by it."""
    assert me.ok("sts", "key-info", me.keys.access_key_id, "--as", "work") == f"{WORK}\n"
    answer = json.loads(me.ok("sts", "key-info", me.keys.access_key_id, "--as", "read-only", "--json"))
    assert answer == {"access_key_id": me.keys.access_key_id, "account_id": WORK}
    done = me.run("sts", "key-info", "AKIAAAAAAAAAAAAAAAAA", "--as", "work")
    assert (done.status, "is not a valid access key ID" in done.err) == (5, True), done


def test_the_keys_of_a_user_with_a_device_ask_themselves(me: Me) -> None:
    """Nobody is asked for a code: the session that it would give may call no other operation of STS."""
    me.configure(f'[source.guarded]\ntype = "environment"\nmfa_serial = "{me.mfa_serial}"\n')
    assert me.ok("sts", "key-info", me.keys.access_key_id, "--as", "guarded") == f"{WORK}\n"
    assert me.run("sts", "decode", "e" * 40, "--as", "guarded").status != 4
    assert me.run("sts", "id-token", "--audience", "https://a.example", "--as", "guarded").status != 4
    assert me.run("sts", "delegated-token", "--as", "guarded", given="token").status != 4
    calls = ("GetAccessKeyInfo", "DecodeAuthorizationMessage", "GetWebIdentityToken", "GetDelegatedAccessToken")
    assert [call.rstrip("!") for call in me.calls()] == [*calls]


def test_revoked_sessions_may_do_nothing_and_new_ones_all(mine: Me) -> None:
    """The old session is denied by the role's own policy; it is forgotten here, and the next one works again."""
    assert works(mine)
    old = mine.session("read-only")
    done = mine.run("sts", "revoke", "read-only", "--as", "work", "--yes")
    assert done.status == 0, done
    assert "1 of them was held here, and forgotten" in done.err
    assert "explicit deny" in (refusal(mine, old) or "")
    assert mine.program("sleep", "1.1").status == 0  # the second in which they were revoked is over
    assert works(mine)
    assert mine.key_id("read-only") != old["AccessKeyId"]
    done = mine.run("sts", "revoke", "read-only", "--as", "work", "--undo", "--yes")
    assert done.status == 0, done
    assert refusal(mine, old) is None


def test_nothing_is_changed_that_nobody_confirmed(mine: Me) -> None:
    """Without a terminal and without --yes the person is needed; what would be done is said."""
    assert works(mine)
    done = mine.run("sts", "revoke", "read-only", "--as", "work")
    assert (done.status, "about to deny everything to every session of" in done.err) == (4, True), done
    assert works(mine)
    done = mine.run("sts", "revoke", "read-only", "--as", "work", "--undo", "--yes")
    assert (done.status, "no sessions of" in done.err) == (1, True), done


def test_an_earlier_instant_does_not_let_sessions_live_again(mine: Me) -> None:
    """What was revoked until noon is not revoked until eleven by the way."""
    assert mine.run("sts", "revoke", "long", "--as", "work", "--before", "2030-01-01T12:00:00Z", "-y").status == 0
    done = mine.run("sts", "revoke", "long", "--as", "work", "--before", "2030-01-01T11:00:00Z", "-y")
    assert (done.status, "are revoked already" in done.err) == (1, True), done


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["prod-admin", "--as", "read-only"], 2, "is in account 111111111111, the role in 222222222222"),
        (["work", "--as", "work"], 3, '"work" is no role'),
        (["read-only", "--as", "work", "--before", "noon"], 2, "is no instant"),
        (["read-only", "--as", "work", "--undo", "--before", "2030-01-01T12:00:00Z"], 2, "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_said(me: Me, words: list[str], status: int, says: str) -> None:
    """Another account's role, a source, no instant, flags that contradict."""
    done = me.run("sts", "revoke", *words, "--yes")
    assert (done.status, says in done.err) == (status, True), done


class TestIdToken:
    """Tokens for services outside of AWS (GetWebIdentityToken)."""

    @pytest.fixture(autouse=True)
    def enabled(self, me: Me) -> None:
        """The account may have them given out."""
        iam = client(me.organisation.running, "iam", me.keys)
        with contextlib.suppress(iam.exceptions.FeatureEnabledException):
            iam.enable_outbound_web_identity_federation()

    def test_others_can_verify_it(self, me: Me) -> None:
        """It names the role, the audience and what was added; its signature is that of the account's issuer."""
        words = ("--audience", "https://api.example.com", "--tag", "team=blue", "--signing-algorithm", "ES384")
        token = me.ok("sts", "id-token", "--as", "read-only", "--duration", "10m", *words).strip()
        header, claims = (
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2]
        )
        assert (header["alg"], claims["aud"], claims["sub"]) == ("ES384", "https://api.example.com", READ_ONLY)
        assert claims["exp"] - claims["iat"] == 600
        assert claims["https://sts.amazonaws.com/"]["request_tags"] == {"team": "blue"}
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{claims['iss']}/.well-known/jwks.json", timeout=20
        ) as answer:
            keys = KeySet.import_key_set(json.load(answer))
        assert jwt.decode(token, keys, algorithms=["ES384"]).claims == claims

    def test_json_says_when_it_ends(self, me: Me) -> None:
        """Five minutes from now, where nothing was said."""
        answer = json.loads(me.ok("sts", "id-token", "--as", "read-only", "--audience", "a", "--json"))
        assert answer["token"].count(".") == 2
        left = datetime.fromisoformat(answer["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=4) < left <= timedelta(minutes=5, seconds=5)

    def test_each_is_another_and_none_is_held(self, me: Me) -> None:
        """Nothing in any file of stsctl's is the token."""
        first, second = (me.ok("sts", "id-token", "--as", "work", "--audience", "a").strip() for _ in range(2))
        assert first != second
        for path in me.home.rglob("*"):
            if path.is_file():
                assert first.encode() not in path.read_bytes(), path

    @pytest.mark.parametrize(
        ("words", "status", "says"),
        [
            ([], 2, "--audience"),
            (["--audience", ""], 2, "an audience has 1 to 1000 characters"),
            ([word for number in range(11) for word in ("--audience", str(number))], 2, "AWS takes 10"),
            (["--audience", "a", "--duration", "2h"], 2, "lasts 1m to 1h"),
            (["--audience", "a", "--tag", "a=b", "--tag", "A=c"], 2, "is there twice"),
            (["--audience", "a", "--signing-algorithm", "none"], 2, "none"),
        ],
    )
    def test_what_aws_would_refuse_is_not_sent(self, me: Me, words: list[str], status: int, says: str) -> None:
        """Said beforehand."""
        me.calls()
        done = me.run("sts", "id-token", "--as", "work", *words)
        assert (done.status, says in done.err, done.out) == (status, True, ""), done
        assert me.calls() == []

    def test_no_token_outlasts_its_session(self, me: Me) -> None:
        """AWS's refusal is explained."""
        words = ("--audience", "a", "--duration", "1h")
        me.configure_as_usual(more='\n[role.brief]\nrole_arn = "' + READ_ONLY + '"\nfrom = "work"\nduration = "15m"\n')
        done = me.run("sts", "id-token", "--as", "brief", *words)
        assert (done.status, "would outlast the session" in done.err) == (5, True), done


def test_an_account_without_outbound_federation(mine: Me) -> None:
    """What is missing is said, and how to get it."""
    done = mine.run("sts", "id-token", "--as", "read-only", "--audience", "a")
    assert (done.status, "outbound identity federation is not enabled" in done.err) == (5, True), done
    assert "aws iam enable-outbound-web-identity-federation" in done.err


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ("trade-in.token\n", 5, "the trade-in token has ended"),
        ("", 2, "is no trade-in token"),
        ("two words", 2, "is no trade-in token"),
        ("x" * 100_001, 2, "is no trade-in token"),
        ("a\x1b[31m", 2, "is no trade-in token"),
    ],
)
def test_trade_in_tokens(me: Me, given: str, status: int, says: str) -> None:
    """The emulator takes none: to it all have ended. What can be no token is not sent; none is repeated."""
    done = me.run("--debug", "sts", "delegated-token", "--as", "read-only", given=given)
    assert (done.status, says in done.err, done.out) == (status, True, ""), done
    assert "trade-in.token" not in done.err
