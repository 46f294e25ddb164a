"""Sessions of the roles behind permission sets, for those they are assigned to.

Identity Center comes by them as the SAML provider that the roles trust. The messages are as people quote them. Source:
https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
"""

from __future__ import annotations

from typing import Any, cast

from stsctl.emulator.authorization.authorization import Asked, Authorization
from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.tagging import SessionTags
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import Role
from stsctl.emulator.protocol import saml_document
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.seeds import permission_sets
from stsctl.emulator.seeds.identity_center import DirectoryUser, IdentityCenter
from stsctl.emulator.sts.issuing import Issuing, session_policies
from stsctl.emulator.world.journal import Entry

_ACTION = "sts:AssumeRoleWithSAML"


class PermissionSetSessions:
    """Issues them, as long as the role's trust policy and its organization let Identity Center."""

    def __init__(
        self, center: IdentityCenter, directory: Directory, authorization: Authorization, issuing: Issuing
    ) -> None:
        self._center = center
        self._directory = directory
        self._authorization = authorization
        self._issuing = issuing

    def issue(self, user: DirectoryUser, account: str, name: str, asked: Request, entry: Entry) -> dict[str, Any]:
        """The Credentials that STS gives for the permission set `name`; raises Refusal: ForbiddenException for one
        that the user has not, ResourceNotFoundException where somebody deleted its role.
        """
        assigned = self._center.permission_sets_of(user, account)
        permission_set = next((one for one in assigned if one.name == name), None)
        if permission_set is None:
            raise no_access("the permission set is not assigned to the user in this account")
        role = self._directory.role(account, permission_sets.role_name(self._center, name, account))
        if role is None:
            raise Refusal("ResourceNotFoundException", "The role of the permission set is gone", 404)
        entry.resource = role.arn
        call = self._call(role, user, asked, entry)
        try:
            self._authorization.assume_unsigned(_ACTION, *self._vouching(role, user), call)
        except Refusal as refusal:
            raise no_access(refusal.because) from refusal
        lasts = min(permission_set.session_duration, role.max_duration)
        issued = self._issuing.role_session(role, call, session_policies({}, ()), lasts=lasts)
        return cast("dict[str, Any]", issued["Credentials"])

    def _call(self, role: Role, user: DirectoryUser, asked: Request, entry: Entry) -> Asked:
        return Asked(
            role_arn=role.arn,
            role=role,
            session_name=user.name,
            tags=SessionTags(passed=(), passed_transitive=(), inherited=()),
            external_id=None,
            source_identity=None,
            mfa_at=None,
            now=entry.at,
            source_ip=asked.source_ip,
            region=self._center.region,
        )

    def _vouching(self, role: Role, user: DirectoryUser) -> tuple[str, Context]:
        """The provider that vouches for the user, and what it says, as condition keys."""
        provider = permission_sets.provider_arn(self._center, role.account, role.arn.split(":")[1])
        return provider, {
            "saml:aud": saml_document.SIGN_IN,
            "saml:doc": f"{role.account}/{provider.rsplit('/', 1)[-1]}",
            "saml:iss": self._center.issuer_url,
            "saml:sub": user.name,
            "saml:sub_type": "persistent",
            "aws:FederatedProvider": provider,
        }


def no_access(because: str) -> Refusal:
    """What the portal says to somebody who has not what they ask for."""
    return Refusal("ForbiddenException", "No access", 403, because=because)
