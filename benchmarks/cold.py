"""How long a session takes that is not held, from the start of a process to its answer, beside the AWS CLI and boto3.

`make bench`, or `python -m benchmarks.cold [RUNS]`. All ask one emulator, over TLS, with keys from one gnome-keyring;
the AWS CLI, which knows no keyring, has them in its variables. Prints each figure beside its goal; never fails on one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.goal import at_most
from benchmarks.run import BIN, Place, Subject, milliseconds
from stsctl.emulator import control
from stsctl.formats import environment
from tests.secret_service import SecretService, available

_ACCOUNT = "111111111111"
_CHAIN = ("one", "two", "three")
_ALL = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_SEED = f"""
[account.{_ACCOUNT}.user.alice]
key.main = {{}}
mfa = {{}}
policies.all = '{_ALL}'

[account.{_ACCOUNT}.user.bob]
key.main = {{}}
policies.all = '{_ALL}'
"""
_ROLE = """
[account.{account}.role.{name}]
policies.all = '{policy}'
trust = '''{{"Version": "2012-10-17", "Statement":
    {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "sts:AssumeRole"}}}}'''
"""
_BOTO3 = """
import boto3, json{imports}
sts = boto3.client("sts"{keys})
print(json.dumps(sts.assume_role(RoleArn="{role}", RoleSessionName="bench")["Credentials"], default=str))
"""
_FROM_KEYRING = """, **json.loads(keyring.get_password("benchmark", "alice"))"""


class Front:
    """TLS in front of a port of this machine, in a thread of its own; `certificate` vouches for `url`."""

    def __init__(self, folder: Path, port: int) -> None:
        self._behind = port
        self.certificate = folder / "front.pem"
        self.certificate.write_bytes(_certificate())
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.certificate)
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._pass_on, "127.0.0.1", 0, ssl=self._context)
        )
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._behind)
        await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while came := await source.read(65536):
            target.write(came)
            await target.drain()
    except ConnectionError:
        pass
    target.close()


def _certificate() -> bytes:
    """A certificate of 127.0.0.1, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "benchmark")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + made.public_bytes(Encoding.PEM)


class Cold:
    """A place whose keys rest in `store`, with three roles in a chain, and what is measured in it."""

    def __init__(self, place: Place, front: Front, *, keyring: bool) -> None:
        alice, bob = (control.principal(place.running, name) for name in ("alice", "bob"))
        config = place.folder / ".config" / "stsctl" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(_config(place.store, config.parent / "key"), encoding="utf-8")
        self._place = place
        for user in (alice, bob):
            name = user.arn.rpartition("/")[2]
            place.run("keys", "add", name, "--stdin", given=environment.pair(user.credentials))
        place.run("assume", "plain")
        place.run("assume", "three", "--mfa-token", control.code(place.running, "alice"))
        pair = {
            "aws_access_key_id": bob.credentials.access_key_id,
            "aws_secret_access_key": bob.credentials.secret_access_key.reveal(),
        }
        variables = place.environ | {"AWS_CA_BUNDLE": str(front.certificate)}
        with_keys = variables | {name.upper(): value for name, value in pair.items()}
        role = f"arn:aws:iam::{_ACCOUNT}:role/one"
        cli = (str(BIN / "aws"), "sts", "assume-role", "--role-arn", role, "--role-session-name", "bench")
        self.cli = Subject(name="aws sts assume-role, keys in variables", argv=cli, environ=with_keys)
        script = _BOTO3.format(imports="", keys="", role=role)
        self.plain = Subject(
            name="shortest boto3 script, keys in variables", argv=(str(BIN / "python"), "-c", script), environ=with_keys
        )
        self.boto3 = self.plain
        if keyring:
            put = "import keyring, sys; keyring.set_password('benchmark', 'alice', sys.stdin.read())"
            subprocess.run(
                [BIN / "python", "-c", put], input=json.dumps(pair), env=place.environ, text=True, check=True
            )
            script = _BOTO3.format(imports=", keyring", keys=_FROM_KEYRING, role=role)
            self.boto3 = Subject(
                name="the same, keys from the keyring", argv=(str(BIN / "python"), "-c", script), environ=variables
            )
        name = f"stsctl credential-process, keys from the {place.store}"
        self.one = place.subject(f"{name}, one call", "credential-process", "plain")
        self.three = place.subject("  a chain of three, MFA held", "credential-process", "three")
        self.empty = Subject(name="python -c pass", argv=(str(BIN / "python"), "-c", "pass"), environ=variables)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All that is measured."""
        return (self.empty, self.cli, self.plain, self.boto3, self.one, self.three)

    def forget(self, subject: Subject) -> None:
        """Makes all calls necessary for the next session, but the one with the code."""
        for name in {self.one.name: ("plain",), self.three.name: _CHAIN}.get(subject.name, ()):
            self._place.run("logout", name)


def _config(store: str, key: Path) -> str:
    """One role for a user without a device, and three for one with, each from the one before it."""
    parts = [f'[defaults]\nstore = "{store}"\n\n[sealed_file]\nkey_file = "{key}"\n']
    for name, role, before in (("plain", "one", "bob"), *zip(_CHAIN, _CHAIN, ("alice", *_CHAIN), strict=False)):
        parts.append(f'[role.{name}]\nrole_arn = "arn:aws:iam::{_ACCOUNT}:role/{role}"\nfrom = "{before}"\n')
    return "\n".join(parts)


@contextmanager
def _cold() -> Iterator[Cold]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        seed = folder / "seed.toml"
        seed.write_text(_SEED + "".join(_ROLE.format(account=_ACCOUNT, name=name, policy=_ALL) for name in _CHAIN))
        running = control.start(folder / "emulator", seed=seed)
        stack.callback(control.stop, folder / "emulator", running)
        front = Front(folder, int(running.url.rpartition(":")[2]))
        more = {"AWS_ENDPOINT_URL_STS": front.url, "AWS_CA_BUNDLE": str(front.certificate)}
        keyring = available()
        if keyring:
            more |= stack.enter_context(SecretService.start(folder / "k")).environment
        store = "keyring" if keyring else "sealed-file"
        yield Cold(Place(folder=folder / "home", running=running, store=store, more=more), front, keyring=keyring)


def _share(ratio: float, of_what: str, goal: float) -> str:
    return f"stsctl takes {ratio:.2f} x of {of_what}, goal {at_most(ratio, goal)}"


def main() -> None:
    """Measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with _cold() as cold:
        order = list({each.name: each for each in cold.subjects}.values())
        times: dict[str, list[float]] = {subject.name: [] for subject in order}
        for turn in range(runs + 1):
            for subject in order:
                cold.forget(subject)
                taken = milliseconds(subject)
                if turn:  # the first fills caches
                    times[subject.name].append(taken)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    one, three = medians[cold.one.name], medians[cold.three.name]
    beside = {
        cold.cli.name: _share(one / medians[cold.cli.name], "it", 0.3),
        cold.boto3.name: _share(one / medians[cold.boto3.name], "it", 0.5),
        cold.three.name: _share(three / one, "one", 1.35),
    }
    for name, median in medians.items():
        print(f"{name:60}{median:7.0f} ms  {beside.get(name, '')}".rstrip())  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
