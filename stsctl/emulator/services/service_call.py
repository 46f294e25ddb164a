"""One call to a service other than STS, as authorization gets it, and what stands before moto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stsctl.emulator.authorization.permission import Place
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.services.services import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCall:
    """One signed call to a service other than STS."""

    caller: Caller
    operation: Operation
    asked: Request
    now: datetime
    region: str

    @property
    def source_ip(self) -> str:
        """Where it came from."""
        return self.asked.source_ip

    @property
    def place(self) -> Place:
        """Where it is made."""
        return Place(account=self.caller.account, region=self.region, asked=self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymousCall:
    """One call to S3 that nobody signed."""

    operation: Operation
    asked: Request
    now: datetime
    region: str

    @property
    def source_ip(self) -> str:
        """Where it came from."""
        return self.asked.source_ip
