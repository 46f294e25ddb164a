"""The Secret Service with and without the keyring package: each finds, replaces and removes what the other wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import secretstorage
from keyring.backends.SecretService import Keyring

from stsctl.hook import UnusualError
from stsctl.stores.secret_service import Items, is_chosen
from tests.secret_service import SecretService

ITEMS = Items(timedelta(seconds=30))
PACKAGE = Keyring()  # type: ignore[no-untyped-call]
TEXTS = ["a", "", "=välue\n\0\U0001f511", "x" * 200_000]


def test_what_one_writes_the_other_reads(secret_service: SecretService) -> None:
    """A password is the same whoever wrote it, and there is only one: each replaces the other's."""
    PACKAGE.set_password("stsctl", "session:one", "before")
    ITEMS.put("stsctl", "session:two", "another")
    for text in TEXTS:
        ITEMS.put("stsctl", "session:one", text)
        assert PACKAGE.get_password("stsctl", "session:one") == text
        PACKAGE.set_password("stsctl", "session:one", text[::-1])
        assert ITEMS.get("stsctl", "session:one") == text[::-1]
    assert secret_service.items() == {("stsctl", "session:one"): "x" * 200_000, ("stsctl", "session:two"): "another"}


def test_items_are_alike(secret_service: SecretService) -> None:
    """Label, attributes and type of an item are those that the package gives it."""
    PACKAGE.set_password("stsctl", "session:one", "text")
    ITEMS.put("stsctl", "session:two", "text")
    with secret_service._connection() as connection:
        found = [
            (item.get_label(), item.get_attributes(), item.get_secret_content_type())
            for item in secretstorage.get_default_collection(connection).get_all_items()
        ]
    theirs, ours = sorted(found, key=lambda one: one[0])
    assert str(ours).replace("session:two", "session:one") == str(theirs)


def test_what_one_removes_the_other_misses(secret_service: SecretService) -> None:
    """A password that is gone is gone for both, and its removal says whether there was one."""
    assert ITEMS.get("stsctl", "session:one") is None
    PACKAGE.set_password("stsctl", "session:one", "text")
    assert ITEMS.delete("stsctl", "session:one")
    assert not ITEMS.delete("stsctl", "session:one")
    assert PACKAGE.get_password("stsctl", "session:one") is None
    ITEMS.put("stsctl", "session:one", "text")
    PACKAGE.delete_password("stsctl", "session:one")
    assert ITEMS.get("stsctl", "session:one") is None
    assert secret_service.items() == {}


@pytest.mark.parametrize(
    "act",
    [
        lambda: ITEMS.get("stsctl", "session:one"),
        lambda: ITEMS.put("stsctl", "session:one", "text"),
        lambda: ITEMS.delete("stsctl", "session:one"),
    ],
    ids=["get", "put", "delete"],
)
@pytest.mark.parametrize("there", [True, False])
def test_a_locked_keyring_is_for_the_package(
    secret_service: SecretService, act: Callable[[], object], there: bool
) -> None:
    """Locked, nothing is said to be absent and nothing is changed: the person may have to be asked."""
    if there:
        ITEMS.put("stsctl", "session:one", "before")
    secret_service.lock()
    with pytest.raises(UnusualError):
        act()
    secret_service.unlock()
    assert ITEMS.get("stsctl", "session:one") == ("before" if there else None)


def test_no_keyring_and_no_bus_are_for_the_package(bare_bus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers for the keyring there is nothing to be had here."""
    with pytest.raises(UnusualError):
        ITEMS.get("stsctl", "session:one")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={bare_bus}/absent")
    with pytest.raises(OSError, match="No such file"):
        ITEMS.get("stsctl", "session:one")


def test_a_daemon_that_stands_still_is_given_up(secret_service: SecretService) -> None:
    """After its limit a call is over, and that it was the time is known."""
    secret_service.stop()
    with pytest.raises(TimeoutError):
        Items(timedelta(seconds=0.2)).get("stsctl", "session:one")
    secret_service.resume()


@pytest.mark.parametrize(
    ("environ", "platform", "chosen"),
    [
        ({}, "linux", True),
        ({"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"}, "linux", True),
        ({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "linux", False),
        ({"XDG_CURRENT_DESKTOP": "KDE"}, "linux", False),
        ({"KEYRING_PROPERTY_PREFERRED_COLLECTION": "/x"}, "linux", False),
        ({}, "darwin", False),
        ({}, "win32", False),
    ],
)
def test_when_it_is_what_the_package_would_choose(
    tmp_path: Path, environ: dict[str, str], platform: str, chosen: bool
) -> None:
    """What chooses another back-end, or changes this one, leaves the choice to the package."""
    environ = {"HOME": str(tmp_path), **environ}
    assert is_chosen(environ, platform) is chosen
    (tmp_path / ".config" / "python_keyring").mkdir(parents=True)
    (tmp_path / ".config" / "python_keyring" / "keyringrc.cfg").touch()
    assert not is_chosen(environ, platform)
