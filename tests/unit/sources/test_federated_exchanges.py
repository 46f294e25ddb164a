"""AssumeRoleWithWebIdentity and AssumeRoleWithSAML over the wire: what is sent, and what of the answer is believed."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.request import Operation, SessionRequest
from stsctl.sources.client import Clients
from stsctl.sources.saml import AssumeRoleWithSaml, Saml
from stsctl.sources.web_identity import AssumeRoleWithWebIdentity, WebIdentity
from tests.unit.sources.server import NOW, Server, role_xml

ROLE = Arn.parse_role("arn:aws:iam::222222222222:role/team/Admin")
SESSION_ARN = "arn:aws:sts::222222222222:assumed-role/Admin/alice"
CORP = "arn:aws:iam::222222222222:saml-provider/corp"
OTHER = "arn:aws:iam::222222222222:saml-provider/other"


def token(**claims: object) -> Secret:
    """A token that says so."""
    said = {"iss": "https://issuer.example", "sub": "alice", "aud": "sts.amazonaws.com"} | claims
    return Secret(f"e30.{base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip('=')}.c2ln")


def response(*attributes: tuple[str, str], subject: str = "alice", seconds: int = 60) -> Secret:
    """A response with AWS's attributes, which ends so long after NOW."""
    ends = f"{NOW + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    statement = "".join(
        f'<Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">'
        f"<AttributeValue>{value}</AttributeValue></Attribute>"
        for name, value in (("RoleSessionName", subject), *attributes)
    )
    return Secret(
        '<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>https://idp.example</Issuer>'
        f"<Subject><NameID>{subject}</NameID></Subject>"
        f'<Conditions NotOnOrAfter="{ends}"><AudienceRestriction><Audience>urn:amazon:webservices</Audience>'
        f"</AudienceRestriction></Conditions><AttributeStatement>{statement}</AttributeStatement></Assertion></Response>"
    )


def web_identity(*contents: Secret) -> WebIdentity:
    """A source that gives each of these in turn."""
    left = list(contents)
    return WebIdentity(name="ci", read=lambda: left.pop(0) if len(left) > 1 else left[0])


def request_of(sts: Server, source: WebIdentity | Saml) -> SessionRequest:
    """A bare request for ROLE, by whom the source is about."""
    asker = source.asker()
    assert asker is not None
    with_token = isinstance(source, WebIdentity)
    return SessionRequest(
        operation=Operation.ASSUME_ROLE_WITH_WEB_IDENTITY if with_token else Operation.ASSUME_ROLE_WITH_SAML,
        endpoint=sts.endpoint,
        asker=asker,
        role_arn=ROLE,
        session_name="alice" if with_token else None,
    )


def _answered(operation: Operation, arn: str = SESSION_ARN) -> str:
    return role_xml(arn).replace("AssumeRoleRes", f"{operation.value}Res")


