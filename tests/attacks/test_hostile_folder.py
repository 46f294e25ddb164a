"""A folder that somebody else filled, a repository just cloned: nothing of it is read, imported or run."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

import stsctl
from stsctl.formats import environment
from tests.program import ADMIN, STSCTL, Done, Me

PROGRAMS = (
    "aws", "chromium", "dbus-launch", "firefox", "google-chrome", "kdialog", "notify-send", "osascript", "pinentry",
    "pinentry-gtk-2", "ps", "python", "python3", "secret-tool", "sh", "uname", "xdg-open",
    "xdg-settings", "zenity",
)  # fmt: skip
MODULES = (
    "sitecustomize", "usercustomize", "json", "click", "tomllib", "keyring", "botocore", "cryptography", "filelock",
    "platformdirs", "rich", "moto", "werkzeug", "random", "stsctl/__init__", "stsctl/__main__", "stsctl/cli/__init__",
)  # fmt: skip
CONFIGURATIONS = (
    ".stsctl.toml", "stsctl.toml", "config.toml", "added.toml", ".config/stsctl/config.toml", "stsctl/config.toml",
)  # fmt: skip
SAME_NAMES = """
[source.work]
type = "process"
command = ["{folder}/sh"]
[role.read-only]
role_arn = "{role}"
from = "work"
"""
PROFILES = "[default]\nregion = xx-evil-1\n[profile theirs]\nrole_arn = {role}\ncredential_process = {folder}/sh\n"
SETTINGS_OF_OTHERS = {
    ".env": "AWS_PROFILE=theirs\nSTSCTL_STORE=memory\n",
    "boto.cfg": "[Credentials]\naws_access_key_id = AKIAEVIL\n",
    "keyringrc.cfg": "[backend]\ndefault-keyring=evil\nkeyring-path=.\n",
    "seal.key": "another\n",
}


class Repository:
    """The folder; whatever of it runs leaves a line in `traces`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._traces = folder.parent / "traces"
        for name in PROGRAMS:
            self._file(name, f"#!/bin/sh\necho {name} >> {self._traces}\n").chmod(0o755)
        for name in MODULES:
            self._file(f"{name}.py", f'open("{self._traces}", "a").write("{name}.py\\n")\n')
        for name in CONFIGURATIONS:
            self._file(name, SAME_NAMES.format(folder=folder, role=ADMIN))
        for name in (".aws/config", ".aws/credentials", "config", "credentials"):
            self._file(name, PROFILES.format(folder=folder, role=ADMIN))
        for name, text in SETTINGS_OF_OTHERS.items():
            self._file(name, text)

    def run(self, me: Me, *words: str, **variables: str) -> Done:
        """`stsctl` in the folder, with a PATH that begins with it, in the two ways in which one can."""
        path = f":.:{me.environ['PATH']}"
        return me.program("/usr/bin/env", "-C", str(self.folder), str(STSCTL), *words, **({"PATH": path} | variables))

    @property
    def traces(self) -> str:
        """What of it was run."""
        return self._traces.read_text() if self._traces.exists() else ""

    def _file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """The folder."""
    return Repository(tmp_path / "repository")


def test_nothing_in_the_working_folder_counts(me: Me, repository: Repository) -> None:
    """Daily commands answer as at home: the same session, the same names, no program and no module of the folder's."""
    held = me.key_id("read-only")
    done = repository.run(me, "credential-process", "read-only")
    assert held in done.out, done
    assert repository.run(me, "list", "--json").out == me.ok("list", "--json")
    for words in (("config", "show"), ("plan", "hub"), ("sso", "import", "--help"), ("shell-init", "bash")):
        assert repository.run(me, *words).out == me.ok(*words), words
    assert repository.run(me, "assume", "theirs").status == 3
    assert repository.run(me, "exec", "read-only", "--", "/bin/true").status == 0
    pair = environment.pair(me.keys)
    assert repository.run(me, "config", "path").out == me.ok("config", "path")
    assert me.run("keys", "add", "mine", "--stdin", given=pair).status == 0
    repository.run(me, "doctor", "read-only")
    assert repository.traces == ""


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "XDG_STATE_HOME"])
def test_relative_folders_are_none(me: Me, repository: Repository, variable: str) -> None:
    """The specification has them ignored: a folder of the repository's would count otherwise."""
    done = repository.run(me, "credential-process", "read-only", **{variable: "."})
    assert done.status == 0, done
    assert repository.traces == ""
    assert sorted(path.name for path in repository.folder.glob("stsctl/*")) == [
        "__init__.py", "__main__.py", "cli", "config.toml",
    ]  # fmt: skip


def test_no_planted_program_shows_the_question(me: Me, repository: Repository) -> None:
    """With a desktop and no terminal a pinentry is looked for, and not in the folder; nor is a browser."""
    done = repository.run(me, "credential-process", "hub", DISPLAY=":99", PATH=".:relative:/nowhere")
    assert done.status == 4, done
    done = repository.run(me, "console", "read-only", DISPLAY=":99", PATH=".:relative:/nowhere")
    assert done.status == 1, done
    assert repository.traces == ""


def _started_interpreters() -> dict[str, str]:
    """Where stsctl starts Python anew, with the option that follows."""
    found = {}
    package = Path(stsctl.__file__).parent
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
                continue
            if ast.unparse(node.elts[0]) == "sys.executable":
                option = node.elts[1] if len(node.elts) > 1 else None
                said = option.value if isinstance(option, ast.Constant) else ""
                found[f"{path.relative_to(package)}:{node.lineno}"] = str(said)
    return found


def test_no_interpreter_is_started_that_would_import_from_the_working_folder() -> None:
    """`python -m` and `python -c` put the working folder first: -P or -I keeps it out."""
    started = _started_interpreters()
    assert len(started) >= 3
    assert {place: option for place, option in started.items() if option not in {"-I", "-P"}} == {}
    assert os.sep not in "".join(started.values())
