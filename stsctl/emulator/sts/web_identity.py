"""OIDC tokens: whom an identity provider says its bearer to be, verified as AssumeRoleWithWebIdentity does.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (the claims as keys) and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (the claims for tags)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.directory.principals import OidcProvider
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.world import issuer_keys

_ALGORITHMS = {"RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "ES256": "EC", "ES384": "EC", "ES512": "EC"}
"""What AWS takes, with the type of the key: none that needs a shared secret, and never none at all."""
_SKEW = timedelta(minutes=5)
_LATEST = 1e12
"""A time above is none, in seconds since 1970."""
TAGS = "https://aws.amazon.com/tags"
SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_NO_TOKEN = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"  # noqa: S105 - a message


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity:
    """Who a verified token is about; `keys` are its claims as condition keys, `tags` and the rest not yet checked."""

    subject: str
    audience: str
    keys: Context
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    source_identity: str | None


def issuer_of(token: str) -> str:
    """The issuer that a token names, not yet believed; raises Refusal for what is no token."""
    parts = token.split(".")
    if len(parts) != 3:
        raise _invalid(_NO_TOKEN)
    issuer = _object(_decoded(parts[1])).get("iss")
    if not isinstance(issuer, str):
        raise _invalid("Missing a required claim: iss")
    return issuer


def verify(token: str, provider: OidcProvider, now: datetime) -> WebIdentity:
    """Whom a token is about; raises Refusal unless the provider's issuer signed it, for one of its clients, for now."""
    claims = _object(_signed_content(token, provider))
    if claims.get("iss") != provider.url:
        raise _invalid("Token issuer does not match the provider")
    audience, audiences = _audience(claims, provider)
    _check_times(claims, now)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _invalid("Missing a required claim: sub")
    tags, transitive = _tags(claims.get(TAGS))
    source_identity = claims.get(SOURCE_IDENTITY)
    if source_identity is not None and not isinstance(source_identity, str):
        raise _invalid(f"The claim {SOURCE_IDENTITY} is not a text")
    return WebIdentity(
        subject=subject,
        audience=audience,
        keys=_keys(claims, provider, audience, audiences),
        tags=tags,
        transitive=transitive,
        source_identity=source_identity,
    )


def _signed_content(token: str, provider: OidcProvider) -> bytes:
    """The token's content, where one of the provider's keys signed it."""
    from joserfc import jws
    from joserfc.errors import JoseError

    header = _object(_decoded(token.split(".", 1)[0]))
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise _invalid(_NO_TOKEN, because="its alg is none that AWS takes")
    try:
        keys = issuer_keys.read(provider.keys or issuer_keys.fetch(provider.url))
    except ValueError as error:
        raise _invalid(issuer_keys.NO_KEY, because=str(error)) from error
    fitting = [key for key in keys if key.key_type == _ALGORITHMS[algorithm] and key_id in (None, key.kid)]
    if not fitting:
        raise _invalid(issuer_keys.NO_KEY, because=f"the provider has no such key for {algorithm}")
    for key in fitting:
        try:
            return jws.deserialize_compact(token, key, algorithms=[algorithm]).payload
        except (JoseError, ValueError, TypeError):
            continue
    raise _invalid("The token's signature is invalid")


def _audience(claims: Mapping[str, Any], provider: OidcProvider) -> tuple[str, tuple[str, ...]]:
    """The audience that counts (`azp` before `aud`) and all of `aud`; raises Refusal for one that is no client."""
    stated = claims.get("aud")
    audiences = tuple(stated) if isinstance(stated, list) else (stated,)
    party = claims.get("azp")
    wanted = audiences if party is None else (party,)
    found = next((name for name in wanted if isinstance(name, str) and name in provider.client_ids), None)
    if found is None:
        raise _invalid("Incorrect token audience")
    return found, tuple(name for name in audiences if isinstance(name, str))


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    expires, issued, begins = (_time(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise _invalid(f"Missing a required claim: {'exp' if expires is None else 'iat'}")
    present = now.timestamp()
    if expires <= present:
        message = (
            f"Token expired: current date/time {int(present)} must be before the expiration date/time {int(expires)}"
        )
        raise Refusal("ExpiredTokenException", message, 400)
    if max(issued, begins or 0) > present + _SKEW.total_seconds():
        raise _invalid("Token is not valid yet: it was issued in the future")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LATEST:
        raise _invalid(f"The claim {name} is not a time")
    return value


def _keys(claims: Mapping[str, Any], provider: OidcProvider, audience: str, audiences: tuple[str, ...]) -> Context:
    """Every claim that is text as a condition key under the issuer's name; those with a meaning of AWS's own last."""
    issuer = provider.url.split("://", 1)[1]
    keys: Context = {}
    for name, value in claims.items():
        if isinstance(value, str):
            keys[f"{issuer}:{name}".lower()] = value
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            keys[f"{issuer}:{name}".lower()] = tuple(value)
    keys[f"{issuer}:sub".lower()] = claims["sub"]
    keys[f"{issuer}:aud".lower()] = audience
    keys[f"{issuer}:oaud".lower()] = audiences if "azp" in claims else None
    return keys


def _tags(claim: Any) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """The session tags, and the keys of the transitive ones."""
    if claim is None:
        return (), ()
    try:
        pairs = tuple((key, _only(value)) for key, value in claim["principal_tags"].items())
        transitive = claim.get("transitive_tag_keys", [])
        if not isinstance(transitive, list) or not all(isinstance(key, str) for key in transitive):
            raise TypeError
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _invalid(f"The claim {TAGS} has no principal_tags with one text each") from error
    return pairs, tuple(transitive)


def _only(value: Any) -> str:
    (text,) = [value] if isinstance(value, str) else value
    if not isinstance(text, str):
        raise TypeError
    return text


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part.encode() + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise _invalid(_NO_TOKEN) from error


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _invalid(_NO_TOKEN) from error
    if not isinstance(value, dict):
        raise _invalid(_NO_TOKEN)
    return value


def _invalid(message: str, *, because: str = "") -> Refusal:
    return Refusal("InvalidIdentityToken", message, 400, because=because)
