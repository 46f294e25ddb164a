"""aws-sso-cli: Identity Centers with accounts and roles in a YAML file, and the profiles that it generates from them.

The file names only what somebody wrote into it; the profiles in `~/.aws/config` are all roles that a person has, under
the names that they type. Source: docs/config.md, internal/config and cmd/aws-sso/setup_profiles_cmd.go of
https://github.com/synfinatic/aws-sso-cli.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from stsctl.arn import Arn
from stsctl.console_table import Color, Icon
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UsageError
from stsctl.origin import Origin
from stsctl.other_tools import centers, finding, programs, tree
from stsctl.other_tools.centers import Centers
from stsctl.other_tools.finding import Finding, Theirs, becomes, setting, stays
from stsctl.other_tools.tree import Tree
from stsctl.profile import Profile, Profiles

_FIELD = re.compile(r"\{\{-?\s*(?:AccountIdStr )?\.(?P<name>\w+)\s*-?\}\}")
_FIRST = re.compile(r"\{\{-?\s*FirstItem \.AccountName [^{}]*\}\}")
_FORMAT = "{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}"
"""How its second version names a profile where nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    """A role of an instance: `profile` is the generated one, `said` what the file says of it and of its account."""

    instance: str
    arn: Arn
    origin: Origin
    profile: Profile | None = None
    account: Tree | None = None
    said: Tree | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.instance, str(self.arn)

    @property
    def role_name(self) -> str:
        return self.arn.resource.removeprefix("role/")

    def of(self, *path: str) -> str | None:
        """What is said of the role, else of its account."""
        trees = (each for each in (self.said, self.account) if each is not None)
        return next((text for each in trees if (text := each.said(*path))), None)


@dataclass(slots=True, kw_only=True)
class _Reading:
    top: Tree
    found: Centers = field(default_factory=Centers)
    roles: dict[tuple[str, str], _Role] = field(default_factory=dict)

    def add(self, role: _Role) -> None:
        """A role, or what else is known of one."""
        known = self.roles.get(role.key)
        self.roles[role.key] = role if known is None else replace(known, profile=known.profile or role.profile)

    def findings(self) -> Iterator[Finding]:
        """What becomes of each role; one that another goes by way of is there too."""
        for role in list(self.roles.values()):
            arn = _arn((role.said.said("Via") if role.said else None) or "")
            if arn is not None:
                self.add(replace(role, arn=arn, said=None, account=None, profile=None))
        for role in self.roles.values():
            yield self._finding(role)

    def _finding(self, role: _Role) -> Finding:
        what = f'role "{self.name(role)}"'
        instance = self.top.at("SSOConfig", role.instance)
        url, region = instance.said("StartUrl"), instance.said("SSORegion")
        if not url or not region:
            why = f'its config.yaml has no StartUrl and SSORegion of "{role.instance}"'
            return stays(what, role.origin, why)
        via = role.said.said("Via") if role.said else None
        if via is not None:
            return self._chained(what, role, via)
        source = self.found.named(url, region, instance.origin, _source(role.instance))
        said = centers.permission_set(role.arn.account, role.role_name, self._more(role))
        entry = finding.role(self.name(role), source, said, of_profile=role.profile is not None)
        return becomes(what, role.origin, entry, f"{role.role_name} in {role.arn.account}")

    def _chained(self, what: str, role: _Role, via: str) -> Finding:
        arn = _arn(via)
        if arn is None:
            return stays(what, role.origin, f'its Via "{via}" is no ARN of a role')
        before = self.name(self.roles[role.instance, str(arn)])
        said = {"role_arn": str(role.arn), **self._more(role)}
        said |= {"external_id": role.of("ExternalId"), "source_identity": role.of("SourceIdentity")}
        entry = finding.role(self.name(role), before, said, of_profile=role.profile is not None)
        return becomes(what, role.origin, entry, f'{role.arn} from "{before}"')

    def name(self, role: _Role) -> str:
        """As people type it: the generated profile's, or what the file says, or what its template makes."""
        if role.profile is not None:
            return role.profile.name
        account = role.account.said("Name") if role.account is not None else None
        fields = {
            "AccountId": role.arn.account,
            "AccountIdPad": role.arn.account,
            "AccountName": account or "{{",
            "RoleName": role.role_name,
            "SSO": role.instance,
        }
        template = _FIRST.sub(account or "{{", self.top.said("ProfileFormat") or _FORMAT)
        made = _FIELD.sub(lambda match: fields.get(match["name"], "{{"), template)
        usual = f"{account or role.arn.account}:{role.role_name}".replace(" ", "-")
        return (role.said.said("Profile") if role.said else None) or (usual if "{{" in made else made)

    def _more(self, role: _Role) -> Mapping[str, str | None]:
        """What stsctl has a place for: a region, what the role is found by, the look of its console."""
        tags = {name: text for each in (role.account, role.said) if each for name, text in _tags(each.at("Tags"))}
        color, icon = tags.pop("Color", "").lower(), tags.pop("Icon", "").lower()
        account = role.account.said("Name") if role.account is not None else None
        words = [f"{role.role_name} in {account}" if account else None, *(f"{k}={v}" for k, v in tags.items())]
        instance = self.top.at("SSOConfig", role.instance)
        region = role.of("DefaultRegion") or instance.said("DefaultRegion") or self.top.said("DefaultRegion")
        return {
            "region": region or (role.profile.get("region") if role.profile else None),
            "description": ", ".join(filter(None, words)),
            "color": color if color in {each.value for each in Color} else None,
            "icon": icon if icon in {each.value for each in Icon} else None,
        }


