"""Leapp: a workspace with sessions of four types, Identity Centers and pages of identity providers.

The file is sealed with this machine's id (see sources/leapp_file.py); what is read here is what it holds. Keys of IAM
users are in the system's keyring. Source: packages/core/src/models of https://github.com/Noovolari/leapp.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from shlex import quote

from stsctl.errors import ConfigurationError
from stsctl.other_tools import centers, tree
from stsctl.other_tools.centers import Centers
from stsctl.other_tools.finding import (
    Entry,
    File,
    Finding,
    KeptKeys,
    Keyring,
    KeyringPlace,
    Theirs,
    becomes,
    long_term_keys,
    role,
    source,
    stays,
)
from stsctl.other_tools.tree import Tree

_ROLE = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):?/?(?:role/)?(?P<name>[^/:]+)")
"""The role of a permission set, which Leapp writes without the colon of an ARN."""
_SAID = {"role_arn": "roleArn", "region": "region", "session_name": "roleSessionName"}
_OTHERS = {"azure": "Azure", "google": "Google Cloud", "alibaba": "Alibaba Cloud", "localstack": "LocalStack"}


def read(theirs: Theirs) -> list[Finding]:
    """Its sign-ins and its sessions."""
    if theirs.file is None:
        return []
    try:
        workspace = tree.of_json(theirs.file)
    except ConfigurationError as error:
        return [stays("its workspace", theirs.file.at(), error.message)]
    return _Workspace(workspace, theirs.file, theirs.keyring).findings()


class _Workspace:
    def __init__(self, top: Tree, file: File, keyring: Keyring | None) -> None:
        self._file = file
        self._keyring = keyring
        self._sessions = [one for _, one in top.at("_sessions")]
        self._centers = {one.said("id"): one for _, one in top.at("_awsSsoIntegrations")}
        self._pages = {one.said("id"): one.said("url") for _, one in top.at("_idpUrls")}
        self._names = self._named()
        self._found = Centers()
        self._saml: dict[tuple[str, str], Finding] = {}

    def findings(self) -> list[Finding]:
        """Sources first, as roles begin there."""
        for one in self._centers.values():
            if (url := one.said("portalUrl")) and (region := one.said("region")):
                self._found.named(url, region, self._file.at(), one.said("alias"))
        sessions = [self._session(one) for one in self._sessions]
        return [*self._found.found.values(), *self._saml.values(), *sessions]

    def _named(self) -> Mapping[str, str]:
        """What each session is called here, by its id: as there, with the role where several are called the same."""
        plain = [one.said("sessionName") or "session" for one in self._sessions]
        times = Counter(plain)
        names: dict[str, str] = {}
        for one, name in zip(self._sessions, plain, strict=True):
            meant = _ROLE.match(one.said("roleArn") or "")
            fitting = f"{name}/{meant['name']}" if times[name] > 1 and meant else name
            names[one.said("sessionId") or ""] = fitting.strip()
        return names

    def _session(self, one: Tree) -> Finding:
        kind, name = one.said("type") or "", self._names[one.said("sessionId") or ""]
        what, origin = f'session "{name}"', self._file.at()
        match kind:
            case "awsSsoRole":
                return self._permission_set(one, name)
            case "awsIamRoleFederated":
                return self._federated(one, name)
            case "awsIamRoleChained":
                before = self._names.get(one.said("parentSessionId") or "")
                if before is None:
                    return stays(what, origin, "the session that it begins at is gone")
                note = f'{one.said("roleArn")} from "{before}"'
                return becomes(what, origin, _role(one, name, before), note)
            case "awsIamUser":
                return self._user(one, name)
        return stays(what, origin, f"stsctl knows AWS alone, and this is {_OTHERS.get(kind, 'something else')}")

    def _permission_set(self, one: Tree, name: str) -> Finding:
        what, origin = f'session "{name}"', self._file.at()
        center = self._centers.get(one.said("awsSsoConfigurationId"))
        meant = _ROLE.match(one.said("roleArn") or "")
        url, region = (center.said("portalUrl"), center.said("region")) if center else (None, None)
        if meant is None or not url or not region:
            return stays(what, origin, "the integration that it belongs to is gone")
        beginning = self._found.named(url, region, origin)
        said = centers.permission_set(meant["account"], meant["name"], {"region": one.said("region")})
        entry = role(name, beginning, said, of_profile=False)
        return becomes(what, origin, entry, f"{meant['name']} in {meant['account']}")

    def _federated(self, one: Tree, name: str) -> Finding:
        what, origin = f'session "{name}"', self._file.at()
        url, provider = self._pages.get(one.said("idpUrlId")), one.said("idpArn")
        if not url or not provider:
            return stays(what, origin, "the page of its identity provider is gone")
        if (url, provider) not in self._saml:
            values = {"type": "saml", "sign_in_url": url, "provider_arn": provider}
            called = provider.rpartition("/")[2] + (f"-{len(self._saml) + 1}" if self._saml else "")
            self._saml[url, provider] = becomes(f"sign-in at {url} for {provider}", origin, source(called, values))
        entry = self._saml[url, provider].entry
        assert entry is not None
        return becomes(what, origin, _role(one, name, entry.name), f'{one.said("roleArn")} from "{entry.name}"')

    def _user(self, one: Tree, name: str) -> Finding:
        said = {"mfa_serial": one.said("mfaDevice"), "region": one.said("region")}
        keys = KeptKeys(name=name, item=one.said("sessionId") or "", **said)
        return long_term_keys(keys, self._keyring, f"stsctl keys add {quote(name)}")


def _role(one: Tree, name: str, beginning: str) -> Entry:
    said = {key: one.said(theirs) for key, theirs in _SAID.items()}
    return role(name, beginning, said, of_profile=False)


def keyring(environ: Mapping[str, str], file: File | None) -> KeyringPlace:
    """Among everybody's items."""
    del environ, file
    return KeyringPlace(service="Leapp")
