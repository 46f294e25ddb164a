"""The one table of the variables that a session sets, and of those that it has to clear.

All of them change together: a variable left behind by another tool, or by another session, would join the new ones to
credentials that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from stsctl import destructive
from stsctl import region as regions
from stsctl.credentials import Credentials, Secret, Session
from stsctl.formats.interface import Changes, rfc3339
from stsctl.marks import Marks

ROLE = "STSCTL_ROLE"
"""The name that was asked for. Its presence says that the AWS_ variables beside it are stsctl's work."""
SESSION = "STSCTL_SESSION"
"""The key of the request that the session answers: a digest, no secret."""
RENEW_AT = "STSCTL_RENEW_AT"
"""From when on another session is due in its place, for the shell that renews by itself."""
COLOR, WARN = "STSCTL_COLOR", "STSCTL_WARN"
"""How the session is marked: the colour of its name, and what is asked about before it runs."""
DEPTH = "STSCTL_DEPTH"
"""How many `stsctl exec` a program runs inside of."""

_ENDINGS = ("AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION")
"""The SDKs read the first, prompts of shells the one or the other."""
_FULL_URI, _AUTHORIZATION = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_CLEARED = (
    "AWS_SECURITY_TOKEN",  # botocore prefers it to AWS_SESSION_TOKEN
    "AWS_PROFILE",  # an explicit profile makes the SDKs pass over the keys
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    _FULL_URI,
    _AUTHORIZATION,
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_OURS = (ROLE, SESSION, RENEW_AT, COLOR, WARN)
_SET = (
    *_KEYS,
    # SDKs that know endpoints by account take the account from here: another's would send requests astray.
    "AWS_ACCOUNT_ID",
    *_ENDINGS,
    *_OURS,
)


def export(
    session: Session,
    environ: Mapping[str, str],
    *,
    role: str,
    region: str | None = None,
    depth: int | None = None,
    marks: Marks = Marks(),  # noqa: B008 - it cannot be changed
) -> Changes:
    """The changes to `environ` that make `session` the one in use.

    `role` is the name that it was asked for by, `marks` what the person has it marked with. Where its region is
    unknown, the person's own holds. `depth` is for a child of `exec` alone. Long-term credentials have no token and no
    end, so those variables are cleared.
    """
    credentials = session.credentials
    end = None if credentials.expires_at is None else rfc3339(credentials.expires_at)
    due = None if credentials.expires_at is None else rfc3339(credentials.expires_at - session.renewed_below())
    texts = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_ACCOUNT_ID": session.account_id,
        **dict.fromkeys(_ENDINGS, end),
        ROLE: role,
        SESSION: session.request_key,
        RENEW_AT: due,
        COLOR: marks.color.value if marks.color else None,
        WARN: destructive.as_variable(marks.warn_before) or None,
        **regions.changes(environ, region),
    }
    if depth is not None:
        texts[DEPTH] = str(depth)
    changes: dict[str, Secret | None] = dict.fromkeys((*_CLEARED, *_SET))
    changes |= {name: None if text is None else Secret(text) for name, text in texts.items()}
    changes["AWS_SECRET_ACCESS_KEY"] = credentials.secret_access_key
    changes["AWS_SESSION_TOKEN"] = credentials.session_token
    return changes


