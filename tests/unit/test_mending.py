"""Every problem of a text, where a reader stops at the first."""

from __future__ import annotations

import pytest

from stsctl import configuration
from stsctl.mending import Mended

ARN = 'role_arn = "arn:aws:iam::111111111111:role/A"\n'


def problems(config: str, added: str = "") -> list[str]:
    """What is wrong with two texts."""
    mended = Mended()
    mended.load(lambda reader: configuration.load(config.encode(), added.encode(), reader=reader))
    return [problem.message for problem in mended.problems]


def test_each_problem_is_told_with_its_line() -> None:
    """In different tables, and several in one: a wrong value, an unknown key, one that is missing."""
    found = problems(
        '[defaults]\nregoin = "x"\nduration = "99h"\n'
        f'[role.a]\n{ARN}duration = "1s"\ncolour = "red"\ntags = {{ "aws:x" = "1" }}\n'
        '[source.b]\ntype = "keys"\nprofile = "x"\n[source.c]\n[nothing]\n',
        '[defaults]\n[role.d]\nfrom = "b"\n',
    )
    assert sorted(message.split(": ")[0] for message in found) == [
        "added.toml:1",
        "added.toml:2",
        "config.toml:11",
        "config.toml:12",
        "config.toml:13",
        "config.toml:2",
        "config.toml:3",
        "config.toml:4",
        "config.toml:6",
        "config.toml:7",
        "config.toml:8",
    ]


@pytest.mark.parametrize(
    ("config", "lines"),
    [
        (f'[role.a]\nfrom = "x"\n{ARN.replace("111111111111", "1")}', ["3"]),
        (f'[role.a]\n{ARN}from = "x"\ntags = 3\ntransitive = ["a"]\n', ["4"]),
        ('[role.a]\nfrom = "x"\ntype = "permission-sets"\naccount_id = "111111111111"\n', ["3"]),
        ('[source.a]\ntype = "oidc"\nissuer = "no"\nclient_id = "x"\n', ["3"]),
    ],
)
def test_what_follows_from_a_problem_is_none(config: str, lines: list[str]) -> None:
    """A key that is left out for its value is not said to be missing, nor what needs it to be wrong."""
    assert [message.split(":")[1] for message in problems(config)] == lines


def test_what_is_in_order_is_read_all_the_same() -> None:
    """The role beside the wrong one, and the name of what is lacking."""
    mended = Mended()
    text = f'[role.good]\nfrom = "x"\n{ARN}[role.bad]\nfrom = "y"\n'.encode()
    read = mended.load(lambda reader: configuration.load(text, b"[no TOML", reader=reader))
    assert read is not None
    assert list(read.roles) == ["good"]
    assert mended.lacking == {"bad"}
    assert [problem.message.split(": ")[0] for problem in mended.problems] == ["added.toml:1", "config.toml:4"]
    assert text == f'[role.good]\nfrom = "x"\n{ARN}[role.bad]\nfrom = "y"\n'.encode()


def test_there_is_an_end() -> None:
    """Thousands of wrong lines are not read thousands of times."""
    assert len(problems("".join(f"[role.r{number}]\nx = 1\n" for number in range(300)))) == 200
