"""Every setting that is no role's own: flag over environment over file over default, each with its origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import TypeVar

from stsctl import destructive, lifetime, limits, region
from stsctl.argv import command
from stsctl.configuration import Configuration, PromptWith, SealKey, StoreName
from stsctl.connection import SERVICES
from stsctl.dataclass import dataclass
from stsctl.duration import parse_duration
from stsctl.errors import ConfigurationError, UsageError
from stsctl.nearest import suggestion
from stsctl.origin import Origin
from stsctl.setting import Level, Setting
from stsctl.target import HopKind, MfaMode

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one run; `config show` prints them in this order.

    `store` is where long-term keys rest, `session_store` where sessions and sign-ins do: the same unless it is said.
    `store_process` is the program of the store that is reached by one.
    `duration`, `session_name`, `mfa` and `mfa_process` are for roles that do not say their own, `region` for those that
    name none. `prompt_timeout` limits the wait for a person, `sign_in_timeout` that for one who signs in on a page, and
    `lock_timeout` that for another stsctl. `endpoint_url` and
    `ca_bundle` are what the environment says of the way to STS; `ignores_endpoint_urls` sets every such URL aside.
    `use_fips_endpoint` and `use_dualstack_endpoint` choose among AWS's own endpoints. `endpoint_urls` are the URLs of
    the other services. `project` says whether the file of a project is looked for.
    `emulator` is the id of the emulator that the endpoint is said to be.
    """

    store: Setting[StoreName]
    session_store: Setting[StoreName]
    store_process: Setting[tuple[str, ...]]
    prompt: Setting[bool]
    prompt_with: Setting[PromptWith]
    prompt_timeout: Setting[timedelta]
    sign_in_timeout: Setting[timedelta]
    lock_timeout: Setting[timedelta]
    region: Setting[str | None]
    duration: Setting[timedelta | None]
    session_name: Setting[str | None]
    mfa: Setting[MfaMode]
    mfa_process: Setting[tuple[str, ...]]
    seal_key: Setting[SealKey | None]
    seal_key_file: Setting[str | None]
    seal_key_process: Setting[tuple[str, ...]]
    browser: Setting[tuple[str, ...]]
    browser_profile: Setting[str | None]
    container: Setting[str | None]
    project: Setting[bool]
    agent_auto_start: Setting[bool]
    agent_keep: Setting[tuple[str, ...]]
    warn_before: Setting[tuple[str, ...]]
    endpoint_url: Setting[str | None]
    use_fips_endpoint: Setting[bool]
    use_dualstack_endpoint: Setting[bool]
    ignores_endpoint_urls: Setting[bool]
    ca_bundle: Setting[str | None]
    emulator: Setting[str | None]
    endpoint_urls: Mapping[str, Setting[str | None]]

    def all(self) -> tuple[Setting[object], ...]:
        """All of them, in order; of other services' URLs those that somebody said."""
        own = tuple(getattr(self, one.name) for one in fields(self) if one.name != "endpoint_urls")
        return own + tuple(one for one in self.endpoint_urls.values() if one.value)

    def url_of(self, service: str) -> Setting[str | None]:
        """Where a service is said to be."""
        return self.endpoint_url if service == "sts" else self.endpoint_urls[service]


PROMPT_TIMEOUT = timedelta(seconds=45)
"""Well below the minute after which programs that run a credential_process begin to give up."""
SIGN_IN_TIMEOUT = timedelta(minutes=5)
"""A password, a code and a page to read; what a browser is sent to ends after ten minutes."""
LOCK_TIMEOUT = timedelta(minutes=3)
"""Three prompts, with the calls between them."""


