"""Paths: what has to be said on the way, roles handed to services, rights that amount to roles, the nearest miss."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stsctl.access import organization
from stsctl.access.caller import plain
from stsctl.access.can import Surroundings
from stsctl.access.editing import OWN_WORK
from stsctl.access.goal import to, to_administrators
from stsctl.access.index import Index
from stsctl.access.outsider import outsider
from stsctl.access.paths import Found, Search
from stsctl.access.snapshot import Group, PolicyText, Role, Snapshot, User
from stsctl.access.step import Way
from stsctl.policy.evaluate import Layer
from stsctl.policy.kind import Kind

HERE, THERE = "111111111111", "222222222222"
AROUND = Surroundings(now=datetime(2026, 1, 1, tzinfo=UTC))


def allow(*actions: str, on: str | list[str] = "*", **conditions: Any) -> dict[str, Any]:
    """A statement of an identity policy."""
    found: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return found | ({"Condition": conditions} if conditions else {})


def trust(principal: str | dict[str, str], *actions: str, **conditions: Any) -> dict[str, Any]:
    """A statement of a trust policy."""
    named = {"AWS": principal} if isinstance(principal, str) else principal
    found: dict[str, Any] = {"Effect": "Allow", "Principal": named, "Action": list(actions or ("sts:AssumeRole",))}
    return found | ({"Condition": conditions} if conditions else {})


def text(name: str, kind: Kind, *statements: dict[str, Any]) -> PolicyText:
    """A policy."""
    return PolicyText(name=name, text=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind=kind)


def someone(name: str, *statements: dict[str, Any], account: str = HERE, boundary: PolicyText | None = None) -> User:
    """A user with an inline policy."""
    own = text(f"inline policy own of user {name}", Kind.IDENTITY, *statements)
    policies = (own,) if statements else ()
    return User(arn=arn("user", name, account), id=f"AIDA{name}", account=account, policies=policies, boundary=boundary)


def role(name: str, trusted: dict[str, Any], *statements: dict[str, Any], account: str = HERE) -> Role:
    """A role with an inline policy."""
    own = text(f"inline policy own of role {name}", Kind.IDENTITY, *statements)
    return Role(
        arn=arn("role", name, account),
        id=f"AROA{name}",
        account=account,
        trust=text(f"trust policy of role {name}", Kind.TRUST, trusted),
        policies=(own,) if statements else (),
    )


def arn(sort: str, name: str, account: str = HERE) -> str:
    """A user's or role's ARN."""
    return f"arn:aws:iam::{account}:{sort}/{name}"


def search(*holders: User | Role, **more: Any) -> Search:
    """A search among these."""
    users = {each.arn: each for each in holders if isinstance(each, User)}
    roles = {each.arn: each for each in holders if isinstance(each, Role)}
    memberships = more.pop("memberships", {})
    groups = {each.arn: each for each in more.pop("groups", ())}
    versions = more.pop("versions", {})
    snapshot = Snapshot(users=users, roles=roles, groups=groups, memberships=memberships, versions=versions)
    return Search(snapshot=snapshot, index=Index.of(snapshot), around=AROUND, **more)


def found(at: Search, start: str, goal: str, *, every: bool = False) -> Found:
    """What it finds between two ARNs."""
    holder = at.snapshot.holder(start)
    assert holder is not None
    return at.find(plain(holder), to(goal), every=every)


def ways(result: Found) -> list[list[str]]:
    """The kinds of steps of each path, with where they lead."""
    return [[f"{step.way.value} {step.caller.holder.name}" for step in route.steps] for route in result.paths]


def needs(result: Found) -> list[tuple[str, ...]]:
    """What the steps of the only path need."""
    (route,) = result.paths
    return [step.needs for step in route.steps]


ANN = arn("user", "ann")


def test_all_that_a_call_has_to_say_is_found_out() -> None:
    """External id, MFA, tags, source identity and the session's name, each as the trust policy asks for it."""
    asked = trust(
        HERE,
        "sts:*",
        StringEquals={"sts:ExternalId": "ticket", "aws:RequestTag/team": "${aws:username}"},
        StringLike={"sts:RoleSessionName": "deploy-*"},
        Bool={"aws:MultiFactorAuthPresent": "true"},
        Null={"sts:SourceIdentity": "false"},
    )
    result = found(search(someone("ann", allow("sts:*")), role("Hub", asked)), ANN, arn("role", "Hub"))
    assert needs(result) == [
        (
            "an MFA code of the user's own device",
            "--external-id ticket",
            "--session-name deploy-",
            "--source-identity other",
            "--tag team=ann",
        )
    ]


