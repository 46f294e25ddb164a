"""Man page source from a small part of Markdown: paragraphs, code, emphasis, definitions, indented blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMED = {"\\": r"\e", "'": r"\(aq", "→": r"\(->", "—": r"\(em", "…": "...", "·": r"\(md", "≥": r"\(>=", "×": r"\(mu"}
_INLINE = re.compile(r"`([^`]+)`|\*([^*]+)\*")


def plain(text: str) -> str:
    """Text that stands for itself, whatever its characters mean to roff."""
    found = "".join(_NAMED.get(each, each if each.isascii() else rf"\[u{ord(each):04X}]") for each in text)
    return rf"\&{found}" if found.startswith(".") else found


def literal(text: str) -> str:
    """What can be typed as it stands: its hyphens are minus signs."""
    return plain(text).replace("-", r"\-").replace("~", r"\(ti").replace("^", r"\(ha").replace("`", r"\(ga")


def bold(text: str) -> str:
    """What is typed as it stands."""
    return rf"\fB{literal(text)}\fR"


def italic(text: str) -> str:
    """What stands for something else."""
    return rf"\fI{literal(text)}\fR"


def inline(text: str) -> str:
    """A line of Markdown: `code` in bold, *emphasis* in italics."""
    parts, end = [], 0
    for match in _INLINE.finditer(text):
        parts.append(plain(text[end : match.start()]))
        code, emphasis = match.groups()
        parts.append(bold(code) if code is not None else italic(emphasis))
        end = match.end()
    parts.append(plain(text[end:]))
    line = "".join(parts)
    return rf"\&{line}" if line.startswith((".", "'")) and not line.startswith(r"\&") else line


def tagged(term: str, body: list[str]) -> list[str]:
    """A term with what it means; both are roff already."""
    return [".TP", term, *body]


def blocks(text: str) -> Iterator[str]:
    """The roff of a text in Markdown.

    A paragraph that is a line and then lines that begin with ":   " is a definition; one that is indented by four
    spaces is shown as it stands.
    """
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        lines = paragraph.split("\n")
        if all(line.startswith("    ") for line in lines):
            yield from (".PP", ".RS 4", ".EX", *(literal(line[4:]) for line in lines), ".EE", ".RE")
        elif len(lines) > 1 and lines[1].startswith(":   "):
            body = " ".join(line.removeprefix(":").strip() for line in lines[1:])
            yield from tagged(inline(lines[0]), [inline(body)])
        elif paragraph.strip():
            yield ".PP"
            yield inline(" ".join(line.strip() for line in lines))
