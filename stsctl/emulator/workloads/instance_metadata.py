"""The metadata service of one EC2 instance: IMDSv2, and IMDSv1 where the instance allows it.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html (what `iam/` says of mistakes).

Of the versions only `latest` is here, and no signatures of the identity document.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import responses
from urllib.parse import unquote

from stsctl.emulator.directory.instance_profiles import InstanceProfile, InstanceProfiles
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.workload import EC2, HttpTokens, Instance
from stsctl.emulator.sts.service_roles import Assumption, Rotation, ServiceRoles
from stsctl.emulator.world.journal import Entry

TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path
_TOKEN = "x-aws-ec2-metadata-token"  # noqa: S105 - the name of a header
_TTL = "x-aws-ec2-metadata-token-ttl-seconds"
_LONGEST_TTL = 21600
_DATA = "/latest/meta-data/"
_IDENTITY = "/latest/dynamic/instance-identity/document"
_ROLES = "iam/security-credentials/"
_HELP = (
    "  Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html"
    "#troubleshoot_iam-ec2_errors-info-doc."
)
_VERSIONS = {1: "1.0", 2: "2.0"}


class InstanceMetadata:
    """Answers what an instance asks of 169.254.169.254."""

    def __init__(
        self, instance: Instance, *, profiles: InstanceProfiles, roles: ServiceRoles, started_at: datetime
    ) -> None:
        self._instance = instance
        self._profiles = profiles
        self._started_at = started_at
        self._tokens = _Tokens()
        # What IMDSv1 gives says so, and IMDSv2's says that.
        self._rotations = {version: Rotation(roles, assumption_of(instance, version)) for version in _VERSIONS}

    def answer(self, asked: Request, entry: Entry) -> Answer:
        """The answer to any request at all."""
        entry.service, entry.who = "imds", self._instance.arn
        entry.action = f"imds {asked.method} {asked.path[:200]}"
        if asked.method == "PUT":
            return self._new_token(asked, entry.at)
        if asked.method not in ("GET", "HEAD") or asked.path == TOKEN_PATH:
            return _error(405)
        token = asked.header(_TOKEN)
        if token is None and self._instance.http_tokens is HttpTokens.REQUIRED:
            return _error(401)
        left = None if token is None else self._tokens.left(token, entry.at)
        if token is not None and left is None:
            return _error(401)
        text = self._item(unquote(asked.path), 1 if token is None else 2, entry)
        if text is None:
            return _error(404)
        return _answer(200, "text/plain", text, *([] if left is None else [(_TTL, str(left))]))

    def _new_token(self, asked: Request, now: datetime) -> Answer:
        if asked.path != TOKEN_PATH or asked.header("x-forwarded-for") is not None:
            return _error(403)
        wanted = asked.header(_TTL) or ""
        if not re.fullmatch(r"[0-9]{1,5}", wanted, re.ASCII) or not 1 <= int(wanted) <= _LONGEST_TTL:
            return _error(400)
        return _answer(200, "text/plain", self._tokens.make(int(wanted), now), (_TTL, str(int(wanted))))

    def _item(self, path: str, version: int, entry: Entry) -> str | None:
        """What is at a path: an item, or the names below it; None where nothing is."""
        if path == _IDENTITY:
            return _json(self._identity())
        profile = self._instance.profile and self._profiles.find(self._instance.account, self._instance.profile)
        items = dict(self._items())
        if self._instance.profile:
            items[_DATA + "iam/info"] = _json(self._profile_info(profile or None, entry.at))
        if profile and profile.role:
            document = _DATA + _ROLES + profile.role
            if path == document:
                return _json(self._credentials(profile.role, version, entry))
            items[document] = ""
        return items.get(path) if path in items else _names_below(path, (*items, _IDENTITY))

    def _items(self) -> Mapping[str, str]:
        instance = self._instance
        host = f"ip-{instance.private_ip.replace('.', '-')}.{instance.region}.compute.internal"
        items = {
            "ami-id": instance.image,
            "hostname": host,
            "instance-id": instance.id,
            "instance-life-cycle": "on-demand",
            "instance-type": instance.type,
            "local-hostname": host,
            "local-ipv4": instance.private_ip,
            "placement/availability-zone": instance.zone,
            "placement/region": instance.region,
            "services/domain": "amazonaws.com",
            "services/partition": "aws",
        }
        return {_DATA + name: text for name, text in items.items()}

    def _identity(self) -> dict[str, object]:
        instance = self._instance
        return {
            "accountId": instance.account,
            "architecture": "x86_64",
            "availabilityZone": instance.zone,
            "billingProducts": None,
            "devpayProductCodes": None,
            "marketplaceProductCodes": None,
            "imageId": instance.image,
            "instanceId": instance.id,
            "instanceType": instance.type,
            "kernelId": None,
            "pendingTime": _instant(self._started_at),
            "privateIp": instance.private_ip,
            "ramdiskId": None,
            "region": instance.region,
            "version": "2017-09-30",
        }

    def _profile_info(self, profile: InstanceProfile | None, now: datetime) -> dict[str, object]:
        info: dict[str, object] = {"Code": "Success", "LastUpdated": _instant(now)}
        if profile is None:  # deleted, or never made; the message is as people have quoted it
            arn = f"arn:aws:iam::{self._instance.account}:instance-profile/{self._instance.profile}"
            message = f"Instance Profile {arn} cannot be found.{_HELP}"
            return {**info, "Code": "InstanceProfileNotFound", "Message": message}
        if profile.role is None:
            info["Message"] = f"Instance Profile does not contain a role.{_HELP}"
        return {**info, "InstanceProfileArn": profile.arn, "InstanceProfileId": profile.id}

    def _credentials(self, role: str, version: int, entry: Entry) -> dict[str, object]:
        try:
            found = self._rotations[version].credentials(self._instance.account, role, entry.at)
        except Refusal as refusal:
            entry.refuse(refusal)
            message = f"EC2 cannot assume the role {role}.{_HELP}"
            return {"Code": "AssumeRoleUnauthorizedAccess", "Message": message, "LastUpdated": _instant(entry.at)}
        entry.resource, credentials = found.role.arn, found.credentials
        return {
            "Code": "Success",
            "LastUpdated": _instant(found.since),
            "Type": "AWS-HMAC",
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.reveal(),
            "Token": credentials.session_token.reveal() if credentials.session_token else "",
            "Expiration": _instant(credentials.expires_at or found.since),
        }


class _Tokens:
    """The session tokens of one instance. None is kept: a token says itself until when it counts."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, seconds: int, now: datetime) -> str:
        end = (int(now.timestamp()) + seconds).to_bytes(8, "big")
        return base64.urlsafe_b64encode(end + self._seal(end)).decode()

    def left(self, token: str, now: datetime) -> int | None:
        """For how many seconds it counts; None for one that does not."""
        try:
            content = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return None
        end = content[:8]
        if not hmac.compare_digest(content[8:], self._seal(end)):
            return None
        left = int.from_bytes(end, "big") - int(now.timestamp())
        return left if left > 0 else None

    def _seal(self, end: bytes) -> bytes:
        return hmac.digest(self._key, end, "sha256")


