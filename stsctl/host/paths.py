"""Where stsctl's files are, by each operating system's own convention."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.digest import sha256

_NAME = "stsctl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The folders and files that stsctl reads and writes, and those of AWS's tools.

    `sdk_cache` is where SDKs keep the tokens of Identity Center, `login_cache` where the sessions of `aws login`,
    `runtime` what lasts as long as this user is signed in at this machine.
    `emulated` says that it is an emulator that is asked: what stsctl keeps of that stands apart from what is AWS's.
    """

    config_home: Path
    state_home: Path
    data_home: Path
    aws_config: Path
    aws_credentials: Path
    sdk_cache: Path
    login_cache: Path
    runtime: Path
    emulated: bool = False

    @property
    def config(self) -> Path:
        """What a person writes."""
        return self.config_home / "config.toml"

    @property
    def added(self) -> Path:
        """What stsctl itself adds."""
        return (self.config_home / "emulator" if self.emulated else self.config_home) / "added.toml"

    @property
    def edited(self) -> Path:
        """The copy of what a person writes that they edit."""
        return self.state_home / "edit" / "config.toml"

    @property
    def index(self) -> Path:
        """What is held, without its secrets."""
        return self.state_home / "index" / self._side

    @property
    def current(self) -> Path:
        """The current session of each terminal."""
        return self.state_home / "current" / self._side

    @property
    def askers(self) -> Path:
        """Who asked last, by programs and pages that give tokens and assertions."""
        return self.state_home / "askers" / self._side

    def sign_in_profile(self, page: str) -> Path:
        """What the browser remembers that people sign in with on a page."""
        digest = sha256(page.encode()).hexdigest()[:32]
        return self.state_home / "browser" / self._side / digest

    @property
    def uses(self) -> Path:
        """How often and how lately each name was used."""
        return self.state_home / "uses" / f"{self._side}.json"

    @property
    def known_names(self) -> Path:
        """The names that can be typed, where they are many."""
        return self.state_home / "names.json"

    @property
    def known_tables(self) -> Path:
        """The tables of the configuration, where its roles are many."""
        return self.state_home / "tables"

    @property
    def last_refusal(self) -> Path:
        """The refusal that happened last."""
        return self.state_home / "last-refusal" / f"{self._side}.json"

    @property
    def learned(self) -> Path:
        """What AWS's answers taught: role maxima, used codes, outcomes."""
        return self.state_home / "learned"

    @property
    def run_times(self) -> Path:
        """How long programs took that ran with a session."""
        return self.state_home / "run-times"

    @property
    def known_shared_tables(self) -> Path:
        """What the files of others say, where that is much."""
        return self.state_home / "shared-tables"

    @property
    def trusted(self) -> Path:
        """The files of others that the person trusted."""
        return self.state_home / "trusted"

    @property
    def locks(self) -> Path:
        """One file a lock."""
        return self.state_home / "locks"

    @property
    def sealed(self) -> Path:
        """The sealed-file store."""
        return self.state_home / "sealed" / self._side

    @property
    def emulator(self) -> Path:
        """What is known of the running emulator."""
        return self.state_home / "emulator"

    @property
    def agent_socket(self) -> Path:
        """Where the agent is asked. What an emulator issued has an agent of its own."""
        return self.runtime / ("emulator.sock" if self.emulated else "agent.sock")

    @property
    def agent(self) -> Path:
        """What the agent keeps beside sessions: its log, what to tell, which profiles are kept fresh."""
        return self.state_home / "agent" / self._side

    @property
    def policies(self) -> Path:
        """What is kept of folders of policies, so that they need not be read again."""
        return self.state_home / "policies"

    @property
    def reports(self) -> Path:
        """Reports of failures that are stsctl's own fault."""
        return self.state_home / "reports"

    @property
    def _side(self) -> str:
        return "emulator" if self.emulated else "aws"


def find(environ: Mapping[str, str], *, emulated: bool = False) -> Paths:
    """The paths for this user, from the variables that move them."""
    home = Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - works where HOME is unset
    config, state, data = _folders(environ, home)
    return Paths(
        config_home=config,
        state_home=state,
        data_home=data,
        aws_config=_expand(environ.get("AWS_CONFIG_FILE"), home) or home / ".aws" / "config",
        aws_credentials=_expand(environ.get("AWS_SHARED_CREDENTIALS_FILE"), home) or home / ".aws" / "credentials",
        sdk_cache=home / ".aws" / "sso" / "cache",  # no variable moves it
        login_cache=_expand(environ.get("AWS_LOGIN_CACHE_DIRECTORY"), home) or home / ".aws" / "login" / "cache",
        runtime=_runtime(environ),
        emulated=emulated,
    )


def _folders(environ: Mapping[str, str], home: Path) -> tuple[Path, Path, Path]:
    """Those of the configuration, of the state and of what is made for other programs."""
    if sys.platform.startswith(("darwin", "win")):
        from platformdirs import PlatformDirs

        folders = PlatformDirs(_NAME, appauthor=False)
        return Path(folders.user_config_dir), Path(folders.user_state_dir), Path(folders.user_data_dir)

    def xdg(variable: str, otherwise: Path) -> Path:
        value = environ.get(variable, "")
        # The specification: a path that is not absolute is to be ignored.
        return Path(value) if value.startswith("/") else otherwise

    return (
        xdg("XDG_CONFIG_HOME", home / ".config") / _NAME,
        xdg("XDG_STATE_HOME", home / ".local" / "state") / _NAME,
        xdg("XDG_DATA_HOME", home / ".local" / "share") / _NAME,
    )


def _runtime(environ: Mapping[str, str]) -> Path:
    """The folder of the XDG specification; else one that is called after the user, whose owner whoever uses it checks.

    macOS has a folder for temporary files for each user.
    """
    said = environ.get("XDG_RUNTIME_DIR", "")
    if said.startswith("/"):
        return Path(said) / _NAME
    user = os.getuid() if sys.platform != "win32" else 0
    usual = Path(f"/run/user/{user}")
    if usual.is_dir():
        return usual / _NAME
    return Path(environ.get("TMPDIR") or "/tmp") / f"{_NAME}-{user}"  # noqa: S108 - its owner is checked


def _expand(value: str | None, home: Path) -> Path | None:
    if not value:
        return None
    return home / value[2:] if value.startswith("~/") else Path(value)
