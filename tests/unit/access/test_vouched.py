"""Tokens and assertions that are at hand: what `explain` says of them is what STS does with them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import pytest

from stsctl.access import authorization_details
from stsctl.access.can import Surroundings
from stsctl.access.explanation import Answer, HopAnswer, explained
from stsctl.access.snapshot import Snapshot
from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.plan import Plan, Step
from stsctl.request import Asker, Endpoint, Operation, SessionRequest
from stsctl.source import Source, SourceKind
from stsctl.sources.saml import Saml
from stsctl.sources.web_identity import WebIdentity
from stsctl.target import Target
from tests.conftest import missing
from tests.emulator_fixture import client

ACCOUNT = "111111111111"
OIDC, SAML = "${idp.corp}", f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
TOKENS = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity")
ASSERTIONS = ("sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity")
TRUSTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "Open": (TOKENS, {}),
    "Plain": (TOKENS[:1], {}),
    "Untagged": ((TOKENS[0], TOKENS[2]), {}),
    "Subject": (TOKENS, {"StringLike": {f"{OIDC}:sub": "repo:org/blue:*"}}),
    "Claim": (TOKENS, {"StringEquals": {f"{OIDC}:repository": "org/red"}}),
    "Audience": (TOKENS, {"StringEquals": {f"{OIDC}:aud": "blue"}}),
    "Original": (TOKENS, {"ForAnyValue:StringEquals": {f"{OIDC}:oaud": "sts.amazonaws.com"}}),
    "Tagged": (TOKENS, {"StringEquals": {"aws:RequestTag/team": "data"}}),
    "Named": (TOKENS, {"StringEquals": {"sts:RoleSessionName": "session"}}),
    "Provider": (TOKENS, {"ArnLike": {"aws:FederatedProvider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/*"}}),
    "Saml": (ASSERTIONS, {}),
    "SamlPlain": (ASSERTIONS[:1], {}),
    "SamlAudience": (ASSERTIONS, {"StringEquals": {"saml:aud": "https://signin.aws.amazon.com/saml"}}),
    "SamlSubject": (ASSERTIONS, {"StringEquals": {"saml:sub": "frank"}}),
    "SamlDoc": (ASSERTIONS, {"StringEquals": {"saml:doc": f"{ACCOUNT}/corp"}}),
    "SamlTagged": (ASSERTIONS, {"StringEquals": {"aws:RequestTag/team": "data"}}),
    "SamlIdentity": (ASSERTIONS, {"StringEquals": {"sts:SourceIdentity": "frank"}}),
}
CLIENTS, PEOPLE = ("blue", "red"), ("frank", "gina")


def seed() -> str:
    """One account that trusts a provider in many ways, and those whom the provider knows."""
    roles = ", ".join(f'"arn:aws:iam::{ACCOUNT}:role/{name}"' for name in TRUSTS if name.startswith("Saml"))
    parts = [
        f'[idp.corp.user.frank]\nroles = [{roles}]\ntags = {{ team = "data" }}\nsource_identity = "frank"',
        f"[idp.corp.user.gina]\nroles = [{roles}]",
        *(
            f'[idp.corp.client.{name}]\nsecret = "{name}-secret-0123456789"\naudience = ["sts.amazonaws.com"]\n'
            f'subject = "repo:org/{name}:ref:main"\nclaims = {{ repository = "org/{name}"{more} }}'
            for name, more in (
                ("blue", ', "https://aws.amazon.com/tags" = { principal_tags = { team = ["data"] } }'),
                ("red", ""),
            )
        ),
        f'[account.{ACCOUNT}.oidc_provider.corp]\nidp = "corp"\nclient_ids = ["sts.amazonaws.com", "blue", "red"]',
        f'[account.{ACCOUNT}.saml_provider.corp]\nidp = "corp"',
    ]
    for name, (actions, condition) in TRUSTS.items():
        provider = SAML if name.startswith("Saml") else f"arn:aws:iam::{ACCOUNT}:oidc-provider/{OIDC}"
        statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": list(actions)}
        document = {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
        parts.append(f"[account.{ACCOUNT}.role.{name}]\ntrust = '{json.dumps(document)}'")
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class World:
    """The emulator, and what was read of it."""

    running: Running
    sts: Any
    snapshot: Snapshot

    def token(self, name: str) -> str:
        """A token about a client."""
        secret = f"{name}-secret-0123456789"
        fields = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
        return str(json.loads(self._post("/idp/corp/oidc/token", fields))["access_token"])

    def assertion(self, person: str) -> str:
        """A SAML response about somebody."""
        found = re.search(r'name="SAMLResponse" value="([^"]+)"', self._post("/idp/corp/saml", {"username": person}))
        assert found is not None
        return html.unescape(found[1])

    def _post(self, path: str, fields: dict[str, str]) -> str:
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"{self.running.url}{path}", urlencode(fields).encode(), timeout=60) as answer:
            return str(answer.read().decode())

    def said(self, role: str, operation: Operation, asker: Asker | None) -> HopAnswer:
        """What is explained of the call that takes a proof."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        request = SessionRequest(
            operation=operation,
            endpoint=Endpoint(partition="aws", region="us-east-1"),
            asker=asker or Asker.of_keys(""),
            role_arn=Arn.parse_role(arn),
            session_name="session" if operation is Operation.ASSUME_ROLE_WITH_WEB_IDENTITY else None,
        )
        step = Step(name="it", request=request, reason="", effective=timedelta(hours=1))
        target = Target(name="it", source=Source(kind=SourceKind.OIDC, name="ci"))
        plan = Plan(target=target, asker=request.asker, steps=(step,))
        around = Surroundings(now=datetime.now(UTC), source_ip="127.0.0.1")
        (hop,) = explained(plan, self.snapshot, None, around, proof=asker).hops
        return hop

    def done(self, operation: str, role: str, **proof: str) -> bool:
        """Whether STS gives the session."""
        said = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}", **proof}
        try:
            getattr(self.sts, operation)(**said)
        except self.sts.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return False
        return True


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all: nothing is changed in it."""
    for package in ("moto", "joserfc", "signxml"):
        if find_spec(package) is None:
            missing(package)
    folder = tmp_path_factory.mktemp("vouched")
    (folder / "seed.toml").write_text(seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "seed.toml")
    root = control.principal(running, f"{ACCOUNT}:root").credentials
    found = client(running, "iam", root).get_account_authorization_details(MaxItems=1000)
    yield World(running, client(running, "sts", root), authorization_details.read(found, "details"))
    control.stop(folder / "state", running)


def test_what_is_said_of_tokens_is_what_sts_does(world: World) -> None:
    """Every client's token for every role: allowed and refused alike, tags and claims included."""
    answers = set()
    for name in CLIENTS:
        text = world.token(name)
        asker = WebIdentity(name="ci", read=lambda text=text: Secret(text), audience=None).asker()  # type: ignore[misc]
        for role in (name for name in TRUSTS if not name.startswith("Saml")):
            hop = world.said(role, Operation.ASSUME_ROLE_WITH_WEB_IDENTITY, asker)
            said = {"RoleSessionName": "session", "WebIdentityToken": text}
            taken = world.done("assume_role_with_web_identity", role, **said)
            assert hop.answer is (Answer.YES if taken else Answer.NO), (name, role, hop)
            answers.add((role, taken))
    assert {taken for _, taken in answers} == {True, False}
    assert {("Plain", True), ("Plain", False), ("Claim", True), ("Claim", False)} <= answers


