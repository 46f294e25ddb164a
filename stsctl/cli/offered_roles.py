"""The roles that an assertion offers, and which of them is meant where only its source was named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from shlex import quote

from stsctl.arn import Arn
from stsctl.cli.report import Report
from stsctl.configuration import Configuration
from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError, UsageError
from stsctl.federation import offered_roles
from stsctl.formats.visible import visible
from stsctl.request import Asker

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A role that is offered; `name` is what the person's configuration calls it, where it does."""

    role_arn: str
    account_id: str
    role_name: str
    name: str | None

    @property
    def names(self) -> tuple[str | None, ...]:
        """All that it may be called."""
        return self.name, self.role_name, self.role_arn

    @property
    def called(self) -> str:
        """What the person would type."""
        return self.name or self.role_arn


def of(asker: Asker, source: str, configuration: Configuration) -> tuple[Offered, ...]:
    """What the assertion offers whose subject is `asker`, by account; what is no role's ARN is left out."""
    names = {str(entry.hop.role_arn): name for name, entry in configuration.roles.items() if entry.from_name == source}
    found = []
    for text in offered_roles(asker):
        try:
            arn = Arn.parse_role(text)
        except UsageError:
            continue
        found.append(Offered(role_arn=text, account_id=arn.account, role_name=arn.resource_name, name=names.get(text)))
    return tuple(sorted(found, key=lambda one: (one.account_id, one.role_name)))


def choose(source: str, roles: Sequence[Offered], report: Report, ask: Callable[[str], str]) -> Offered:
    """The role that the person means: the only one, or the one that they choose of a list.

    Raises PersonNeededError where they choose none.
    """
    if len(roles) == 1:
        return roles[0]
    report.notice(f'"{source}" offers {len(roles)} roles:')
    width = len(str(len(roles)))
    report.lines(
        [
            f"  {number:>{width}}  {one.account_id}  {visible(one.role_name)}{f'  ({one.name})' if one.name else ''}"
            for number, one in enumerate(roles, 1)
        ]
    )
    for _ in range(_TRIES):
        typed = ask(f"Role (1-{len(roles)}): ").strip()
        meant = [one for number, one in enumerate(roles, 1) if typed in (str(number), *one.names)]
        if len(meant) == 1:
            return meant[0]
        report.notice(f"type a number from 1 to {len(roles)}")
    raise PersonNeededError("no role was chosen", hint=f"stsctl assume ROLE_ARN --from {quote(source)}", asked=True)
