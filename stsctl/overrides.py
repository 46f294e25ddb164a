"""What the command line, this shell and the defaults say of the roles of a target."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

from stsctl import limits
from stsctl.errors import UsageError
from stsctl.origin import Origin
from stsctl.session_policy import compact_policy
from stsctl.settings import Settings
from stsctl.target import Hop, HopKind, NamedFile, Wanted


def checked(wanted: Wanted) -> Wanted:
    """What was typed, its policy made compact; raises UsageError for what AWS would refuse."""
    federated = wanted.kind is HopKind.FEDERATION_TOKEN
    flag, field = ("NAME", "federated_name") if federated else ("--session-name", "session_name")
    problems = {
        flag: (wanted.session_name, limits.problem_with_template(wanted.session_name or "{user}", field)),
        **{
            f"--{field.replace('_', '-')}": (text, limits.problem_with(field, text) if text is not None else None)
            for field in ("external_id", "source_identity", "mfa_serial")
            for text in (getattr(wanted, field),)
        },
    }
    for flag, (text, problem) in problems.items():
        if problem:
            raise UsageError(f'{flag} "{text}" {problem}')
    problem = limits.problem_with_policy_arns(wanted.policy_arns)
    if problem:
        raise UsageError(f"--policy-arn: {problem}")
    problem = limits.problem_with_provided_contexts([arn for arn, _ in wanted.provided_contexts])
    if problem:
        raise UsageError(f"--provided-context: {problem}")
    if wanted.policy is None:
        return wanted
    try:
        return replace(wanted, policy=compact_policy(wanted.policy))
    except UsageError as error:
        raise UsageError(f"--policy {error.message}", hint=error.hint) from error


def with_defaults(hop: Hop, settings: Settings) -> Hop:
    """A role with what holds generally, where it does not say its own."""
    if hop.kind is not HopKind.ROLE:
        return hop
    if hop.duration is None and settings.duration.value is not None:
        hop = replace(hop, duration=settings.duration.value, duration_general=True)
    return replace(hop, session_name=hop.session_name or settings.session_name.value)


def with_flags(hop: Hop, wanted: Wanted, settings: Settings) -> Hop:
    """The last role, with what this command line and this shell say of it; raises UsageError for tags AWS refuses."""
    if wanted.duration is not None:
        hop = replace(hop, duration=wanted.duration, duration_typed=True, duration_general=False)
    elif settings.duration.overrides_files and hop.kind is HopKind.ROLE:
        hop = replace(hop, duration=settings.duration.value, duration_general=True)
    name = settings.session_name.value if settings.session_name.overrides_files else None
    tags, transitive = _merged_tags(hop, wanted)
    return replace(
        hop,
        session_name=wanted.session_name or name or hop.session_name,
        external_id=wanted.external_id or hop.external_id,
        source_identity=wanted.source_identity or hop.source_identity,
        tags=tags,
        transitive=transitive,
        policy=wanted.policy or hop.policy,
        policy_file=None if wanted.policy else hop.policy_file,
        context_files=_context_files(wanted) or hop.context_files,
        policy_arns=wanted.policy_arns or hop.policy_arns,
    )


def _context_files(wanted: Wanted) -> tuple[tuple[str, NamedFile], ...]:
    origin = Origin(place="--provided-context")
    return tuple((arn, NamedFile(path=path, origin=origin)) for arn, path in wanted.provided_contexts)


def hop_of(wanted: Wanted) -> Hop:
    """The hop that a command line describes by itself, where no configuration does; raises UsageError."""
    assert wanted.kind is not None
    if wanted.account_id is not None and not limits.is_account_id(wanted.account_id):
        raise UsageError(f'"{wanted.account_id}" has not the 12 digits of an account')
    return Hop(
        name=wanted.name,
        kind=wanted.kind,
        account_id=wanted.account_id,
        task_policy_arn=limits.task_policy(wanted.task_policy_arn) if wanted.task_policy_arn else None,
    )


def refuse_for_source(wanted: Wanted) -> None:
    """Refuses flags that say something of a role, where there is none."""
    for flag, value in {
        "--duration": wanted.duration,
        "--session-name": wanted.session_name,
        "--external-id": wanted.external_id,
        "--source-identity": wanted.source_identity,
        "--tag": wanted.tags,
        "--transitive": wanted.transitive,
        "--policy": wanted.policy,
        "--policy-arn": wanted.policy_arns,
        "--provided-context": wanted.provided_contexts,
    }.items():
        if value:
            hint = f"stsctl assume ROLE_ARN --from {quote(wanted.name)} {flag} …"
            raise UsageError(f'{flag} is for roles, and "{wanted.name}" is a source', hint=hint)


def _merged_tags(hop: Hop, wanted: Wanted) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """A tag that was typed takes the place of one with its key; AWS holds keys equal whatever their case."""
    typed = {key.lower() for key, _ in wanted.tags}
    tags = (*(tag for tag in hop.tags if tag[0].lower() not in typed), *wanted.tags)
    handed_on = {key.lower() for key in wanted.transitive}
    transitive = (*(key for key in hop.transitive if key.lower() not in handed_on), *wanted.transitive)
    problem = limits.problem_with_tags(tags, transitive)
    if problem:
        raise UsageError(problem)
    return tags, transitive
