"""STS requests with a right answer each, as AWS documents it: whoever has another answer is wrong.

An organisation, the callers in it, and a table of requests; nothing here knows how the emulator works.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stsctl.credentials import Credentials
from tests.unit.emulator.test_web_identity import ISSUER, PROVIDER, jwks, token

MINE, OTHER = "111111111111", "222222222222"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The base32 seed of every MFA device."""


def role(name: str, account: str = MINE) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def user(name: str) -> str:
    """The ARN of a user."""
    return f"arn:aws:iam::{MINE}:user/{name}"


def session(name: str, session_name: str = "me", account: str = MINE) -> str:
    """The ARN of a role's session."""
    return f"arn:aws:sts::{account}:assumed-role/{name}/{session_name}"


def policy(*statements: Mapping[str, object], version: str = "2012-10-17") -> str:
    """A policy document."""
    return json.dumps({"Version": version, "Statement": statements})


def allow(*actions: str, resource: str = "*", **condition: object) -> dict[str, object]:
    """An identity policy's statement."""
    found: dict[str, object] = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


def trusts(whom: object, *actions: str, effect: str = "Allow", **condition: object) -> dict[str, object]:
    """A trust policy's statement: `whom` is an AWS principal."""
    found: dict[str, object] = {"Effect": effect, "Principal": {"AWS": whom}, "Action": list(actions or ALL)}
    return found | ({"Condition": condition} if condition else {})


ASSUME, TAG, NAME_SOURCE = "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"
ALL = (ASSUME, TAG, NAME_SOURCE)
ROOT, ROOT_OF_OTHER = f"arn:aws:iam::{MINE}:root", f"arn:aws:iam::{OTHER}:root"
AUDIT = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
ALICE, BOB = user("alice"), user("bob")
HUB = role("Hub")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
NO_MFA = {"aws:MultiFactorAuthPresent": "false"}

