"""Chains that begin with a certificate, as whole processes against the emulator's IAM Roles Anywhere."""

from __future__ import annotations

import ctypes.util
import json
import os
import shutil
import threading
import urllib.parse
from pathlib import Path

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control
from tests.anywhere import (
    DEPLOY,
    PASSPHRASE,
    SERVER,
    again,
    anywhere,
    certificate,
    certified,
    enrolled,
    key,
    lock,
    with_process,
)
from tests.conftest import missing
from tests.emulator_fixture import client
from tests.program import PRODUCTION, WORK, Done, Me

__all__ = ["anywhere", "certified"]

PKCS11 = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


@pytest.fixture
def me(certified: Me) -> Me:
    """Somebody with a certificate, and without keys."""
    return certified


def asked(me: Me) -> list[str]:
    """Who asked for which session so far, in order, `!` behind those that were refused."""
    wanted = [
        one for one in me.organisation.journal() if one["action"] in ("rolesanywhere:CreateSession", "sts:AssumeRole")
    ]
    return [one["action"].partition(":")[2] + ("!" if one["outcome"] == "refused" else "") for one in wanted]


def identity(me: Me, *words: str) -> str:
    """Who a session makes one, as STS says."""
    answer = me.session(*words)
    credentials = Credentials(
        access_key_id=answer["AccessKeyId"],
        secret_access_key=Secret(answer["SecretAccessKey"]),
        session_token=Secret(answer["SessionToken"]),
    )
    return str(client(me.organisation.running, "sts", credentials).get_caller_identity()["Arn"])


def refused(me: Me, *words: str, status: int) -> Done:
    """A command that fails so."""
    done = me.run(*words)
    assert done.status == status, done
    return done


def test_what_the_emulator_prints_is_a_configuration(me: Me) -> None:
    """The certificate's files are private, the roles that it can have are named, and are to be had by any program."""
    me.configure(me.ok("emulator", "certificate", "web-7", "--folder", "certificates"))
    for name in ("web-7.pem", "web-7-key.pem"):
        assert (me.home / "certificates" / name).stat().st_mode & 0o777 == 0o600
    (step,) = json.loads(me.ok("plan", "web-7-OnlyWeb", "--json"))["steps"]
    assert step["operation"] == "rolesanywhere:CreateSession"
    assert step["address"] == me.organisation.running.url
    words = ("exec", "web-7-OnlyWeb", "--duration", "1h", "--", "aws", "sts", "get-caller-identity")
    assert json.loads(me.ok(*words))["Arn"].startswith(f"arn:aws:sts::{WORK}:assumed-role/OnlyWeb/")
    done = refused(me, "emulator", "certificate", "web-7", "--folder", "certificates", status=2)
    assert "is there already" in done.err
    assert "is no name for a certificate" in refused(me, "emulator", "certificate", "../x", status=2).err
    assert (
        "there is no trust anchor" in refused(me, "emulator", "certificate", "x", "--trust-anchor", "y", status=2).err
    )


def test_sessions_are_held_and_chains_go_on(me: Me) -> None:
    """One CreateSession serves the role and what comes behind it; everything is held."""
    before = len(asked(me))
    first = me.key_id("server")
    assert identity(me, "deploy").startswith(f"arn:aws:sts::{PRODUCTION}:assumed-role/Deploy/")
    assert me.key_id("server") == first
    assert asked(me)[before:] == ["CreateSession", "AssumeRole"]
    assert "source identity" not in me.ok("plan", "deploy")


def test_a_source_identity_goes_on(me: Me) -> None:
    """A role behind the first that does not let it is refused, and it is said that this is what is missing."""
    onward = f'[role.onward]\nrole_arn = "arn:aws:iam::{PRODUCTION}:role/Strict"\nfrom = "server"\n'
    me.configure(me.config.read_text() + onward, store="")
    done = refused(me, "credential-process", "onward", status=5)
    assert "sts:SetSourceIdentity" in done.err
    assert "the session has a source identity, which goes on with every role" in done.err


