if [ "${BASH_VERSINFO-0}" -ge 4 ]; then
_stsctl_completion() {
    local IFS=$'\n'
    local response

    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD _STSCTL_COMPLETE=bash_complete $1)

    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"

        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$(printf '%q' "$value")")
        fi
    done

    return 0
}

_stsctl_completion_setup() {
    complete -o nosort -F _stsctl_completion stsctl
}

_stsctl_completion_setup;
fi