def test_what_a_later_role_asks_of_the_session_is_said_in_an_earlier_call() -> None:
    """A tag goes on over a role that does not ask for it; a trusted session has its name from the call before."""
    at = search(
        someone("ann", allow("sts:*")),
        role("Hub", trust(HERE, "sts:*"), allow("sts:*")),
        role("Middle", trust(arn("role", "Hub"), "sts:*"), allow("sts:*")),
        role("Tagged", trust(arn("role", "Middle"), "sts:*", StringEquals={"aws:PrincipalTag/team": "red"})),
        role("Named", trust(f"arn:aws:sts::{HERE}:assumed-role/Hub/robot")),
    )
    to_tagged, to_named = (found(at, ANN, arn("role", name)) for name in ("Tagged", "Named"))
    assert needs(to_tagged) in ([("--tag team=red", "--transitive team"), (), ()], [(), ("--tag team=red",), ()])
    assert needs(to_named) == [("--session-name robot",), ()]
    assert to_named.paths[0].chained


def test_a_service_that_runs_what_it_is_given_is_a_way_to_its_role() -> None:
    """With iam:PassRole, the service's own actions and its trust; without any of the three there is none."""
    rights = [
        allow("iam:PassRole", on=arn("role", "Worker"), StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}),
        allow("lambda:*", on=f"arn:aws:lambda:*:{HERE}:function:app-*"),
    ]
    of_lambda = {"Service": "lambda.amazonaws.com"}
    inside = trust(of_lambda, StringEquals={"aws:SourceAccount": HERE})
    at = search(someone("ann", *rights), role("Worker", inside))
    result = found(at, ANN, arn("role", "Worker"))
    assert ways(result) == [["pass-role Worker"]]
    actions = [action for action, _ in result.paths[0].steps[0].evidence()]
    assert actions == ["iam:PassRole", "sts:AssumeRole", "lambda:CreateFunction", "lambda:InvokeFunction"]
    elsewhere = trust(of_lambda, StringEquals={"aws:SourceAccount": THERE})
    for changed in (
        search(someone("ann", rights[0]), role("Worker", inside)),
        search(someone("ann", rights[1]), role("Worker", inside)),
        search(someone("ann", *rights), role("Worker", elsewhere)),
        search(someone("ann", *rights), role("Worker", trust({"Service": "glue.amazonaws.com"}))),
    ):
        assert not found(changed, ANN, arn("role", "Worker")).paths


def test_rights_over_policies_amount_to_roles() -> None:
    """A trust policy, another user's keys, and one's own policy: each is a step, within the account alone."""
    closed = trust(THERE)
    edits = search(someone("ann", allow("iam:UpdateAssumeRolePolicy")), role("R", closed))
    assert ways(found(edits, ANN, arn("role", "R"))) == [["edit R"]]
    away = search(someone("ann", allow("iam:UpdateAssumeRolePolicy")), role("R", closed, account=THERE))
    assert not found(away, ANN, arn("role", "R", THERE)).paths
    keys = search(
        someone("ann", allow("iam:CreateAccessKey", on=arn("user", "bea"))),
        someone("bea"),
        role("R", trust(arn("user", "bea"))),
    )
    assert ways(found(keys, ANN, arn("role", "R"))) == [["edit bea", "assume R"]]
    own = search(someone("ann", allow("iam:PutUserPolicy", on=ANN)), role("R", trust(HERE)))
    assert ways(found(own, ANN, arn("role", "R"))) == [["edit ann", "assume R"]]
    hub = role("Hub", trust(HERE), allow("iam:PutRolePolicy", on=arn("role", "Hub")))
    outside = role("R", trust(HERE, ArnLike={"aws:PrincipalArn": hub.arn}), account=THERE)
    over = search(someone("ann", allow("sts:*")), hub, outside)
    assert ways(found(over, ANN, arn("role", "R", THERE))) == [["assume Hub", "edit Hub", "assume R"]]


def test_who_may_give_themselves_rights_comes_from_an_account_that_is_trusted_as_a_whole() -> None:
    """They may not assume the role yet, and the index does not leave them out for it."""
    editor = someone("ann", allow("iam:PutUserPolicy", on=ANN))
    other = someone("bea", allow("s3:*"))
    at = search(editor, other, role("R", trust(HERE), account=THERE))
    assert ways(found(at, ANN, arn("role", "R", THERE))) == [["edit ann", "assume R"]]
    assert list(at.index.may_come(arn("role", "R", THERE))) == [ANN]