def test_what_is_said_of_assertions_is_what_sts_does(world: World) -> None:
    """Every person's response for every role, with the tags and the source identity that come with it."""
    answers = set()
    for person in PEOPLE:
        text = world.assertion(person)
        asker = Saml(name="ci", read=lambda text=text: Secret(text)).asker()  # type: ignore[misc]
        for role in (name for name in TRUSTS if name.startswith("Saml")):
            hop = world.said(role, Operation.ASSUME_ROLE_WITH_SAML, asker)
            taken = world.done("assume_role_with_saml", role, PrincipalArn=SAML, SAMLAssertion=text)
            assert hop.answer is (Answer.YES if taken else Answer.NO), (person, role, hop)
            answers.add((role, taken))
    assert {("SamlPlain", True), ("SamlPlain", False), ("SamlSubject", True), ("SamlSubject", False)} <= answers


def test_what_nobody_knows_is_said_and_nothing_is_refused_for_it(world: World) -> None:
    """Without a proof, and for keys of SAML that are not in what is remembered of somebody."""
    hop = world.said("Open", Operation.ASSUME_ROLE_WITH_WEB_IDENTITY, None)
    assert (hop.answer, hop.assumed) == (Answer.UNKNOWN, ("not at hand: a token or an assertion",))
    asker = Saml(name="ci", read=lambda: Secret(world.assertion("frank"))).asker()
    trust = world.snapshot.roles[f"arn:aws:iam::{ACCOUNT}:role/SamlSubject"].trust
    text = trust.text.replace("saml:sub", "saml:edupersonorgdn")
    changed = {**world.snapshot.roles}
    role = changed[f"arn:aws:iam::{ACCOUNT}:role/SamlSubject"]
    changed[role.arn] = replace(role, trust=replace(trust, text=text))
    other = World(world.running, world.sts, replace(world.snapshot, roles=changed))
    hop = other.said("SamlSubject", Operation.ASSUME_ROLE_WITH_SAML, asker)
    assert hop.answer is Answer.UNKNOWN
    assert "nobody knows its saml:edupersonorgdn" in hop.assumed
