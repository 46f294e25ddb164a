"""What `access` has an opinion about, done: calls to an emulator, as whoever has the keys."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from stsctl.access.assumption import Assumption
from stsctl.access.attempt import Attempt
from stsctl.access.caller import Caller
from stsctl.access.snapshot import Holder, Levels, PolicyText, Snapshot, User
from stsctl.credentials import Credentials, Secret
from stsctl.request import SessionRequest
from tests.conftest import missing
from tests.properties.organisations import ACCOUNTS

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")


def perform(front: Front, keys: Credentials, assumption: Assumption, who: str | None = None) -> Credentials | None:
    """The session; None where AWS says that it may not be had. `who` has the device whose code goes along."""
    said: dict[str, Any] = {
        "RoleArn": assumption.role.arn,
        "RoleSessionName": assumption.session_name,
        "ExternalId": assumption.external_id,
        "Tags": [{"Key": key, "Value": value} for key, value in assumption.tags],
        "TransitiveTagKeys": list(assumption.transitive),
        "SourceIdentity": assumption.source_identity,
    }
    if assumption.mfa:
        assert who is not None
        said |= device_code(front, who)
    try:
        answer = front.call(keys, "sts", "AssumeRole", **{name: value for name, value in said.items() if value})
    except ClientError as error:
        return denied(error)
    return session(answer)


def assumption_of(request: SessionRequest, snapshot: Snapshot) -> Assumption:
    """What a step of a plan says."""
    assert request.session_name is not None
    return Assumption(
        role=snapshot.roles[str(request.role_arn)],
        session_name=request.session_name,
        external_id=request.external_id,
        tags=request.tags,
        transitive=request.transitive_tag_keys,
        source_identity=request.source_identity,
        mfa=request.mfa_serial is not None,
    )


def denied(error: ClientError) -> None:
    """Nothing, where policies are why; whatever else went wrong is raised."""
    if not error.response["Error"]["Code"].startswith("AccessDenied"):
        raise error


def session(answer: Any) -> Credentials:
    """The credentials in an answer of STS."""
    found = answer["Credentials"]
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=Secret(found["SecretAccessKey"]),
        session_token=Secret(found["SessionToken"]),
    )


def session_token(front: Front, who: str, *, mfa: bool) -> Credentials:
    """A user's session."""
    said = device_code(front, who) if mfa else {}
    return session(front.call(front.principal(who), "sts", "GetSessionToken", **said))


def device_code(front: Front, who: str) -> dict[str, str]:
    """What a call says of a user's device."""
    return {"SerialNumber": who.replace(":user/", ":mfa/"), "TokenCode": front.code(who)}


def contradicts(caller: Caller, assumption: Assumption) -> bool:
    """Whether a call is refused for what it says, before any policy is asked."""
    inherited = {key.lower() for key, _ in caller.handed_on}
    other = caller.source_identity and assumption.source_identity not in (None, caller.source_identity)
    return bool(other) or bool(inherited & {key.lower() for key, _ in assumption.tags})


class Hands:
    """Makes the changes of a remedy, by the calls that an administrator would make."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def make(self, before: Attempt, after: Attempt) -> None:
        """Whatever differs."""
        role, trust = after.assumption.role, after.assumption.role.trust
        if trust != before.assumption.role.trust:
            self._call(role.account, "iam", "UpdateAssumeRolePolicy", RoleName=role.name, PolicyDocument=trust.text)
        self._holder(before.caller.holder, after.caller.holder)
        for account, place in after.snapshot.memberships.items():
            old = before.snapshot.memberships[account]
            self._levels(account, (old.scps, place.scps), "SERVICE_CONTROL_POLICY")
            self._levels(account, (old.rcps, place.rcps), "RESOURCE_CONTROL_POLICY")

    def _holder(self, before: Holder, after: Holder) -> None:
        for number, policy in enumerate(set(after.policies) - set(before.policies)):
            self._policy(after, policy, f"more{number}")
        if after.boundary is not None and after.boundary != before.boundary:
            self._version(after.account, after.boundary)

    def _policy(self, holder: Holder, policy: PolicyText, name: str) -> None:
        """A policy as it is to be, under its own name where it has one."""
        found = re.fullmatch(r"inline policy (\w+) of (\w+) (\w+)", policy.name)
        kind, whose = ("user" if isinstance(holder, User) else "role"), holder.name
        if policy.arn is not None:
            self._version(holder.account, policy)
            return
        if found:
            name, kind, whose = found.groups()
        said = {f"{kind.title()}Name": whose, "PolicyName": name, "PolicyDocument": policy.text}
        self._call(holder.account, "iam", f"Put{kind.title()}Policy", **said)

    def _version(self, account: str, policy: PolicyText) -> None:
        said = {"PolicyArn": policy.arn, "PolicyDocument": policy.text, "SetAsDefault": True}
        self._call(account, "iam", "CreatePolicyVersion", **said)

    def _levels(self, account: str, levels: tuple[Levels, Levels], kind: str) -> None:
        """Control policies that are another text now are saved so, and new ones attached where they stand."""
        way = [account]
        while not way[0].startswith("r-"):
            way.insert(0, self._organizations("ListParents", ChildId=way[0])["Parents"][0]["Id"])
        for target, before, after in zip(way, *levels, strict=True) if any(levels) else ():
            known = {each["Name"]: each["Id"] for each in self._organizations("ListPolicies", Filter=kind)["Policies"]}
            for policy in set(after) - set(before):
                name = re.sub(r"^\w+ control policy (\w+) of .*", r"\1", policy.name)
                if name in known:
                    self._organizations("UpdatePolicy", PolicyId=known[name], Content=policy.text)
                    continue
                said = {"Name": f"more-{target}-{len(known)}", "Description": "", "Content": policy.text}
                made = self._organizations("CreatePolicy", **said, Type=kind)["Policy"]["PolicySummary"]
                self._organizations("AttachPolicy", PolicyId=made["Id"], TargetId=target)

    def _organizations(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._call(ACCOUNTS[0], "organizations", operation, **parameters)

    def _call(self, account: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._front.call(self._front.principal(f"{account}:root"), service, operation, **parameters)
