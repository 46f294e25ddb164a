"""What `eval "$(stsctl shell-init zsh)"` defines: a function that lets `stsctl assume` change the shell it is typed in.

A program cannot set variables of the shell that started it; a function of its name can. It runs the program, and after
an `assume` has it write what to export, after a `logout` what to take back. The rest goes through as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

_POSIX = """\
stsctl() {
    case "${1-}" in
    assume | logout) command stsctl "$@" || return ;;
    *)
        command stsctl "$@"
        return
        ;;
    esac
    if [ "$1" = logout ]; then
        if [ -n "${STSCTL_ROLE-}" ] && ! command stsctl list | cut -f 1 | grep -xF -- "$STSCTL_ROLE" >/dev/null; then
            eval "$(command stsctl env --unset --shell @SHELL@)"
        fi
        return
    fi
    while [ $# -gt 0 ]; do
        case "$1" in
        -h | --help | --json | --no-cache) return 0 ;;
        esac
        shift
    done
    eval "$(command stsctl env --shell @SHELL@)"
}
"""

_FISH = """\
function stsctl --description 'AWS sessions, exported into this shell'
    command stsctl $argv
    or return
    switch "$argv[1]"
        case assume
            for stsctl_word in -h --help --json --no-cache
                contains -- $stsctl_word $argv
                and return 0
            end
            command stsctl env --shell fish | source
        case logout
            if set -q STSCTL_ROLE; and not command stsctl list | cut -f 1 | grep -xF -- "$STSCTL_ROLE" >/dev/null
                command stsctl env --unset --shell fish | source
            end
    end
end
"""

_POWERSHELL = """\
function stsctl {
    # PowerShell takes "--" away from functions: write it in quotes, stsctl exec NAME '--' COMMAND.
    $program = (Get-Command stsctl -CommandType Application -TotalCount 1).Source
    if ($MyInvocation.ExpectingInput) { $input | & $program @args } else { & $program @args }
    if ($LASTEXITCODE -ne 0) { return }
    $plain = '-h', '--help', '--json', '--no-cache' | Where-Object { $args -contains $_ }
    if ($args[0] -eq 'assume' -and -not $plain) {
        & $program env --shell powershell | Invoke-Expression
    } elseif ($args[0] -eq 'logout' -and $Env:STSCTL_ROLE) {
        $held = & $program list | ForEach-Object { ($_ -split "`t")[0] }
        if ($held -cnotcontains $Env:STSCTL_ROLE) { & $program env --unset --shell powershell | Invoke-Expression }
    }
}
"""

_NU = """\
def --env --wrapped stsctl [...words: string] {
    let verb = ($words | get 0? | default "")
    if $verb == "assume" and not ($words | any {|word| $word in ["-h" "--help" "--json" "--no-cache"]}) {
        ^stsctl ...$words
        ^stsctl env --shell nu | from json | load-env
    } else if $verb == "logout" {
        ^stsctl ...$words
        let held = (^stsctl list --json | from json | get name)
        if $env.STSCTL_ROLE? != null and $env.STSCTL_ROLE not-in $held {
            ^stsctl env --unset --shell nu | from json | load-env
        }
    } else {
        ^stsctl ...$words
    }
}
"""

_TEXTS: Mapping[str, str] = {
    # zsh can complete only after compinit, and bash before version 4 does not know what click's script asks of it.
    "bash": _POSIX.replace("@SHELL@", "bash") + 'if [ "${BASH_VERSINFO-0}" -ge 4 ]; then\n@COMPLETION@\nfi\n',
    "zsh": _POSIX.replace("@SHELL@", "zsh") + "if (( $+functions[compdef] )); then\n@COMPLETION@\nfi\n",
    "sh": _POSIX.replace("@SHELL@", "sh"),
    "fish": _FISH + "@COMPLETION@\n",
    "powershell": _POWERSHELL,
    "nu": _NU,
}

SHELLS = tuple(_TEXTS)
"""The shells that have such a function; cmd has none."""


def render(shell: str, completion: str) -> str:
    """The text for `shell` to evaluate. `completion` is its completion script, where there is one for it."""
    return _TEXTS[shell].replace("@COMPLETION@", completion.strip())
