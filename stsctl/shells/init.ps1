# What `stsctl shell-init powershell | Out-String | Invoke-Expression` defines. A program cannot set variables of the
# shell that started it; a function of its name can: it has `assume` and `logout` write what the shell is to change.
$global:_stsctl = (Get-Command stsctl -CommandType Application -TotalCount 1).Source

function global:stsctl {
    # PowerShell takes "--" away from functions: write it in quotes, stsctl exec NAME '--' COMMAND.
    $plain = '-h', '--help', '--json', '--export' | Where-Object { $args -contains $_ }
    if ($args.Count -and $args[0] -in 'assume', 'logout' -and -not $plain) {
        $text = & $global:_stsctl @args --export powershell | Out-String
        if ($LASTEXITCODE -eq 0 -and $text.Trim()) { Invoke-Expression $text }
    } elseif ($MyInvocation.ExpectingInput) { $input | & $global:_stsctl @args } else { & $global:_stsctl @args }
}

function global:_stsctl_may_run([string] $line) {
    $aliases = (Get-Alias | ForEach-Object { "alias $($_.Name) '$($_.Definition)'" }) -join "`n"
    "$line`0$aliases" | & $global:_stsctl guard
    $LASTEXITCODE -eq 0
}

# The time is compared as text: both are written year first.
function global:_stsctl_renew {
    $now = [datetime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    if ($Env:STSCTL_RENEW_AT -and [string]::CompareOrdinal($now, $Env:STSCTL_RENEW_AT) -gt 0) {
        & $global:_stsctl env --renew --shell powershell | Out-String | Invoke-Expression
    }
}

# Enter asks first, and then does what it always does.
if (Get-Module PSReadLine) {
    Set-PSReadLineKeyHandler -Key Enter -BriefDescription StsctlEnter -ScriptBlock {
        $line = $cursor = $null
        [Microsoft.PowerShell.PSConsoleReadLine]::GetBufferState([ref] $line, [ref] $cursor)
        if ($Env:STSCTL_WARN -and $line.Trim() -and -not (_stsctl_may_run $line)) {
            [Microsoft.PowerShell.PSConsoleReadLine]::InvokePrompt()
            return
        }
        if ($global:_stsctl_renews -and $line -notlike 'stsctl*') { _stsctl_renew }
        [Microsoft.PowerShell.PSConsoleReadLine]::AcceptLine()
    }
}

if (($global:_stsctl_prompts -or $global:_stsctl_titles) -and -not $global:_stsctl_prompt) {
    $global:_stsctl_prompt = $function:prompt
    function global:prompt {
        $code = $global:LASTEXITCODE
        $segment = if ($global:_stsctl_prompts) { & $global:_stsctl prompt --shell powershell }
        if ($global:_stsctl_titles -and $Env:STSCTL_ROLE) {
            $Host.UI.RawUI.WindowTitle = $Env:STSCTL_ROLE -replace '[\x00-\x1f\x7f-\x9f]', ''
        }
        $global:LASTEXITCODE = $code
        $rest = & $global:_stsctl_prompt
        if ($segment) { "$segment $rest" } else { $rest }
    }
}
