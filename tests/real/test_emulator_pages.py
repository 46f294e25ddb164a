"""The emulator's sign-in pages in a real browser: Identity Center's and `aws login`'s."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from joserfc.jwk import ECKey

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.browser import Callback, callback, chromium, least_contrast, page
from tests.real.test_emulator_identity_center import registered, unsigned
from tests.real.test_emulator_login import authorize_url, by_code, proof, token
from tests.unit.emulator.center import START_URL, TOML
from tests.unit.emulator.portal import CALLBACK, CHALLENGE, DEVICE_CODE, PASSWORDS, VERIFIER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["callback", "chromium", "page"]


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("org")
    (folder / "org.toml").write_text(TOML)
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def sign_in(page: Page) -> None:
    """Signs in to Identity Center with a password, after a wrong one."""
    page.get_by_label("Name").fill("dora")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "The name or the password is wrong."
    page.get_by_label("Password").fill(PASSWORDS["dora"])
    page.get_by_role("button", name="Sign in").click()


def test_device_code(org: Running, page: Page) -> None:
    """A user types the code that a device shows, signs in, sees it again, and allows; the device has its token."""
    oidc = unsigned(org, "sso-oidc")
    who = registered(oidc, scopes=["sso:account:access"])
    codes = oidc.start_device_authorization(**who, startUrl=START_URL)
    page.goto(codes["verificationUri"])
    page.get_by_label("Code").fill("WRONG-ONE")
    page.get_by_role("button", name="Next").click()
    assert "No device shows this code" in page.get_by_role("alert").inner_text()
    page.get_by_label("Code").fill(codes["userCode"].lower())
    page.keyboard.press("Enter")
    sign_in(page)
    page.get_by_text(codes["userCode"]).wait_for()
    page.get_by_role("button", name="Allow").click()
    assert "signed in as dora" in page.get_by_role("status").inner_text()
    tokens = oidc.create_token(**who, grantType=DEVICE_CODE, deviceCode=codes["deviceCode"])
    accounts = unsigned(org, "sso").list_accounts(accessToken=tokens["accessToken"])["accountList"]
    assert [one["accountName"] for one in accounts] == ["work", "production"]


def test_device_that_is_denied(org: Running, page: Page) -> None:
    """A user without a password signs in by a click, and denies."""
    oidc = unsigned(org, "sso-oidc")
    who = registered(oidc)
    codes = oidc.start_device_authorization(**who, startUrl=START_URL)
    page.goto(codes["verificationUriComplete"])
    page.get_by_role("button", name="eve").click()
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("heading", name="Request denied").wait_for()
    with pytest.raises(oidc.exceptions.AccessDeniedException):
        oidc.create_token(**who, grantType=DEVICE_CODE, deviceCode=codes["deviceCode"])


def test_authorization_code(org: Running, page: Page, callback: Callback) -> None:
    """The browser brings the code to the client that sent it, which gets a token for it with its verifier."""
    oidc = unsigned(org, "sso-oidc")
    grants = ["authorization_code", "refresh_token"]
    more = {"grantTypes": grants, "redirectUris": [CALLBACK], "issuerUrl": START_URL, "scopes": ["sso:account:access"]}
    who = registered(oidc, **more)
    asked = {"response_type": "code", "client_id": who["clientId"], "redirect_uri": callback.url, "state": "a b&c"}
    asked |= {"code_challenge_method": "S256", "code_challenge": CHALLENGE, "scopes": "sso:account:access"}
    page.goto(f"{org.url}/authorize?{urlencode(asked)}")
    sign_in(page)
    page.get_by_role("button", name="Not you?").click()
    sign_in(page)
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Go back to your terminal").wait_for()
    assert callback.found["state"] == "a b&c"
    given = {"code": callback.found["code"], "redirectUri": callback.url, "codeVerifier": VERIFIER}
    tokens = oidc.create_token(**who, **given, grantType="authorization_code")
    assert tokens["refreshToken"]
    assert unsigned(org, "sso").list_accounts(accessToken=tokens["accessToken"])["accountList"]


def test_login(org: Running, page: Page, callback: Callback) -> None:
    """A user with an MFA device signs in to the console and lets the AWS CLI in."""
    page.goto(authorize_url(org, redirect_uri=callback.url))
    page.get_by_role("button", name="alice").click()
    page.get_by_label("MFA code").fill(control.code(org, "alice"))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Go back to your terminal").wait_for()
    body = by_code(org, callback.found["code"]) | {"redirectUri": callback.url}
    status, tokens = token(org, proof(org, ECKey.generate_key("P-256")), **body)
    assert (status, tokens["tokenType"]) == (200, "aws_sigv4")
    page.goto(f"{org.url}/console")
    page.get_by_text("user/alice").wait_for()


def test_portal_to_console_to_login(org: Running, page: Page, callback: Callback) -> None:
    """A user goes from their accounts to the console as a role, and logs in as that, where it may."""
    page.goto(f"{org.url}/console")
    page.get_by_role("button", name="IAM Identity Center").click()
    sign_in(page)
    page.get_by_role("group", name="production").get_by_role("button", name="Administrator").click()
    page.get_by_text("assumed-role/AWSReservedSSO_Administrator_").wait_for()
    page.get_by_text("https://eu-central-1.console.aws.amazon.com/s3/").wait_for()
    page.goto(authorize_url(org, redirect_uri=callback.url))
    # Its boundary allows S3 alone.
    assert "not authorized to perform: signin:AuthorizeOAuth2Access" in page.get_by_role("alert").inner_text()
    page.goto(f"{org.url}/_signin/portal")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in to acme.awsapps.com/start").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_telephone(org: Running, chromium: Browser, scheme: str) -> None:
    """No page is wider than a narrow screen, and what is to be read stands out from its ground (WCAG, 4.5 to 1)."""
    oidc = unsigned(org, "sso-oidc")
    who = registered(oidc, clientName="a-client-with-a-very-long-name-that-never-ends")
    codes = oidc.start_device_authorization(**who, startUrl=START_URL)
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 320, "height": 600})  # type: ignore[arg-type]
    page = context.new_page()
    for url in (codes["verificationUri"], codes["verificationUriComplete"], authorize_url(org)):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, url
        assert least_contrast(page) >= 4.5, url
    page.goto(codes["verificationUriComplete"])
    page.get_by_role("button", name="eve").click()
    page.get_by_role("button", name="Allow").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert least_contrast(page) >= 4.5
    context.close()
