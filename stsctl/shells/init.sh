# What `eval "$(stsctl shell-init SHELL)"` defines. A program cannot set variables of the shell that started it; a
# function of its name can: it has `assume` and `logout` write what the shell is to change, and evaluates that.
stsctl() {
    case "${1-}" in
    assume | logout) ;;
    *)
        command stsctl "$@"
        return
        ;;
    esac
    case " $* " in
    *" -h "* | *" --help "* | *" --json "* | *" --export "*)
        command stsctl "$@"
        return
        ;;
    esac
    local stsctl_text
    stsctl_text=$(command stsctl "$@" --export @SHELL@) || return
    eval "$stsctl_text"
}
