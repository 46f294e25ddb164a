"""What the broker holds, under the names that people use."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from stsctl.stores.held import Held
from stsctl.stores.holdings import PlanHoldings
from stsctl.stores.index import Index
from stsctl.stores.interface import Kind
from stsctl.stores.memory import MemoryStore
from stsctl.target import Wanted
from tests.unit.scripted_sts import Clock, ScriptedSts
from tests.unit.test_plan import HUB, SERIAL, Around, hop, target


def test_a_session_is_listed_as_it_was_asked_for() -> None:
    """The last session has the person's name, wish and region; one on the way has its own name and neither."""
    plan = Around().plan(target(HUB, hop("admin"), serial=SERIAL))
    index, wanted = Index(None), Wanted(name=plan.name, duration=timedelta(hours=1))
    holdings = PlanHoldings(Held(MemoryStore(), index, None), plan, wanted, "eu-west-1")
    sts = ScriptedSts(clock=Clock(), known=set())
    for position, step in enumerate(plan.steps):
        holdings.hold(sts.session(step.request), plan, position)
    found = {entry.name: (entry.wanted, entry.region, entry.needs_person) for entry in index.all()}
    assert found[plan.name] == (wanted, "eu-west-1", True)
    others = [about for name, about in found.items() if name != plan.name]
    assert others == [(None, None, True)] * (len(plan.steps) - 1)


def test_a_chain_is_listed_by_one_write(tmp_path: Path) -> None:
    """The manifest has all sessions of a plan from the first on, and those that are not there yet are not counted."""
    plan = Around().plan(target(HUB, hop("admin"), serial=SERIAL))
    store, sts, manifests = MemoryStore(), ScriptedSts(clock=Clock(), known=set()), []
    held = Held(store, Index(tmp_path / "index"), None)
    holdings = PlanHoldings(held, plan, Wanted(name=plan.name), None)
    for position, step in enumerate(plan.steps):
        holdings.hold(sts.session(step.request), plan, position)
        manifests.append(store.get(Kind.MANIFEST, "manifest"))
        assert held.rebuild() == 0
        assert len(held.entries()) == position + 1
    assert len(plan.steps) == 3
    assert manifests[0] is manifests[1] is manifests[2] is not None
    held.drop(plan.steps[1].request.cache_key())
    assert held.drop_all() == 2


def test_a_session_that_the_index_has_lost_is_listed_again() -> None:
    """A hit without its entry (killed between two writes, or the index deleted) is found by `list` and `logout`."""
    plan = Around().plan(target(HUB, hop("admin")))
    store, sts = MemoryStore(), ScriptedSts(clock=Clock(), known=set())
    wanted, last = Wanted(name=plan.name), len(plan.steps) - 1
    session = sts.session(plan.steps[last].request)
    PlanHoldings(Held(store, Index(None), None), plan, wanted, None).hold(session, plan, last)
    index = Index(None)
    holdings = PlanHoldings(Held(store, index, None), plan, wanted, None)
    assert index.all() == []
    assert holdings.session(session.request_key) == session
    assert [(entry.name, entry.wanted) for entry in index.all()] == [(plan.name, wanted)]
