"""What `eval "$(stsctl shell-init zsh)"` defines: a function that lets `stsctl assume` change the shell it is typed in.

A program cannot set variables of the shell that started it; a function of its name can. It has `assume` and `logout`
write what the shell is to change (`--export`), and evaluates that. The rest goes through as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

_POSIX = """\
stsctl() {
    case "${1-}" in
    assume | logout) ;;
    *)
        command stsctl "$@"
        return
        ;;
    esac
    case " $* " in
    *" -h "* | *" --help "* | *" --json "*)
        command stsctl "$@"
        return
        ;;
    esac
    local stsctl_text
    stsctl_text=$(command stsctl "$@" --export @SHELL@) || return
    eval "$stsctl_text"
}
"""

_FISH = """\
function stsctl --description 'AWS sessions, exported into this shell'
    if not contains -- "$argv[1]" assume logout
        command stsctl $argv
        return
    end
    for stsctl_word in -h --help --json
        if contains -- $stsctl_word $argv
            command stsctl $argv
            return
        end
    end
    set -l stsctl_lines (command stsctl $argv --export fish)
    or return
    printf '%s\\n' $stsctl_lines | source
end
"""

_POWERSHELL = """\
function stsctl {
    # PowerShell takes "--" away from functions: write it in quotes, stsctl exec NAME '--' COMMAND.
    $program = (Get-Command stsctl -CommandType Application -TotalCount 1).Source
    $plain = '-h', '--help', '--json' | Where-Object { $args -contains $_ }
    if ($args.Count -and $args[0] -in 'assume', 'logout' -and -not $plain) {
        $text = & $program @args --export powershell | Out-String
        if ($LASTEXITCODE -eq 0 -and $text.Trim()) { Invoke-Expression $text }
    } elseif ($MyInvocation.ExpectingInput) { $input | & $program @args } else { & $program @args }
}
"""

_NU = """\
def --env --wrapped stsctl [...words: string] {
    let verb = ($words | get 0? | default "")
    if $verb in ["assume" "logout"] and not ($words | any {|word| $word in ["-h" "--help" "--json"]}) {
        let text = (^stsctl ...$words --export nu)
        $text | from json | load-env
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
