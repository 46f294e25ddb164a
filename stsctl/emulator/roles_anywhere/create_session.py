"""CreateSession: a certificate for the session of a role.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html; messages that
AWS is known to give are quoted, of the others it is said that they are not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stsctl.arn import Arn
from stsctl.emulator.authorization.authorization import Asked, Authorization
from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.tagging import SessionTags
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.protocol.claim import Claim
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer, Result
from stsctl.emulator.roles_anywhere import identity, presented, trust
from stsctl.emulator.roles_anywhere.presented import Parameters
from stsctl.emulator.roles_anywhere.trust import denied
from stsctl.emulator.roles_anywhere.trust_anchors import TrustAnchors
from stsctl.emulator.seeds.roles_anywhere import RolesAnywhereProfile, TrustAnchor, made_id
from stsctl.emulator.sts.issuing import Issuing, check_duration, session_policies
from stsctl.emulator.web import rest_json
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.journal import Entry

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

PATH = "/sessions"
PRINCIPAL = "rolesanywhere.amazonaws.com"
_ACTION = "rolesanywhere:CreateSession"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """By which trust anchor and which profile a role is asked for."""

    anchor: TrustAnchor
    profile: RolesAnywhereProfile
    claim: Claim


class CreateSession:
    """Answers POST /sessions of those whose certificate signed it; `profiles` are those of all accounts, by ARN."""

    def __init__(
        self,
        anchors: TrustAnchors,
        profiles: Mapping[str, RolesAnywhereProfile],
        *,
        directory: Directory,
        authorization: Authorization,
        issuing: Issuing,
        faults: Faults,
    ) -> None:
        self._anchors = anchors
        self._profiles = profiles
        self._directory = directory
        self._authorization = authorization
        self._issuing = issuing
        self._faults = faults

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer, None for what no certificate signed: a bucket may be called sessions."""
        signed = (asked.header("authorization") or "").startswith("AWS4-X509-")
        if (asked.method, asked.path) != ("POST", PATH) or not signed:
            return None
        entry.service, entry.action = "rolesanywhere", _ACTION
        try:
            rest_json.meet(self._faults, _ACTION, "ThrottlingException", 429)
            return rest_json.succeed(self._create(asked, entry), status=201)
        except Refusal as refusal:
            entry.refuse(refusal)
            return rest_json.refuse(refusal, {"message": refusal.message})

    def _create(self, asked: Request, entry: Entry) -> Result:
        found = presented.presented(asked)
        claim = trust.verify_signature(asked, found.certificate, entry.wall_at)
        given = presented.parameters(asked)
        entry.resource = given.role_arn[:2048]
        anchor = self._anchors.find(given.trust_anchor_arn, claim.region)
        trust.verify_chain(found, self._anchors.certificates(anchor), entry.at)
        entry.who = found.certificate.subject.rfc4514_string()[:2048]
        way = _Way(anchor=anchor, profile=self._profile(given, anchor), claim=claim)
        if given.role_arn not in way.profile.roles:
            raise denied("Requested Role isn't one of those listed in the Profile.")
        if given.role_session_name is not None and not way.profile.accept_role_session_name:
            raise denied("Not authorized to set roleSessionName.")
        return self._session(given, way, found.certificate, entry.at)

    def _profile(self, given: Parameters, anchor: TrustAnchor) -> RolesAnywhereProfile:
        profile = self._profiles.get(given.profile_arn)
        # A profile is found where the trust anchor is: in its account and its region.
        if profile is None or profile.arn.split(":")[3:5] != anchor.arn.split(":")[3:5]:
            raise denied("Invalid or empty profile provided.")
        if not profile.enabled:
            raise denied("Profile is disabled.")  # AWS's own words are not known
        return profile

    def _session(self, given: Parameters, way: _Way, certificate: Certificate, now: datetime) -> Result:
        arn = Arn.parse_role(given.role_arn)  # it is one of the profile's
        tags = SessionTags(passed=identity.tags(certificate), passed_transitive=(), inherited=())
        role = self._directory.role(arn.account, arn.resource_name)
        asked = Asked(
            role_arn=given.role_arn,
            role=role if role is not None and role.arn == given.role_arn else None,
            session_name=given.role_session_name or identity.serial(certificate),
            tags=tags,
            external_id=None,
            source_identity=identity.source_identity(certificate),
            mfa_at=None,
            now=now,
            source_ip="",  # it is the service that assumes the role
            region=way.claim.region,
        )
        try:
            issued = self._assume(asked, way, given.duration)
        except Refusal as refusal:
            raise _unable(given.role_arn, refusal) from refusal
        subject = made_id("subject", way.anchor.account, certificate.subject.rfc4514_string())
        place = way.anchor.arn.rsplit(":", 1)[0]
        return {"credentialSet": [_credentials(issued, given.role_arn)], "subjectArn": f"{place}:subject/{subject}"}

    def _assume(self, asked: Asked, way: _Way, wanted: timedelta | None) -> dict[str, Any]:
        """What STS gives the service for the role; raises Refusal as STS words it."""
        keys: Context = {f"aws:PrincipalTag/{key}": value for key, value in asked.tags.all}
        keys |= {"aws:SourceArn": way.anchor.arn, "aws:SourceAccount": way.anchor.account}
        role = self._authorization.assume_unsigned("sts:AssumeRole", PRINCIPAL, keys, asked)
        length = min(way.profile.duration, wanted or way.profile.duration)
        check_duration(length, role.max_duration)
        arns = [{"arn": arn} for arn in way.profile.policy_arns]
        policies = session_policies({"Policy": way.profile.session_policy, "PolicyArns": arns}, asked.tags.all)
        return dict(self._issuing.role_session(role, asked, policies, lasts=length))


def _credentials(issued: Mapping[str, Any], role_arn: str) -> dict[str, object]:
    """STS's answer, in the spelling of Roles Anywhere."""
    user, given = issued["AssumedRoleUser"], issued["Credentials"]
    return {
        "assumedRoleUser": {"arn": user["Arn"], "assumedRoleId": user["AssumedRoleId"]},
        "credentials": {
            "accessKeyId": given["AccessKeyId"],
            "expiration": given["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "secretAccessKey": given["SecretAccessKey"],
            "sessionToken": given["SessionToken"],
        },
        "packedPolicySize": issued["PackedPolicySize"],
        "roleArn": role_arn,
        "sourceIdentity": issued["SourceIdentity"],
    }


def _unable(role_arn: str, refusal: Refusal) -> Refusal:
    """What AWS says where STS refuses it the role: why, only of a duration that the role does not allow."""
    message = f"Unable to assume role for {role_arn}"
    if "DurationSeconds" in refusal.message:
        message = f"{message} {refusal.message}"
    return denied(message, because=refusal.because or refusal.message)
