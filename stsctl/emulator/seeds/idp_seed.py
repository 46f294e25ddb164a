"""The [idp.…] of a seed: identity providers read, and checked against the accounts that trust them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.emulator.protocol.saml_document import SIGN_IN, is_sign_in
from stsctl.emulator.seeds.idp import Idp, OidcClient, Person
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.web.redirects import is_redirect_uri
from stsctl.errors import UsageError
from stsctl.nearest import suggestion
from stsctl.tables import Table

ISSUER_MARK = re.compile(r"\$\{idp\.([^}]*)\}")
"""What stands for an issuer in a trust policy, as its URL without the scheme: the port is known when it runs."""

_SHORTEST, _LONGEST = timedelta(minutes=15), timedelta(hours=12)
_SESSION_NAME = r"[\w+=,.@-]{2,64}"
"""What a person is called is what their sessions are called, so it is held to what STS takes for that."""
_PRINTABLE = r"[^\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]{0,2000}"
"""What can be in a SAML response: XML has no place for control characters."""
_OWN_CLAIMS = frozenset({"iss", "sub", "aud", "azp", "exp", "iat", "nbf", "auth_time", "nonce"})


def with_idps(organisation: Organisation, table: Table) -> Organisation:
    """The organisation with the identity providers of a seed; raises ConfigurationError with the line."""
    idps = tuple(_idp(*item) for item in table.tables("idp").items())
    _check_accounts(organisation, table, [idp.name for idp in idps])
    for idp in idps:
        _check_roles(organisation, table.table("idp").table(idp.name), idp)
    return replace(organisation, idps=idps)


def _check_accounts(organisation: Organisation, table: Table, known: list[str]) -> None:
    """The identity providers that accounts name are there."""
    for account in organisation.accounts:
        place = table.table("account").table(account.id)
        named = [("saml_provider", saml.name, "idp", [saml.idp]) for saml in account.saml_providers]
        named += [("oidc_provider", oidc.url, "idp", [oidc.idp]) for oidc in account.oidc_providers]
        named += [("role", role.name, "trust", ISSUER_MARK.findall(role.trust)) for role in account.roles]
        for kind, name, key, wanted in named:
            for idp in wanted:
                if idp is not None and idp not in known:
                    hint = suggestion(idp, known) or f"write [idp.{idp}]"
                    raise place.table(kind).table(name).problem(key, f'there is no idp "{idp}"', hint=hint)


def _check_roles(organisation: Organisation, table: Table, idp: Idp) -> None:
    """The accounts of people's roles have a SAML provider for it."""
    trusting = {
        account.id for account in organisation.accounts for saml in account.saml_providers if saml.idp == idp.name
    }
    for person in idp.people:
        for account in (role.split(":")[4] for role in person.roles if "," not in role):
            if account not in trusting:
                hint = f'add [account.{account}.saml_provider.{idp.name}] with idp = "{idp.name}"'
                where = table.table("user").table(person.name)
                raise where.problem("roles", f"account {account} has no SAML provider for it", hint=hint)


def _idp(name: str, table: Table) -> Idp:
    _named(table, name, r"[a-z0-9][a-z0-9-]{0,62}", "a name of small letters, digits and dashes")
    table.only(["title", "entity_id", "sign_in", "session_duration", "user", "client"])
    sign_in = table.text("sign_in")
    if sign_in is not None and not is_sign_in(sign_in):
        hint = "without it, responses go to the emulator's own"
        raise table.problem("sign_in", f"sign_in is not AWS's, as {SIGN_IN}", hint=hint)
    length = table.duration("session_duration")
    if length is not None and not _SHORTEST <= length <= _LONGEST:
        raise table.problem("session_duration", "session_duration is from 15m to 12h")
    idp = Idp(
        name=name,
        title=_text(table, "title", _PRINTABLE, "a text of one line") or name,
        entity_id=_text(table, "entity_id", r"[!-~]{1,1024}", "an entity id, as a URL"),
        sign_in=sign_in,
        session_duration=length,
        people=tuple(_person(*item) for item in table.tables("user").items()),
        clients=tuple(_client(*item) for item in table.tables("client").items()),
    )
    if not idp.people and not idp.clients:
        raise table.problem(None, f"{table.title} has neither users nor clients")
    return idp


