"""The pages of the emulator's own identity providers, below /idp/: SAML for browsers, OIDC for applications."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.idp import saml_idp
from stsctl.emulator.idp.oidc_issuer import OidcIssuer
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in.sign_in import SignIn
from stsctl.emulator.web import pages
from stsctl.emulator.world.journal import Entry

_PREFIX = "/idp/"
_OIDC = "oidc/"


class IdpSite:
    """All of them, each below its name. `instance` tells this emulator's cookies from another's."""

    def __init__(self, served: Iterable[ServedIdp], instance: str) -> None:
        self._idps = {one.idp.name: _Idp(one, instance) for one in served}

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer to what is asked of one of them."""
        name, _, page = asked.path.removeprefix(_PREFIX).partition("/")
        found = self._idps.get(name) if asked.path.startswith(_PREFIX) else None
        if found is None:
            return None
        entry.service, entry.action, entry.resource = "idp", f"idp:{page[:100]}", name
        try:
            return found.answer(page, asked, entry)
        except Refusal as refusal:
            entry.refuse(refusal)
            return pages.refused(refusal)


class _Idp:
    def __init__(self, served: ServedIdp, instance: str) -> None:
        idp = served.idp
        self._served = served
        self._sign_in = SignIn(
            idp.title,
            path=f"{_PREFIX}{idp.name}",
            cookie=f"stsctl-idp-{idp.name}-{instance}",
            passwords={person.name: person.password for person in idp.people},
        )
        self._oidc = OidcIssuer(served, self._sign_in)
        self._pages: dict[str, Callable[[Request, Entry], Answer]] = {
            "": self._front,
            "metadata": self._metadata,
            "saml": self._saml,
            "sign-out": self._sign_out,
        }

    def answer(self, page: str, asked: Request, entry: Entry) -> Answer:
        if asked.method not in ("GET", "HEAD", "POST"):
            return pages.wrong_method("GET", "POST")
        found = self._pages.get(page)
        if found is not None:
            return found(asked, entry)
        issued = self._oidc.answer(page.removeprefix(_OIDC), asked, entry) if page.startswith(_OIDC) else None
        if issued is None:
            raise Refusal("NotFound", f"{self._served.idp.title} has no such page", 404)
        return issued

    def _front(self, asked: Request, entry: Entry) -> Answer:
        """What there is, with the addresses that others have to know."""
        served, visitor = self._served, self._sign_in.known(asked, entry.at)
        return pages.page("idp.html", title=served.idp.title, served=served, name=visitor.name if visitor else None)

    def _metadata(self, _asked: Request, _entry: Entry) -> Answer:
        headers = (("Content-Type", "application/samlmetadata+xml"), ("X-Content-Type-Options", "nosniff"))
        return Answer(status=200, headers=headers, body=self._served.metadata().encode())

    def _saml(self, asked: Request, entry: Entry) -> Answer:
        """A signed response for whoever signs in, in a form that leads to AWS's sign-in or to the emulator's own."""
        given = pages.arguments(asked)
        request = given.get("SAMLRequest")
        wanted = saml_idp.read_request(request, self._served) if request else saml_idp.unasked(self._served)
        visitor = self._sign_in.visitor(asked, entry.at, afresh=wanted.afresh)
        if isinstance(visitor, Answer):
            return visitor
        entry.who = visitor.name
        person = self._served.idp.person(visitor.name)
        return pages.page(
            "saml_response.html",
            headers=visitor.headers,
            sends_to=wanted.posted_to,
            title=f"Signed in to {self._served.idp.title}",
            name=person.name,
            sign_out=f"{self._served.path}/sign-out",
            goal=wanted.posted_to,
            response=saml_idp.response(self._served, person, wanted, entry.at),
            relay_state=given.get("RelayState"),
        )

    def _sign_out(self, asked: Request, entry: Entry) -> Answer:
        if asked.method != "POST":
            return pages.wrong_method("POST")
        pages.form(asked)
        return pages.redirect(self._served.path, [self._sign_in.leave(asked, entry.at)])
