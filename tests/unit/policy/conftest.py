"""Asks for decisions in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pytest

from stsctl.policy.document import Kind
from stsctl.policy.evaluate import Decision, Policies, Policy, evaluate
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request
from tests.unit.policy.statements import document


class Ask(Protocol):
    """Decides a request, each policy given as its one statement or as a list of them."""

    def __call__(
        self,
        principal: str | Principal,
        action: str,
        resource: str,
        *,
        identity: Any = None,
        resource_policy: Any = None,
        boundary: Any = None,
        session: Any = None,
        scps: Sequence[Any] = (),
        rcps: Sequence[Any] = (),
        context: Mapping[str, Any] | None = None,
        resource_account: str | None = None,
        management_account: str | None = None,
        trace: bool = False,
    ) -> Decision:
        """The decision."""


@pytest.fixture
def ask() -> Ask:
    """Decides a request."""

    def one(name: str, kind: Kind, statements: Any) -> tuple[Policy, ...]:
        return () if statements is None else (Policy(name=name, document=document(kind, statements)),)

    def decide(principal: str | Principal, action: str, resource: str, **given: Any) -> Decision:
        kind = Kind.TRUST if ":role/" in resource and action.startswith("sts:") else Kind.RESOURCE
        policies = Policies(
            identity=one("identity", Kind.IDENTITY, given.get("identity")),
            resource=next(iter(one("resource", kind, given.get("resource_policy"))), None),
            boundaries=one("boundary", Kind.SESSION, given.get("boundary")),
            session=one("session", Kind.SESSION, given.get("session")),
            scps=tuple(one(f"scp {at}", Kind.SCP, level) for at, level in enumerate(given.get("scps", ()))),
            rcps=tuple(one(f"rcp {at}", Kind.RCP, level) for at, level in enumerate(given.get("rcps", ()))),
            management_account=given.get("management_account"),
        )
        request = Request(
            principal=Principal.of(principal) if isinstance(principal, str) else principal,
            action=action,
            resource=resource,
            resource_account=given.get("resource_account"),
            context=given.get("context") or {},
        )
        decision = evaluate(request, policies, trace=given.get("trace", False))
        # A trace must never change what is decided.
        assert evaluate(request, policies, trace=not given.get("trace", False)).effect is decision.effect
        return decision

    return decide