def _person(name: str, table: Table) -> Person:
    _named(table, name, _SESSION_NAME, "a user name of 2 to 64 letters, digits and +=,.@-_")
    keys = ["password", "email", "groups", "roles", "tags", "transitive", "source_identity", "claims"]
    table.only(keys)
    tags = table.pairs("tags")
    for text in (*table.texts("groups"), *(part for tag in tags for part in tag)):
        if not re.fullmatch(_PRINTABLE, text):
            raise table.problem(None, "groups and tags are texts of one line")
    for key in table.texts("transitive"):
        if key not in dict(tags):
            raise table.problem("transitive", f'there is no tag "{key}"', hint=suggestion(key, dict(tags)))
    password = table.text("password")
    return Person(
        name=name,
        password=Secret(password) if password else None,
        email=_text(table, "email", r"[^\s@<>]+@[^\s@<>]+", "an address"),
        groups=table.texts("groups"),
        roles=tuple(_role(table, text) for text in table.texts("roles")),
        tags=tags,
        transitive=table.texts("transitive"),
        source_identity=_text(table, "source_identity", _SESSION_NAME, "a source identity"),
        claims=_claims(table),
    )


def _role(table: Table, text: str) -> str:
    role, comma, provider = (part.strip() for part in text.partition(","))
    try:
        Arn.parse_role(role)
    except UsageError as error:
        raise table.problem("roles", error.message, hint=error.hint) from error
    if comma and not re.fullmatch(r"arn:[\w-]+:iam::[0-9]{12}:saml-provider/[\w.-]+", provider, re.ASCII):
        raise table.problem("roles", f'"{provider}" is not the ARN of a SAML provider')
    return f"{role},{provider}" if comma else role


def _client(name: str, table: Table) -> OidcClient:
    _named(table, name, r"[\w.:/@-]{1,255}", "a client's id")
    table.only(["secret", "redirect_uris", "audience", "algorithm", "subject", "claims"])
    for uri in table.texts("redirect_uris"):
        if not is_redirect_uri(uri):
            hint = "https, or http on this machine, without a fragment"
            raise table.problem("redirect_uris", f'"{uri}" is no redirect URI', hint=hint)
    secret = _text(table, "secret", r"[ -~]{1,255}", "a secret of printable characters")
    return OidcClient(
        id=name,
        secret=Secret(secret) if secret else None,
        redirect_uris=table.texts("redirect_uris"),
        audience=table.texts("audience"),
        algorithm=_text(table, "algorithm", r"RS256|ES384", "RS256 or ES384") or "RS256",
        subject=table.text("subject"),
        claims=_claims(table),
    )


def _claims(table: Table) -> dict[str, Any]:
    try:
        claims = json.loads(table.document("claims") or "{}")
    except (ValueError, RecursionError) as error:
        raise table.problem("claims", "claims are no JSON") from error
    if not isinstance(claims, dict):
        raise table.problem("claims", "claims are no JSON object")
    own = sorted(_OWN_CLAIMS & claims.keys())
    if own:
        raise table.problem("claims", f"{own[0]} is the issuer's own claim")
    return claims


def _text(table: Table, key: str, pattern: str, what: str) -> str | None:
    text = table.text(key)
    if text is not None and not re.fullmatch(pattern, text, re.ASCII):
        raise table.problem(key, f"{key} is not {what}")
    return text


def _named(table: Table, name: str, pattern: str, what: str) -> None:
    if not re.fullmatch(pattern, name, re.ASCII):
        raise table.problem(None, f'"{name}" is not {what}')