def serve(exported: Changes, environ: Mapping[str, str], *, url: str, token: Secret) -> Changes:
    """The changes of `export`, for a child that fetches the session from `url` instead, and each that follows it.

    Keys in variables would win over that in every SDK, and an end there would be that of the first session. A proxy
    has no business in between; which of the two spellings of NO_PROXY counts differs from program to program.
    """
    changes = {
        **exported,
        **dict.fromkeys((*_KEYS, *_ENDINGS, RENEW_AT)),
        _FULL_URI: Secret(url),
        _AUTHORIZATION: token,
    }
    said = {name: environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, own in said.items():
        reached = [each.strip() for each in (own or next(filter(None, said.values()), "")).split(",") if each.strip()]
        if "*" not in reached:
            changes[name] = Secret(",".join(dict.fromkeys((*reached, *_LOOPBACK))))
    return changes


def unset(environ: Mapping[str, str]) -> Changes:
    """The changes to `environ` that take back whatever `export` or `serve` set; keys that are not their work stay."""
    back = regions.changes(environ, None)
    restored = {name: None if text is None else Secret(text) for name, text in back.items()}
    ours = (*_SET, _FULL_URI, _AUTHORIZATION) if SESSION in environ else _OURS
    return dict.fromkeys((*ours, DEPTH)) | restored


_LOOPBACK = ("127.0.0.1", "localhost")
_EMULATOR_REGION = "us-east-1"
_ENDPOINT = "AWS_ENDPOINT_URL"
EMULATOR = "STSCTL_EMULATOR"
"""The id of the emulator that the endpoint is."""


def emulator(url: str, instance: str, keys: Credentials | None, environ: Mapping[str, str]) -> Changes:
    """The changes to `environ` that point a shell at an emulator, and make it whoever `keys` belong to.

    SDKs want a region even there, so one is set where the person has none.
    """
    changes: dict[str, Secret | None] = {_ENDPOINT: Secret(url), EMULATOR: Secret(instance)}
    if regions.own(environ) is None:
        changes |= dict.fromkeys(regions.VARIABLES, Secret(_EMULATOR_REGION))
    if keys is not None:
        changes |= dict.fromkeys((*_CLEARED, *_SET))
        changes["AWS_ACCESS_KEY_ID"] = Secret(keys.access_key_id)
        changes["AWS_SECRET_ACCESS_KEY"] = keys.secret_access_key
        changes["AWS_SESSION_TOKEN"] = keys.session_token
    return changes


_WORKLOAD = "STSCTL_WORKLOAD"
"""The ARN of what a shell has the place of. It says that the variables of an instance or a task are stsctl's work."""
_CREDENTIALS_FILE = "AWS_SHARED_CREDENTIALS_FILE"
_METADATA = (
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
)


def workload(url: str, instance: str, arn: str, variables: Mapping[str, Secret], nothing: str) -> Changes:
    """The changes that put a shell at an emulator in the place of an instance or a task, which finds `variables`.

    The credentials file becomes `nothing`, an empty file: SDKs would prefer what a person has there.
    """
    changes: dict[str, Secret | None] = dict.fromkeys((*_CLEARED, *_SET, *_METADATA))
    changes |= {_ENDPOINT: Secret(url), EMULATOR: Secret(instance), _WORKLOAD: Secret(arn)}
    return {**changes, _CREDENTIALS_FILE: Secret(nothing), **variables}


def run_as(
    url: str, instance: str, arn: str, variables: Mapping[str, Secret], nothing: str, environ: Mapping[str, str]
) -> Changes:
    """The changes to `environ` for a program that a service runs: nothing that is the person's stays in it."""
    theirs = [name for name in environ if name.startswith(("AWS_", "STSCTL_"))]
    place = workload(url, instance, arn, variables, nothing)
    return {**dict.fromkeys(theirs), **place, "AWS_CONFIG_FILE": Secret(nothing)}


def unset_emulator(environ: Mapping[str, str]) -> Changes:
    """The changes to `environ` that take back whatever `emulator` or `workload` set."""
    of_workload = (_WORKLOAD, _CREDENTIALS_FILE, *_CLEARED, *_METADATA) if _WORKLOAD in environ else ()
    return dict.fromkeys((_ENDPOINT, EMULATOR, *_SET, *of_workload))


def pair(keys: Credentials) -> str:
    """Long-term keys as `stsctl keys add --stdin` reads them: the id and the secret, a line each."""
    return f"{keys.access_key_id}\n{keys.secret_access_key.reveal()}\n"


def child(environ: Mapping[str, str], changes: Changes) -> dict[str, str]:
    """The environment of a child: `environ` with `changes` applied, as plain text."""
    kept = {name: value for name, value in environ.items() if name not in changes}
    return kept | {name: value.reveal() for name, value in changes.items() if value is not None}
