"""AWS's sign-in for SAML: a response becomes a session of one of its roles, in the console.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-saml.html
"""

from __future__ import annotations

from typing import Any

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in.console import ConsoleSession, ConsoleSessions
from stsctl.emulator.sts import parameters, saml
from stsctl.emulator.sts.federated_roles import UnsignedCall
from stsctl.emulator.sts.saml import SamlIdentity
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.sts.sts import Sts
from stsctl.emulator.web import pages
from stsctl.emulator.world.journal import Entry
from stsctl.emulator.world.regions import first_region

_PATH = "/saml"
_OPERATION = "AssumeRoleWithSAML"


class SamlSignIn:
    """Takes what identity providers have browsers post. `account_names` is what the accounts are called, by id."""

    def __init__(
        self,
        *,
        directory: Directory,
        sts: Sts,
        sessions: Sessions,
        console: ConsoleSessions,
        account_names: dict[str, str],
    ) -> None:
        self._directory = directory
        self._sts = sts
        self._sessions = sessions
        self._console = console
        self._account_names = account_names

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer to what is posted to the sign-in."""
        if asked.path != _PATH:
            return None
        entry.service, entry.action = "signin", "signin:saml"
        if asked.method != "POST":
            return pages.wrong_method("POST")
        try:
            fields = pages.form(asked, from_anywhere=True)
            return self._enter(fields.get("SAMLResponse", ""), fields.get("roleIndex"), asked, entry)
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)

    def _enter(self, response: str, chosen: str | None, asked: Request, entry: Entry) -> Answer:
        identity = self._identity(response, entry)
        pairs = dict(map(_pair, identity.attributes.get("Role", ())))
        if not pairs:
            raise Refusal("InvalidIdentityToken", "Response contains no role", 400)
        if chosen is None and len(pairs) > 1:
            return self._choice(response, sorted(pairs))
        role = chosen if chosen is not None else next(iter(pairs))
        if role not in pairs:
            raise Refusal("AccessDenied", "The response has no such role", 403)
        given = {"RoleArn": role, "PrincipalArn": pairs[role], "SAMLAssertion": response}
        parameters.check(_OPERATION, given)
        entry.resource = role
        call = UnsignedCall(
            operation=_OPERATION, parameters=given, now=entry.at, source_ip=asked.source_ip, region=first_region(role)
        )
        issued: Any = self._sts.answer_unsigned(call)["Credentials"]
        session = self._sessions.find(issued["AccessKeyId"], issued["SessionToken"], entry.at)
        way = f"SAML, {identity.issuer}"
        return self._console.enter(ConsoleSession(session=session, way=way, until=session.expires_at))

    def _identity(self, response: str, entry: Entry) -> SamlIdentity:
        """Whom the response is about, verified by the first provider that it names and that there is."""
        found = map(self._directory.saml_provider, saml.named_providers(response))
        provider = next((provider for provider in found if provider), None)
        if provider is None:
            raise Refusal("InvalidIdentityToken", "Specified provider doesn't exist", 400)
        identity = saml.verify(response, provider, entry.at)
        entry.who = identity.subject
        return identity

    def _choice(self, response: str, roles: list[str]) -> Answer:
        accounts: dict[str, list[str]] = {}
        for role in roles:
            accounts.setdefault(role.split(":")[4], []).append(role)
        return pages.page(
            "roles.html",
            title="Select a role",
            response=response,
            accounts=[(account, self._account_names.get(account, ""), arns) for account, arns in accounts.items()],
        )


def _pair(text: str) -> tuple[str, str]:
    """A role and its provider, in whatever order; raises Refusal for what is none."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or any(part.count(":") < 5 for part in parts):
        raise Refusal("InvalidIdentityToken", "Role in AuthnResponse is no pair of a role and a provider", 400)
    role, provider = sorted(parts, key=lambda part: ":saml-provider/" in part)
    return role, provider
