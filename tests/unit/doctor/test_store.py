"""Which store the doctor recommends, and why: one for each sort of machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from stsctl import configuration, settings
from stsctl.configuration import Configuration, SealKey, StoreName
from stsctl.doctor.picture import Keyring, Picture, Place, Trouble
from stsctl.doctor.store import advise, check

MACHINE = Picture(now=datetime(2030, 1, 1, tzinfo=UTC), platform="linux", variables={})
OPEN = Keyring(kind="Secret Service")
MAC = Keyring(kind="macOS")
NONE = Keyring(kind=None, trouble=Trouble(what="there is no keyring here", fix="…"))
KERNEL = Place(has_kernel_keyring=True)
APART = 'session_store = "kernel", store = "sealed-file"'
ONE_ITEM = 'key = "keyring" under [sealed_file]'


@pytest.mark.parametrize(
    ("platform", "keyring", "place", "lines", "why"),
    [
        ("linux", OPEN, Place(has_bus=True), 'store = "keyring"', "the keyring answers"),
        ("linux", OPEN, Place(has_bus=True, over_ssh=True), 'store = "keyring"', "the keyring answers"),
        ("linux", NONE, Place(has_bus=True), 'store = "keyring"', "this is a desktop"),
        ("linux", NONE, KERNEL, APART, "without D-Bus there is no keyring"),
        ("linux", NONE, replace(KERNEL, has_bus=True, over_ssh=True), APART, "through SSH the keyring"),
        ("linux", NONE, Place(), 'store = "sealed-file" under [defaults], key_file', "without D-Bus"),
        (
            "linux",
            NONE,
            replace(KERNEL, in_container=True),
            "where PATH is mounted",
            "a container has no keyring",
        ),
        ("darwin", MAC, Place(), ONE_ITEM, "asks for leave for each item: this is one"),
        ("darwin", NONE, Place(over_ssh=True), 'key_file = "~/.config', "through SSH the keyring"),
        ("win32", Keyring(kind="Windows"), Place(), ONE_ITEM, "short items"),
    ],
)
def test_one_store_for_each_machine(platform: str, keyring: Keyring, place: Place, lines: str, why: str) -> None:
    """What to write is said, with the reason."""
    advice = advise(replace(MACHINE, platform=platform, keyring=keyring, place=place))
    assert lines in advice.lines
    assert why in advice.why


def written(lines: str) -> str:
    """The config.toml that somebody writes who follows the advice."""
    tables: dict[str, list[str]] = {"[defaults]": [], "[sealed_file]": []}
    said: list[str] = []
    for part in lines.removesuffix(", which is the default").removesuffix(", where PATH is mounted").split(", "):
        line, _, table = part.partition(" under ")
        said.append(line)
        if table:
            tables[table] += said
            said = []
    assert said == []
    return "\n".join("\n".join((table, *written)) for table, written in tables.items())


@pytest.mark.parametrize("keyring", [OPEN, NONE])
@pytest.mark.parametrize("place", [Place(), KERNEL, Place(has_bus=True), replace(KERNEL, in_container=True)])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_whoever_follows_the_advice_is_left_alone(platform: str, keyring: Keyring, place: Place) -> None:
    """It can be written as it stands, and the doctor finds nothing wrong then but a keyring that has to be unlocked."""
    picture = replace(MACHINE, platform=platform, keyring=keyring, place=place)
    found = settings.resolve(configuration.load(written(advise(picture).lines).encode(), None), {})
    by_keyring = found.store.value is StoreName.KEYRING or found.seal_key.value is SealKey.KEYRING
    locked = [keyring.trouble.what] if keyring.trouble and by_keyring else []
    assert [finding.what for finding in check(replace(picture, settings=found))] == locked


def test_a_picture_without_the_keyring_accuses_no_store() -> None:
    """Where nobody looked whether the kernel has keyrings, that it has none is not said."""
    found = settings.resolve(Configuration(), {"STSCTL_SESSION_STORE": "kernel"})
    assert list(check(replace(MACHINE, settings=found))) == []
