"""The condition keys that a request to a service carries, as far as its parameters tell.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/, where a key is named for its parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.permission import Place
from stsctl.emulator.authorization.service_reference import Action, ResourceType

_TAGS = ("tags", "taglist", "tagset", "tagging")
_TAG_KEYS = ("tagkeys", "tagkeylist")


def of_request(action: Action, kind: ResourceType | None, parameters: Mapping[str, Any], place: Place) -> Context:
    """The keys of an action on a resource of a kind, or on `*`, as its parameters have them."""
    context = of_tags(parameters)
    plain = index(parameters)
    for key in (*action.keys, *(kind.keys if kind else ())):
        service, _, name = key.partition(":")
        if service == "aws":
            continue
        values = list(_texts(plain.get(_plain(name))))
        if name == "Region":
            context[key] = place.region
        elif name == "CallerAccount":
            context[key] = place.account
        elif values:
            context[key] = tuple(values)
    return context | _of_encryption(plain.get("encryptioncontext"))


def of_tags(parameters: Mapping[str, Any]) -> Context:
    """The keys of the tags that a request sets, or takes away."""
    tags = dict(_tags(parameters))
    keys = [text for name, value in index(parameters).items() if name in _TAG_KEYS for text in _texts(value)]
    context: Context = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags or keys:
        context["aws:TagKeys"] = (*tags, *keys)
    return context


def index(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by their names in small letters, without separators."""
    return {_plain(name): value for name, value in parameters.items()}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _texts(value: object) -> Iterator[str]:
    """A parameter's values, as conditions compare them: texts, numbers, booleans, and lists of such."""
    match value:
        case bool():
            yield "true" if value else "false"
        case str():
            yield value
        case int() | float():
            yield str(value)
        case list():
            for item in value:
                if isinstance(item, str | int | float):
                    yield from _texts(item)


def _tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every tag in a request, however its service writes it: maps, lists of pairs, forms, or specifications of EC2."""
    for name, value in index(parameters).items():
        if name in _TAGS:
            yield from _pairs(value)
        elif name == "tagspecifications" and isinstance(value, list):
            for item in value:
                yield from _pairs(item.get("Tags") if isinstance(item, dict) else None)


def _pairs(value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        return parse_qsl(value, keep_blank_values=True)
    if isinstance(value, dict):
        inner = value.get("TagSet") or value.get("Items")
        return _pairs(inner) if inner else [(str(key), str(text)) for key, text in value.items() if _is_plain(text)]
    if isinstance(value, list):
        plain = [index(item) for item in value if isinstance(item, dict)]
        named = [(item.get("key", item.get("tagkey")), item.get("value", item.get("tagvalue", ""))) for item in plain]
        return [(str(key), str(text or "")) for key, text in named if key is not None]
    return []


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _of_encryption(context: object) -> Context:
    """The encryption context of KMS (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html)."""
    if not isinstance(context, dict):
        return {}
    pairs = [(str(key), str(value)) for key, value in context.items()]
    keys: Context = {f"kms:EncryptionContext:{key}": value for key, value in pairs}
    return {**keys, "kms:EncryptionContextKeys": tuple(key for key, _ in pairs)}
