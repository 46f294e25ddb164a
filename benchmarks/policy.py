"""How fast policies are decided: each figure beside its goal, medians of batches in one process.

`python -m benchmarks.policy [BATCHES]`. Documents are compiled once; every decision has a request of its own. Times are
of the processor, so that what else runs on the machine matters less. Cost grows with the number of statements in two
straight lines: a document that outgrows the processor's own cache, some thousand statements, costs more for each. Never
fails on a figure.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

from stsctl.policy.document import Document, Kind, parse
from stsctl.policy.evaluate import Policies, Policy, evaluate
from stsctl.policy.principal import Principal
from stsctl.policy.question import answer
from stsctl.policy.request import Request
from stsctl.policy.wildcard import glob

_BATCH_SECONDS = 0.03
_ROLE = "arn:aws:iam::111111111111:role/app"
_SESSION = Principal.of("arn:aws:sts::111111111111:assumed-role/app/i-0123456789abcdef0", issuer=_ROLE)
_CONTEXT = {
    "aws:PrincipalTag/team": "red",
    "aws:SourceIp": "10.1.2.3",
    "aws:SecureTransport": "true",
    "aws:CurrentTime": "2026-01-01T00:00:00Z",
    "aws:RequestedRegion": "eu-west-1",
}
Statements = Sequence[dict[str, Any]]

IDENTITY: tuple[Statements, ...] = (
    [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::reports/*"},
        {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::app-*", "arn:aws:s3:::app-*/*"]},
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"},
        {"Effect": "Allow", "Action": "logs:*", "Resource": "arn:aws:logs:*:111111111111:log-group:/app/*"},
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"},
    ],
    [
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:111111111111:app-*"},
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:111111111111:app-*"},
        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:111111111111:table/app-*"},
        {"Effect": "Allow", "Action": ["ec2:Describe*", "s3:GetBucket*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/reader"},
    ],
    [
        {
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*", "support:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
        },
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
        },
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
        },
        {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*"},
        {"Effect": "Allow", "Action": "xray:*", "Resource": "*"},
    ],
)
BUCKET: Statements = [
    {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": "arn:aws:s3:::app-data/*"},
    {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    },
]
SESSION: Statements = [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}]


def main(batches: int) -> None:
    """Measures and prints."""
    rows = [*_decisions(batches), *_lines(batches), *_large(batches), *_wildcards()]
    width = max(len(name) for name, *_ in rows)
    for name, figure, goal in rows:
        print(f"{name:{width}}  {figure:>18}  {goal}".rstrip())  # noqa: T201 - its purpose


Row = tuple[str, str, str]


def _decisions(batches: int) -> Iterator[Row]:
    policies, requests = _typical(), cycle(range(100))

    def decide(*, trace: bool) -> None:
        assert evaluate(_request(next(requests)), policies, trace=trace).allowed

    plain, traced = _rate(lambda: decide(trace=False), batches), _rate(lambda: decide(trace=True), batches)
    yield "typical request", f"{plain:,.0f}/s", "goal 50,000/s"
    yield "typical request, with its trace", f"{traced:,.0f}/s", "goal 15,000/s"


def _lines(batches: int) -> Iterator[Row]:
    question = {
        "principal": _SESSION.arn,
        "action": "s3:GetObject",
        "resource_account": "111111111111",
        "context": _CONTEXT,
        "identity_policies": [_value(one) for one in IDENTITY],
        "resource_policy": _value(BUCKET),
        "session_policies": [_value(SESSION)],
    }
    lines = cycle([json.dumps({**question, "resource": f"arn:aws:s3:::app-data/{at}"}) for at in range(100)])

    def one() -> None:
        assert json.dumps(answer(next(lines))).startswith('{"effect": "Allowed"')

    yield f"JSON lines of {len(next(lines)):,} bytes", f"{_rate(one, batches):,.0f}/s", "goal 8,000/s"


def _large(batches: int) -> Iterator[Row]:
    ten = Policies(identity=tuple(_policy(f"p{at}", _of_size(at, 6144)) for at in range(10)))
    numbers = cycle(range(100))
    yield (
        "role with 10 policies of 6 KB",
        f"{_micros(lambda: evaluate(_request(next(numbers)), ten), batches):,.1f} µs",
        "goal 200 µs",
    )
    text = json.dumps(_value(_of_size(0, 6144)))
    yield "parse and compile 6 KB", f"{_micros(lambda: parse(text, Kind.IDENTITY), batches):,.0f} µs", ""
    for count in (10, 100, 1000, 10_000, 30_000):
        many = Policies(identity=(_policy("many", [_statement(at) for at in range(count)]),))
        micros = _micros(lambda many=many: evaluate(_request(next(numbers)), many), batches)  # type: ignore[misc]
        yield f"{count:,} statements about the action", f"{micros:,.1f} µs", f"{micros * 1000 / count:,.0f} ns each"


def _wildcards() -> Iterator[Row]:
    patterns = {"a*a*…*b": "a*" * 5000 + "b", "*a?a?…": "*" + "a?" * 5000, "*a?b*a?b…": "*a?b" * 2500}
    for name, pattern in patterns.items():
        took = _micros(lambda pattern=pattern: glob(pattern)("a" * 10_000), 5)  # type: ignore[misc]
        yield f"10 KB of {name} on 10 KB", f"{took / 1000:,.1f} ms", "goal 50 ms"


def _typical() -> Policies:
    return Policies(
        identity=tuple(_policy(f"identity {at}", one) for at, one in enumerate(IDENTITY)),
        resource=Policy(name="bucket", document=_document(BUCKET, Kind.RESOURCE)),
        session=(Policy(name="session", document=_document(SESSION, Kind.SESSION)),),
    )


def _request(number: int) -> Request:
    return Request(
        principal=_SESSION,
        action="s3:GetObject",
        resource=f"arn:aws:s3:::app-data/{number}",
        resource_account="111111111111",
        context=_CONTEXT,
    )


def _statement(number: int) -> dict[str, Any]:
    """A statement about the action, on some other resource."""
    resources = [f"arn:aws:s3:::bucket-{number}", f"arn:aws:s3:::bucket-{number}/*/data"]
    return {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": resources}


def _of_size(number: int, size: int) -> Statements:
    """Statements of so many bytes, a third of them about the action."""
    found: list[dict[str, Any]] = []
    while len(json.dumps(_value(found))) < size:
        at = number * 1000 + len(found)
        service = ("s3", "sqs", "dynamodb")[len(found) % 3]
        found.append({**_statement(at), "Action": [f"{service}:Get*", f"{service}:List*"], "Sid": f"S{at}"})
    return found


def _policy(name: str, statements: Statements) -> Policy:
    return Policy(name=name, document=_document(statements, Kind.IDENTITY))


def _document(statements: Statements, kind: Kind) -> Document:
    return parse(json.dumps(_value(statements)), kind)


def _value(statements: Statements) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _rate(act: Callable[[], object], batches: int) -> float:
    return 1_000_000 / _micros(act, batches)


def _micros(act: Callable[[], object], batches: int) -> float:
    """The median over batches of the microseconds that one act takes."""
    act()
    times = 1
    while _seconds(act, times) < _BATCH_SECONDS / 2:
        times *= 2
    return statistics.median(_seconds(act, times) for _ in range(batches)) / times * 1_000_000


def _seconds(act: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        act()
    return time.process_time() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
