"""`stsctl explain`: refusals from start to fix, as whole processes."""

from __future__ import annotations

import json

import pytest

from stsctl.emulator import control
from tests.program import ADMIN, EXTERNAL_ID, HUB, LOCKED, PRODUCTION, WORK, Me


def explained(me: Me, *words: str, status: int) -> dict[str, object]:
    """The explanation as JSON."""
    done = me.run("explain", *words, "--json")
    assert done.status == status, done
    answer: dict[str, object] = json.loads(done.out)
    return answer


def forbid(me: Me, action: str) -> None:
    """Denies this person something."""
    root = control.variables(control.principal(me.organisation.running, f"{WORK}:root"))
    deny = f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"{action}","Resource":"*"}}]}}'
    named = ["iam", "put-user-policy", "--user-name", me.user, "--policy-name", "no", "--policy-document", deny]
    assert me.program("aws", *named, **root).status == 0


def test_what_this_machine_has_to_do_with_it(me: Me) -> None:
    """A variable that is in the way is said beside the policies, with what to do about it."""
    done = me.run("explain", "read-only", AWS_SECURITY_TOKEN="old")
    assert (done.status, "on this machine: " in done.out, "AWS_SECURITY_TOKEN" in done.out) == (0, True, True), done


def test_from_a_refusal_to_its_fix(me: Me, folder: str) -> None:
    """The refusal points here; here is what was sent, the statement, and the change, and with that it works."""
    me.configure_as_usual(hub=me.code_process())
    me.configure(me.config.read_text(encoding="utf-8").replace(f'external_id = "{EXTERNAL_ID}"', ""), store="")
    done = me.run("assume", "prod-admin", "--session-name", "mine")
    assert (done.status, "stsctl explain --last" in done.err) == (5, True), done
    answer = explained(me, "--last", "--policies", folder, status=8)
    refusal, hops = answer["refusal"], answer["hops"]
    assert isinstance(refusal, dict)
    assert isinstance(hops, list)
    assert (refusal["code"], refusal["position"]) == ("AccessDenied", len(hops) - 1)
    assert refusal["request_id"] in done.err
    assert refusal["sent"] == {"session name": "mine"}
    assert [hop["answer"] for hop in hops] == ["allowed"] * (len(hops) - 1) + ["refused"]
    assert hops[-1]["changes"] == [f"pass --external-id {EXTERNAL_ID}"]
    assert me.run("assume", "prod-admin", "--external-id", EXTERNAL_ID).status == 0
    assert (
        explained(me, "prod-admin", "--external-id", EXTERNAL_ID, "--policies", folder, status=0)["answer"] == "allowed"
    )


def test_what_policies_say_of_a_role_that_trusts_somebody_else(me: Me, folder: str) -> None:
    """The trust policy's statement with both values, in words, and the one change."""
    done = me.run("explain", "locked", "--policies", folder)
    assert done.status == 8, done
    assert "locked: refused at hop 1 of 1" in done.out
    assert (
        f'Principal: wanted "Service ec2.amazonaws.com", request is by "arn:aws:iam::{WORK}:user/{me.user}"' in done.out
    )
    assert f"let arn:aws:iam::{WORK}:user/{me.user} do sts:AssumeRole in the trust policy of role Locked" in done.out
    assert f"known: the policies of {WORK}, {PRODUCTION}" in done.out
    assert set(me.calls()) == {"GetCallerIdentity"}, "nothing is tried for it"


def test_without_policies_there_are_causes_and_no_certainty(me: Me) -> None:
    """Each comes with what would settle it; nothing is called allowed or refused that nobody looked at."""
    forbid(me, "iam:GetAccountAuthorizationDetails")
    answer = explained(me, "locked", status=0)
    assert answer["answer"] == "not known"
    (hop,) = answer["hops"]  # type: ignore[misc]
    assert hop["answer"] == "not known"  # type: ignore[index]
    assert len(hop["causes"]) >= 3  # type: ignore[index]
    assert all(cause["settle"] for cause in hop["causes"])  # type: ignore[index]
    assert 'policies, for "work" could not read any (AccessDenied' in str(answer["not_known"])


def test_a_refusal_that_the_policies_do_not_explain_is_not_called_allowed(me: Me, folder: str) -> None:
    """AWS refused, and by older policies it would be allowed: that is said, and not that all is well."""
    forbid(me, "sts:AssumeRole")
    assert me.run("assume", "read-only").status == 5
    answer = explained(me, "--last", "--policies", folder, status=0)
    (hop,) = answer["hops"]  # type: ignore[misc]
    assert hop["answer"] == "not known"  # type: ignore[index]
    assert "they are older or newer" in str(hop["assumed"])  # type: ignore[index]
    done = me.run("explain", "read-only")  # what the user may read is read without being asked for
    assert (done.status, "inline policy no of user" in done.out) == (8, True), done


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--last",), 2, "nothing was refused yet"),
        (("--last", "locked"), 2, "exclude each other"),
        (("nobody",), 3, 'there is no role, source or AWS profile "nobody"'),
    ],
)
def test_what_cannot_be_explained(me: Me, words: tuple[str, ...], status: int, says: str) -> None:
    """What is asked amiss is said so."""
    done = me.run("explain", *words)
    assert (done.status, says in done.err) == (status, True), done


def test_the_arns_are_those_of_the_organisation(me: Me) -> None:
    """The hops of the usual chain, by their roles."""
    forbid(me, "iam:GetAccountAuthorizationDetails")
    hops = explained(me, "prod-admin", status=0)["hops"]
    assert [hop["role_arn"] for hop in hops if hop["role_arn"]] == [HUB, ADMIN]  # type: ignore[attr-defined]
    assert LOCKED not in str(hops)