def test_what_goes_with_a_token(sts: Server, clients: Clients) -> None:
    """Role, name, duration and policies are sent with the token, and nobody signs it."""
    source = web_identity(token())
    request = replace(
        request_of(sts, source),
        duration=timedelta(hours=2),
        policy="{}",
        policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    )
    sts.tell(200, _answered(request.operation))
    session = AssumeRoleWithWebIdentity(clients=clients, source=source).obtain(request, None, None)
    assert sts.forms == [
        {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": str(ROLE),
            "RoleSessionName": "alice",
            "WebIdentityToken": token().reveal(),
            "DurationSeconds": "7200",
            "Policy": "{}",
            "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        }
    ]
    assert "authorization" not in sts.seen[0]
    assert (str(session.identity), session.request_key) == (SESSION_ARN, request.cache_key())


def test_a_token_that_is_somebody_elses_meanwhile_is_not_sent(sts: Server, clients: Clients) -> None:
    """The file may be replaced between the plan and the call: then it is not the planned subject's session."""
    source = web_identity(token(), token(sub="mallory"))
    request = request_of(sts, source)
    with pytest.raises(ConfigurationError, match="somebody else meanwhile"):
        AssumeRoleWithWebIdentity(clients=clients, source=source).obtain(request, None, None)
    source = Saml(name="corp", read=lambda: response(("Role", f"{ROLE},{CORP}"), subject="mallory"))
    request = replace(request, operation=Operation.ASSUME_ROLE_WITH_SAML)
    with pytest.raises(ConfigurationError, match="somebody else meanwhile"):
        AssumeRoleWithSaml(clients=clients, source=source).obtain(request, None, None)
    assert sts.forms == []


def test_a_renewed_token_is_the_one_that_is_sent(sts: Server, clients: Clients) -> None:
    """What is sent is what the source gives at the call, not what it gave when the plan was made."""
    source = web_identity(token(jti="one"), token(jti="two"))
    request = request_of(sts, source)
    sts.tell(200, _answered(request.operation))
    AssumeRoleWithWebIdentity(clients=clients, source=source).obtain(request, None, None)
    assert sts.forms[0]["WebIdentityToken"] == token(jti="two").reveal()


@pytest.mark.parametrize("arn", [SESSION_ARN.replace("Admin", "Other"), SESSION_ARN.replace("alice", "bob")])
def test_an_answer_for_another_role_or_name_is_not_believed(sts: Server, clients: Clients, arn: str) -> None:
    """Never the wrong session, whichever way it was asked for."""
    source = web_identity(token())
    request = request_of(sts, source)
    sts.tell(200, _answered(request.operation, arn))
    with pytest.raises(StsctlError, match="the answer is not used"):
        AssumeRoleWithWebIdentity(clients=clients, source=source).obtain(request, None, None)
    assertion = Saml(name="corp", read=lambda: response(("Role", f"{ROLE},{CORP}")))
    request = request_of(sts, assertion)
    sts.tell(200, _answered(request.operation, arn))
    with pytest.raises(StsctlError, match="the answer is not used"):
        AssumeRoleWithSaml(clients=clients, source=assertion).obtain(request, None, None)


@pytest.mark.parametrize(("said", "asked", "sent"), [("7200", None, "7200"), ("7200", 1800, "1800"), ("7", None, None)])
def test_what_goes_with_an_assertion(
    sts: Server, clients: Clients, said: str, asked: int | None, sent: str | None
) -> None:
    """Provider and duration are the assertion's, where nobody says another duration; the roles' order is either."""
    content = response(("Role", f"{CORP} , {ROLE}"), ("SessionDuration", said))
    source = Saml(name="corp", read=lambda: content)
    request = replace(request_of(sts, source), duration=timedelta(seconds=asked) if asked else None)
    sts.tell(200, _answered(request.operation))
    AssumeRoleWithSaml(clients=clients, source=source).obtain(request, None, None)
    form = sts.forms[0]
    assert form.pop("DurationSeconds", None) == sent
    assert form == {
        "Action": "AssumeRoleWithSAML",
        "Version": "2011-06-15",
        "RoleArn": str(ROLE),
        "PrincipalArn": CORP,
        "SAMLAssertion": base64.b64encode(content.reveal().encode()).decode(),
    }
    assert "authorization" not in sts.seen[0]


def test_a_role_that_two_providers_offer(sts: Server, clients: Clients) -> None:
    """The source says by which; where it does not it is asked to, and the two are two requests."""
    content = response(("Role", f"{ROLE},{CORP}"), ("Role", f"{ROLE},{OTHER}"))
    source = Saml(name="corp", read=lambda: content)
    request = request_of(sts, source)
    exchange = AssumeRoleWithSaml(clients=clients, source=source)
    with pytest.raises(ConfigurationError, match="by 2 providers"):
        exchange.obtain(request, None, None)
    sts.tell(200, _answered(request.operation))
    said = replace(request, provider_arn=Arn.parse(OTHER))
    assert exchange.obtain(said, None, None).request_key != request.cache_key()
    assert sts.forms[0]["PrincipalArn"] == OTHER


def test_an_assertion_ends_when_it_says(sts: Server, clients: Clients) -> None:
    """One that is good for another second is sent, one that ends now is not."""
    for seconds in (0, 1):
        content = response(("Role", f"{ROLE},{CORP}"), seconds=seconds)
        source = Saml(name="corp", read=lambda content=content: content)  # type: ignore[misc]
        request = request_of(sts, source)
        sts.tell(200, _answered(request.operation))
        if not seconds:
            with pytest.raises(ConfigurationError, match="expired"):
                AssumeRoleWithSaml(clients=clients, source=source).obtain(request, None, None)
        else:
            AssumeRoleWithSaml(clients=clients, source=source).obtain(request, None, None)
    assert len(sts.forms) == 1
