# What `stsctl shell-init fish | source` defines. A program cannot set variables of the shell that started it; a
# function of its name can: it has `assume` and `logout` write what the shell is to change, and sources that.
function stsctl --description 'AWS sessions, exported into this shell'
    if not contains -- "$argv[1]" assume logout
        command stsctl $argv
        return
    end
    for stsctl_word in -h --help --json --export
        if contains -- $stsctl_word $argv
            command stsctl $argv
            return
        end
    end
    set -l stsctl_lines (command stsctl $argv --export fish)
    or return
    printf '%s\n' $stsctl_lines | source
end

# Enter asks first, and then does what it always does.
function _stsctl_enter
    if test -n "$STSCTL_WARN"; and not commandline --paging-mode; and not _stsctl_may_run
        return
    end
    commandline -f execute
end

function _stsctl_may_run
    set -l line (commandline | string collect)
    test -n "$line"; or return 0
    begin
        printf '%s\0' $line
        alias
        abbr --show
    end | command stsctl guard
    set -l answer $status
    commandline -f repaint
    contains $answer 0 126 127
end

# The time is compared as a number of fourteen digits.
function _stsctl_renew
    test -n "$STSCTL_RENEW_AT"; and not string match -q 'stsctl*' -- $argv[1]
    or return 0
    if test (date -u +%Y%m%d%H%M%S) -gt (string replace -ra '\D' '' -- $STSCTL_RENEW_AT)
        command stsctl env --renew --shell fish | source
    end
end

function _stsctl_status
    return $argv[1]
end

if status is-interactive
    for mode in default insert
        bind --mode $mode \r _stsctl_enter
        bind --mode $mode \n _stsctl_enter
    end
    if set -q _stsctl_renews
        function _stsctl_preexec --on-event fish_preexec
            _stsctl_renew $argv
        end
    end
    if set -q _stsctl_prompts; and not functions -q _stsctl_fish_prompt
        function _stsctl_prompted --on-event fish_prompt
            set -g _stsctl_segment (command stsctl prompt --shell fish)
        end
        functions --copy fish_prompt _stsctl_fish_prompt
        function fish_prompt
            set -l last $status
            test -n "$_stsctl_segment"; and echo -n "$_stsctl_segment "
            _stsctl_status $last
            _stsctl_fish_prompt
        end
    end
    if set -q _stsctl_titles; and not functions -q _stsctl_fish_title
        functions --copy fish_title _stsctl_fish_title
        function fish_title
            test -n "$STSCTL_ROLE"; and echo -n (string replace -ra '[[:cntrl:]]' '' -- $STSCTL_ROLE)': '
            _stsctl_fish_title $argv
        end
    end
end
