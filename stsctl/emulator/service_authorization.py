"""Whether a request to a service may go on: every permission that it needs, asked of every policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stsctl.emulator import authorization, denial, permissions
from stsctl.emulator.directory import Directory
from stsctl.emulator.journal import Entry
from stsctl.emulator.messages import Messages
from stsctl.emulator.permission import Context, Permission, Place
from stsctl.emulator.principals import Caller
from stsctl.emulator.refusal import Refusal
from stsctl.emulator.request import Request
from stsctl.emulator.resource_names import Names
from stsctl.emulator.resources import Resources
from stsctl.emulator.services import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCall:
    """One signed call to a service other than STS."""

    caller: Caller
    now: datetime
    source_ip: str
    region: str
    operation: Operation
    asked: Request

    @property
    def place(self) -> Place:
        """Where it is made."""
        return Place(account=self.caller.account, region=self.region, asked=self.asked)


class ServiceAuthorization:
    """Asks for the permissions of each call; every denial carries its decision, sealed by `messages`."""

    def __init__(self, directory: Directory, messages: Messages) -> None:
        self._resources = Resources(directory)
        self._names = Names(self._resources)
        self._accounts = directory.accounts
        self._messages = messages

    def check(self, call: ServiceCall, entry: Entry) -> str:
        """The account to act in, where the caller may do all that the call needs; raises Refusal where it may not."""
        needed = permissions.needed(call.operation, call.place, self._names)
        owner = self._owner(needed[0]) or call.caller.account
        entry.action, entry.resource = needed[0].action, needed[0].resource[:2048]
        for permission in needed:
            self.allow(call, permission)
        if owner not in self._accounts:
            raise Refusal("InvalidParameter", f"There is no account {owner[:12]} in this emulator", 400)
        return owner
