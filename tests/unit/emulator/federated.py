"""An organisation with an identity provider of the emulator's own, and a client that goes through its pages."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener

from stsctl.emulator import control
from stsctl.emulator.running import Running

READER = "arn:aws:iam::111111111111:role/Reader"
ADMIN = "arn:aws:iam::222222222222:role/Admin"
PROVIDER = "arn:aws:iam::111111111111:saml-provider/corp"
AWAY = "arn:aws:iam::111111111111:role/Away"
OTHER_PROVIDER = "arn:aws:iam::111111111111:saml-provider/aws"


def _role(account: str, name: str, provider: str, action: str, condition: object = None) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:{provider}"},
        "Action": [f"sts:{action}", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": condition or {},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sts:*"],"Resource":"*"}]}'
    head = f"[account.{account}.role.{name}]\nmax_duration = '4h'\ntrust = '{trust}'\n"
    return f"{head}policies.may = '{policy}'\n"


SEED = f"""
[idp.corp]
title = "Example Corp"
session_duration = "2h"
[idp.corp.user.alice]
password = "correct horse"
email = "alice@corp.example"
groups = ["R&D"]
tags = {{ team = "blue green" }}
transitive = ["team"]
source_identity = "alice"
roles = ["{READER}", "{ADMIN}"]
claims = {{ department = "it" }}
[idp.corp.user.bob]
roles = ["{READER}"]
[idp.corp.user.nobody]

[idp.corp.client.app]
redirect_uris = ["http://127.0.0.1/callback", "http://127.0.0.1/oauth/callback", "https://app.example/cb?x=1"]
[idp.corp.client.web]
secret = "web secret"
redirect_uris = ["https://web.example/cb"]
[idp.corp.client.ci]
secret = "machine:secret"
audience = ["sts.amazonaws.com"]
subject = "repo:org/x:ref:main"
algorithm = "ES384"
claims = {{ repository = "org/x" }}

[idp.aws]
entity_id = "https://idp.example/"
sign_in = "https://signin.aws.amazon.com/saml"
[idp.aws.user.carol]
roles = ["{AWAY},{OTHER_PROVIDER}"]

[account.111111111111]
name = "work"
[account.111111111111.user.dave]
key.main = {{}}
policies.all = '{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:*","Resource":"*"}}]}}'
[account.111111111111.saml_provider.corp]
idp = "corp"
[account.111111111111.saml_provider.aws]
idp = "aws"
[account.111111111111.oidc_provider.corp]
idp = "corp"
client_ids = ["app", "ci"]
[account.222222222222]
name = "production"
[account.222222222222.saml_provider.sso]
idp = "corp"
""" + "\n".join(
    [
        _role("111111111111", "Reader", "saml-provider/corp", "AssumeRoleWithSAML"),
        _role("111111111111", "Away", "saml-provider/aws", "AssumeRoleWithSAML"),
        _role("222222222222", "Admin", "saml-provider/sso", "AssumeRoleWithSAML"),
        _role(
            "111111111111",
            "Deploy",
            "oidc-provider/${idp.corp}",
            "AssumeRoleWithWebIdentity",
            {"StringEquals": {"${idp.corp}:aud": ["app", "ci"], "aws:RequestTag/team": "blue green"}},
        ),
        _role(
            "111111111111",
            "Machine",
            "oidc-provider/${idp.corp}",
            "AssumeRoleWithWebIdentity",
            {"StringEquals": {"${idp.corp}:sub": "repo:org/x:ref:main", "${idp.corp}:repository": "org/x"}},
        ),
    ]
).replace("\n[account", "\n\n[account")


@dataclass(frozen=True, kw_only=True)
class Page:
    """An answer: `url` is where the redirects ended."""

    status: int
    url: str
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        """What it says, as JSON."""
        return json.loads(self.text)

    def field(self, name: str) -> str:
        """The value of a hidden field of its form."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found is not None, self.text
        return html.unescape(found[1])


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Makes no other request."""


@dataclass
class Visitor:
    """Somebody who goes through the pages, with their cookies; `follows` says whether redirects are followed."""

    running: Running
    follows: bool = True
    cookies: CookieJar = field(default_factory=CookieJar)

    def get(self, path: str, **query: str) -> Page:
        """Asks for a page."""
        return self._open(path + (f"?{urlencode(query)}" if query else ""), None, {})

    def post(self, path: str, fields: dict[str, str] | str, headers: dict[str, str] | None = None) -> Page:
        """Posts a form."""
        data = fields if isinstance(fields, str) else urlencode(fields)
        return self._open(path, data.encode("utf-8", "surrogateescape"), headers or {})

    def _open(self, path: str, data: bytes | None, headers: dict[str, str]) -> Page:
        opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies), *([] if self.follows else [_Stay]))
        url = path if path.startswith("http") else self.running.url + path
        try:
            with opener.open(Request(url, data=data, headers=headers), timeout=30) as answer:
                return _page(answer, answer.read().decode())
        except HTTPError as error:
            with error:
                return _page(error, error.read().decode())


def _page(answer: Any, text: str) -> Page:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Page(status=answer.status, url=answer.url, headers=headers, text=text)


def started(folder: Any) -> Running:
    """An emulator with this organisation, which the caller stops."""
    (folder / "org.toml").write_text(SEED)
    return control.start(folder / "state", seed=folder / "org.toml")
