"""Which file a shell reads when a person starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def startup_file(
    shell: str, *, home: str, environ: Mapping[str, str], platform: str, is_there: Callable[[str], bool]
) -> str | None:
    """The path of that file; None where that cannot be known.

    Sources: bash(1), INVOCATION (terminals on macOS start login shells); zsh(1), STARTUP/SHUTDOWN FILES; fish(1),
    Configuration files; about_Profiles of PowerShell; Configuration of nushell.
    """
    configuration = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    if shell == "bash" and platform == "darwin":
        login = [f"{home}/{name}" for name in (".bash_profile", ".bash_login", ".profile")]
        return next((path for path in login if is_there(path)), login[0])
    if shell == "bash":
        return f"{home}/.bashrc"
    if shell == "zsh":
        return f"{environ.get('ZDOTDIR') or home}/.zshrc"
    if shell == "fish":
        return f"{configuration}/fish/config.fish"
    if shell == "powershell" and platform != "win32":  # there it is below the documents, wherever those are
        return f"{configuration}/powershell/Microsoft.PowerShell_profile.ps1"
    if shell == "nu":
        usual = f"{home}/Library/Application Support" if platform == "darwin" else configuration
        return f"{environ.get('XDG_CONFIG_HOME') or usual}/nushell/config.nu"
    return None
