"""What the broker and sources hold, listed under the names that people use."""

from __future__ import annotations

from collections.abc import Callable

from stsctl.credentials import Session
from stsctl.federation import sign_in_of
from stsctl.plan import Asks, Plan
from stsctl.stores.held import Held
from stsctl.stores.index import Entry
from stsctl.target import Wanted


class PlanHoldings:
    """The sessions of `plan`. `wanted` is what it was made for, `region` the one for what is run with its session."""

    def __init__(self, held: Held, plan: Plan, wanted: Wanted, region: str | None) -> None:
        self._held = held
        self._plan = plan
        self._wanted = wanted
        self._region = region

    def session(self, request_key: str) -> Session | None:
        """The session that answered a request; one that the index has lost is listed again."""
        session = self._held.session(request_key)
        if session is not None:
            for position, step in enumerate(self._plan.steps):
                if step.request.cache_key() == request_key:
                    self._held.relist(self._entry(session, self._plan, position))
        return session

    def drop(self, request_key: str) -> None:
        """Forgets a session."""
        self._held.drop(request_key)

    def hold(self, session: Session, plan: Plan, position: int) -> None:
        """Keeps the session that a step of `plan` has just obtained."""
        following = tuple(step.request.cache_key() for step in plan.steps[position + 1 :])
        self._held.hold(session, self._entry(session, plan, position), following)

    def _entry(self, session: Session, plan: Plan, position: int) -> Entry:
        taken = plan.steps[: position + 1]
        is_last = position == len(plan.steps) - 1
        return Entry(
            request_key=session.request_key,
            name=plan.name if is_last else plan.steps[position].name,
            chain=(plan.target.source.name, *(step.name for step in taken if step.is_hop)),
            identity=str(session.identity) if session.identity else None,
            account_id=session.account_id,
            access_key_id=session.credentials.access_key_id,
            region=self._region if is_last else None,
            obtained_at=session.obtained_at,
            expires_at=session.expires_at,
            needs_person=any(step.asks is not Asks.NOTHING and not step.mfa_process for step in taken),
            store=self._held.store,
            instance=plan.steps[position].request.endpoint.instance,
            wanted=self._wanted if is_last else None,
            sign_in=sign_in_of(plan.asker),
        )


class SourceHoldings:
    """The session of a source itself, listed as the source is called; `instance` is the emulator that gave it."""

    def __init__(self, held: Callable[[], Held], name: str, *, region: str | None, instance: str | None) -> None:
        self._held = held
        self._name = name
        self._region = region
        self._instance = instance

    def session(self, request_key: str) -> Session | None:
        """The session with that key; one that the index has lost is listed again."""
        held = self._held()
        session = held.session(request_key)
        if session is not None:
            held.relist(self._entry(session, held.store))
        return session

    def hold(self, session: Session) -> None:
        """Keeps a session."""
        held = self._held()
        held.hold(session, self._entry(session, held.store))

    def _entry(self, session: Session, store: str) -> Entry:
        return Entry(
            request_key=session.request_key,
            name=self._name,
            chain=(self._name,),
            identity=str(session.identity) if session.identity else None,
            account_id=session.account_id,
            access_key_id=session.credentials.access_key_id,
            region=self._region,
            obtained_at=session.obtained_at,
            expires_at=session.expires_at,
            store=store,
            instance=self._instance,
            wanted=Wanted(name=self._name),
        )
