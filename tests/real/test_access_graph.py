"""The page that `stsctl access graph --format html` writes, in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.organisation import Account, account_id, write
from tests.browser import chromium, page
from tests.program import BIN

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["chromium", "page"]
ACCOUNTS = 50
HUB, ADMIN = Account(1, ACCOUNTS).role("Hub-0"), Account(9, ACCOUNTS).role("Admin")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an organisation with some 2,000 principals, one of whose roles has a name that means harm."""
    folder = tmp_path_factory.mktemp("organisation")
    write(folder / "details", ACCOUNTS)
    path = folder / "details" / f"{account_id(9)}.json"
    details = json.loads(path.read_bytes())
    hostile = details["RoleDetailList"][30]["AssumeRolePolicyDocument"]["Statement"][0]
    hostile["Condition"] = {"StringEquals": {"sts:ExternalId": "</script><script>window.harmed = true</script>"}}
    path.write_text(json.dumps(details), encoding="utf-8")
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    command = [BIN / "stsctl", "access", "graph", "--format", "html", "--policies", folder / "details"]
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    found = folder / "graph.html"
    found.write_text(done.stdout, encoding="utf-8")
    return found


def test_a_way_is_found_and_shown(drawn: Path, page: Page) -> None:
    """Names can be searched for and chosen, ways traced, accounts left out; nothing is fetched, and nothing fails."""
    failed: list[str] = []
    fetched: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(drawn.as_uri())
    assert "2114 principals" in page.get_by_role("status").inner_text()
    page.get_by_label("From").fill(HUB)
    page.get_by_label("To", exact=True).fill(ADMIN)
    page.get_by_label("To", exact=True).press("Tab")
    assert page.get_by_text("Hub-0 to Admin: 1 step").is_visible()
    page.get_by_label("Search").fill(":role/hub-1")
    page.get_by_role("button", name="role Hub-1", exact=True).click()
    assert page.get_by_text("trusts all of the account").is_visible()
    page.get_by_label("Search").fill("no such name")
    assert page.get_by_text("nobody is called so").is_visible()
    page.locator("#account").select_option(account_id(9))
    shown = page.evaluate("boxes.map((box) => box.key)")
    assert account_id(9) in shown
    assert len(shown) < ACCOUNTS
    assert (failed, fetched) == ([], [drawn.as_uri()])
    assert page.evaluate("window.harmed") is None


def test_dark_and_light(drawn: Path, page: Page) -> None:
    """The page follows the system's choice until a person makes another, and something is drawn in either."""
    page.emulate_media(color_scheme="dark")
    page.goto(drawn.as_uri())
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        "document.getElementById('picture').getContext('2d').getImageData(0, 0, 900, 600).data.some((each) => each > 0)"
    )


def test_a_choice_is_drawn_at_once(drawn: Path, page: Page) -> None:
    """With 2,000 principals a picture takes a fraction of what a person would notice as waiting."""
    page.goto(drawn.as_uri())
    took = page.evaluate("() => { const begin = performance.now(); paint(); return performance.now() - begin; }")
    assert took < 500, took