def test_a_session_name_is_sent_where_one_is_said(me: Me) -> None:
    """Without one the session is called by the certificate's serial number."""
    assert identity(me, "named").endswith(f"/Server/by-{os.environ.get('USER', 'root')}")
    assert len(identity(me, "server").rpartition("/")[2]) == 32


def test_a_renewed_certificate_is_somebody_else(me: Me) -> None:
    """What the old one got is not handed out for the new one; and no restart is needed."""
    first = me.key_id("server")
    again(me)
    assert me.key_id("server") != first


def test_what_a_certificate_is_not_let_in_for(me: Me) -> None:
    """A role that wants another name refuses, with what its trust policy has to say; the emulator's log says why."""
    config = enrolled(me, "db-1") + f'\n[role.web]\nrole_arn = "{SERVER.replace("Server", "OnlyWeb")}"\nfrom = "db-1"\n'
    me.configure(config)
    done = refused(me, "credential-process", "web", "--duration", "1h", status=5)
    assert "AccessDeniedException: Unable to assume role for" in done.err
    assert "sts:SetSourceIdentity" in done.err
    assert "x509Subject/CN" in me.organisation.journal()[-1]["because"]


def test_a_profile_that_is_longer_than_the_role(me: Me) -> None:
    """AWS asks for what the profile says where nobody says less, and the role refuses that; it is said what helps."""
    done = refused(me, "credential-process", "unlimited", status=5)
    assert "exceeds the MaxSessionDuration" in done.err
    assert "try --duration 1h" in done.err
    assert me.session("unlimited", "--duration", "2h")["AccessKeyId"]


def test_a_role_that_gives_less_than_is_configured(me: Me) -> None:
    """What the configuration says is asked for, then what every role gives, and that is remembered."""
    me.configure(
        me.config.read_text().replace('duration = "1h"\n\n[role.named]', 'duration = "5h"\n\n[role.named]'), store=""
    )
    before = len(asked(me))
    assert "asked for 1h, and remembered" in me.run("credential-process", "server").err
    assert asked(me)[before:] == ["CreateSession!", "CreateSession"]


def test_a_profile_that_gives_less_than_is_asked_for(me: Me) -> None:
    """AWS shortens it without a word, so that is said; and nothing is learned of the role from it."""
    whole, brief = (arn for arn, _ in control.certificate(me.organisation.running, "x", folder=me.home).profiles)
    me.configure(me.config.read_text().replace(whole, brief), store="")
    done = me.run("credential-process", "server")
    assert '"server" lasts 30m, not 1h: AWS gave less' in done.err
    assert json.loads(done.out)["AccessKeyId"] == me.key_id("server")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('external_id = "xx"', "is given an external id, and CreateSession takes none"),
        ('tags = { a = "b" }', "is given tags, and CreateSession takes none"),
        ('source_identity = "me"', "is given a source identity, and CreateSession takes none"),
        ('policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]', "session policies, and CreateSession takes none"),
    ],
)
def test_what_roles_anywhere_takes_not(me: Me, line: str, said: str) -> None:
    """It is told before anything is asked."""
    me.configure(me.config.read_text().replace("[role.named]", f"{line}\n[role.named]"), store="")
    assert said in refused(me, "credential-process", "server", status=2).err


def test_files_that_are_amiss(me: Me) -> None:
    """Each is named, with its place in the configuration or what to type."""
    key(me).chmod(0o644)
    done = refused(me, "credential-process", "server", status=1)
    assert "others can read" in done.err
    assert f"chmod 600 {key(me)}" in done.err
    key(me).chmod(0o600)
    saved = key(me).read_bytes()
    enrolled(me, "web-2")
    key(me).write_bytes((key(me).parent / "web-2-key.pem").read_bytes())
    assert "is of another key than its private_key" in refused(me, "credential-process", "server", status=3).err
    key(me).write_bytes(saved)
    certificate(me).unlink()
    assert "config.toml:" in refused(me, "credential-process", "server", status=3).err
    assert 'no file "~/.config/stsctl/web-1.pem"' in me.run("doctor", "server").out


