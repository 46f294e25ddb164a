from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import UsageError
from stsctl.formats.dotenv import Dotenv

VALUES = {
    "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+FEMI==",
    "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z",
    "STSCTL_ROLE": "prod admin (équipe) & <co>; *?[a] ~ ! | {b} ^ %",
}


def test_lines_have_no_quotes_and_nothing_that_is_cleared() -> None:
    """docker would keep quotes, and would take a bare name as "pass mine on"."""
    text = Dotenv().render({"A": Secret("x=y"), "AWS_PROFILE": None, "B": Secret("")})
    assert text == "A=x=y\nB=\n"


def test_python_dotenv_reads_back_what_was_written() -> None:
    """The values survive the reader that most Python projects use."""
    dotenv = pytest.importorskip("dotenv", reason="needs python-dotenv")
    text = Dotenv().render({name: Secret(value) for name, value in VALUES.items()})
    assert dotenv.dotenv_values(stream=io.StringIO(text)) == VALUES


def test_node_reads_back_what_was_written(tmp_path: Path) -> None:
    """The values survive node's own --env-file."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    file = tmp_path / "env"
    file.write_text(Dotenv().render({name: Secret(value) for name, value in VALUES.items()}))
    script = "for (const n of process.argv.slice(1)) process.stdout.write(process.env[n] + '\\0')"
    run = subprocess.run(
        [node, f"--env-file={file}", "-e", script, "--", *VALUES], capture_output=True, text=True, check=True
    )
    assert run.stdout.split("\0")[:-1] == list(VALUES.values())


@pytest.mark.parametrize(
    "value", ["hush'", 'hush"', "hush`", "hush$b", "hush #b", "hush\\b", "hush\nb", " hush", "hush ", "hush\tb"]
)
def test_a_value_that_readers_disagree_on_is_refused_without_being_shown(value: str) -> None:
    """Better no file than one that docker and python-dotenv read differently."""
    with pytest.raises(UsageError, match="STSCTL_ROLE") as caught:
        Dotenv().render({"STSCTL_ROLE": Secret(value)})
    assert "hush" not in caught.value.message
