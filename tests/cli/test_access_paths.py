"""`stsctl access paths` and `access pass-role`, over the answers of IAM in both accounts of an organisation."""

from __future__ import annotations

import json

from tests.program import ADMIN, EXTERNAL_ID, HUB, PRODUCTION, WORK, Me


def test_the_way_to_a_role_in_another_account(me: Me, folder: str) -> None:
    """Over the hub with a code, on with the external id; each step with its evidence, for people and as JSON."""
    asked = ("access", "paths", f"{WORK}:{me.user}", ADMIN, "--policies", folder)
    done = me.run(*asked, "--way", "assume")
    lines = [line.strip() for line in done.out.splitlines()]
    assert done.status == 0, done
    assert lines[:3] == [
        f"arn:aws:iam::{WORK}:user/{me.user}",
        f"assume {HUB}",
        "needs an MFA code of the user's own device",
    ]
    assert f"assume {ADMIN}" in lines
    assert f"needs --external-id {EXTERNAL_ID}" in lines
    assert "lasts an hour at most" in done.err
    (path,) = json.loads(me.ok(*asked, "--way", "assume", "--json"))["paths"]
    assert [step["becomes"].split(":")[4] for step in path["steps"]] == [WORK, PRODUCTION]
    assert path["steps"][1]["needs"] == [f"--external-id {EXTERNAL_ID}"]
    assert {"action", "policy", "statement", "sid"} == set(path["steps"][1]["evidence"][0])


def test_where_there_is_no_way(me: Me, folder: str) -> None:
    """The status says so, and the refusal that is nearest is explained; else whom the role trusts, who is not met."""
    asked = ("access", "paths", f"{WORK}:{me.user}", ADMIN, "--policies", folder, "--way", "assume")
    done = me.run(*asked, "--max-hops", "1")
    assert (done.status, f"nobody whom {ADMIN} trusts is reached:\n  {HUB}" in done.out) == (8, True), done
    asked = (*asked, "--context", "sts:ExternalId=another")
    done = me.run(*asked)
    assert (done.status, f"the nearest refusal:\n  after: assume {HUB}" in done.out) == (8, True), done
    assert json.loads(me.run(*asked, "--json").out)["nearest_refusal"]["resource"] == ADMIN


def test_what_is_no_question(me: Me, folder: str) -> None:
    """Where to has to be said, once."""
    for wrong in ((), (ADMIN, "--to-any"), ("111111111111:nobody",)):
        assert me.run("access", "paths", f"{WORK}:{me.user}", *wrong, "--policies", folder).status == 2


def test_whether_a_role_can_be_handed_to_a_service(me: Me, folder: str) -> None:
    """What is missing is said of each of the things that it takes."""
    asked = ("access", "pass-role", HUB, "--to", "lambda.amazonaws.com", "--policies", folder)
    done = me.run(*asked, "--by", f"{WORK}:{me.user}")
    assert (done.status, "no: the role trusts the service" in done.out) == (8, True), done
    answer = json.loads(me.run(*asked, "--by", f"{WORK}:{me.user}", "--json").out)
    assert (answer["allowed"], answer["same_account"], answer["trusts"]["effect"]) == (False, True, "ImplicitlyDenied")
    assert [each["action"] for each in answer["makes"]] == ["lambda:CreateFunction", "lambda:InvokeFunction"]
    assert me.run(*asked).status == 8
    assert (
        me.run("access", "pass-role", f"{WORK}:{me.user}", "--to", "x.amazonaws.com", "--policies", folder).status == 2
    )
