"""`stsctl init`, from a home as people have it to a role in their terminal."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from stsctl.formats import startup_file
from tests.program import READ_ONLY, Me
from tests.terminal.test_assume import me as person
from tests.terminal.test_assume import organisation, shell, terminals, type_line
from tests.unit.other_tools import texts

__all__ = ["organisation", "person", "shell", "terminals"]

BLOCK = "".join(f"{line}\n" for line in startup_file.block("bash"))
QUESTION, OF_THEIRS = "Do it? [Y/n] ", "Do it? [y/N] "


@pytest.fixture
def me(person: Me) -> Me:
    """Somebody who has the AWS CLI's files, and dotfiles in a repository, and never saw stsctl."""
    person.config.unlink()
    person.aws_config(f"[profile reader]\nrole_arn = {READ_ONLY}\nsource_profile = keys\n")
    keys = f"{person.keys.access_key_id}\naws_secret_access_key = {person.keys.secret_access_key.reveal()}\n"
    (person.home / ".aws" / "credentials").write_text(f"[keys]\naws_access_key_id = {keys}")
    (person.home / "dotfiles").mkdir()
    (person.home / "dotfiles" / "bashrc").write_text("alias ll='ls -l'")
    (person.home / "dotfiles" / "bashrc").chmod(0o664)
    (person.home / ".bashrc").symlink_to("dotfiles/bashrc")
    person.environ["SHELL"] = "/bin/bash"
    return person


