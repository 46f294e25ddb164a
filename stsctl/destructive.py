"""Which command lines look destructive, by patterns of words: `terraform destroy`, `aws delete-*`.

That is for the eye of somebody who is in the wrong terminal, and keeps nobody from anything. A pattern's words are
looked for in a command in their order, with any words before, between and behind them: so `terraform destroy` is found
in `sudo terraform -chdir=x destroy`, at the price of a question about `echo terraform destroy`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

DEFAULT = (
    "rm -[rR]*", "rm -[!-]*[rR]*", "rm --recursive",
    "terraform apply", "terraform destroy", "terraform state rm", "tofu apply", "tofu destroy", "tofu state rm",
    "terragrunt apply", "terragrunt destroy", "pulumi up", "pulumi destroy", "cdk deploy", "cdk destroy",
    "sam delete", "eksctl delete", "kubectl delete", "kubectl drain", "helm uninstall", "helm delete",
    "aws delete-*", "aws terminate-*", "aws remove-*", "aws deregister-*", "aws purge-*", "aws detach-*",
    "aws disable-*", "aws revoke-*", "aws stop-*", "aws reboot-*", "aws s3 rm", "aws s3 rb", "aws s3 sync --delete",
)  # fmt: skip
"""What is asked about where the configuration has no list of its own."""

PATTERN = r"[\w./+=,@:*?\[\]-]+( [\w./+=,@:*?\[\]-]+)*"
"""What a pattern is written of: words, and `*`, `?` and `[…]` in them."""

_BY_DEFAULT, _BETWEEN = "1", ";"
_PIECE = re.compile(
    r"""(?P<end>\$\(|[;|&()`\n]+)|(?P<word>(?:\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|\$(?!\()|[^\s;|&()`<>\\'"$])+)|\s+|.""",
    re.DOTALL,
)
_QUOTED = re.compile(r"""\\(.)|'([^']*)'?|"((?:\\.|[^"\\])*)"?""", re.DOTALL)
_RUNS = re.compile(r"\$\(|`")
_RUNS_TEXT = {"sh", "bash", "zsh", "dash", "ksh", "fish", "pwsh", "nu", "eval", "ssh", "su", "watch"}
_BEFORE = re.compile(
    r"\w+=.*|!|\{|if|then|elif|else|while|until|do|time|and|or|not|begin|sudo|doas|nohup|noglob", re.DOTALL
)
"""What an alias can stand behind and still be one, or as good as one to a person."""
_DEEPEST = 4


def as_variable(patterns: tuple[str, ...]) -> str:
    """Patterns as the value of a variable."""
    return _BY_DEFAULT if patterns == DEFAULT else _BETWEEN.join(patterns)


def of_variable(text: str) -> tuple[str, ...]:
    """The patterns that `as_variable` wrote."""
    return DEFAULT if text == _BY_DEFAULT else tuple(each for each in text.split(_BETWEEN) if each)


def found(line: str, patterns: tuple[str, ...], aliases: str = "") -> str | None:
    """The first command of a line that looks destructive, None where none does.

    `aliases` is what a shell lists of its own, a definition on each line.
    """
    commands = _commands(line.replace("\\\n", ""), _aliases(aliases))
    return next((" ".join(words) for words in commands if looks_so(words, patterns)), None)


def looks_so(words: list[str], patterns: tuple[str, ...]) -> bool:
    """Whether a command does, given as its words."""
    return any(_within(pattern.split(), words) for pattern in patterns)


def _within(pattern: list[str], words: list[str]) -> bool:
    """Whether the words of a pattern are among those of a command, in their order; a program's folder says nothing."""
    left = iter(words)
    program, *rest = pattern
    if not any(fnmatchcase(re.split(r"[/\\]", word)[-1].removesuffix(".exe"), program) for word in left):
        return False
    return all(any(fnmatchcase(word, wanted) for word in left) for wanted in rest)


def _commands(line: str, aliases: Mapping[str, str], depth: int = 0) -> Iterator[list[str]]:
    """The commands in a line, also those within others."""
    words: list[str] = []
    within: list[str] = []
    for piece in _PIECE.finditer(line):
        word = piece["word"]
        if word is not None:
            words.append(_plain(word))
            quoted = (part[3] for part in _QUOTED.finditer(word))
            within += [text for text in quoted if text and _RUNS.search(text)]
        elif piece["end"] is not None:
            yield from _command(words, aliases, depth)
            words = []
    yield from _command(words, aliases, depth)
    if depth < _DEEPEST:
        for text in within:
            yield from _commands(text, aliases, depth + 1)


def _command(words: list[str], aliases: Mapping[str, str], depth: int) -> Iterator[list[str]]:
    if not words:
        return
    yield words
    if depth >= _DEEPEST:
        return
    first = next((at for at, word in enumerate(words) if not _BEFORE.fullmatch(word)), 0)
    if words[first] in aliases:
        from shlex import join

        # It is none within itself, as with `alias rm='rm -i'`.
        others = {name: meaning for name, meaning in aliases.items() if name != words[first]}
        yield from _commands(f"{aliases[words[first]]} {join(words[first + 1 :])}", others, depth + 1)
    if any(word.rpartition("/")[2] in _RUNS_TEXT for word in words):
        for text in (word for word in words if " " in word):
            yield from _commands(text, aliases, depth + 1)


def _aliases(text: str) -> dict[str, str]:
    """What `alias` of bash, `alias -L` of zsh, `alias` and `abbr --show` of fish list: each name with what it means."""
    known = {}
    for line in text.splitlines():
        parts = [piece["word"] for piece in _PIECE.finditer(line) if piece["word"] is not None]
        words = [word for word in map(_plain, parts[1:]) if not word.startswith("-")]
        if words:
            name, equals, meaning = words[0].partition("=")
            known[name] = meaning if equals else " ".join(words[1:])
    return known


def _plain(word: str) -> str:
    """A word without its quotes."""
    return _QUOTED.sub(lambda part: part[1] or part[2] or re.sub(r"\\(.)", r"\1", part[3] or ""), word)
