# Enter first does _stsctl_enter, and then what that leaves for it to do: run the line, or nothing. Both are bound as
# keys that nobody types, since readline can run a function of the shell's, and its own commands, but by keys alone.
_stsctl_enter() {
    if [[ -n ${STSCTL_WARN-} && $READLINE_LINE == *[![:space:]]* ]] && ! _stsctl_may_run; then
        _stsctl_bind '"\C-x\C-_2": redraw-current-line'
        return
    fi
    _stsctl_bind '"\C-x\C-_2": accept-line'
    if [[ -n ${_stsctl_renews-} && $READLINE_LINE != stsctl* ]]; then _stsctl_renew; fi
}

_stsctl_may_run() {
    local line=$READLINE_LINE
    if [[ $line == *'!'* ]]; then line=$(_stsctl_expanded 2>/dev/null) || line=$READLINE_LINE; fi
    { printf '%s\0' "$line"; alias; } | command stsctl guard || [[ $? == 12[67] ]]
}

# In a subshell. `history -p` takes the last line for the one that it is written in, and away, unless one was pushed.
_stsctl_expanded() {
    set +o history
    history -s -- "$(HISTTIMEFORMAT='' history 1 | sed '1s/^ *[0-9]*\*\{0,1\} *//')"
    history -p -- "$READLINE_LINE"
}

# The time is compared as text: both are written year first.
_stsctl_renew() {
    local now
    [[ -n ${STSCTL_RENEW_AT-} ]] || return 0
    TZ=UTC0 printf -v now '%(%Y-%m-%dT%H:%M:%SZ)T' -1
    if [[ $now > $STSCTL_RENEW_AT ]]; then eval "$(command stsctl env --renew --shell bash)"; fi
    return 0
}

_stsctl_bind() {
    local map
    for map in emacs-standard vi-insert vi-command; do bind -m "$map" "$@"; done
}

# Enter is as it always is for as long as nothing is to be done before a line runs.
_stsctl_keys() {
    local wanted=${STSCTL_WARN:+1}${_stsctl_renews:+${STSCTL_RENEW_AT:+1}}
    [[ -n $wanted && -z ${_stsctl_bound-} ]] || return 0
    _stsctl_bound=1
    local map
    for map in emacs-standard vi-insert vi-command; do bind -m "$map" -x '"\C-x\C-_1": _stsctl_enter'; done
    _stsctl_bind '"\C-x\C-_2": accept-line'
    _stsctl_bind '"\C-m": "\C-x\C-_1\C-x\C-_2"'
    _stsctl_bind '"\C-j": "\C-x\C-_1\C-x\C-_2"'
}

# PS1 names the variable, so that nothing in a role's name is expanded.
_stsctl_prompted() {
    _stsctl_keys
    if [[ -n ${_stsctl_prompts-} ]]; then
        _stsctl_segment=$(command stsctl prompt --shell bash)
        [[ $PS1 == *_stsctl_segment* ]] || PS1='${_stsctl_segment:+$_stsctl_segment }'$PS1
    fi
    if [[ -n ${_stsctl_titles-} && ${STSCTL_ROLE-}${_stsctl_title-} != '' ]]; then
        _stsctl_title=${STSCTL_ROLE-}
        printf '\e]2;%s\a' "${_stsctl_title//[[:cntrl:]]/}"
    fi
}

# Before 5.1 there was no list of commands that belong to the prompt.
if [[ $- == *i* && ${PROMPT_COMMAND[*]-} != *_stsctl_prompted* ]] && ((BASH_VERSINFO[0] * 10 + BASH_VERSINFO[1] > 50)); then
    PROMPT_COMMAND+=(_stsctl_prompted)
fi
