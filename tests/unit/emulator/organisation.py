"""An organisation whose roles differ in one rule each, for the tests of STS."""

from __future__ import annotations

import json

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""The base32 seed of every MFA device in it."""


def statement(principal: str, *actions: str, effect: str = "Allow", **condition: object) -> dict[str, object]:
    """One statement of a trust policy; `principal` is an ARN, `*`, or the rest of one in 111111111111."""
    whom = principal if principal == "*" or principal.startswith("arn:") else f"arn:aws:iam::111111111111:{principal}"
    content: dict[str, object] = {
        "Effect": effect,
        "Principal": {"AWS": whom},
        "Action": list(actions or ["sts:AssumeRole"]),
    }
    if condition:
        content["Condition"] = condition
    return content


ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")

TRUST: dict[str, list[dict[str, object]]] = {
    "TrustsAccount": [statement("root")],
    "TrustsBob": [statement("user/bob")],
    "TrustsAlice": [statement("user/alice", *ALL)],
    "NeedsMfa": [statement("root", Bool={"aws:MultiFactorAuthPresent": "true"})],
    "DeniesFalseMfa": [
        statement("root"),
        statement("*", effect="Deny", Bool={"aws:MultiFactorAuthPresent": "false"}),
    ],
    "DeniesFalseMfaIfExists": [
        statement("root"),
        statement("*", effect="Deny", BoolIfExists={"aws:MultiFactorAuthPresent": "false"}),
    ],
    "FreshMfa": [statement("root", NumericLessThan={"aws:MultiFactorAuthAge": "3600"})],
    "NeverWithoutToken": [statement("root", Null={"aws:TokenIssueTime": "false"})],
    "NoTags": [statement("root")],
    "Tagged": [
        statement(
            "root",
            "sts:AssumeRole",
            "sts:TagSession",
            StringEquals={"aws:RequestTag/project": "${aws:PrincipalTag/team}"},
        )
    ],
    "OnlyTagKeys": [
        statement(
            "root", "sts:AssumeRole", "sts:TagSession", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}}
        )
    ],
    "Transitive": [
        statement(
            "root", "sts:AssumeRole", "sts:TagSession", **{"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["a"]}}
        )
    ],
    "NamedSession": [statement("root", StringEquals={"sts:RoleSessionName": "${aws:username}"})],
    "NamedSource": [statement("root", *ALL, StringEquals={"sts:SourceIdentity": "alice"})],
    "ChainEnd": [statement("role/TrustsAlice", *ALL)],
    "ChainEndNoTags": [statement("role/TrustsAlice", "sts:AssumeRole", "sts:SetSourceIdentity")],
    "ChainEndNoSource": [statement("role/TrustsAlice", "sts:AssumeRole", "sts:TagSession")],
    "ChainEndByTag": [
        statement(
            "role/TrustsAlice",
            *ALL,
            StringEquals={"aws:PrincipalTag/project": "blue", "iam:ResourceTag/project": "blue"},
        )
    ],
    "ThirdByTag": [statement("role/ChainEnd", *ALL, StringEquals={"iam:ResourceTag/project": "blue"})],
    "ChainEndBySource": [statement("role/TrustsAlice", *ALL, StringEquals={"aws:SourceIdentity": "alice"})],
    "ByAccountOfPrincipal": [statement("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::111111111111:user/b*"})],
    "Office": [statement("root", IpAddress={"aws:SourceIp": "203.0.113.0/24"})],
    "Loopback": [statement("root", IpAddress={"aws:SourceIp": "127.0.0.0/8"})],
    "Tomorrow": [statement("root", DateGreaterThan={"aws:CurrentTime": "2100-01-01T00:00:00Z"})],
}

OTHERS: dict[str, list[dict[str, object]]] = {
    "External": [statement("root", StringEquals={"sts:ExternalId": "x1"})],
    "TrustsAliceByName": [statement("user/alice")],
    "TrustsBobByName": [statement("user/bob")],
}

_MAY_ASSUME = {"Effect": "Allow", "Action": ["sts:*"], "Resource": "*"}


def _policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _role(account: str, name: str, trust: list[dict[str, object]]) -> str:
    header = f"[account.{account}.role.{name}]\ntags = {{ project = 'red' }}\nmax_duration = '2h'\n"
    return header + f"trust = '{_policy(*trust)}'\npolicies.onward = '{_policy(_MAY_ASSUME)}'\n"


def _user(name: str, *lines: str) -> str:
    return "\n".join([f"[account.111111111111.user.{name}]", "key.main = {}", f"mfa.seed = '{SEED}'", *lines, ""])


def toml() -> str:
    """The organisation as a seed. The users mfa1 to mfa9 are for one test each, so that no two wait for codes."""
    may = f"policies.may = '{_policy(_MAY_ASSUME)}'"
    may_list = f"policies.list = '{_policy({**_MAY_ASSUME, 'Action': 'iam:ListUsers'})}'"
    users = [_user(f"mfa{n}", may, may_list) for n in range(1, 10)]
    users += [
        _user("alice", may, "tags = { team = 'blue' }"),
        _user("bob"),
        _user("grouped", "groups = ['assumers']"),
        _user("managed", "managed = ['MayAssume']"),
        _user("bounded", may, "boundary = 'NoSts'"),
        _user("denied", may, f"policies.not = '{_policy({**_MAY_ASSUME, 'Effect': 'Deny'})}'"),
        _user("untagging", f"policies.may = '{_policy({**_MAY_ASSUME, 'Action': 'sts:AssumeRole'})}'"),
    ]
    account = f"""
[account.111111111111]
policy.MayAssume = '{_policy(_MAY_ASSUME)}'
policy.NoSts = '{_policy({**_MAY_ASSUME, "Action": "s3:*"})}'
[account.111111111111.group.assumers]
managed = ["MayAssume"]
"""
    roles = [_role("111111111111", name, trust) for name, trust in TRUST.items()]
    roles += [_role("222222222222", name, trust) for name, trust in OTHERS.items()]
    return "\n".join([account, *users, *roles])
