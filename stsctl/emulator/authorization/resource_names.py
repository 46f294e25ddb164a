"""The ARNs that a request is about: the patterns of the reference, filled from the request's parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

from stsctl.emulator.authorization.permission import Place
from stsctl.emulator.authorization.resources import Resources
from stsctl.emulator.authorization.service_keys import index
from stsctl.emulator.authorization.service_reference import Action, ResourceType, differences
from stsctl.emulator.directory.principals import Tags

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SUFFIXES = ("", "s", "name", "names", "id", "ids", "arn", "arns", "identifier")
_GENERAL = ("name", "id", "arn", "identifier")
"""Parameters that mean what the operation is about, in CreateTopic the topic."""
_MOST = 1000
"""So many resources of one request are asked about, no request of AWS's names more."""

Found = tuple[str, ResourceType | None]


class Names:
    """Finds the resources of a request; `resources` knows what stands for a name: a path, a key's id, a full ARN."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def resources(self, action: Action, operation: str, parameters: Mapping[str, Any], place: Place) -> list[Found]:
        """The ARNs that an action is about in a request, each with its type; `*` by itself where none can be told.

        A type that the reference requires stands with wildcards for what the request does not say.
        """
        plain = index(parameters)
        if action.name in ("ec2:CreateTags", "ec2:DeleteTags"):
            return _of_ids(action, plain.get("resources"), place) or [("*", None)]
        found: list[Found] = [(self._resources.qualified(arn, plain), kind) for arn, kind in _spelled(action, plain)]
        spelled = {kind.name for _, kind in found if kind}
        for kind in action.types:
            if kind.name not in spelled:
                found += [(arn, kind) for arn in self._filled(action, kind, operation, plain, place)]
        general = [arn for arn, _ in found]
        # An index of a table is asked about instead of the table.
        kept = [item for item in found if not any(other.startswith(f"{item[0]}/") for other in general)]
        return kept[:_MOST] or [("*", None)]

    def owner(self, arn: str) -> str | None:
        """The account that a resource belongs to, as far as that can be told."""
        return self._resources.owner(arn)

    def bucket(self, name: str, place: Place) -> str:
        """The ARN of a bucket, in its owner's partition."""
        return f"arn:{self._resources.partition_of_bucket(name) or place.partition}:s3:::{name}"

    def object_tags(self, arn: str) -> Tags:
        """The tags of an object of S3."""
        return self._resources.object_tags(arn)

    def _filled(
        self, action: Action, kind: ResourceType, operation: str, plain: Mapping[str, Any], place: Place
    ) -> Iterator[str]:
        prefix = action.name.partition(":")[0]
        pattern = differences()["arns"].get(prefix, {}).get(kind.name, kind.arn)
        variables = [name for name in _VARIABLE.findall(pattern) if name not in place.parts]
        values: list[list[str]] = []
        for name in variables:
            said = list(_said(prefix, name, kind, operation, plain))
            if not said and not kind.required:
                return
            values.append([self._resources.name(prefix, kind.name, text, plain, place) for text in said] or ["*"])
        for row in product(*values):
            whole = next((value for value in row if value.startswith("arn:")), None)
            yield whole or _written(pattern, {**place.parts, **dict(zip(variables, row, strict=True))})


def _spelled(action: Action, plain: Mapping[str, Any]) -> Iterator[Found]:
    """The ARNs that the request spells itself, each of the type whose pattern it fits most closely."""
    for value in plain.values():
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str) or not text.startswith("arn:") or len(text) > 2048:
                continue
            fitting = [kind for kind in action.types if _fits(kind.arn).fullmatch(text)]
            if fitting:
                yield text, max(fitting, key=lambda kind: len(_VARIABLE.sub("", kind.arn)))


@cache
def _fits(pattern: str) -> re.Pattern[str]:
    """What an ARN's pattern matches: a variable in its first parts takes no colon, its last one takes everything."""
    parts = pattern.split(":", 5)
    head = ":".join("[^:]*" if part.startswith("${") else re.escape(part) for part in parts[:5])
    tail = "".join(piece if at % 2 else re.escape(piece) for at, piece in enumerate(_pieces(parts[5])))
    return re.compile(f"{head}:{tail}", re.DOTALL)


def _pieces(tail: str) -> Iterator[str]:
    """Text and variable in turn, beginning with text; a variable is the regular expression that stands for it."""
    at = 0
    for match in _VARIABLE.finditer(tail):
        yield tail[at : match.start()]
        yield ".+" if match.end() == len(tail) else "[^/]+"
        at = match.end()
    yield tail[at:]


def _said(prefix: str, variable: str, kind: ResourceType, operation: str, plain: Mapping[str, Any]) -> Iterator[str]:
    """What the request says for a variable of an ARN's pattern."""
    for name in _parameters(prefix, variable, kind.name, operation):
        value = plain.get(name)
        texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]
        if texts:
            yield from texts
            return


@cache
def _parameters(prefix: str, variable: str, kind: str, operation: str) -> tuple[str, ...]:
    """The parameters, as `index` has them, that may say a variable, the likeliest first."""
    table: list[str] | None = differences()["names"].get(prefix, {}).get(variable)
    if table is not None:
        return tuple(index(dict.fromkeys(table)))
    name = re.sub(r"[^a-z0-9]", "", variable.lower())
    noun = re.sub(r"[^a-z0-9]", "", kind.lower())
    root = re.sub(r"(name|id|arn|identifier)$", "", name)
    found = [name, f"{name}s", *(root + suffix for suffix in _SUFFIXES if root)]
    if root == noun or name == noun:
        found += [noun + suffix for suffix in _SUFFIXES]
        found += _GENERAL if noun in operation.lower() else ()
    return tuple(dict.fromkeys(found))


def _of_ids(action: Action, ids: object, place: Place) -> list[Found]:
    """EC2's resources by the beginning of their ids."""
    types = {kind.name: kind for kind in action.types}
    found: list[Found] = []
    for text in ids if isinstance(ids, list) else []:
        kind = types.get(differences()["ec2_ids"].get(str(text).rpartition("-")[0], ""))
        if kind is not None:
            name = _VARIABLE.findall(kind.arn)[-1]
            found.append((_written(kind.arn, {**place.parts, name: str(text)}), kind))
    return found


def _written(pattern: str, parts: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: parts[match[1]], pattern)