def test_a_group_is_joined_and_written_for() -> None:
    """AddUserToGroup gives what the group may, no more; a policy of one's own group gives everything."""
    to_r = text("inline policy own of group Ops", Kind.IDENTITY, allow("sts:AssumeRole", on=arn("role", "R", THERE)))
    ops = Group(arn=arn("group", "Ops"), account=HERE, policies=(to_r,))
    elsewhere = Group(arn=arn("group", "All", THERE), account=THERE, policies=(OWN_WORK,))
    roles = [role(name, trust(HERE), account=THERE) for name in ("R", "S")]
    joining = search(someone("ann", allow("iam:AddUserToGroup")), *roles, groups=(ops, elsewhere))
    result = found(joining, ANN, roles[0].arn)
    assert ways(result) == [["edit ann", "assume R"]]
    assert result.paths[0].steps[0].words == f"join {ops.arn} by iam:AddUserToGroup"
    assert not found(joining, ANN, roles[1].arn).paths
    elsewhere_only = search(
        someone("ann", allow("iam:AddUserToGroup", on=elsewhere.arn)), *roles, groups=(ops, elsewhere)
    )
    assert not found(elsewhere_only, ANN, roles[0].arn).paths
    for action in ("iam:PutGroupPolicy", "iam:AttachGroupPolicy"):
        member = replace(someone("ann", allow(action, on=ops.arn)), groups=(ops.arn,))
        assert ways(found(search(member, *roles, groups=(ops,)), ANN, roles[1].arn)) == [["edit ann", "assume S"]]
        stranger = someone("ann", allow(action, on=ops.arn))
        assert not found(search(stranger, *roles, groups=(ops,)), ANN, roles[1].arn).paths


def test_a_policy_of_the_accounts_own_is_written_anew_or_an_old_version_is_put_in_force() -> None:
    """CreatePolicyVersion gives everything, SetDefaultPolicyVersion what an older version allowed."""
    work = f"arn:aws:iam::{HERE}:policy/Work"
    goal = [role(name, trust(HERE), account=THERE) for name in ("R", "S")]
    old = text("v1", Kind.IDENTITY, allow("sts:AssumeRole", on=goal[0].arn))
    for action, reached in (("iam:CreatePolicyVersion", 2), ("iam:SetDefaultPolicyVersion", 1)):
        managed = replace(text("managed policy", Kind.IDENTITY, allow(action, on=work)), arn=work)
        at = search(replace(someone("ann"), policies=(managed,)), *goal, versions={work: (replace(old, arn=work),)})
        got = [ways(found(at, ANN, each.arn)) for each in goal]
        assert got == [[["edit ann", "assume R"]], [["edit ann", "assume S"]]][:reached] + [[]] * (2 - reached)


def test_whoever_makes_keys_for_a_user_has_not_got_that_users_device() -> None:
    """A role that wants MFA is not reached over another user; a password that has to be new is said to be so."""
    guarded = role("R", trust(arn("user", "bea"), Bool={"aws:MultiFactorAuthPresent": "true"}))
    for action, needed in (
        ("iam:CreateAccessKey", ()),
        ("iam:CreateLoginProfile", ("that user has no password yet",)),
        ("iam:UpdateLoginProfile", ("that user has a password already",)),
    ):
        at = search(someone("ann", allow(action)), someone("bea"), guarded, role("S", trust(arn("user", "bea"))))
        assert not found(at, ANN, guarded.arn).paths
        assert needs(found(at, ANN, arn("role", "S"))) == [needed, ()]
    assert needs(found(at, arn("user", "bea"), guarded.arn)) == [("an MFA code of the user's own device",)]


def test_a_role_is_handed_to_ec2_in_an_instance_profile() -> None:
    """One that carries it is named; where there is none, the caller has to be able to make one."""
    trusted = role("Web", trust({"Service": "ec2.amazonaws.com"}))
    carried = replace(trusted, profiles=(arn("instance-profile", "Web"),))
    running = [allow("iam:PassRole"), allow("ec2:RunInstances")]
    making = allow("iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile")
    assert needs(found(search(someone("ann", *running), carried), ANN, carried.arn)) == [
        (f"the instance profile {arn('instance-profile', 'Web')}",)
    ]
    assert not found(search(someone("ann", *running), trusted), ANN, trusted.arn).paths
    assert needs(found(search(someone("ann", *running, making), trusted), ANN, trusted.arn)) == [()]


def test_a_trust_policy_that_is_written_anew_goes_on_trusting_those_it_did() -> None:
    """The role that trusts itself does so still, and what denied the caller is gone."""
    itself = trust(arn("role", "Hub"), "sts:*")
    deny = {"Effect": "Deny", "Principal": {"AWS": ANN}, "Action": "sts:AssumeRole"}
    both = text("trust policy of role Hub", Kind.TRUST, itself, deny)
    hub = replace(role("Hub", itself, allow("sts:*")), trust=both)
    goal = role("R", trust(arn("role", "Hub"), StringEquals={"aws:PrincipalTag/team": "red"}), account=THERE)
    at = search(someone("ann", allow("iam:UpdateAssumeRolePolicy")), hub, goal)
    (route,) = found(at, ANN, goal.arn).paths
    assert [step.caller.holder.name for step in route.steps] == ["Hub", "Hub", "R"]
    assert route.steps[0].assumption is not None
    written = json.loads(route.steps[0].assumption.role.trust.text)["Statement"]
    assert [statement["Effect"] for statement in written] == ["Allow", "Allow"]
    assert itself in written