def test_expired_by_the_emulators_clock(me: Me) -> None:
    """Once the clock is past its end, the certificate is not sent; what it got is over, too."""
    before = len(asked(me))
    me.ok("emulator", "clock", "+2190h")
    try:
        assert "expired" in refused(me, "credential-process", "server", status=3).err
        assert asked(me)[before:] == []
    finally:
        me.ok("emulator", "clock", "reset")


def test_a_passphrase_from_a_program(me: Me) -> None:
    """It is asked once for a call, and not at all for what is held; a wrong one is not asked for again."""
    lock(me)
    with_process(me, PASSPHRASE)
    first = me.key_id("server")
    assert me.key_id("server") == first
    assert len((me.home / "asked").read_text().splitlines()) == 1
    with_process(me, "another")
    assert "the passphrase of" in refused(me, "credential-process", "server", "--refresh", status=3).err


def test_a_passphrase_that_nobody_can_be_asked_for(me: Me) -> None:
    """Without a terminal, and with --no-prompt, that is a status of its own."""
    lock(me)
    assert "nobody can be asked" in refused(me, "credential-process", "server", status=4).err
    refused(me, "credential-process", "server", "--no-prompt", status=4)


def test_who_has_to_type_is_not_asked_early(me: Me) -> None:
    """A session that a passphrase renews is handed out to its end; one that a program renews is renewed."""
    lock(me)
    with_process(me, PASSPHRASE)
    first = me.key_id("server")
    plain = me.config.read_text()
    me.configure("\n".join(line for line in plain.splitlines() if "passphrase_process" not in line), store="")
    (step,) = json.loads(me.ok("plan", "server", "--json"))["steps"]
    assert step["asks"] == "passphrase"
    me.ok("emulator", "clock", "+50m")
    try:
        done = me.run("credential-process", "server")
        assert json.loads(done.out)["AccessKeyId"] == first
        assert "its renewal needs you" in done.err
        me.configure(plain, store="")
        assert me.key_id("server") != first
    finally:
        me.ok("emulator", "clock", "reset")