TRUST: dict[str, list[dict[str, object]]] = {
    "Account": [trusts(ROOT)],
    "AccountId": [trusts(MINE)],
    "Alice": [trusts(ALICE)],
    "Bob": [trusts(BOB)],
    "Anybody": [trusts("*")],
    "Capitals": [trusts(BOB, "STS:assumeROLE")],
    "DeniesBob": [trusts("*"), trusts(BOB, effect="Deny")],
    "Hub": [trusts(ROOT)],
    "ByHub": [trusts(HUB)],
    "BySession": [trusts(session("Hub"))],
    "ByLimited": [trusts(role("Limited"))],
    "ByLimitedSession": [trusts(session("Limited"))],
    "Limited": [trusts(ROOT)],
    "Selfless": [trusts(ALICE)],
    "NeedsMfa": [trusts(ROOT, **MFA)],
    "FreshMfa": [trusts(ROOT, NumericLessThan={"aws:MultiFactorAuthAge": "3600"})],
    "DeniesFalse": [trusts(ROOT), trusts("*", effect="Deny", Bool=NO_MFA)],
    "DeniesFalseOrNone": [trusts(ROOT), trusts("*", effect="Deny", BoolIfExists=NO_MFA)],
    "External": [trusts(ROOT, StringEquals={"sts:ExternalId": "x1"})],
    "NotExternal": [trusts(ROOT, StringNotEquals={"sts:ExternalId": "x1"})],
    "OwnName": [trusts(ROOT, StringEquals={"sts:RoleSessionName": "${aws:username}"})],
    "ByRoleArn": [trusts(ROOT, ArnEquals={"aws:PrincipalArn": HUB})],
    "BySessionArn": [trusts(ROOT, ArnEquals={"aws:PrincipalArn": session("Hub")})],
    "ByStarredArn": [trusts(ROOT, ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/H*"})],
    "ByStarAcross": [trusts(ROOT, ArnLike={"aws:PrincipalArn": "arn:aws:*:role/Hub"})],
    "ByStringAcross": [trusts(ROOT, StringLike={"aws:PrincipalArn": "arn:aws:*:role/Hub"})],
    "ByType": [trusts(ROOT, StringEquals={"aws:PrincipalType": "AssumedRole"})],
    "ByUserId": [trusts(ROOT, StringLike={"aws:userid": "AROA*:me"})],
    "Temporary": [trusts(ROOT, Null={"aws:TokenIssueTime": "false"})],
    "Untagged": [trusts(ROOT, ASSUME)],
    "TagKeys": [trusts(ROOT, ASSUME, TAG, **{"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}})],
    "BlueRequest": [trusts(ROOT, StringEquals={"aws:RequestTag/project": "blue"})],
    "BluePrincipal": [trusts(ROOT, StringEquals={"aws:PrincipalTag/project": "blue"})],
    "BlueResource": [trusts(ROOT, StringEquals={"aws:ResourceTag/project": "blue"})],
    "Second": [trusts(HUB)],
    "Third": [trusts(role("Second"))],
    "ThirdBlue": [trusts(role("Second"), StringEquals={"aws:PrincipalTag/project": "blue"})],
    "ThirdSourced": [trusts(role("Second"), StringEquals={"aws:SourceIdentity": "alice"})],
    "NoSource": [trusts(ROOT, ASSUME, TAG)],
    "Long": [trusts(ROOT)],
    "Revoked": [trusts(ROOT)],
    "Nightly": [trusts(ROOT, DateGreaterThan={"aws:CurrentTime": "2100-01-01T00:00:00Z"})],
    "Office": [trusts(ROOT, IpAddress={"aws:SourceIp": "203.0.113.0/24"})],
    "alice": [trusts(ROOT)],
    "eve": [trusts(ROOT)],
}
OTHERS: dict[str, list[dict[str, object]]] = {
    "CrossAccount": [trusts(ROOT)],
    "CrossAlice": [trusts(ALICE)],
    "CrossBob": [trusts(BOB)],
    "CrossAnybody": [trusts("*")],
}
WEB: dict[str, dict[str, object]] = {
    "Web": {},
    "WebMe": {"StringEquals": {"oidc.example/tenant:sub": "me", "oidc.example/tenant:aud": "sts.amazonaws.com"}},
    "WebTagged": {"StringEquals": {"aws:RequestTag/team": "blue"}},
}
MAY = policy(allow("sts:*"))
REVOKE = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}},
}


def organisation() -> str:
    """Two accounts as a seed. In the first alice and eve may all of STS, bob nothing; each role may all of STS too."""
    own = allow(ASSUME, resource=role("${aws:username}"))
    policies = {
        "alice": MAY,
        "denied": policy({**allow("sts:*"), "Effect": "Deny"}),
        "bounded": MAY,
        "assuming": policy(allow(ASSUME)),
        "eve": policy(own),
        "old": policy(own, version="2008-10-17"),
        "handy": policy(allow("sts:GetFederationToken", "sts:DecodeAuthorizationMessage")),
        **{f"mfa{number}": MAY for number in range(1, 8)},
    }
    more = {"alice": "tags = { team = 'blue' }", "bounded": "boundary = 'NoSts'"}
    lines = [f"[account.{MINE}]", f"policy.NoSts = '{policy(allow('s3:*'))}'"]
    for name in (*policies, "bob"):
        lines += [f"[account.{MINE}.user.{name}]", "key.main = {}", f"mfa.seed = '{SEED}'", more.get(name, "")]
        lines += [f"policies.own = '{policies[name]}'"] if name in policies else []
    for account, roles in ((MINE, TRUST), (OTHER, OTHERS)):
        for name, trust in roles.items():
            lines += [f"[account.{account}.role.{name}]", "tags = { Project = 'red' }", f"trust = '{policy(*trust)}'"]
            lines += ["boundary = 'NoSts'"] if name == "Limited" else []
            lines += ["max_duration = '12h'"] if name == "Long" else []
            lines += [f"policies.revoke = '{policy(REVOKE)}'"] if name == "Revoked" else []
            lines += [f"policies.may = '{MAY}'"]
    lines += [f'[account.{MINE}.oidc_provider."{ISSUER}"]', "client_ids = ['sts.amazonaws.com']", f"jwks = '{jwks()}'"]
    for name, condition in WEB.items():
        federated = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Condition": condition}
        actions = ["sts:AssumeRoleWithWebIdentity", TAG]
        lines += [f"[account.{MINE}.role.{name}]", f"trust = '{policy({**federated, 'Action': actions})}'"]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call: by a user (or `root`, a `stranger`, nobody: ""), or with what another call gave.

    It is made `later` seconds after that one; `twice` is for the answer to the second time.
    """

    by: str | Asked | Credentials
    operation: str
    given: dict[str, Any] = field(default_factory=dict)
    later: int = 0
    twice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The answer is an error; `message` is a part of its text."""

    code: str
    status: int
    message: str = ""


Answer = Refused | dict[str, object]
"""An error, or what the answer has at some paths, such as `AssumedRoleUser.Arn`: a value, or None where nothing is."""


def assume(by: str | Asked | Credentials, name: str, account: str = MINE, later: int = 0, **given: Any) -> Asked:
    """AssumeRole."""
    return Asked(
        by=by,
        operation="AssumeRole",
        given={"RoleArn": role(name, account), "RoleSessionName": "me", **given},
        later=later,
    )


def call(by: str | Asked | Credentials, operation: str, later: int = 0, **given: Any) -> Asked:
    """Any other call."""
    return Asked(by=by, operation=operation, given=given, later=later)


def not_allowed(who: str, name: str, account: str = MINE, action: str = ASSUME) -> Refused:
    """AWS's refusal of a role."""
    message = f"User: {who} is not authorized to perform: {action} on resource: {role(name, account)}"
    return Refused(code="AccessDenied", status=403, message=message)


def becomes(name: str, account: str = MINE, **more: object) -> dict[str, object]:
    """The answer of an AssumeRole that succeeds."""
    return {"AssumedRoleUser.Arn": session(name, account=account), **more}


def mfa(name: str, code: str | None = "now") -> dict[str, str]:
    """A user's device with a code; `now` is replaced by the right one."""
    return {"SerialNumber": f"arn:aws:iam::{MINE}:mfa/{name}", **({"TokenCode": code} if code else {})}


def tags(**pairs: str) -> list[dict[str, str]]:
    """Session tags."""
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def invalid(message: str) -> Refused:
    """ValidationError."""
    return Refused(code="ValidationError", status=400, message=message)


def beyond(value: object, at: str, what: str) -> Refused:
    """A parameter beyond one of the model's limits."""
    problem = f"Value '{value}' at '{at}' failed to satisfy constraint: Member must {what}"
    return invalid(f"1 validation error detected: {problem}")


HUB_OF_ALICE = assume("alice", "Hub")
TOKEN = call("alice", "GetSessionToken")
FEDERATED = call("alice", "GetFederationToken", Name="carol", Policy=policy(allow("sts:*")))
TAGGED = assume("alice", "Hub", Tags=tags(project="blue"), TransitiveTagKeys=["Project"])
SOURCED = assume("alice", "Hub", SourceIdentity="alice")
NARROW = policy(allow("s3:*"))
DENYING = policy(allow("sts:*"), {**allow("sts:*"), "Effect": "Deny"})

BAD_CODE = Refused(
    code="AccessDenied",
    status=403,
    message="MultiFactorAuthentication failed with invalid MFA one time pass code.",
)
HALF = Refused(
    code="AccessDenied",
    status=403,
    message="MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
)
NO_DEVICE = Refused(
    code="AccessDenied",
    status=403,
    message="MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is "
    "valid and associated with this user.",
)
UNKNOWN = Refused(
    code="InvalidClientTokenId", status=403, message="The security token included in the request is invalid"
)
EXPIRED = Refused(code="ExpiredToken", status=403, message="The security token included in the request is expired")
HOUR = invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
TOO_LONG = invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
NO_WEB = Refused(code="AccessDenied", status=403, message="Not authorized to perform sts:AssumeRoleWithWebIdentity")
CONFLICT = Refused(
    code="InvalidParameterValue",
    status=400,
    message="One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
    "the calling session.",
)


def no_session(operation: str) -> Refused:
    """What wants long-term keys."""
    return Refused(code="AccessDenied", status=403, message=f"Cannot call {operation} with session credentials")


def web(name: str, web_token: str, **given: Any) -> Asked:
    """AssumeRoleWithWebIdentity."""
    return call(
        "",
        "AssumeRoleWithWebIdentity",
        RoleArn=role(name),
        RoleSessionName="me",
        WebIdentityToken=web_token,
        **given,
    )


RIGHT_ANSWERS: dict[str, tuple[Asked, Answer]] = {
    # Who is trusted, and what the caller's own side adds.
    "an account delegates to its identity policies": (assume("alice", "Account"), becomes("Account")),
    "an account's trust alone gives nothing": (assume("bob", "Account"), not_allowed(BOB, "Account")),
    "a bare account id is the account": (assume("alice", "AccountId"), becomes("AccountId")),
    "a bare account id delegates too": (assume("bob", "AccountId"), not_allowed(BOB, "AccountId")),
    "a user's ARN suffices inside the account": (assume("bob", "Bob"), becomes("Bob")),
    "a user's ARN is nobody else's": (assume("alice", "Bob"), not_allowed(ALICE, "Bob")),
    "a star names the principal, inside": (assume("bob", "Anybody"), becomes("Anybody")),
    "actions have no case": (assume("bob", "Capitals"), becomes("Capitals")),
    "a Deny in the trust policy ends it": (assume("bob", "DeniesBob"), not_allowed(BOB, "DeniesBob")),
    "a Deny of one leaves others": (assume("alice", "DeniesBob"), becomes("DeniesBob")),
    "a Deny of the caller's own beats a trust": (
        assume("denied", "Anybody"),
        not_allowed(user("denied"), "Anybody"),
    ),
    "a boundary limits what an account delegates": (
        assume("bounded", "Account"),
        not_allowed(user("bounded"), "Account"),
    ),
    "a boundary does not limit trust in everybody": (assume("bounded", "Anybody"), becomes("Anybody")),
    "across accounts both sides allow": (
        assume("alice", "CrossAccount", OTHER),
        becomes("CrossAccount", OTHER),
    ),
    "across accounts trust alone does not do": (
        assume("bob", "CrossBob", OTHER),
        not_allowed(BOB, "CrossBob", OTHER),
    ),
    "nor does trust in everybody": (
        assume("bob", "CrossAnybody", OTHER),
        not_allowed(BOB, "CrossAnybody", OTHER),
    ),
    "across accounts the caller's side alone does not do": (
        assume("eve", "CrossAlice", OTHER),
        not_allowed(user("eve"), "CrossAlice", OTHER),
    ),
    "a role that is not there is refused in the same words": (
        assume("alice", "NoSuchRole"),
        not_allowed(ALICE, "NoSuchRole"),
    ),
    "so is a role of an account that is not there": (
        assume("alice", "X1", "999999999999"),
        not_allowed(ALICE, "X1", "999999999999"),
    ),
    "a role does not trust itself": (
        assume(assume("alice", "Selfless"), "Selfless"),
        not_allowed(session("Selfless"), "Selfless"),
    ),
    "a role's ARN means its sessions": (assume(HUB_OF_ALICE, "ByHub"), becomes("ByHub")),
    "a role's ARN means no other role": (
        assume(assume("alice", "Account"), "ByHub"),
        not_allowed(session("Account"), "ByHub"),
    ),
    "a session's ARN means that session": (assume(HUB_OF_ALICE, "BySession"), becomes("BySession")),
    "a session's ARN means no other session": (
        assume(assume("alice", "Hub", RoleSessionName="you"), "BySession"),
        not_allowed(session("Hub", "you"), "BySession"),
    ),
    "a role's boundary limits trust in the role": (
        assume(assume("alice", "Limited"), "ByLimited"),
        not_allowed(session("Limited"), "ByLimited"),
    ),
    "a role's boundary does not limit trust in the session": (
        assume(assume("alice", "Limited"), "ByLimitedSession"),
        becomes("ByLimitedSession"),
    ),
    "a root assumes nothing": (
        assume("root", "Anybody"),
        Refused(code="AccessDenied", status=403, message="Roles may not be assumed by root accounts."),
    ),
    "nor with a session": (
        assume(call("root", "GetSessionToken"), "Anybody"),
        Refused(code="AccessDenied", status=403, message="Roles may not be assumed by root accounts."),
    ),
    # Conditions.
    "the external id is wanted": (assume("alice", "External"), not_allowed(ALICE, "External")),
    "the external id is compared": (assume("alice", "External", ExternalId="X1"), not_allowed(ALICE, "External")),
    "the external id fits": (assume("alice", "External", ExternalId="x1"), becomes("External")),
    "a negated operator is true without its key": (assume("alice", "NotExternal"), becomes("NotExternal")),
    "and false with the value": (
        assume("alice", "NotExternal", ExternalId="x1"),
        not_allowed(ALICE, "NotExternal"),
    ),
    "a session is named as its user": (
        assume("alice", "OwnName", RoleSessionName="alice"),
        {"AssumedRoleUser.Arn": session("OwnName", "alice")},
    ),
    "or not at all": (assume("alice", "OwnName", RoleSessionName="bob"), not_allowed(ALICE, "OwnName")),
    "a role has no aws:username": (
        assume(HUB_OF_ALICE, "OwnName", RoleSessionName="Hub"),
        not_allowed(session("Hub"), "OwnName"),
    ),
    "aws:PrincipalArn of a session is its role's": (assume(HUB_OF_ALICE, "ByRoleArn"), becomes("ByRoleArn")),
    "and not the session's": (
        assume(HUB_OF_ALICE, "BySessionArn"),
        not_allowed(session("Hub"), "BySessionArn"),
    ),
    "ArnLike has stars within its parts": (assume(HUB_OF_ALICE, "ByStarredArn"), becomes("ByStarredArn")),
    "ArnLike's stars do not cross colons": (
        assume(HUB_OF_ALICE, "ByStarAcross"),
        not_allowed(session("Hub"), "ByStarAcross"),
    ),
    "StringLike's do": (assume(HUB_OF_ALICE, "ByStringAcross"), becomes("ByStringAcross")),
    "a session's type is AssumedRole": (assume(HUB_OF_ALICE, "ByType"), becomes("ByType")),
    "a user's is not": (assume("alice", "ByType"), not_allowed(ALICE, "ByType")),
    "aws:userid of a session": (assume(HUB_OF_ALICE, "ByUserId"), becomes("ByUserId")),
    "long-term keys have no aws:TokenIssueTime": (assume("alice", "Temporary"), not_allowed(ALICE, "Temporary")),
    "temporary ones have": (assume(TOKEN, "Temporary"), becomes("Temporary")),
    "it is not yet 2100": (assume("alice", "Nightly"), not_allowed(ALICE, "Nightly")),
    "this is not the office": (assume("alice", "Office"), not_allowed(ALICE, "Office")),
    "a variable in a resource": (assume("eve", "eve"), becomes("eve")),
    "is filled in for its own user": (assume("eve", "alice"), not_allowed(user("eve"), "alice")),
    "a policy of 2008 has no variables": (assume("old", "eve"), not_allowed(user("old"), "eve")),
    # MFA.
    "a code in the call": (assume("mfa1", "NeedsMfa", **mfa("mfa1")), becomes("NeedsMfa")),
    "no code": (assume("alice", "NeedsMfa"), not_allowed(ALICE, "NeedsMfa")),
    "a code that is used up": (replace(assume("mfa7", "NeedsMfa", **mfa("mfa7")), twice=True), BAD_CODE),
    "a wrong code": (assume("mfa2", "Account", **mfa("mfa2", "000000")), BAD_CODE),
    "a serial without a code": (assume("alice", "Account", **mfa("alice", None)), HALF),
    "a code without a serial": (assume("alice", "Account", TokenCode="123456"), HALF),
    "somebody else's device": (assume("alice", "Account", **mfa("bob")), NO_DEVICE),
    "a device of another account": (
        assume("alice", "Account", SerialNumber=f"arn:aws:iam::{OTHER}:mfa/alice", TokenCode="123456"),
        NO_DEVICE,
    ),
    "a code of five digits": (
        call("alice", "GetSessionToken", SerialNumber="arn:aws:iam::111111111111:mfa/alice", TokenCode="12345"),
        beyond("12345", "tokenCode", "have length greater than or equal to 6"),
    ),
    "a code in the session token": (
        assume(call("mfa3", "GetSessionToken", **mfa("mfa3")), "NeedsMfa"),
        becomes("NeedsMfa"),
    ),
    "a session token without one": (assume(TOKEN, "NeedsMfa"), not_allowed(ALICE, "NeedsMfa")),
    "MFA grows old": (
        assume(call("mfa4", "GetSessionToken", **mfa("mfa4")), "FreshMfa", later=3601),
        not_allowed(user("mfa4"), "FreshMfa"),
    ),
    "but not at once": (assume(call("mfa5", "GetSessionToken", **mfa("mfa5")), "FreshMfa"), becomes("FreshMfa")),
    "long-term keys have no false MFA": (assume("alice", "DeniesFalse"), becomes("DeniesFalse")),
    "which IfExists takes for false": (
        assume("alice", "DeniesFalseOrNone"),
        not_allowed(ALICE, "DeniesFalseOrNone"),
    ),
    "temporary ones have it": (assume(TOKEN, "DeniesFalse"), not_allowed(ALICE, "DeniesFalse")),
    "a role carries no MFA on": (
        assume(assume("mfa6", "NeedsMfa", **mfa("mfa6")), "NeedsMfa"),
        not_allowed(session("NeedsMfa"), "NeedsMfa"),
    ),
    "a role has no device": (assume(HUB_OF_ALICE, "NeedsMfa", **mfa("alice")), NO_DEVICE),
    # How long.
    "an hour unless told": (assume("alice", "Long"), becomes("Long", seconds=3600)),
    "twelve hours where the role has them": (assume("alice", "Long", DurationSeconds=43200), {"seconds": 43200}),
    "not where it has not": (assume("alice", "Account", DurationSeconds=3601), TOO_LONG),
    "never longer": (
        assume("alice", "Long", DurationSeconds=43201),
        beyond(43201, "durationSeconds", "have value less than or equal to 43200"),
    ),
    "a chain has an hour": (assume(HUB_OF_ALICE, "Long", DurationSeconds=3601), HOUR),
    "a whole one": (assume(HUB_OF_ALICE, "Long", DurationSeconds=3600), {"seconds": 3600}),
    "a session token makes a chain": (assume(TOKEN, "Long", DurationSeconds=3601), HOUR),
    "a role's session ends": (call(HUB_OF_ALICE, "GetCallerIdentity", later=3600), EXPIRED),
    "and lasts until then": (call(HUB_OF_ALICE, "GetCallerIdentity", later=3595), {"Arn": session("Hub")}),
    "a session token of 36 hours": (call("alice", "GetSessionToken", DurationSeconds=129600), {"seconds": 129600}),
    "of twelve unless told": (call("alice", "GetSessionToken"), {"seconds": 43200}),
    "a root's is an hour, without a word": (
        call("root", "GetSessionToken", DurationSeconds=129600),
        {"seconds": 3600},
    ),
    "and so is its federated user's": (
        call("root", "GetFederationToken", Name="carol", DurationSeconds=129600),
        {"seconds": 3600},
    ),
    # Source identity.
    "a source identity needs the trust policy": (
        assume("alice", "NoSource", SourceIdentity="alice"),
        not_allowed(ALICE, "NoSource", action=NAME_SOURCE),
    ),
    "and the caller's own side": (
        assume("assuming", "Account", SourceIdentity="alice"),
        not_allowed(user("assuming"), "Account", action=NAME_SOURCE),
    ),
    "it is told": (SOURCED, becomes("Hub", SourceIdentity="alice")),
    "it stays": (assume(SOURCED, "Second"), becomes("Second", SourceIdentity="alice")),
    "through three hops": (
        assume(assume(SOURCED, "Second"), "ThirdSourced"),
        becomes("ThirdSourced", SourceIdentity="alice"),
    ),
    "it cannot be changed": (
        assume(SOURCED, "Second", SourceIdentity="mallory"),
        not_allowed(session("Hub"), "Second", action=NAME_SOURCE),
    ),
    "an inherited one needs the trust policy too": (
        assume(SOURCED, "NoSource"),
        not_allowed(session("Hub"), "NoSource", action=NAME_SOURCE),
    ),
    "none is set by itself": (assume(HUB_OF_ALICE, "Second"), becomes("Second", SourceIdentity=None)),
    # Tags.
    "tags need the trust policy": (
        assume("alice", "Untagged", Tags=tags(project="blue")),
        not_allowed(ALICE, "Untagged", action=TAG),
    ),
    "and the caller's own side, for tags": (
        assume("assuming", "Account", Tags=tags(project="blue")),
        not_allowed(user("assuming"), "Account", action=TAG),
    ),
    "a tag in the request": (assume("alice", "BlueRequest", Tags=tags(project="blue")), becomes("BlueRequest")),
    "tag keys have no case": (assume("alice", "BlueRequest", Tags=tags(PROJECT="blue")), becomes("BlueRequest")),
    "values have": (
        assume("alice", "BlueRequest", Tags=tags(project="BLUE")),
        not_allowed(ALICE, "BlueRequest"),
    ),
    "every key among those": (assume("alice", "TagKeys", Tags=tags(project="blue")), becomes("TagKeys")),
    "and one that is not": (
        assume("alice", "TagKeys", Tags=tags(project="blue", team="red")),
        not_allowed(ALICE, "TagKeys"),
    ),
    "no key at all": (assume("alice", "TagKeys"), becomes("TagKeys")),
    "a session's tag wins over its role's, whatever the case": (
        assume(TAGGED, "BluePrincipal"),
        becomes("BluePrincipal"),
    ),
    "the role's own is left without": (
        assume(HUB_OF_ALICE, "BluePrincipal"),
        not_allowed(session("Hub"), "BluePrincipal"),
    ),
    "an inherited tag stands for the role's": (assume(TAGGED, "BlueResource"), becomes("BlueResource")),
    "a passed one does not": (
        assume("alice", "BlueResource", Tags=tags(project="blue")),
        not_allowed(ALICE, "BlueResource"),
    ),
    "a transitive tag goes three hops": (assume(assume(TAGGED, "Second"), "ThirdBlue"), becomes("ThirdBlue")),
    "another tag ends with its session": (
        assume(assume(assume("alice", "Hub", Tags=tags(project="blue")), "Second"), "ThirdBlue"),
        not_allowed(session("Second"), "ThirdBlue"),
    ),
    "an inherited tag needs sts:TagSession": (
        assume(TAGGED, "Untagged"),
        not_allowed(session("Hub"), "Untagged", action=TAG),
    ),
    "a transitive tag is not passed again": (assume(TAGGED, "Second", Tags=tags(PROJECT="green")), CONFLICT),
    "not even as it was": (assume(TAGGED, "Second", Tags=tags(project="blue")), CONFLICT),
    "keys that differ in case are one": (
        assume("alice", "Account", Tags=tags(team="a", Team="b")),
        Refused(
            code="InvalidParameterValue",
            status=400,
            message="Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ),
    "a transitive key is among the tags": (
        assume("alice", "Account", Tags=tags(team="a"), TransitiveTagKeys=["project"]),
        Refused(
            code="InvalidParameterValue",
            status=400,
            message="The specified transitive tag key must be included in the requested tags.",
        ),
    ),
    "fifty tags": (
        assume("alice", "Account", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)]),
        invalid("at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"),
    ),
    "tags that are too large": (
        assume("alice", "Account", Tags=[{"Key": f"T{n}", "Value": "a" * 250} for n in range(1, 10)]),
        Refused(
            code="PackedPolicyTooLarge",
            status=400,
            message="Packed size of session tags consumes 498% of allotted space.",
        ),
    ),
    # Session policies.
    "a session policy takes away": (
        assume(assume("alice", "Hub", Policy=NARROW), "Account"),
        not_allowed(session("Hub"), "Account"),
    ),
    "and gives nothing": (
        assume(assume("alice", "Limited", Policy=policy(allow("sts:*"))), "Account"),
        not_allowed(session("Limited"), "Account"),
    ),
    "it limits trust in the role": (
        assume(assume("alice", "Hub", Policy=NARROW), "ByHub"),
        not_allowed(session("Hub"), "ByHub"),
    ),
    "but not trust in the session": (assume(assume("alice", "Hub", Policy=NARROW), "BySession"), becomes("BySession")),
    "unless it denies": (
        assume(assume("alice", "Hub", Policy=DENYING), "BySession"),
        not_allowed(session("Hub"), "BySession"),
    ),
    "two of them add up": (
        assume(
            assume(
                "alice",
                "Hub",
                Policy=policy(allow("sts:*")),
                PolicyArns=[{"arn": f"arn:aws:iam::{MINE}:policy/NoSts"}],
            ),
            "Account",
        ),
        becomes("Account"),
    ),
    "one by its ARN takes away": (
        assume(assume("alice", "Hub", PolicyArns=[{"arn": f"arn:aws:iam::{MINE}:policy/NoSts"}]), "Account"),
        not_allowed(session("Hub"), "Account"),
    ),
    "it is no trust policy": (
        assume("alice", "Hub", Policy=policy(trusts("*"))),
        Refused(code="MalformedPolicyDocument", status=400),
    ),
    "it is JSON": (
        assume("alice", "Hub", Policy="{'Version':'2012-10-17'}"),
        Refused(code="MalformedPolicyDocument", status=400),
    ),
    "it has 2,048 characters": (
        assume("alice", "Hub", Policy=policy(allow("sts:*")) + " " * 2048),
        invalid("at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048"),
    ),
    "its size is told": (assume("alice", "Hub", Policy=policy(allow("sts:*"))), {"PackedPolicySize": ...}),
    "where there is one": (assume("alice", "Hub"), {"PackedPolicySize": None}),
    "a policy that is not there": (
        assume("alice", "Hub", PolicyArns=[{"arn": f"arn:aws:iam::{OTHER}:policy/NoSts"}]),
        Refused(code="MalformedPolicyDocument", status=400),
    ),
    # Which credentials may call what.
    "a session token gives no other": (call(TOKEN, "GetSessionToken"), no_session("GetSessionToken")),
    "nor a federated user": (call(TOKEN, "GetFederationToken", Name="carol"), no_session("GetFederationToken")),
    "a role's session gives no session token": (call(HUB_OF_ALICE, "GetSessionToken"), no_session("GetSessionToken")),
    "nor a federated user either": (
        call(HUB_OF_ALICE, "GetFederationToken", Name="carol"),
        no_session("GetFederationToken"),
    ),
    "a session token asks for no key": (
        call(TOKEN, "GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE"),
        Refused(code="AccessDenied", status=403),
    ),
    "a federated user assumes nothing": (assume(FEDERATED, "Anybody"), Refused(code="AccessDenied", status=403)),
    "a federated user is told who it is": (
        call(FEDERATED, "GetCallerIdentity"),
        {"Arn": f"arn:aws:sts::{MINE}:federated-user/carol", "UserId": f"{MINE}:carol", "Account": MINE},
    ),
    "its token says it too": (
        FEDERATED,
        {
            "FederatedUser.Arn": f"arn:aws:sts::{MINE}:federated-user/carol",
            "FederatedUser.FederatedUserId": f"{MINE}:carol",
        },
    ),
    "a federated user needs permission": (
        call("bob", "GetFederationToken", Name="carol"),
        Refused(
            code="AccessDenied",
            status=403,
            message=f"User: {BOB} is not authorized to perform: sts:GetFederationToken on resource: "
            f"arn:aws:sts::{MINE}:federated-user/carol",
        ),
    ),
    "and its tags do": (
        call("handy", "GetFederationToken", Name="carol", Tags=tags(team="a")),
        Refused(code="AccessDenied", status=403, message="is not authorized to perform: sts:TagSession on resource"),
    ),
    "without a policy its size is zero": (call("handy", "GetFederationToken", Name="carol"), {"PackedPolicySize": 0}),
    "its name has 32 characters": (
        call("alice", "GetFederationToken", Name="c" * 33),
        beyond("c" * 33, "name", "have length less than or equal to 32"),
    ),
    "everybody may ask who they are": (call("denied", "GetCallerIdentity"), {"Arn": user("denied"), "Account": MINE}),
    "and for a session token": (call("denied", "GetSessionToken"), {"seconds": 43200}),
    "a root is its account": (call("root", "GetCallerIdentity"), {"Arn": ROOT, "UserId": MINE, "Account": MINE}),
    "a session token is its user": (call(TOKEN, "GetCallerIdentity"), {"Arn": ALICE}),
    "nobody is nobody": (
        call("stranger", "GetCallerIdentity"),
        UNKNOWN,
    ),
    "a key's account": (
        call("alice", "GetAccessKeyInfo", AccessKeyId="ASIARZPUZDIKPEXAMPLE"),
        {"Account": "123456789012"},
    ),
    "of those that may ask": (
        call("bob", "GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE"),
        Refused(code="AccessDenied", status=403, message="is not authorized to perform: sts:GetAccessKeyInfo"),
    ),
    "a key is 16 characters at least": (
        call("alice", "GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EX"),
        beyond("AKIAIOSFODNN7EX", "accessKeyId", "have length greater than or equal to 16"),
    ),
    "a message is to be decoded by those who may": (
        call("bob", "DecodeAuthorizationMessage", EncodedMessage="x" * 40),
        Refused(
            code="AccessDenied", status=403, message="is not authorized to perform: sts:DecodeAuthorizationMessage"
        ),
    ),
    "and is one": (
        call("handy", "DecodeAuthorizationMessage", EncodedMessage="x" * 40),
        Refused(code="InvalidAuthorizationMessageException", status=400),
    ),
    "nobody has a trade-in token": (
        call("alice", "GetDelegatedAccessToken", TradeInToken="x"),
        Refused(code="ExpiredTradeInTokenException", status=400),
    ),
    "revoked sessions do nothing more": (
        assume(assume("alice", "Revoked"), "Account"),
        not_allowed(session("Revoked"), "Account"),
    ),
    "but are still somebody": (call(assume("alice", "Revoked"), "GetCallerIdentity"), {"Arn": session("Revoked")}),
    # Parameters.
    "a role's ARN": (
        call("alice", "AssumeRole", RoleArn="arn:aws:iam::1111:role/Hub", RoleSessionName="me"),
        invalid("arn:aws:iam::1111:role/Hub is invalid"),
    ),
    "of a role": (call("alice", "AssumeRole", RoleArn=ALICE, RoleSessionName="me"), invalid(f"{ALICE} is invalid")),
    "with its path": (
        call("alice", "AssumeRole", RoleArn=f"arn:aws:iam::{MINE}:role/team/Hub", RoleSessionName="me"),
        Refused(code="AccessDenied", status=403),
    ),
    "a session's name has no space": (
        assume("alice", "Hub", RoleSessionName="m e"),
        beyond("m e", "roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*"),
    ),
    "a session's name has 64 characters": (
        assume("alice", "Hub", RoleSessionName="m" * 65),
        beyond("m" * 65, "roleSessionName", "have length less than or equal to 64"),
    ),
    "parameters come before permissions": (
        assume("bob", "Hub", DurationSeconds=43201),
        beyond(43201, "durationSeconds", "have value less than or equal to 43200"),
    ),
    # Web identities.
    "a token of the provider": (
        web("Web", token()),
        {
            "AssumedRoleUser.Arn": session("Web"),
            "Provider": PROVIDER,
            "Audience": "sts.amazonaws.com",
            "SubjectFromWebIdentityToken": "me",
        },
    ),
    "with its claims": (web("WebMe", token()), {"AssumedRoleUser.Arn": session("WebMe")}),
    "of somebody else": (web("WebMe", token(sub="you")), NO_WEB),
    "for somebody else": (
        web("Web", token(aud="elsewhere")),
        Refused(code="InvalidIdentityToken", status=400, message="Incorrect token audience"),
    ),
    "that is over": (
        web("Web", token(exp=1_700_000_000, iat=1_600_000_000)),
        Refused(code="ExpiredTokenException", status=400),
    ),
    "of nobody that the account knows": (
        web("Web", token(iss="https://unknown.example")),
        Refused(
            code="InvalidIdentityToken",
            status=400,
            message="No OpenIDConnect provider found in your account for https://unknown.example",
        ),
    ),
    "that is none": (web("Web", "abcd"), Refused(code="InvalidIdentityToken", status=400)),
    "in a role that trusts no provider": (web("Hub", token()), NO_WEB),
    "tags come from the token": (
        web("WebTagged", token(**{"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}}})),
        {"AssumedRoleUser.Arn": session("WebTagged")},
    ),
    "and are the right ones": (
        web("WebTagged", token(**{"https://aws.amazon.com/tags": {"principal_tags": {"team": ["red"]}}})),
        NO_WEB,
    ),
    "a user may not assume what trusts a provider": (assume("alice", "Web"), not_allowed(ALICE, "Web")),
    # What an account has to have first.
    "no organization, no root to assume": (
        call("alice", "AssumeRoot", TargetPrincipal=OTHER, TaskPolicyArn={"arn": AUDIT}),
        Refused(code="AccessDenied", status=403),
    ),
    "a root is assumed for a quarter of an hour": (
        call("alice", "AssumeRoot", TargetPrincipal=OTHER, TaskPolicyArn={"arn": AUDIT}, DurationSeconds=901),
        beyond(901, "durationSeconds", "have value less than or equal to 900"),
    ),
    "an account gives no tokens unless it said so": (
        call("alice", "GetWebIdentityToken", Audience=["https://api.example"], SigningAlgorithm="RS256"),
        Refused(code="OutboundWebIdentityFederationDisabledException", status=403),
    ),
    "a token lasts an hour at most": (
        call("alice", "GetWebIdentityToken", Audience=["x"], SigningAlgorithm="RS256", DurationSeconds=3601),
        beyond(3601, "durationSeconds", "have value less than or equal to 3600"),
    ),
    "a token is for somebody": (
        call("alice", "GetWebIdentityToken", SigningAlgorithm="RS256"),
        invalid("Value null at 'audience' failed to satisfy constraint: Member must not be null"),
    ),
    "a SAML provider that is not there": (
        call("", "AssumeRoleWithSAML", RoleArn=HUB, PrincipalArn=f"{ROOT[:-4]}saml-provider/no", SAMLAssertion="PHg+"),
        Refused(code="InvalidIdentityToken", status=400),
    ),
    "a signature adds nothing to a web identity": (
        replace(web("WebMe", token(sub="you")), by="alice"),
        NO_WEB,
    ),
    "nor takes anything away": (
        replace(web("WebMe", token()), by="bob"),
        {"AssumedRoleUser.Arn": session("WebMe")},
    ),
}