def test_a_boundary_and_a_control_policy_hold_what_one_writes_oneself() -> None:
    """More rights of one's own do not lead over a boundary, nor over a service control policy."""
    boundary = text("boundary", Kind.SESSION, allow("iam:PutUserPolicy"))
    own = [allow("iam:PutUserPolicy", on=ANN)]
    at = search(someone("ann", *own, boundary=boundary), role("R", trust(HERE)))
    assert not found(at, ANN, arn("role", "R")).paths
    denied = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}]}
    full = {"Version": "2012-10-17", "Statement": [allow("*")]}
    policies = [{"Name": "Full", "Content": full}, {"Name": "Rail", "Content": denied}]
    tree = {
        "Organization": {"Id": "o-1", "MasterAccountId": THERE},
        "Root": {"Id": "r-1", "Accounts": [{"Id": HERE}], "ServiceControlPolicies": policies},
    }
    places = organization.read(tree, "tree")
    at = search(someone("ann", *own), role("R", trust(HERE)), memberships=places)
    assert not found(at, ANN, arn("role", "R")).paths


def test_providers_are_where_people_come_in() -> None:
    """A provider's people sign in for the roles that trust it, with the claims asked for, and go on from there."""
    provider = f"arn:aws:iam::{HERE}:oidc-provider/token.actions.githubusercontent.com"
    claims = {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}
    first = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringLike=claims)
    at = search(role("CI", first, allow("sts:*")), role("Deploy", trust(arn("role", "CI", HERE)), account=THERE))
    (route,) = at.find(outsider(provider, HERE), to(arn("role", "Deploy", THERE))).paths
    assert [step.way for step in route.steps] == [Way.SIGN_IN, Way.ASSUME]
    assert route.steps[0].needs == ("token.actions.githubusercontent.com:sub = repo:o/r:",)


def test_where_there_is_no_way_the_nearest_refusal_is_said() -> None:
    """The one before the goal, and how one gets there."""
    at = search(
        someone("ann", allow("sts:*")),
        role("Hub", trust(HERE), allow("sts:AssumeRole", on=arn("role", "Other", THERE))),
        role("Goal", trust(arn("role", "Hub")), account=THERE),
    )
    result = found(at, ANN, arn("role", "Goal", THERE))
    assert not result.paths
    assert result.nearest is not None
    assert result.nearest.decision.missing == (Layer.IDENTITY,)
    asked = role(
        "Goal", trust(arn("role", "Hub"), DateLessThan={"aws:CurrentTime": "2020-01-01T00:00:00Z"}), account=THERE
    )
    at = search(someone("ann", allow("sts:*")), role("Hub", trust(HERE), allow("sts:*")), asked)
    result = found(at, ANN, asked.arn)
    assert (result.nearest is not None, result.before is not None) == (True, True)
    assert result.nearest.request.resource == asked.arn  # type: ignore[union-attr]
    assert [step.caller.holder.name for step in result.before.steps] == ["Hub"]  # type: ignore[union-attr]


def test_every_path_meets_nobody_twice() -> None:
    """All of them, the shortest first; and no longer ones than asked for."""
    holders = (
        someone("ann", allow("sts:*")),
        *(role(name, trust(HERE), allow("sts:*")) for name in ("A", "B", "C")),
    )
    at = search(*holders, most_hops=3)
    result = ways(found(at, ANN, arn("role", "C"), every=True))
    assert result == [
        ["assume C"],
        ["assume A", "assume C"],
        ["assume B", "assume C"],
        ["assume A", "assume B", "assume C"],
        ["assume B", "assume A", "assume C"],
    ]
    assert ways(found(search(*holders, most_hops=1), ANN, arn("role", "C"), every=True)) == [["assume C"]]


def test_administrators_are_told_by_what_they_may_do() -> None:
    """Whatever they are called, and not where a boundary keeps them from it."""
    at = search(
        someone("ann", allow("sts:*")),
        role("Intern", trust(HERE), allow("*")),
        role("Power", trust(HERE), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        role("Editor", trust(HERE), allow("iam:AttachRolePolicy", on="*")),
    )
    start = plain(at.snapshot.users[ANN])
    result = at.find(start, to_administrators(at.snapshot, at.index, AROUND))
    assert ways(result) == [["assume Intern"], ["assume Editor", "edit Editor"]]
