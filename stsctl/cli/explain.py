"""`stsctl explain`: why a role can, or cannot, be assumed, hop by hop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from stsctl.access.caller import Caller, named, role_session, user
from stsctl.access.can import Surroundings
from stsctl.access.explanation import Answer, Explanation, HopAnswer, explained
from stsctl.access.likely import Words
from stsctl.access.snapshot import Snapshot, User
from stsctl.cli import snapshots
from stsctl.cli.at_hand import old
from stsctl.cli.options import (
    Acting,
    asking_options,
    complete_name,
    json_option,
    name_argument,
    wanted_options,
)
from stsctl.cli.picture import Camera
from stsctl.doctor import variables, way
from stsctl.doctor.finding import Finding
from stsctl.errors import AnswerIsNo, RefusedError, StsctlError, UsageError
from stsctl.formats.interface import rfc3339
from stsctl.formats.visible import visible
from stsctl.plan import Plan
from stsctl.request import Asker
from stsctl.sent import sent
from stsctl.severity import Severity
from stsctl.source import SourceKind
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.stores.last_refusal import LastRefusal

_WORTH = Severity.MEDIUM
_PROVEN = (SourceKind.OIDC, SourceKind.SAML)
_MARKS = {Answer.YES: "allowed", Answer.NO: "refused", Answer.UNKNOWN: "not known"}
_COLOURS = {Answer.YES: "green", Answer.NO: "red", Answer.UNKNOWN: "yellow"}


@click.command("explain")
@name_argument()
@wanted_options
@click.option("--last", is_flag=True, help="The refusal that happened last, with what was sent.")
@click.option(
    "--policies", "places", multiple=True, metavar="FILE|DIR|emulator|live", help="Where the policies are; repeat it."
)
@click.option(
    "--as",
    "acting_as",
    metavar="NAME",
    shell_complete=complete_name,
    help="Read live policies as this; else the source.",
)
@asking_options
@json_option
@click.pass_obj
def command(
    app: App,
    /,
    *,
    name: str | None,
    last: bool,
    places: tuple[str, ...],
    acting_as: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say why a role can, or cannot, be assumed: hop by hop, with the smallest change that would let it through.

    Without NAME it is the current session's role. With policies at hand (--policies; or the emulator that this shell is
    set up for; or what the source may read of its account) each hop is decided by them; without, likely causes are
    named, each with what would settle it. What is only assumed is said. No role is assumed for it, and nobody is asked.
    The status is 8 where it is refused.
    """
    if last and name is not None:
        raise click.UsageError("--last and a NAME exclude each other")
    refusal = app.last_refusal() if last else None
    wanted, acting = app.typed(name, options)
    wanted = refusal.wanted if refusal else app.meant(wanted)
    plan = app.plan(app.target(wanted))
    reader = Wanted(name=acting_as or plan.target.source.name)
    snapshot, unread = _at_hand(app, places, reader, plan.target.source.name, acting)
    here = _on_this_machine(app, wanted, plan)
    first, unknown = _first(app, plan, snapshot)
    proof, not_read = _proof(app, plan)
    around = Surroundings(now=app.now(), region=app.settings.region.value or "us-east-1")
    words = Words(code=refusal.code, reason=refusal.reason, request_id=refusal.request_id) if refusal else None
    position = refusal.position if refusal else None
    found = explained(plan, snapshot, first, around, proof=proof, refused_at=position, words=words)
    assumed = [*unread, *unknown, *not_read]
    if as_json:
        app.report.answer(_as_json(plan, found, snapshot, assumed, here, refusal))
    else:
        app.report.data("\n".join(_lines(app, plan, found, snapshot, assumed, here, refusal)))
    if found.answer is Answer.NO:
        raise AnswerIsNo(f'"{plan.name}" cannot be assumed')


def _at_hand(
    app: App, places: tuple[str, ...], reader: Wanted, source: str, acting: Acting
) -> tuple[Snapshot, list[str]]:
    """The policies: those that were named, or what can be had without asking anybody; and what could not."""
    if places or app.emulates:
        return snapshots.gather(app, places, reader, acting), []
    try:
        return snapshots.of_source(app, source), []
    except StsctlError as error:
        why = error.message or (f"{error.code}: {error.reason}" if isinstance(error, RefusedError) else "")
        return Snapshot(), [f'policies, for "{source}" could not read any ({why}): --policies FILE, DIR or live']


def _on_this_machine(app: App, wanted: Wanted, plan: Plan) -> list[Finding]:
    """What the doctor finds on the way, of what the plan does not say itself."""
    if wanted.kind is not None:
        return []
    picture = Camera(app).picture(wanted.name, online=False, with_keyring=False)
    found = [*variables.check(picture), *way.check(picture)]
    return [finding for finding in found if finding.what not in plan.warnings and finding.severity.reaches(_WORTH)]


def _first(app: App, plan: Plan, snapshot: Snapshot) -> tuple[Caller | None, list[str]]:
    """Who makes the first call with credentials, and what is not known of them."""
    if plan.target.source.kind in _PROVEN:
        return None, []
    try:
        arn = str(app.whose(plan.target))
    except StsctlError as error:
        return None, [f'who "{plan.target.source.name}" is: {error.message}']
    try:
        holder = named(snapshot, arn)
    except UsageError:
        return None, [f"the policies of {arn}"]
    return user(holder) if isinstance(holder, User) else role_session(holder, arn.rpartition("/")[2]), []


