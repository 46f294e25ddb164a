"""Somebody who comes with a token or an assertion that is at hand: what a role's trust policy sees of them, decided.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (OIDC and SAML),
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (the claims and attributes that are AWS's own)
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stsctl import federation
from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.example import all_conditions
from stsctl.access.outsider import OF_NO_ACCOUNT, outsider
from stsctl.access.snapshot import Role, Snapshot, Tags
from stsctl.dataclass import dataclass
from stsctl.policy.request import Context
from stsctl.request import Asker, AskerKind, SessionRequest

_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
_SAML_AUDIENCE = "https://signin.aws.amazon.com/saml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whom `provider` vouches for, and what it says of them: condition `keys`, and what the session is to have.

    `assumed` is what such an answer takes for granted. Keys of the sort `partly` may be there that nobody knows.
    """

    action: str
    provider: str
    session_name: str
    keys: Context
    assumed: tuple[str, ...]
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    partly: str | None = None

    def verdicts(self, snapshot: Snapshot, role: Role, around: Surroundings) -> list[Verdict]:
        """What is decided of each action that it takes, up to the first that is denied."""
        caller, assumption = outsider(self.provider, role.account), self._assumption(role)
        keys = {**OF_NO_ACCOUNT, **assumption.keys(caller), **self.keys, "aws:FederatedProvider": self.provider}
        found = []
        for action in (self.action, *list(assumption.actions(caller))[1:]):
            found.append(can(snapshot, caller, action, role.arn, around, more=keys))
            if not found[-1].decision.allowed:
                break
        return found

    def not_known(self, role: Role) -> Iterator[str]:
        """The keys that the role's trust policy asks for and that nobody knows."""
        for condition in all_conditions([role.trust], frozenset({self.action.lower()})):
            key = condition.key.lower()
            if self.partly is not None and key.startswith(self.partly) and key not in self.keys:
                yield condition.key

    def becomes(self, role: Role) -> Caller:
        """Whoever has been let in, from then on."""
        session = self._assumption(role).becomes(outsider(self.provider, role.account))
        return replace(session, provider=self.provider)

    def _assumption(self, role: Role) -> Assumption:
        return Assumption(
            role=role,
            session_name=self.session_name,
            tags=self.tags,
            transitive=self.transitive,
            source_identity=self.source_identity,
        )


def vouched(request: SessionRequest, asker: Asker) -> Vouched | None:
    """Whom a request is for, by what is known of the one who asks; None where that is no provider's word."""
    assert request.role_arn is not None
    if not asker.id or asker.kind not in (AskerKind.WEB_IDENTITY, AskerKind.SAML):
        return None
    about: dict[str, Any] = json.loads(asker.id)
    if not isinstance(about.get("iss"), str) or not isinstance(about.get("sub"), str):
        return None
    if asker.kind is AskerKind.SAML:
        return _by_assertion(request, about)
    return _by_token(request, about)


def _by_token(request: SessionRequest, claims: Mapping[str, Any]) -> Vouched:
    role = request.role_arn
    assert role is not None
    issuer = claims["iss"].partition("://")[2] or claims["iss"]
    provider = f"arn:{role.partition}:iam::{role.account}:oidc-provider/{issuer}"
    texts = {
        name: tuple(value) if isinstance(value, list) else value for name, value in claims.items() if _is_text(value)
    }
    keys: dict[str, str | tuple[str, ...] | None] = {f"{issuer}:{name}".lower(): value for name, value in texts.items()}
    stated = texts.get("azp") or texts.get("aud")
    # Where there are several, that one counts which the provider knows: it is taken to be the first.
    audience = stated[0] if isinstance(stated, tuple) and stated else stated
    keys[f"{issuer}:aud".lower()] = audience
    keys[f"{issuer}:oaud".lower()] = texts.get("aud") if "azp" in texts else None
    tags, transitive = _tags(claims.get(_TAGS))
    identity = claims.get(_SOURCE_IDENTITY)
    return Vouched(
        action="sts:AssumeRoleWithWebIdentity",
        provider=provider,
        session_name=request.session_name or "session",
        keys=keys,
        tags=tags,
        transitive=transitive,
        source_identity=identity if isinstance(identity, str) else None,
        assumed=(f'{provider} is there, and has "{audience}" among its client ids',),
    )


def _by_assertion(request: SessionRequest, about: Mapping[str, Any]) -> Vouched:
    role = request.role_arn
    assert role is not None
    said = {name.removeprefix(_ATTRIBUTE): tuple(values) for name, values in about["attributes"]}
    pairs = dict(federation.role_and_provider(value) for value in said.get("Role", ()))
    provider = str(request.provider_arn or pairs.get(str(role), ""))
    short = provider.rpartition("/")[2]
    # AWS's own definition of the name qualifier, which has SHA-1 in it.
    qualifier = hashlib.sha1(f"{about['iss']}{role.account}/{short}".encode("utf-8", "replace"), usedforsecurity=False)
    keys = {
        "saml:aud": _SAML_AUDIENCE,
        "saml:doc": f"{role.account}/{short}",
        "saml:iss": about["iss"],
        "saml:namequalifier": base64.b64encode(qualifier.digest()).decode(),
        "saml:sub": about["sub"],
    }
    marks = {name.partition(":")[2]: values for name, values in said.items() if name.startswith("PrincipalTag:")}
    return Vouched(
        action="sts:AssumeRoleWithSAML",
        provider=provider,
        session_name=next(iter(said.get("RoleSessionName", ())), "session"),
        keys=keys,
        tags=tuple((key, values[0]) for key, values in marks.items() if values),
        transitive=said.get("TransitiveTagKeys", ()),
        source_identity=next(iter(said.get("SourceIdentity", ())), None),
        assumed=(f"{provider} is there", f"the response is addressed to {_SAML_AUDIENCE}"),
        partly="saml:",
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _tags(claim: object) -> tuple[Tags, tuple[str, ...]]:
    """The session tags of a token, and the keys of those that go on; nothing for what STS would not take."""
    said = claim.get("principal_tags") if isinstance(claim, dict) else None
    if not isinstance(claim, dict) or not isinstance(said, dict):
        return (), ()
    pairs = [(key, value[0] if isinstance(value, list) and value else value) for key, value in said.items()]
    onward = claim.get("transitive_tag_keys", [])
    return (
        tuple((key, value) for key, value in pairs if isinstance(value, str)),
        tuple(key for key in onward if isinstance(key, str)) if isinstance(onward, list) else (),
    )
