"""Permission sets as roles: the names that they get, and what an import changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl import configuration, permission_sets
from stsctl.errors import UsageError
from stsctl.formats import added
from stsctl.permission_sets import TEMPLATE, Account, PermissionSet

PROD, STAGE = Account(id="222222222222", name="prod"), Account(id="333333333333", name="stage")


def sets(*pairs: tuple[Account, str]) -> list[PermissionSet]:
    """Permission sets."""
    return [PermissionSet(account=account, role_name=role) for account, role in pairs]


def names(found: list[PermissionSet], template: str = TEMPLATE, taken: tuple[str, ...] = ()) -> dict[str, str]:
    """The names, each with the account and the role that it stands for."""
    named = permission_sets.name_all(found, template, taken)
    return {name: f"{one.account.id} {one.role_name}" for name, one in named.items()}


def test_names_are_made_of_the_template() -> None:
    """Account and role are in it, as it says, and the order is that of the names."""
    found = sets((STAGE, "Admin"), (PROD, "Read"), (PROD, "Admin"))
    assert list(names(found)) == ["prod-Admin", "prod-Read", "stage-Admin"]
    assert list(names(found[:1], "{role_name}@{account_id}")) == ["Admin@333333333333"]


def test_names_can_be_typed() -> None:
    """What is in the way on a command line becomes a dash; a name is never an option, an ARN or nothing."""
    odd = Account(id="444444444444", name="Big  Corp (EU)  $HOME;")
    assert list(names(sets((odd, "Admin")))) == ["Big-Corp-EU-HOME-Admin"]
    assert list(names(sets((Account(id="5" * 12, name="--"), "-")))) == ["role-"]
    assert list(names(sets((PROD, "x")), "arn:{role_name}")) == ["arn-x"]


def test_two_of_one_name_have_the_accounts_ids() -> None:
    """Neither has the plain one: it would mean this today, and perhaps the other tomorrow."""
    twin = Account(id="111111111111", name="prod")
    assert names(sets((PROD, "Admin"), (twin, "Admin"), (twin, "Read"))) == {
        "prod-Admin-111111111111": "111111111111 Admin",
        "prod-Admin-222222222222": "222222222222 Admin",
        "prod-Read": "111111111111 Read",
    }
    assert list(names(sets((PROD, "A"), (PROD, "B")), "{account_name}")) == ["prod-222222222222", "prod-222222222222-2"]


def test_names_of_others_are_left_alone() -> None:
    """What is taken stays what it is."""
    taken = ("prod-Admin", "prod-Read", "prod-Read-222222222222")
    assert list(names(sets((PROD, "Admin"), (PROD, "Read")), taken=taken)) == [
        "prod-Admin-222222222222",
        "prod-Read-222222222222-2",
    ]


@settings(max_examples=40, deadline=None)
@given(
    found=st.lists(st.tuples(st.sampled_from(["1" * 12, "2" * 12]), st.text(max_size=8), st.text(max_size=8))),
    taken=st.lists(st.text(max_size=8)),
)
def test_any_names_make_a_configuration(found: list[tuple[str, str, str]], taken: list[str]) -> None:
    """Whatever accounts and roles are called, each has one name, the same in any order, that can be read again."""
    pairs = {(account, role): name for account, name, role in found}
    every = [PermissionSet(account=Account(id=a, name=name), role_name=role) for (a, role), name in pairs.items()]
    named = permission_sets.name_all(every, TEMPLATE, taken)
    assert sorted(map(id, named.values())) == sorted(map(id, every))
    assert not set(named) & set(taken)
    assert permission_sets.name_all(every[::-1], TEMPLATE, taken) == named
    said = {
        name: {"type": "permission-set", "from": "acme", "account_id": one.account.id, "role_name": "x"}
        for name, one in named.items()
    }
    source = ("acme", {"type": "identity-center", "sso_session": "acme"})
    if "acme" not in said:
        read = configuration.load(None, added.with_import(b"", source, said, ()))
        assert set(read.roles) == set(named)


@pytest.mark.parametrize(
    "template",
    ["{nothing}", "{}", "{0}", "{account_name", "}", "{account_name.x}", "{account_name!r}", "{role_name:>9}"],
)
def test_templates_that_hold_more(template: str) -> None:
    """Only the three fields are filled in, as they are: a template reaches nothing else."""
    with pytest.raises(UsageError):
        permission_sets.check_template(template)


@pytest.mark.parametrize("template", [TEMPLATE, "x", "{{{role_name}}}", "{account_id}/{role_name}"])
def test_templates(template: str) -> None:
    """What can be filled is taken."""
    permission_sets.check_template(template)


def test_what_an_import_changes() -> None:
    """New, another under the same name, and what there is no more."""
    wanted = permission_sets.name_all(sets((PROD, "Admin"), (PROD, "Read"), (STAGE, "Admin")), TEMPLATE, ())
    before = {
        "prod-Admin": ("222222222222", "Admin"),
        "prod-Read": ("999999999999", "Read"),
        "old-Admin": ("888888888888", "Admin"),
    }
    changes = permission_sets.changes(wanted, before)
    assert (changes.added, changes.changed, changes.gone) == (("stage-Admin",), ("prod-Read",), ("old-Admin",))