def assumption_of(instance: Instance, version: int = 2) -> Assumption:
    """How EC2 takes the role. It is not known whether AWS adds aws:SourceArn here, so a policy that wants it refuses.

    The keys of the credentials: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2-instance
    """
    return Assumption(
        service=EC2,
        session_name=instance.id,
        region=instance.region,
        delivered=(
            ("ec2:SourceInstanceARN", instance.arn),
            ("ec2:RoleDelivery", _VERSIONS[version]),
            ("aws:Ec2InstanceSourceVpc", instance.vpc),
            ("aws:Ec2InstanceSourcePrivateIPv4", instance.private_ip),
        ),
    )


def _names_below(path: str, items: tuple[str, ...]) -> str | None:
    """The names in a folder; None where nothing is below `path`. Those of folders in the metadata end in a slash."""
    folder = path.rstrip("/") + "/"
    rests = [item.removeprefix(folder) for item in items if item.startswith(folder)]
    parts = [rest.partition("/") for rest in rests]
    names = [name + slash if folder.startswith(_DATA) else name for name, slash, _ in parts]
    return "\n".join(sorted(dict.fromkeys(names))) if names else None


def _instant(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, indent=2, separators=(",", " : "))


def _error(status: int) -> Answer:
    """The page that the service answers with; people have quoted it."""
    title = f"{status} - {responses[status]}"
    page = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n'
        '\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
        f" <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
    )
    return _answer(status, "text/html", page)


def _answer(status: int, content: str, text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status=status, headers=(("Content-Type", content), ("Server", "EC2ws"), *headers), body=text.encode())