def _proof(app: App, plan: Plan) -> tuple[Asker | None, list[str]]:
    """Whom the token or the assertion is about that the first call takes, and why that is not known."""
    source = plan.target.source
    if source.kind not in _PROVEN:
        return None, []
    try:
        return app.proofs.asker_at_hand(source), []
    except StsctlError as error:
        return None, [f'whom "{source.name}" is about: {error.message}']


def _lines(
    app: App,
    plan: Plan,
    found: Explanation,
    snapshot: Snapshot,
    assumed: list[str],
    here: list[Finding],
    refusal: LastRefusal | None,
) -> Iterator[str]:
    yield f"{app.report.strong(visible(plan.name))}: {_verdict(app, found)}"
    if refusal is not None:
        yield from _of_refusal(refusal)
    for position, hop in enumerate(found.hops, start=1):
        yield ""
        request = hop.step.request
        about = request.role_arn or request.mfa_serial or request.account_id or ""
        yield f"{position}. {request.operation.action}  {visible(str(about))}  {_answer(app, hop.answer)}"
        if hop.step.origin is not None:
            yield f"     written in {visible(str(hop.step.origin))}"
        yield from (f"     {visible(line)}" for line in _of_hop(hop))
    yield ""
    if snapshot.accounts:
        age = old(app, snapshot)
        yield f"known: the policies of {', '.join(sorted(snapshot.accounts))}{f', {age}' if age else ''}"
    for each in (*assumed, *snapshot.gaps):
        yield f"not known: {visible(each)}"
    for warning in plan.warnings:
        yield f"note: {visible(warning)}"
    for finding in here:
        yield f"on this machine: {visible(finding.what)}"
        if finding.fix:
            yield f"  {visible(finding.fix)}"


def _verdict(app: App, found: Explanation) -> str:
    match found.answer:
        case Answer.YES:
            return f"{_answer(app, Answer.YES)}, nothing is in the way"
        case Answer.NO:
            position = next(at for at, hop in enumerate(found.hops, start=1) if hop.answer is Answer.NO)
            return f"{_answer(app, Answer.NO)} at hop {position} of {len(found.hops)}"
        case Answer.UNKNOWN:
            return f"{_answer(app, Answer.UNKNOWN)} for sure; what is likely stands with each hop"


def _answer(app: App, answer: Answer) -> str:
    if not app.report.decorated_data:
        return _MARKS[answer]
    return click.style(_MARKS[answer], fg=_COLOURS[answer], bold=True)


def _of_refusal(refusal: LastRefusal) -> Iterator[str]:
    yield f"  refused at {rfc3339(refusal.at)}: {refusal.operation} {visible(refusal.resource)}"
    request = f" (request {refusal.request_id})" if refusal.request_id else ""
    yield f"  {visible(f'{refusal.code}: {refusal.reason}{request}')}"
    for label, text in refusal.sent:
        yield f"  sent {label}: {visible(text)}"


def _of_hop(hop: HopAnswer) -> Iterator[str]:
    for label, text in sent(hop.step.request):
        yield f"sends {label}: {text}"
    yield from hop.evidence
    if hop.changes:
        yield "to change, all of it:" if len(hop.changes) > 1 else "to change:"
        yield from (f"  {change}" for change in hop.changes)
    for cause in hop.causes:
        yield f"{'' if cause.said else 'perhaps: '}{cause.words}"
        yield f"  {cause.settle}"
    yield from (f"assumed: {each}" for each in hop.assumed)


def _as_json(
    plan: Plan,
    found: Explanation,
    snapshot: Snapshot,
    assumed: list[str],
    here: list[Finding],
    refusal: LastRefusal | None,
) -> dict[str, object]:
    return {
        "name": plan.name,
        "answer": found.answer.value,
        "refusal": None
        if refusal is None
        else {
            "at": rfc3339(refusal.at),
            "position": refusal.position,
            "code": refusal.code,
            "reason": refusal.reason,
            "request_id": refusal.request_id,
            "sent": dict(refusal.sent),
        },
        "hops": [
            {
                "operation": hop.step.request.operation.action,
                "role_arn": str(hop.step.request.role_arn) if hop.step.request.role_arn else None,
                "origin": str(hop.step.origin) if hop.step.origin else None,
                "answer": hop.answer.value,
                "evidence": list(hop.evidence),
                "changes": list(hop.changes),
                "causes": [{"words": each.words, "settle": each.settle, "said": each.said} for each in hop.causes],
                "assumed": list(hop.assumed),
                "sends": dict(sent(hop.step.request)),
            }
            for hop in found.hops
        ],
        "known_accounts": sorted(snapshot.accounts),
        "policies_as_of": rfc3339(snapshot.as_of) if snapshot.as_of else None,
        "not_known": [*assumed, *snapshot.gaps],
        "warnings": list(plan.warnings),
        "on_this_machine": [{"what": finding.what, "fix": finding.fix} for finding in here],
    }