def read(theirs: Theirs) -> list[Finding]:
    """Its instances, and every role that its file names or that it made a profile of."""
    top, wrong = Tree(origin=Origin(place="config.yaml")), []
    if theirs.file is not None:
        try:
            top = tree.of_yaml(theirs.file)
        except ConfigurationError as error:
            wrong = [stays("its settings", theirs.file.at(), error.message)]
    reading = _Reading(top=top)
    for role in (*_said(top), *_generated(theirs.profiles)):
        if isinstance(role, Finding):
            wrong.append(role)
        else:
            reading.add(role)
    for name, instance in top.at("SSOConfig"):
        url, region = instance.said("StartUrl"), instance.said("SSORegion")
        if url and region:
            reading.found.named(url, region, instance.origin, _source(name))
    roles = list(reading.findings())
    return [*wrong, *reading.found.found.values(), *_browser(top), *roles]


def _said(top: Tree) -> Iterator[_Role | Finding]:
    """The roles in the file. YAML would take an account's id for a number, and some for an octal one."""
    for name, instance in top.at("SSOConfig"):
        partition = _partition(instance.said("SSORegion") or "")
        for account_id, account in instance.at("Accounts"):
            for role_name, role in account.at("Roles"):
                arn = _arn(f"arn:{partition}:iam::{account_id.zfill(12)}:role/{role_name}")
                if arn is None:
                    why = f'"{account_id}" and "{role_name}" are no account and role'
                    yield stays(f'role "{role_name}"', role.origin, why)
                else:
                    yield _Role(instance=name, arn=arn, origin=role.origin, account=account, said=role)


def _generated(profiles: Profiles) -> Iterator[_Role]:
    for name, profile in profiles.by_name.items():
        words = programs.words_of(profile.get("credential_process"))
        if words[:1] != ("aws-sso",) or "process" not in words:
            continue
        arn = _arn(programs.option(words, "--arn", "-a") or "")
        instance = programs.option(words, "-S", "--sso") or "Default"
        if arn is not None:
            yield _Role(instance=instance, arn=arn, origin=profiles.by_name[name].origin, profile=profile)


def _source(instance: str) -> str | None:
    """What the source of an instance is to be called; "Default" tells nothing, its address does."""
    return None if instance == "Default" else instance.lower()


def _arn(text: str) -> Arn | None:
    try:
        return Arn.parse_role(text)
    except UsageError:
        return None


def _partition(region: str) -> str:
    return "aws-us-gov" if region.startswith("us-gov-") else "aws-cn" if region.startswith("cn-") else "aws"


def _tags(tags: Tree) -> Iterator[tuple[str, str]]:
    """Tags by name, as its file has them: a table, or a list of tables."""
    for name, value in tags:
        if value.text:
            yield name, value.text
        yield from _tags(value)


def _browser(top: Tree) -> Iterator[Finding]:
    command = [each.text for _, each in top.at("UrlExecCommand") if each.text] or [top.said("UrlExecCommand") or ""]
    browser = [top.said("Browser") or ""]
    words = [word.replace("%s", "{url}") for word in (command if command[0] else browser) if word]
    if words:
        line = f"browser = {json.dumps([*words, *(() if '{url}' in words else ('{url}',))])}"
        what = "UrlExecCommand" if command[0] else "Browser"
        yield setting(what, top.at(what).origin, "console", line)
