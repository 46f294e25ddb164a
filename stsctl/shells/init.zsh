# In place of a widget that runs a line: asks first, and then does what was there before, which is the first argument.
_stsctl_accept() {
    if [[ -n ${STSCTL_WARN-} && -n ${BUFFER// } ]] && ! _stsctl_may_run; then
        zle -I
        return 0
    fi
    zle $1
}

_stsctl_may_run() {
    if [[ -o banghist && $BUFFER == *'!'* ]]; then zle expand-history; fi
    { print -rn -- "$PREBUFFER$BUFFER"; printf '\0'; alias -rL } | command stsctl guard || [[ $? == 12[67] ]]
}

# The time is compared as text: both are written year first.
_stsctl_renew() {
    local now
    [[ -n ${STSCTL_RENEW_AT-} && ${1-} != stsctl* ]] || return 0
    TZ=UTC0 strftime -s now '%Y-%m-%dT%H:%M:%SZ' $EPOCHSECONDS
    if [[ $now > $STSCTL_RENEW_AT ]]; then eval "$(command stsctl env --renew --shell zsh)"; fi
    return 0
}

# PROMPT names the variable, so that nothing in a role's name is expanded.
_stsctl_prompted() {
    if [[ -n ${_stsctl_prompts-} ]]; then
        typeset -g _stsctl_segment=$(command stsctl prompt --shell zsh)
        [[ $PROMPT == *_stsctl_segment* ]] || PROMPT='${_stsctl_segment:+$_stsctl_segment }'$PROMPT
    fi
    if [[ -n ${_stsctl_titles-} && ${STSCTL_ROLE-}${_stsctl_title-} != '' ]]; then
        typeset -g _stsctl_title=${STSCTL_ROLE-}
        printf '\e]2;%s\a' "${_stsctl_title//[[:cntrl:]]/}"
    fi
}

if [[ -o interactive ]]; then
    zmodload zsh/datetime
    autoload -Uz add-zsh-hook
    if [[ -n ${_stsctl_renews-} ]]; then add-zsh-hook preexec _stsctl_renew; fi
    if [[ -n ${_stsctl_prompts-} ]]; then setopt promptsubst; fi
    if [[ -n ${_stsctl_prompts-}${_stsctl_titles-} ]]; then add-zsh-hook precmd _stsctl_prompted; fi
    for _stsctl_name in accept-line accept-and-hold accept-line-and-down-history accept-and-infer-next-history; do
        # Others put themselves before widgets in the same way, and call them by names of their own.
        (( $+functions[_stsctl_do_$_stsctl_name] )) && continue
        _stsctl_before=.$_stsctl_name
        if [[ ${widgets[$_stsctl_name]-} == user:* ]]; then
            _stsctl_before=_stsctl_$_stsctl_name
            zle -A $_stsctl_name $_stsctl_before
        fi
        functions[_stsctl_do_$_stsctl_name]="_stsctl_accept $_stsctl_before"
        zle -N $_stsctl_name _stsctl_do_$_stsctl_name
    done
    unset _stsctl_name _stsctl_before
fi
