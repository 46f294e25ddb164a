"""`stsctl config edit` on a terminal: what the editor leaves is put in place, or is the person's to decide about."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pexpect
import pytest

from tests.program import HUB, STSCTL, Me, me, organisation

__all__ = ["me", "organisation"]

QUESTION = "[d]rop it: "
RIGHT = f'# mine\n[source.work]\ntype = "environment"\n\n[role.hub]  # the hub\nrole_arn = "{HUB}"\nfrom = "work"\n'
WRONG = RIGHT.replace('from = "work"', 'from = "wrok"\ncolour = "red"')


@pytest.fixture
def mine(me: Me) -> Me:
    """Somebody whose configuration is in their dotfiles, and whose editor does what the files 1, 2, 3 … say in turn."""
    me.config.unlink()
    (me.home / "dotfiles").mkdir()
    (me.home / "dotfiles" / "stsctl.toml").write_text(RIGHT)
    (me.home / "dotfiles" / "stsctl.toml").chmod(0o644)
    me.config.symlink_to(me.home / "dotfiles" / "stsctl.toml")
    editor = me.script("my editor", 'n=$(cat "$HOME/turn"); echo $((n + 1)) > "$HOME/turn"; . "$HOME/$n"')
    (me.home / "turn").write_text("1")
    me.environ["VISUAL"] = f"'{editor}' --wait"
    return me


def writes(me: Me, *texts: str, then: str = "") -> None:
    """Has the editor write these texts, one each time, and do something besides."""
    for number, text in enumerate(texts, start=1):
        (me.home / f"text{number}").write_text(text)
        (me.home / str(number)).write_text(f'cat "$HOME/text{number}" > "$2"\n{then}\n')
    (me.home / "turn").write_text("1")


def edit(me: Me) -> pexpect.spawn:
    """`stsctl config edit` in a terminal."""
    environ = {**me.environ, "TERM": "dumb"}
    found = pexpect.spawn(str(STSCTL), ["config", "edit"], env=environ, cwd=str(me.home), encoding="utf-8", timeout=60)
    found.delaybeforesend = None
    return found


def ended(terminal: pexpect.spawn, status: int = 0) -> str:
    """What is shown to the end, which has that status."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == status, terminal.before
    return str(terminal.before)


def copy(me: Me) -> Path:
    """What is being edited."""
    return me.state / "edit" / "config.toml"


def test_what_is_wrong_is_edited_again(mine: Me) -> None:
    """It is shown with its lines; what is right is put in place, in the file that a link leads to, with its rights."""
    writes(mine, WRONG, WRONG.replace("colour", "color"), RIGHT + "# more\n")
    terminal = edit(mine)
    terminal.expect_exact('config.toml:7: there is no role, source or AWS profile "wrok"')
    terminal.expect_exact('config.toml:8: unknown key "colour" in [role.hub]')
    terminal.expect_exact(QUESTION)
    assert mine.config.read_text() == RIGHT
    assert copy(mine).stat().st_mode & 0o777 == 0o600
    terminal.sendline("")
    terminal.expect_exact(QUESTION)
    assert "colour" not in (terminal.before or "")
    terminal.sendline("x")
    terminal.expect_exact(QUESTION)
    terminal.sendline("e")
    assert "~/.config/stsctl/config.toml is changed" in ended(terminal)
    assert mine.config.is_symlink()
    assert mine.config.read_text() == RIGHT + "# more\n"
    assert mine.config.stat().st_mode & 0o777 == 0o644
    assert not copy(mine).parent.exists()


@pytest.mark.parametrize(("answer", "left"), [("w", WRONG), ("d", RIGHT)])
def test_what_is_wrong_is_written_or_dropped(mine: Me, answer: str, left: str) -> None:
    """As the person says; nothing is kept beside."""
    writes(mine, WRONG)
    terminal = edit(mine)
    terminal.expect_exact(QUESTION)
    terminal.sendline(answer)
    ended(terminal)
    assert (mine.config.read_text(), copy(mine).exists()) == (left, False)


