# What `stsctl shell-init nu` defines. A program cannot set variables of the shell that started it; a
# command of its name can: it has `assume` and `logout` write what the shell is to change, and loads that.
def --env --wrapped stsctl [...words: string@_stsctl_complete] {
    let verb = ($words | get 0? | default "")
    if $verb in [assume logout] and not ($words | any {|word| $word in ["-h" "--help" "--json" "--export"]}) {
        let text = (^stsctl ...$words --export nu)
        $text | from json | load-env
    } else {
        ^stsctl ...$words
    }
}

# Enter asks first, and then does what it always does. (A hook of nu's cannot keep a line from running.)
def _stsctl_enter [] {
    let line = (commandline)
    if ($env.STSCTL_WARN? | is-empty) or ($line | is-empty) or (_stsctl_may_run $line) {
        commandline edit --accept $line
    }
}

def _stsctl_may_run [line: string] {
    let aliases = (scope aliases | each {|one| $"alias ($one.name) '($one.expansion)'"} | str join (char newline))
    try {
        $"($line)(char --integer 0)($aliases)" | ^stsctl guard
        true
    } catch {
        $env.LAST_EXIT_CODE in [126 127]
    }
}

# The time is compared as text: both are written year first.
def --env _stsctl_renew [] {
    let due = ($env.STSCTL_RENEW_AT? | default "")
    let now = (date now | date to-timezone UTC | format date "%Y-%m-%dT%H:%M:%SZ")
    if $due != "" and $now > $due and not ((commandline) starts-with stsctl) {
        ^stsctl env --renew --shell nu | from json | load-env
    }
}

def _stsctl_title [] {
    let name = ($env.STSCTL_ROLE? | default "" | str replace --all --regex '[[:cntrl:]]' "")
    if $name != "" { print --no-newline $"\e]2;($name)\u{7}" }
}

# Enter is as it always is until there is something to ask about: this way a line that goes on is not seen as one.
def --env _stsctl_keys [] {
    if ($env.STSCTL_WARN? | is-empty) or stsctl_enter in $env.config.keybindings.name { return }
    $env.config.keybindings ++= [{
        name: stsctl_enter
        modifier: none
        keycode: enter
        mode: [emacs vi_insert vi_normal]
        event: {send: executehostcommand, cmd: "_stsctl_enter"}
    }]
}

if $nu.is-interactive {
    $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt | default [] | append {|| _stsctl_keys})
    if ($env._stsctl_renews? | default false) {
        $env.config.hooks.pre_execution = ($env.config.hooks.pre_execution | default [] | append {|| _stsctl_renew})
    }
    if ($env._stsctl_titles? | default false) {
        $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt | default [] | append {|| _stsctl_title})
    }
    if ($env._stsctl_prompts? | default false) {
        let prompt = ($env.PROMPT_COMMAND? | default {|| pwd})
        $env.PROMPT_COMMAND = {||
            let segment = (^stsctl prompt --shell nu | str trim)
            let rest = if ($prompt | describe) == closure { do $prompt } else { $prompt }
            if $segment == "" { $rest } else { $"($segment) ($rest)" }
        }
    }
}
