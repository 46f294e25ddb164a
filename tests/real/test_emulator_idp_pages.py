"""The emulator's identity providers and its console in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.browser import Callback, callback, chromium, least_contrast, page
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.federated import AWAY, OTHER_PROVIDER, READER, started
from tests.unit.emulator.test_federation_endpoint import CONSOLE, ask
from tests.unit.emulator.test_idp_oidc import ASKED, become, poll, redeem, start_device
from tests.unit.emulator.test_idp_saml import SIGN_IN
from tests.unit.emulator.test_idp_saml import become as become_by_saml

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

__all__ = ["callback", "chromium", "page"]


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder = tmp_path_factory.mktemp("org")
    running = started(folder)
    yield running
    control.stop(folder / "state", running)


def sign_in(page: Page) -> None:
    """Signs in as alice, after a wrong password."""
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "The name or the password is wrong."
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()


def test_saml_leads_to_the_console(org: Running, page: Page) -> None:
    """Alice signs in at her company, chooses a role, and the console says who she is; then she signs out."""
    page.goto(f"{org.url}/console")
    page.get_by_role("button", name="Example Corp").click()
    sign_in(page)
    page.get_by_role("button", name="Continue to AWS").click()
    page.get_by_role("button", name="Admin").click()
    page.wait_for_url(f"{org.url}/console")
    assert page.get_by_text("arn:aws:sts::222222222222:assumed-role/Admin/alice").is_visible()
    assert page.get_by_text("production").is_visible()
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", name="Nobody is signed in").is_visible()
    page.get_by_role("button", name="Example Corp").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Go to AWS").click()
    assert page.get_by_label("Password").is_visible()


def test_a_response_for_aws_is_posted_there(org: Running, page: Page) -> None:
    """The form goes to AWS's own address, where a program that watches the browser finds a response that STS takes."""
    taken: list[str] = []

    def take(route: Route) -> None:
        taken.append(parse_qs(route.request.post_data or "")["SAMLResponse"][0])
        route.fulfill(body="taken")

    page.route(SIGN_IN, take)
    page.goto(f"{org.url}/idp/aws/saml")
    page.get_by_role("button", name="carol").click()
    page.get_by_role("button", name="Continue to AWS").click()
    page.get_by_text("taken").wait_for()
    answer = become_by_saml(org, taken[0], AWAY, OTHER_PROVIDER)
    assert client(org, "s3", credentials_of(answer)).list_buckets()["Buckets"] == []


def test_the_code_flow(org: Running, page: Page, callback: Callback) -> None:
    """An application that waits on this machine gets its code through the browser, and a token that STS takes."""
    page.goto(f"{org.url}/idp/corp/oidc/authorize?{urlencode({**ASKED, 'redirect_uri': callback.url})}")
    sign_in(page)
    page.get_by_text("Go back to your terminal").wait_for()
    assert callback.found["state"] == ASKED["state"]
    tokens = redeem(org, callback.found["code"], redirect_uri=callback.url).json()
    assert become(org, "Deploy", tokens["id_token"])["SubjectFromWebIdentityToken"] == "alice"


def test_the_device_page(org: Running, page: Page) -> None:
    """Alice types the code of a device, after a wrong one, and lets it in."""
    started = start_device(org).json()
    page.goto(started["verification_uri"])
    sign_in(page)
    page.get_by_label("Code").fill("WRONG")
    page.get_by_role("button", name="Next").click()
    assert page.get_by_role("alert").inner_text() == "No device waits with this code."
    page.get_by_label("Code").fill(started["user_code"].lower())
    page.get_by_role("button", name="Next").click()
    assert page.get_by_text(started["user_code"]).is_visible()
    page.get_by_role("button", name="Allow").click()
    assert "signed in as alice" in page.get_by_role("status").inner_text()
    assert poll(org, started["device_code"])["id_token"]


def test_a_federation_url(org: Running, page: Page) -> None:
    """The URL that a broker makes signs in; a second one asks to sign out first, and goes on from there."""
    held = control.principal(org, READER).credentials

    def url() -> str:
        token = ask(org, held).json()["SigninToken"]
        query = {"Action": "login", "Issuer": org.url, "Destination": CONSOLE, "SigninToken": token}
        return f"{org.url}/federation?{urlencode(query)}"

    page.goto(url())
    assert page.get_by_text("Role Reader").is_visible()
    held = control.principal(org, READER).credentials
    page.goto(url())
    page.get_by_role("link", name="Log out, and go on").click()
    page.wait_for_url(f"{org.url}/console")
    assert page.get_by_text(CONSOLE).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_telephone(org: Running, chromium: Browser, scheme: str) -> None:
    """No page is wider than a narrow screen, and what is to be read stands out from its ground (WCAG, 4.5 to 1)."""
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 320, "height": 600})  # type: ignore[arg-type]
    page = context.new_page()

    def check() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
        assert least_contrast(page) >= 4.5, page.url

    page.goto(f"{org.url}/idp/corp")
    check()
    page.get_by_role("button", name="Go to AWS").click()
    check()
    sign_in(page)
    check()
    page.get_by_role("button", name="Continue to AWS").click()
    check()
    page.get_by_role("button", name="Reader").click()
    page.wait_for_url(f"{org.url}/console")
    check()
    page.get_by_role("button", name="Sign out").click()
    check()
    context.close()
