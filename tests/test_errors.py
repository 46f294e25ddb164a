"""The error tree: one status a class, as the design says, and messages in one style wherever they are raised."""

from __future__ import annotations

import ast
import builtins
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import stsctl
from stsctl import errors
from stsctl.errors import StsctlError

ROOT = Path(stsctl.__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}

STATUSES = {
    "StsctlError": 1,
    "UsageError": 2,
    "ConfigurationError": 3,
    "PersonNeededError": 4,
    "RefusedError": 5,
    "UnavailableError": 6,
    "StoreError": 7,
    "AnswerIsNo": 8,
    "CannotStartError": 126,
    "CommandNotFoundError": 127,
}
"""DESIGN section 6; 126 and 127 are `exec`'s."""


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages([str(ROOT)], "stsctl."):
        if not re.search(r"\.(__main__|server|directory)$", module.name):
            yield module.name


def _subclasses(kind: type[StsctlError]) -> Iterator[type[StsctlError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _subclasses(each)


def _classes() -> list[type[StsctlError]]:
    for name in _modules():
        importlib.import_module(name)
    return sorted(set(_subclasses(StsctlError)), key=lambda kind: kind.__qualname__)


CLASSES = _classes()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_statuses(kind: type[StsctlError]) -> None:
    """A class has the status that the design gives it, or that of the nearest class above which the design names."""
    named = next(each for each in kind.__mro__ if each.__name__ in STATUSES)
    assert kind.status == STATUSES[named.__name__]
    assert (errors.STATUS_BUG, errors.STATUS_INTERRUPTED) == (70, 130)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_names(kind: type[StsctlError]) -> None:
    """An error is called so, shadows no built-in, and says what it means."""
    assert kind.__name__.endswith("Error") or kind is errors.AnswerIsNo
    assert not hasattr(builtins, kind.__name__)
    assert kind.__doc__


# Messages, wherever they are raised

NAMES = {kind.__name__ for kind in CLASSES}
BEGINNING = re.compile(r"[a-z\"'0-9{]|--[a-z]|[A-Z]{2,}|GetSessionToken")
"""Lower case, what the person typed, a number, a value, a flag, or a name in capitals: AWS, STS, MFA."""


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can be, with {} where a value goes; none where that cannot be seen."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _said() -> Iterator[tuple[str, str, str]]:
    """Every literal message and hint of an error: where, which of the two, the text."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called not in NAMES:
                continue
            where = f"{path.relative_to(ROOT.parent)}:{node.lineno}"
            for text in _texts(node.args[0]) if node.args else ():
                yield where, "message", text
            for keyword in node.keywords:
                if keyword.arg in ("message", "hint"):
                    for text in _texts(keyword.value):
                        yield where, keyword.arg, text


SAID = list(_said())


def test_the_messages_are_found() -> None:
    """Most errors are raised with a literal message: if this finds few, it looks in the wrong place."""
    assert len([text for _, kind, text in SAID if kind == "message"]) > 60


def _wrong(kind: str, text: str) -> str:
    if kind == "message" and text and not BEGINNING.match(text):
        return "begins with a capital"
    if text.endswith((".", "!", ":")):
        return "ends with a mark"
    if kind == "hint" and re.fullmatch(r'run "[^"]*"', text):
        return "is a command, and can be typed as it is without its first word"
    return "more than one line, or space at an end" if "\n" in text or text != text.strip() else ""


def test_style() -> None:
    """Every message begins in lower case; no message or hint ends with a full stop; each is one line."""
    wrong = [f"{where}: {kind} {found}: {text}" for where, kind, text in SAID if (found := _wrong(kind, text))]
    assert not wrong, "\n".join(wrong)


def test_no_repr_in_a_message() -> None:
    """What a person typed is quoted with "…", never by repr, which would show objects (and Python's own quotes)."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                for inner in ast.walk(node):
                    shown = isinstance(inner, ast.FormattedValue) and inner.conversion == ord("r")
                    assert not shown, f"{path.name}:{node.lineno}: a repr in an error"


_TYPED = re.compile(
    r"\b(?:stsctl (?:access|agent|assume|config|console|each|env|exec|explain|keys|list|logout|mfa|plan|profile)"
    r"(?: [\w-]+)*|stsctl (?:sso|sts) [\w-]+|aws --profile) $"
)
_ONE_WORD = {"arn", "runs", "tool.name"}
"""What is no name that somebody gives: ARNs that were read as such, and words of our own."""


def _unquoted() -> Iterator[str]:
    """Every value in what is to be typed that a shell could take for more than a word, or that is quoted twice."""
    for path, tree in TREES.items():
        functions = (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))
        for function in functions if "emulator" not in path.parts else ():
            nodes = list(ast.walk(function))
            quoted = {name for node in nodes if isinstance(node, ast.Assign) for name in _quoted_by(node)}
            for node in (each for each in nodes if isinstance(each, ast.JoinedStr)):
                for said in _typed(node):
                    inner = re.fullmatch(r"quote\((\w+)\)", said)
                    if ("quote(" not in said and said not in quoted | _ONE_WORD) or (inner and inner[1] in quoted):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}: {said}"


def _quoted_by(node: ast.Assign) -> Iterator[str]:
    for target in node.targets:
        if "quote(" in ast.unparse(node.value):
            yield from map(ast.unparse, target.elts if isinstance(target, ast.Tuple) else [target])


def _typed(node: ast.JoinedStr) -> Iterator[str]:
    for text, value in zip(node.values, node.values[1:], strict=False):
        if isinstance(text, ast.Constant) and isinstance(value, ast.FormattedValue) and _TYPED.search(text.value):
            yield ast.unparse(value.value)


def test_a_name_in_what_is_to_be_typed_is_one_word() -> None:
    """People paste it, and administrators and other tools call roles what they like: `$(touch x)` is run by nobody."""
    assert list(_unquoted()) == []