@pytest.mark.parametrize("way", ["k", "\x03", "\x04", "kill"])
def test_what_is_not_put_in_place_is_gone_on_with(mine: Me, way: str) -> None:
    """Kept for later, or broken off in whatever way: the next edit begins with it."""
    writes(mine, WRONG)
    terminal = edit(mine)
    terminal.expect_exact(QUESTION)
    if way == "kill":
        terminal.kill(signal.SIGKILL)
        terminal.expect(pexpect.EOF)
    else:
        terminal.send(way if way < " " else f"{way}\n")
        said = ended(terminal, {"k": 0, "\x03": 130}.get(way, 3))
        assert 'your edit is kept in "~/.local/state/stsctl/edit/config.toml"' in said
    assert (mine.config.read_text(), copy(mine).read_text()) == (RIGHT, WRONG)
    (mine.home / "1").write_text('sed -i -e s,wrok,work, -e /colour/d -e "s/mine/still mine/" "$2"')
    (mine.home / "turn").write_text("1")
    terminal = edit(mine)
    terminal.expect_exact("[g]o on, [d]rop: ")
    terminal.sendline("g")
    assert "is changed" in ended(terminal)
    assert mine.config.read_text() == RIGHT.replace("mine", "still mine")


def test_what_somebody_else_changed_meanwhile_is_shown(mine: Me) -> None:
    """Nothing of theirs is lost unseen: the difference comes before the question."""
    writes(
        mine,
        RIGHT + "# of mine\n",
        RIGHT + "# both\n",
        then='[ "$n" = 2 ] || echo "# of theirs" >> "$HOME/dotfiles/stsctl.toml"',
    )
    terminal = edit(mine)
    terminal.expect_exact("changed meanwhile by somebody else")
    terminal.expect_exact("+# of theirs")
    terminal.expect_exact(QUESTION)
    assert mine.config.read_text() == RIGHT + "# of theirs\n"
    terminal.sendline("e")
    ended(terminal)
    assert mine.config.read_text() == RIGHT + "# both\n"


def test_ctrl_c_is_the_editors(mine: Me) -> None:
    """As it goes to all that run in a terminal; the edit goes on."""
    writes(mine, RIGHT + "# more\n", then="kill -INT $PPID")
    assert mine.run("config", "edit").status == 0
    assert mine.config.read_text() == RIGHT + "# more\n"


def test_one_edits_at_a_time(mine: Me) -> None:
    """The second is told who does."""
    writes(mine, WRONG)
    terminal = edit(mine)
    terminal.expect_exact(QUESTION)
    done = mine.run("config", "edit")
    assert (done.status, "editing config.toml" in done.err) == (6, True), done
    terminal.sendline("d")
    ended(terminal)


def test_without_a_terminal_what_is_right_is_put_in_place(mine: Me) -> None:
    """As a script edits: what is wrong is kept beside; an edit that changes nothing leaves nothing."""
    writes(mine, RIGHT + "# more\n", WRONG, RIGHT, "", then="[ $n != 4 ]")
    assert mine.run("config", "edit").status == 0
    assert mine.config.read_text() == RIGHT + "# more\n"
    done = mine.run("config", "edit")
    assert (done.status, mine.config.read_text(), copy(mine).read_text()) == (3, RIGHT + "# more\n", WRONG), done
    assert mine.run("config", "edit").status == 3
    shutil.rmtree(copy(mine).parent)
    (mine.home / "turn").write_text("3")
    mine.config.write_text(RIGHT)
    assert "nothing is changed" in mine.run("config", "edit").err
    failed = mine.run("config", "edit")
    assert (failed.status, "ended with status 1" in failed.err) == (1, True), failed
    assert (mine.config.read_text(), copy(mine).read_text()) == (RIGHT, "")
    shutil.rmtree(copy(mine).parent)
    assert mine.run("config", "edit", VISUAL="no-such-editor").status == 1
    assert "$EDITOR says has a quote" in mine.run("config", "edit", VISUAL=None, EDITOR="'").err


def test_where_there_is_none_a_template_is_the_beginning(mine: Me) -> None:
    """It says nothing by itself, and is in order."""
    mine.config.unlink()
    assert "config.toml is made" in mine.run("config", "edit", VISUAL="true").err
    assert all(line.startswith("#") or not line for line in mine.config.read_text().splitlines())
    assert mine.config.stat().st_mode & 0o777 == 0o600
    assert mine.run("config", "check").status == 0


def test_a_file_that_nothing_can_read_is_mended(mine: Me) -> None:
    """The command that mends it needs nothing of it; problems of other files are no reason to ask."""
    mine.config.write_text("[[[")
    mine.aws_config("[profile broken]\nsource_profile = nowhere\nrole_arn = x\n")
    writes(mine, RIGHT)
    assert mine.run("config", "edit").status == 0
    assert mine.config.read_text() == RIGHT
