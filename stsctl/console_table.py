"""`[console]` of a configuration: the browser that shows AWS's console, and how accounts are kept apart in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from stsctl.dataclass import dataclass
from stsctl.digest import sha256
from stsctl.origin import Origin
from stsctl.tables import Table

FIELDS = ("name", "account_id", "role_name")
"""What a template can hold: what the role is called here, its account, what AWS calls it."""
_FIELD = re.compile(r"\{([^{}]*)\}")


class Color(Enum):
    """The colours of Firefox's containers (its contextualIdentities API)."""

    BLUE = "blue"
    TURQUOISE = "turquoise"
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    PINK = "pink"
    PURPLE = "purple"

    @classmethod
    def of(cls, container: str) -> Color:
        """The colour of a container for which nobody said one: always the same."""
        colors = list(cls)
        return colors[sha256(container.encode()).digest()[0] % len(colors)]


class Icon(Enum):
    """The icons of Firefox's containers (its contextualIdentities API)."""

    FINGERPRINT = "fingerprint"
    BRIEFCASE = "briefcase"
    DOLLAR = "dollar"
    CART = "cart"
    CIRCLE = "circle"
    GIFT = "gift"
    VACATION = "vacation"
    FOOD = "food"
    FRUIT = "fruit"
    PET = "pet"
    TREE = "tree"
    CHILL = "chill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """`[console]`. `browser` is a command line with `{url}` in it, and perhaps `{profile}`.

    `browser_profile` and `container` are templates of FIELDS; at most one of them is said.
    """

    browser: tuple[str, ...] = ()
    browser_profile: str | None = None
    container: str | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)


def entry(table: Table) -> Console:
    """What a table says; raises ConfigurationError with its line."""
    table.only(("browser", "browser_profile", "container"))
    if "browser_profile" in table and "container" in table:
        raise table.problem(
            "container", f"{table.title} says both browser_profile and container", hint="take one of the two out"
        )
    browser = table.command("browser")
    _check("browser", table, browser, ("url", "profile"))
    if browser and not any("{url}" in word for word in browser[1:]):
        raise table.problem("browser", "browser has no {url}", hint='browser = ["firefox", "{url}"]')
    for key in ("browser_profile", "container"):
        _check(key, table, (table.text(key) or "",), FIELDS)
    return Console(
        browser=browser,
        browser_profile=table.text("browser_profile"),
        container=table.text("container"),
        origins=table.origins(),
    )


def _check(key: str, table: Table, templates: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in (name for text in templates for name in _FIELD.findall(text)):
        if name not in known:
            fields = ", ".join(f"{{{each}}}" for each in known)
            raise table.problem(key, f'{key} has the template field "{{{name}}}", there are {fields}')


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its fields filled in, once: what is filled in is no template."""
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), template)


def profile_directory(template: str, values: Mapping[str, str]) -> str:
    """A template of a browser's profile filled in as the name of a folder, which leads nowhere else."""
    fitting = {key: re.sub(r"[^\w@+=,. -]", "-", value).strip(". ") for key, value in values.items()}
    return filled(template, fitting).lstrip("-") or "Default"