def test_many_at_once_ask_once(me: Me) -> None:
    """However many want the session, one CreateSession is made, and a passphrase is asked for once."""
    lock(me)
    with_process(me, PASSPHRASE)
    before = len(asked(me))
    ids: list[str] = []
    threads = [threading.Thread(target=lambda: ids.append(me.key_id("server"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1
    assert asked(me)[before:] == ["CreateSession"]
    assert len((me.home / "asked").read_text().splitlines()) == 1


def test_a_key_on_a_token(me: Me, tmp_path: Path) -> None:
    """SoftHSM signs for the certificate, with a PIN from a program; its library is named, or found by p11-kit."""
    library = next((path for path in PKCS11 if Path(path).exists()), None)
    if library is None or shutil.which("softhsm2-util") is None:
        missing("softhsm2")
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        missing("python-pkcs11")
    (tmp_path / "tokens").mkdir()
    settings = tmp_path / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    me.environ["SOFTHSM2_CONF"] = str(settings)

    def softhsm(*words: str) -> None:
        done = me.program("softhsm2-util", *words, "--pin", "1234")
        assert done.status == 0, done

    softhsm("--init-token", "--free", "--label", "mine", "--so-pin", "12345678")
    softhsm("--import", str(key(me)), "--token", "mine", "--label", "web", "--id", "01")
    uri = f"pkcs11:token=mine;object=web?module-path={library}"
    me.configure(me.config.read_text().replace(key(me).name, uri), store="")
    key(me).unlink()
    with_process(me, "1234")
    assert identity(me, "server").startswith(f"arn:aws:sts::{WORK}:assumed-role/Server/")
    if ctypes.util.find_library("p11-kit") is None:
        missing("p11-kit")
    me.configure(me.config.read_text().replace(f"?module-path={library}", ""), store="")
    assert identity(me, "server", "--refresh").startswith(f"arn:aws:sts::{WORK}:assumed-role/Server/")
    with_process(me, "9999")
    assert "the token's PIN is another" in refused(me, "credential-process", "server", "--refresh", status=3).err


def test_awss_own_endpoint_is_where_the_trust_anchor_is(me: Me) -> None:
    """Its region is the ARN's, whatever region is usual; the service's own URL counts more than the general one."""
    pointed = [name for name in me.environ if name.startswith("AWS_ENDPOINT_URL") or name == "STSCTL_EMULATOR"]
    for name in pointed:
        del me.environ[name]

    def address(**options: str) -> str:
        return str(json.loads(me.ok("plan", "deploy", "--json", **options))["steps"][0]["address"])

    assert address(AWS_REGION="us-west-2") == "https://rolesanywhere.eu-central-1.amazonaws.com"
    own = {"AWS_ENDPOINT_URL_ROLESANYWHERE": "http://127.0.0.1:9/ra", "AWS_ENDPOINT_URL": "http://127.0.0.1:8"}
    assert address(**own) == "http://127.0.0.1:9/ra"
    assert address(AWS_USE_FIPS_ENDPOINT="true") == "https://rolesanywhere-fips.eu-central-1.amazonaws.com"


def test_nothing_secret_is_shown(me: Me) -> None:
    """With --debug, whatever fails or not: no line of the key, no passphrase, in any output, log or file."""
    plain = [line for line in key(me).read_text().splitlines() if not line.startswith("-----")]
    lock(me)
    locked = [line for line in key(me).read_text().splitlines() if not line.startswith("-----")]
    with_process(me, PASSPHRASE)
    canaries = {*plain, *locked, PASSPHRASE, urllib.parse.quote(PASSPHRASE), PASSPHRASE[8:24]}
    seen = []
    for words in (
        ("credential-process", "server"),
        ("assume", "deploy"),
        ("exec", "server", "--", "true"),
        ("plan", "server"),
        ("plan", "server", "--json"),
        ("list", "--json"),
        ("config", "show"),
        ("credential-process", "web-1"),
    ):
        done = me.run("--debug", *words)
        assert "Traceback" not in done.err, done
        seen += [done.out, done.err]
    with_process(me, PASSPHRASE[::-1])
    seen.append(me.run("--debug", "credential-process", "server", "--refresh").err)
    key(me).write_text("\n".join(plain))
    seen.append(me.run("--debug", "credential-process", "server", "--refresh").err)
    for canary in canaries | {PASSPHRASE[::-1]}:
        assert not any(canary in text for text in seen), canary[:4]
    meant = {key(me), me.home / "passphrase"}
    for path in me.home.rglob("*"):
        if path.is_file() and path not in meant:
            assert not any(canary.encode() in path.read_bytes() for canary in canaries), path


def test_a_helper_of_awss_is_simply_a_process(me: Me) -> None:
    """A profile with `aws_signing_helper credential-process` is a program like any other, here a script."""
    answer = me.ok("credential-process", "server")
    helper = me.script("aws_signing_helper", f"cat <<'EOF'\n{answer}\nEOF")
    me.aws_config(
        f"[profile helped]\ncredential_process = {helper} credential-process --certificate c --private-key k "
        "--trust-anchor-arn a --profile-arn p --role-arn r\n"
    )
    me.configure('[role.onward]\nrole_arn = "' + DEPLOY + '"\nfrom = "helped"\n')
    assert identity(me, "onward").startswith(f"arn:aws:sts::{PRODUCTION}:assumed-role/Deploy/")
