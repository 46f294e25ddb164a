"""`stsctl exec --serve`: an endpoint for one program, beside it for as long as it runs."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING

from stsctl import region as regions
from stsctl import sso_profile
from stsctl.agent.endpoint import Endpoint, Grant
from stsctl.agent.fresh_session import FreshSession
from stsctl.cli import run_time
from stsctl.cli.options import Acting
from stsctl.credentials import Secret, Session
from stsctl.duration import render_duration
from stsctl.errors import StsctlError
from stsctl.formats import environment, json
from stsctl.host import companion
from stsctl.profile import KEY_ID
from stsctl.source import SourceKind
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.obtaining import Obtained
    from stsctl.formats.interface import Changes

_PATH = "/session"
_TOKEN_BYTES = 32
_FILES = {"AWS_CONFIG_FILE": "configured", "AWS_SHARED_CREDENTIALS_FILE": "shared"}
_BEFORE_ENDPOINT = (
    KEY_ID,
    "role_arn",
    "web_identity_token_file",
    *sso_profile.ROLE_KEYS,
    "login_session",
    "credential_process",
)
"""What of the profile [default] SDKs follow before they ask an endpoint.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""


def run(
    app: App,
    wanted: Wanted | None,
    acting: Acting,
    program: Sequence[str] | None,
    *,
    least: timedelta | None,
    depth: int,
) -> int:
    """Turns into `program`, which fetches its session from a process beside it; see `host.companion`."""
    turn = companion.split() if companion.CAN_SPLIT else None
    if isinstance(turn, companion.Turn):
        if turn.message is None:
            return turn.status  # the companion has said why
        changes = json.parse_changes(turn.message)
        return app.machine.become(program, environment.child(app.environ, changes))
    obtained = app.use(app.meant(wanted), acting, least=least)
    if obtained.plan.target.source.kind is SourceKind.KEYS:
        app.keys_held.keys(obtained.plan.target.source.name)  # whose store may want a passphrase, which it keeps
    _say_what_will_need_a_person(app, obtained, program)
    served = Served(app, obtained, acting)
    changes = served.changes(depth)
    if turn is None:
        served.start()
        return app.machine.become(program, environment.child(app.environ, changes))
    stopwatch, began = run_time.measured(app, obtained, program), time.time()
    turn.begin(json.Json().render(changes).encode())
    served.start()
    turn.wait()
    if stopwatch is not None:
        stopwatch.note(time.time() - began)
    return 0


class Served:
    """A session at an endpoint of its own."""

    def __init__(self, app: App, obtained: Obtained, acting: Acting) -> None:
        """Takes a port; raises StsctlError."""
        json.container(obtained.session)  # before the program begins: there may be nothing to serve
        self._app = app
        self._obtained = obtained
        self._acting = Acting(no_cache=acting.no_cache, may_sign_in=False)
        self._token = Secret(secrets.token_urlsafe(_TOKEN_BYTES))
        self._fresh = FreshSession(obtained.session, renew=self._renewed, now=lambda: app.unattended().now())
        role = obtained.plan.steps[-1].request.role_arn if obtained.plan.steps else None
        grant = Grant(token=self._token, session=self._fresh.current, role_arn=str(role) if role else None)
        try:
            self._endpoint = Endpoint({_PATH: grant})
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise StsctlError(f"no port of this machine can be had to serve the session at: {reason}") from error

    def changes(self, depth: int) -> Changes:
        """The changes to the environment by which a program finds it."""
        left_out, region = self._left_out()
        exported = replace(self._obtained, region=region).export(self._app.environ, depth=depth)
        changes = environment.serve(exported, self._app.environ, url=self._endpoint.url(_PATH), token=self._token)
        return {**changes, **dict.fromkeys(left_out, Secret(os.devnull))}

    def start(self) -> None:
        """Answers and renews from now on, until the process ends."""
        for task in (self._endpoint.serve, self._fresh.keep):
            threading.Thread(target=task, daemon=True).start()

    def _renewed(self) -> Session:
        return self._app.unattended().obtain(self._obtained.wanted, self._acting).session

    def _left_out(self) -> tuple[list[str], str | None]:
        """Which of the AWS files the program has to do without, so that SDKs find this session; and its region."""
        app, region = self._app, self._obtained.region
        found = dict(_in_the_way(app))
        for place in found.values():
            app.report.notice(
                f"{place} is left out for this program: SDKs prefer its profile [default] to what is served"
            )
        default = app.profiles.by_name.get("default")
        if "AWS_CONFIG_FILE" in found and default is not None and regions.own(app.environ) is None:
            region = region or default.get("region")
        return list(found), region


def _in_the_way(app: App) -> Iterator[tuple[str, str]]:
    """The variables of the AWS files in which [default] leads to other credentials, each with its place."""
    default, written = app.profiles.by_name.get("default"), app.profiles.written.get("default")
    places = (app.short(app.paths.aws_config), app.short(app.paths.aws_credentials))
    for (variable, part), place in zip(_FILES.items(), places, strict=True):
        said = getattr(default, part) if default is not None else {}
        if any(key in said for key in _BEFORE_ENDPOINT) or (written is not None and written.place == place):
            yield variable, place


def _say_what_will_need_a_person(app: App, obtained: Obtained, program: Sequence[str] | None) -> None:
    """Tells beforehand what nobody can be asked later."""
    session, name = obtained.session, obtained.wanted.name
    entry = app.index.get(session.request_key)
    if entry is not None and entry.needs_person and session.expires_at is not None:
        left = render_duration(timedelta(minutes=session.left_at(app.now()) // timedelta(minutes=1)))
        app.report.notice(
            f'"{name}" lasts {left}, and its renewal needs you: '
            f"stsctl assume {quote(name)}, in another terminal, is enough"
        )
        run_time.warn(app, obtained, program, served=True)
