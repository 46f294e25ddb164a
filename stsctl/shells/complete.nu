def _stsctl_complete [context: string] {
    let found = with-env {
        _STSCTL_COMPLETE: fish_complete
        COMP_WORDS: $context
        COMP_CWORD: ($context | split row " " | last)
    } { ^stsctl | lines }
    let completions = (
        $found
        | parse --regex '^plain,(?<value>[^\t]*)\t?(?<description>.*)$'
        | update value {|one| if $one.value =~ '^[\w./:=+-]+$' { $one.value } else { $one.value | to nuon }}
    )
    {completions: $completions, options: {sort: false, completion_algorithm: fuzzy}}
}
