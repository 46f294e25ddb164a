"""The role of the container that this is: an ECS task's, an EKS pod's, or what another local endpoint serves.

Sources: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html,
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UnavailableError, UsageError
from stsctl.host import files
from stsctl.host.link_local import NoAnswerError, Reply, exchange
from stsctl.request import Asker, AskerKind
from stsctl.sources.credentials_json import NoCredentialsError, of_machine
from stsctl.sources.interface import Given

_RELATIVE, _FULL = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN, _TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
_ECS = "http://169.254.170.2"
_HOSTS = ("localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23")
"""Beside loopback, where AWS's own agents listen; a token in plain text goes nowhere else."""
_SECONDS = 2
_ATTEMPTS = 3
_CODE = re.compile(r"[A-Za-z]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The role that the container's credentials endpoint gives.

    `whose` asks AWS whose credentials are, for an endpoint that does not tell their role. `known` and `learn` are what
    AWS said before of the keys with an id.
    """

    name: str
    environ: Mapping[str, str] = field(repr=False)
    whose: Callable[[Credentials], Arn]
    known: Callable[[str], Arn | None]
    learn: Callable[[str, Arn], None]
    ca_file: str | None = None
    _said: list[Asker] = field(default_factory=list)
    _given: list[Given] = field(default_factory=list)

    def asker(self) -> Asker | None:
        """The role's name and account: its keys rotate; None where there is no endpoint. See `Giver`."""
        if not self._said:
            url = self._url()
            if url is None:
                return None
            given, who = self._ask(url)
            self._said[:], self._given[:] = [who], [given]
        return self._said[0]

    def give(self) -> Given | None:
        """The keys that the role has now: those that `asker` saw, where it has just asked."""
        if self._given:
            return self._given.pop()
        url = self._url()
        if url is None:
            return None
        given, who = self._ask(url)
        self._said[:] = [who]
        return given

    def _url(self) -> str | None:
        """Where it is asked; raises ConfigurationError for a place that may not see a token."""
        relative, full = self.environ.get(_RELATIVE), self.environ.get(_FULL)
        if "STSCTL_SESSION" in self.environ:  # what stsctl itself serves does not count
            full = None
        if relative:
            return _ECS + relative if relative.startswith("/") else f"{_ECS}/{relative}"
        if full and not _may_see_a_token(full):
            raise ConfigurationError(
                f"{_FULL} names a host that is neither this machine nor one of AWS's agents, and no HTTPS",
                hint=f"unset {_FULL}",
            )
        return full or None

    def _ask(self, url: str) -> tuple[Given, Asker]:
        fields = self._fields(self._reply(url))
        try:
            credentials, account = of_machine(fields), fields.get("AccountId")
        except NoCredentialsError as error:
            raise UnavailableError(f"what the container credentials endpoint gave {error.why}") from None
        role = fields.get("RoleArn")
        who = _of_role(role) if isinstance(role, str) and role else None
        if who is None:
            identity = self._identity(credentials)
            given = Given(credentials=credentials, identity=identity, account_id=identity.account)
            who = _of_identity(identity)
        else:
            given = Given(credentials=credentials, account_id=who.split(":")[1])
        if isinstance(account, str) and account and account != given.account_id:
            raise UnavailableError("the container credentials endpoint names two accounts: its answer is not used")
        temporary = credentials.session_token is not None
        return given, Asker(kind=AskerKind.MACHINE, id=who, temporary=temporary)

    def _identity(self, credentials: Credentials) -> Arn:
        """Whose the credentials are, where only AWS can tell: as in a pod of EKS."""
        known = self.known(credentials.access_key_id)
        if known is None:
            known = self.whose(credentials)
            self.learn(credentials.access_key_id, known)
        return known

    def _reply(self, url: str) -> Reply:
        headers = {"Accept": "application/json"}
        token = self._token()
        if token is not None:
            headers["Authorization"] = token.reveal()
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            try:
                reply = exchange("GET", url, headers, seconds=_SECONDS, ca_file=self.ca_file)
            except NoAnswerError as error:
                if last:
                    hint = "is this the container that the variables are of? env | grep AWS_CONTAINER"
                    raise UnavailableError(
                        f"the container credentials endpoint does not answer: {error.message}", hint=hint
                    ) from error
            else:
                if reply.status < 500 or last:
                    return reply
            time.sleep(0.2 * (attempt + 1))
        raise AssertionError("the last attempt returns or raises")

    def _token(self) -> Secret | None:
        """What opens the endpoint, read anew each time: EKS changes it."""
        path, text = self.environ.get(_TOKEN_FILE), self.environ.get(_TOKEN)
        if path:
            content = files.read(Path(path))
            if content is None:
                raise ConfigurationError(
                    f'there is no token at "{path}" ({_TOKEN_FILE})',
                    hint="EKS puts it into pods that are started after the association of their role",
                )
            text = content.decode(errors="replace")
        if not text:
            return None
        if not text.isprintable() or not text.isascii():
            place = _TOKEN_FILE if path else _TOKEN
            raise ConfigurationError(f"what {place} leads to is no token: it has characters that a header cannot have")
        return Secret(text)

    def _fields(self, reply: Reply) -> dict[str, Any]:
        try:
            found = json.loads(reply.body)
        except (ValueError, RecursionError):
            found = None
        fields = found if isinstance(found, dict) else {}
        if reply.status == 200 and fields:
            return fields
        code = next((each for each in (fields.get("code"), fields.get("Code")) if isinstance(each, str)), "")
        what = f"HTTP status {reply.status}" + (f", {code}" if _CODE.fullmatch(code) else "")
        if reply.status in (401, 403):
            raise ConfigurationError(
                f"the container credentials endpoint does not take the token ({what})",
                hint=f"check {_TOKEN_FILE} and {_TOKEN}",
            )
        if 400 <= reply.status < 500:
            raise ConfigurationError(
                f"the container credentials endpoint has no credentials for this container ({what})",
                hint="has the task or the pod's service account a role?",
            )
        raise UnavailableError(f"the container credentials endpoint gave no credentials ({what})")


def _may_see_a_token(url: str) -> bool:
    try:
        place = urlsplit(url)
        host = place.hostname or ""
        return place.scheme == "https" or host in _HOSTS or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _of_role(text: str) -> str:
    try:
        arn = Arn.parse_role(text)
    except UsageError:
        raise UnavailableError("the container credentials endpoint names a role that cannot be one") from None
    return f"{arn.partition}:{arn.account}:{arn.resource_name}"


def _of_identity(identity: Arn) -> str:
    """The whole ARN: sessions of one role may differ in their tags, as those of pods do."""
    return f"{identity.partition}:{identity.account}:{identity.service}:{identity.resource}"