def resolve(
    configuration: Configuration, environ: Mapping[str, str], flags: Mapping[str, str] | None = None
) -> Settings:
    """The settings that hold. `flags` are the global flags as typed, by setting (`store`, `prompt_timeout`, …).

    Raises UsageError for a flag, ConfigurationError for a variable that says what cannot be meant.
    """
    own = dict.fromkeys(region.VARIABLES, region.own(environ) or "") if region.is_exported(environ) else {}
    choose = _Chooser(configuration, environ, own, flags or {})
    defaults, sealed, console = configuration.defaults, configuration.sealed_file, configuration.console
    store = choose("store", _store, defaults.store, StoreName.KEYRING)
    agent, shell = configuration.agent, configuration.shell
    return Settings(
        store=store,
        session_store=_narrower(choose("session_store", _store, defaults.session_store, StoreName.KEYRING), store),
        store_process=choose("store_process", command, defaults.store_process or None, ()),
        prompt=choose.prompt(),
        prompt_with=choose("prompt_with", _prompt_with, defaults.prompt_with, PromptWith.AUTO),
        prompt_timeout=choose("prompt_timeout", _timeout, defaults.prompt_timeout, PROMPT_TIMEOUT),
        sign_in_timeout=choose("sign_in_timeout", _timeout, defaults.sign_in_timeout, SIGN_IN_TIMEOUT),
        lock_timeout=choose("lock_timeout", _timeout, defaults.lock_timeout, LOCK_TIMEOUT),
        region=choose("region", _as_it_is, defaults.region, None, region.VARIABLES),
        duration=choose("duration", _duration, defaults.duration, None),
        session_name=choose("session_name", _session_name, defaults.session_name, None),
        mfa=choose("mfa", _mfa, defaults.mfa, MfaMode.AUTO),
        mfa_process=choose("mfa_process", command, defaults.mfa_process or None, ()),
        seal_key=choose("sealed_file.key", _seal_key, sealed.key, None, ()),
        seal_key_file=choose("sealed_file.key_file", _as_it_is, sealed.key_file, None, ()),
        seal_key_process=choose("sealed_file.key_process", command, sealed.key_process or None, (), ()),
        browser=choose("console.browser", command, console.browser or None, (), ()),
        browser_profile=choose("console.browser_profile", _as_it_is, console.browser_profile, None, ()),
        container=choose("console.container", _as_it_is, console.container, None, ()),
        project=choose.project(defaults.project),
        agent_auto_start=choose("agent.auto_start", _truth, agent.auto_start, False, ()),
        agent_keep=choose("agent.keep", command, agent.keep or None, (), ()),
        warn_before=choose("shell.warn_before", command, shell.warn_before or None, destructive.DEFAULT, ()),
        endpoint_url=choose("endpoint_url", _url, None, None, ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")),
        use_fips_endpoint=choose(
            "use_fips_endpoint", _truth, defaults.use_fips_endpoint, False, ("AWS_USE_FIPS_ENDPOINT",)
        ),
        use_dualstack_endpoint=choose(
            "use_dualstack_endpoint", _truth, defaults.use_dualstack_endpoint, False, ("AWS_USE_DUALSTACK_ENDPOINT",)
        ),
        ignores_endpoint_urls=choose(
            "ignore_configured_endpoint_urls", _truth, None, False, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",)
        ),
        ca_bundle=choose("ca_bundle", _as_it_is, None, None, ("AWS_CA_BUNDLE",)),
        emulator=choose("emulator", _as_it_is, None, None),
        endpoint_urls={service: _url_of(choose, service.replace("-", "_")) for service in SERVICES[1:]},
    )


def _narrower(said: Setting[_T], general: Setting[_T]) -> Setting[_T]:
    """What is said of one thing, unless what is said of all comes from a place that wins."""
    if said.level is Level.DEFAULT or said.level < general.level:
        return replace(general, name=said.name)
    return said


def _url_of(choose: _Chooser, service: str) -> Setting[str | None]:
    variables = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    return choose(f"endpoint_url_{service}", _url, None, None, variables)


class _Chooser:
    """Looks for one setting after the other in flags, variables and files."""

    def __init__(
        self,
        configuration: Configuration,
        environ: Mapping[str, str],
        instead: Mapping[str, str],
        flags: Mapping[str, str],
    ) -> None:
        self._origins = {
            **configuration.defaults.origins,
            **{f"sealed_file.{key}": origin for key, origin in configuration.sealed_file.origins.items()},
            **{f"console.{key}": origin for key, origin in configuration.console.origins.items()},
            **{f"agent.{key}": origin for key, origin in configuration.agent.origins.items()},
            **{f"shell.{key}": origin for key, origin in configuration.shell.origins.items()},
        }
        self._environ = environ
        self._instead = instead
        self._flags = flags

    def __call__(
        self,
        name: str,
        read: Callable[[str], _T],
        in_file: _T | None,
        otherwise: _T,
        variables: tuple[str, ...] | None = None,
    ) -> Setting[_T]:
        if name in self._flags:
            flag = f"--{name.replace('_', '-')}"
            try:
                value = read(self._flags[name])
            except UsageError as error:
                raise UsageError(f"{flag}: {error.message}", hint=error.hint) from error
            return Setting(name=name, value=value, level=Level.FLAG, origin=Origin(place=flag))
        for variable in (f"STSCTL_{name.upper()}",) if variables is None else variables:
            # To set a variable to nothing is the way to take it back for one command.
            if text := self._instead.get(variable, self._environ.get(variable)):
                try:
                    value = read(text)
                except UsageError as error:
                    raise ConfigurationError(f"variable {variable}: {error.message}", hint=error.hint) from error
                return Setting(name=name, value=value, level=Level.ENVIRONMENT, origin=Origin(place=variable))
        if in_file is not None:
            return Setting(name=name, value=in_file, level=Level.FILE, origin=self._origins[name])
        return Setting(name=name, value=otherwise, level=Level.DEFAULT, origin=Origin(place="default"))

    def prompt(self) -> Setting[bool]:
        """Whether a person may be asked: the flag and the variable say that not."""
        if "no_prompt" in self._flags:
            return Setting(name="prompt", value=False, level=Level.FLAG, origin=Origin(place="--no-prompt"))
        return self("prompt", lambda text: not _truth(text), None, True, ("STSCTL_NO_PROMPT",))

    def project(self, in_file: bool | None) -> Setting[bool]:
        """Whether the file of a project is looked for."""
        return self("project", lambda text: not _truth(text), in_file, True, ("STSCTL_NO_PROJECT",))


def _as_it_is(text: str) -> str | None:
    return text


def _truth(text: str) -> bool:
    value = text.strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise UsageError(f'"{text}" is neither true nor false', hint="write 1 or 0")


def _one_of(text: str, known: tuple[str, ...]) -> None:
    if text not in known:
        raise UsageError(f'"{text}" is none of {", ".join(known)}', hint=suggestion(text, known))


def _store(text: str) -> StoreName:
    _one_of(text, tuple(one.value for one in StoreName))
    return StoreName(text)


def _prompt_with(text: str) -> PromptWith:
    _one_of(text, tuple(one.value for one in PromptWith))
    return PromptWith(text)


def _mfa(text: str) -> MfaMode:
    _one_of(text, tuple(one.value for one in MfaMode))
    return MfaMode(text)


def _seal_key(text: str) -> SealKey | None:
    _one_of(text, tuple(one.value for one in SealKey))
    return SealKey(text)


def _duration(text: str) -> timedelta | None:
    length = parse_duration(text)
    problem = lifetime.problem_with(HopKind.ROLE, length)
    if problem:
        raise UsageError(f'"{text}" {problem}', hint="try 1h")
    return length


def _timeout(text: str) -> timedelta:
    length = parse_duration(text)
    if length <= timedelta(0):
        raise UsageError(f'"{text}" is no time at all', hint="try 45s")
    return length


def _session_name(text: str) -> str | None:
    problem = limits.problem_with_template(text)
    if problem:
        raise UsageError(f'session name "{text}" {problem}')
    return text


def _url(text: str) -> str | None:
    problem = limits.problem_with_url(text)
    if problem:
        raise UsageError(f'"{text}" {problem}', hint="an endpoint looks like http://127.0.0.1:5000")
    return text.rstrip("/")
