"""The role of the EC2 instance that this is, by IMDSv2.

Not by botocore's provider: that says nothing of what is wrong, falls back to IMDSv1, whose answers any program can be
made to fetch, and moves the end of credentials that are about to end.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html (the variables)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UnavailableError, UsageError
from stsctl.host.link_local import NoAnswerError, Reply, exchange
from stsctl.request import Asker, AskerKind
from stsctl.sources.credentials_json import NoCredentialsError, of_machine
from stsctl.sources.interface import Given

_PLACES = {"ipv4": "http://169.254.169.254", "ipv6": "http://[fd00:ec2::254]"}
_ROLES = "latest/meta-data/iam/security-credentials/"
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_CODE = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
_TOKEN_SECONDS = "60"  # noqa: S105 - a length of time


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMetadata:
    """The role of this instance. `environ` has the variables by which SDKs are told where the service is."""

    name: str
    environ: Mapping[str, str] = field(repr=False)
    _said: list[Asker] = field(default_factory=list)

    def asker(self) -> Asker:
        """The role's name and account: its keys rotate; see `Giver`. Raises ConfigurationError, UnavailableError."""
        if not self._said:
            self._said.append(self._role(self._token())[1])
        return self._said[0]

    def give(self) -> Given:
        """The keys that the role has now."""
        token = self._token()
        role, who = self._role(token)
        self._said[:] = [who]
        fields = self._json(_ROLES + role, token)
        code = fields.get("Code")
        if code != "Success":
            told = f" ({code})" if isinstance(code, str) and _CODE.fullmatch(code) else ""
            raise ConfigurationError(
                f'the instance has no credentials of its role "{role}"{told}',
                hint="the role's trust policy must allow sts:AssumeRole to ec2.amazonaws.com",
            )
        try:
            return Given(credentials=of_machine(fields), account_id=who.id.split(":")[1])
        except NoCredentialsError as error:
            raise UnavailableError(f"what the instance metadata gave {error.why}") from None

    def _token(self) -> Secret:
        """A session token, without which IMDSv2 says nothing."""
        if self.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            raise ConfigurationError(
                f'source "{self.name}" asks the instance metadata, and AWS_EC2_METADATA_DISABLED forbids that',
                hint="unset AWS_EC2_METADATA_DISABLED",
            )
        reply = self._ask("PUT", "latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": _TOKEN_SECONDS})
        if reply.status == 403:
            raise ConfigurationError(
                "this machine's instance metadata are switched off",
                hint="aws ec2 modify-instance-metadata-options --instance-id ID --http-endpoint enabled",
            )
        if reply.status in (404, 405):
            raise ConfigurationError("the instance metadata here are of IMDSv1 only, and stsctl asks by IMDSv2")
        text = reply.text
        if reply.status != 200 or not text.isprintable() or not text.isascii():
            raise UnavailableError(f"the instance metadata gave no session token (HTTP status {reply.status})")
        return Secret(text)

    def _role(self, token: Secret) -> tuple[str, Asker]:
        reply = self._item(_ROLES, token)
        role = reply.text.strip().partition("\n")[0]
        if reply.status == 404 or not role:
            raise ConfigurationError(
                "this instance has no role",
                hint="aws ec2 associate-iam-instance-profile --instance-id ID --iam-instance-profile Name=NAME",
            )
        if not _ROLE_NAME.fullmatch(role):
            raise UnavailableError("what answers is not the instance metadata of EC2: the role it names cannot be one")
        profile = self._profile(token)
        who = f"{profile.partition}:{profile.account}:{role}"
        return role, Asker(kind=AskerKind.MACHINE, id=who, temporary=True)

    def _profile(self, token: Secret) -> Arn:
        """The instance profile, which is in the account of its role."""
        said = self._json("latest/meta-data/iam/info", token).get("InstanceProfileArn")
        try:
            return Arn.parse(said if isinstance(said, str) else "")
        except UsageError:
            raise UnavailableError("the instance metadata do not tell the instance profile of the role") from None

    def _json(self, path: str, token: Secret) -> dict[str, Any]:
        try:
            found = json.loads(self._item(path, token).body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise UnavailableError("what answers is not the instance metadata of EC2") from None
        return found

    def _item(self, path: str, token: Secret) -> Reply:
        reply = self._ask("GET", path, {"x-aws-ec2-metadata-token": token.reveal()})
        if reply.status not in (200, 404):
            raise UnavailableError(f"the instance metadata gave nothing (HTTP status {reply.status})")
        return reply

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        place = self._place()
        try:
            return exchange(method, f"{place.rstrip('/')}/{path}", headers, seconds=self._seconds())
        except NoAnswerError as error:
            if not error.connected:
                raise UnavailableError(
                    f"this machine has no instance metadata: {error.message}",
                    hint="is it an EC2 instance? in a container, see the instance's HttpPutResponseHopLimit",
                ) from error
            raise UnavailableError(
                f"the instance metadata do not answer: {error.message}; in a container they are too many hops away",
                hint="aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2",
            ) from error

    def _place(self) -> str:
        said = self.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        mode = self.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") or "ipv4"
        if not said and mode.lower() not in _PLACES:
            raise ConfigurationError(
                f'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is "{mode}"', hint="export it as IPv4 or IPv6"
            )
        return said or _PLACES[mode.lower()]

    def _seconds(self) -> float:
        """For how long it is waited: as SDKs do, a second, because elsewhere than at EC2 nobody would answer."""
        said = self.environ.get("AWS_METADATA_SERVICE_TIMEOUT", "1")
        return min(float(said), 60) if said.isascii() and said.isdigit() and said.strip("0") else 1