def files(home: Path) -> dict[Path, tuple[int, bytes]]:
    """What the home holds, but for what stsctl keeps to itself."""
    own = home / ".local"
    found = (path for path in home.rglob("*") if path.is_file() and not path.is_relative_to(own))
    return {path: (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in found}


def test_from_nothing_to_a_role(me: Me, shell: pexpect.spawn) -> None:
    """Each change is shown with its file, asked about, and made; then a role is chosen. Again, nothing is asked."""
    before = files(me.home)
    shell.sendline("stsctl init")
    changes = (
        (".config/stsctl/config.toml", 'store = "sealed-file"', QUESTION),
        (".aws/config", "[profile keys]", ".aws/credentials", "aws_secret_access_key = ***", OF_THEIRS),
        ("dotfiles/bashrc", "shell-init bash", QUESTION),
        (".aws/config", "[profile reader-stsctl]", OF_THEIRS),
    )
    for change in changes:
        for shown in change:
            shell.expect_exact(shown)
        shell.sendline("y")
    for name in ("nobody", "reader"):
        shell.expect_exact("Its name")
        shell.sendline(name)
    shell.expect_exact("you are")
    shell.expect_exact("ready> ")
    assert "reader" in type_line(shell, "stsctl list")
    after = files(me.home)
    assert {path.name for path in after.keys() - before.keys()} == {"config.toml", "added.toml", "key"}
    bashrc = me.home / "dotfiles" / "bashrc"
    config, credentials = me.home / ".aws" / "config", me.home / ".aws" / "credentials"
    changed = {path for path in before if after[path] != before[path]}
    assert changed == {bashrc, me.home / ".bashrc", config, credentials}
    assert after[config][1].startswith(before[config][1])
    assert not any(me.keys.secret_access_key.reveal().encode() in content for _, content in after.values())
    assert after[bashrc] == (0o664, f"alias ll='ls -l'\n\n{BLOCK}".encode())
    assert (me.home / ".bashrc").is_symlink()

    again = type_line(shell, "stsctl init")
    assert QUESTION not in again
    assert "This terminal has a session already" in again
    assert {path: content for path, content in files(me.home).items() if path in after} == after


def test_ctrl_c_leaves_what_was_agreed(me: Me, shell: pexpect.spawn) -> None:
    """What was done and what was not is said; nothing else was changed."""
    before = files(me.home)
    shell.sendline("stsctl init; echo status=$?")
    for expected in (QUESTION, OF_THEIRS):
        shell.expect_exact(expected)
        shell.sendline("")  # an Enter moves no keys
    shell.expect_exact("dotfiles/bashrc")
    shell.expect_exact(QUESTION)
    shell.sendintr()
    shell.expect_exact("Done:")
    shell.expect_exact("status=130")
    assert re.search(r"✓\W.*Keep .*\n.*–\W.*Move .*\n.*–\W.*Have bash", shell.before)
    after = files(me.home)
    assert after.pop(me.config)
    assert after == before


def test_answers(me: Me, shell: pexpect.spawn) -> None:
    """Whatever is no answer is asked again; "n" leaves one change, "q" all that are to come.

    A file that is another one by the time of the "y" is left as it is.
    """
    bashrc = me.home / "dotfiles" / "bashrc"
    shell.sendline("stsctl init; echo status=$?")
    for expected, answer in ((QUESTION, "perhaps"), (QUESTION, "n"), (OF_THEIRS, "n")):
        shell.expect_exact(expected)
        shell.sendline(answer)
    shell.expect_exact(QUESTION)
    bashrc.write_text("alias l='ls'")
    before = files(me.home)
    shell.sendline("y")
    shell.expect_exact("bashrc has changed meanwhile")
    shell.expect_exact(OF_THEIRS)
    shell.sendline("q")
    shell.expect_exact("Nothing was changed.")
    shell.expect_exact("status=0")
    assert files(me.home) == before


def test_with_nothing_to_assume(me: Me, terminals: Callable[..., pexpect.spawn]) -> None:
    """What to type is said, and an emulator offered; its role is had with the code that is shown, apart from AWS's."""
    me.run("init", "--yes")
    (me.home / ".aws" / "config").unlink()
    (me.home / ".aws" / "credentials").unlink()
    for name in ("AWS_ENDPOINT_URL", "STSCTL_EMULATOR"):
        del me.environ[name]
    shell = terminals()
    try:
        shell.sendline("stsctl init")
        shell.expect_exact("stsctl keys add work")
        shell.expect_exact("Start it? [y/N] ")
        shell.sendline("y")
        shell.expect(r"MFA device shows (\d{6}) now")
        code = shell.match.group(1)
        shell.expect_exact('for "prod-admin": ')
        shell.sendline(code)
        shell.expect_exact("work → hub → prod-admin")
        shell.expect_exact("ready> ")
        assert "prod-admin" not in type_line(shell, "stsctl list --names")
        type_line(shell, "eval $(stsctl emulator env)")
        assert "assumed-role/Admin/" in type_line(shell, "stsctl whoami")
        assert "AWS CLI" not in type_line(shell, "stsctl init --dry-run")  # a hook would outlive the emulator
    finally:
        me.run("emulator", "stop")


def test_with_nobody_there(me: Me) -> None:
    """Without a terminal it is an error that says so; --dry-run shows only, and --yes does what is safe."""
    before = files(me.home)
    done = me.run("init")
    assert (done.status, "there is no terminal" in done.err) == (4, True)
    shown = me.run("init", "--dry-run").err
    assert '+ store = "sealed-file"' in shown
    assert "shell-init bash" in shown
    assert files(me.home) == before
    (me.home / "dotfiles" / "bashrc").chmod(0o444)
    said = me.run("init", "--yes").err
    assert 'store = "sealed-file"' in me.config.read_text()
    assert "~/.bashrc → ~/dotfiles/bashrc is read-only" in said
    assert startup_file.block("bash")[1] in said
    changed = files(me.home)
    assert changed[me.home / "dotfiles" / "bashrc"] == (0o444, before[me.home / ".bashrc"][1])
    assert changed[me.home / ".aws" / "credentials"] == before[me.home / ".aws" / "credentials"]


def test_moving_in(me: Me) -> None:
    """What another tool has is taken over, roles get profiles for SDKs, all in one go; the next changes nothing."""
    theirs = me.aws_config(texts.GRANTED).read_bytes()
    me.configure(f'\n[role.mine]\nrole_arn = "{READ_ONLY}"\nfrom = "keys"\n')
    said = me.run("init", "--yes").err
    assert "Take over 2 roles and 2 sources from granted" in said
    after = files(me.home)
    assert b'[role."testing/DevRole"]' in after[me.config.parent / "emulator" / "added.toml"][1]
    _, aws = after[me.home / ".aws" / "config"]
    assert aws.startswith(theirs)
    assert b"[profile mine]" in aws
    again = me.run("init", "--yes").err
    assert "Nothing was changed." in again
    assert files(me.home) == after
    me.program("aws", "--profile", "mine", "sts", "get-caller-identity", PYTHONWARNINGS=None).out.index("ReadOnly")


def test_to_look_asks_for_no_passphrase(me: Me) -> None:
    """What would be moved into a store is shown while that is closed."""
    me.configure("", store='[defaults]\nstore = "sealed-file"\n\n[sealed_file]\nkey = "passphrase"\n')
    assert "- aws_secret_access_key = ***" in me.run("init", "--dry-run").err
