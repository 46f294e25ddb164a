"""What is proposed on which machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stsctl import configuration, profile, settings
from stsctl.doctor.picture import Keyring, Picture, Place, Trouble
from stsctl.formats import startup_file
from stsctl.other_tools.finding import File as File_
from stsctl.other_tools.finding import Keyring as Keyring_
from stsctl.other_tools.finding import Theirs
from stsctl.other_tools.tools import TOOLS
from stsctl.setup import startup
from stsctl.setup.found import File, Found, Hooks, PlainKeys, Tool
from stsctl.setup.proposal import Change, Kind, Proposal
from stsctl.setup.propose import propose
from tests.unit.other_tools import texts

OPEN = Keyring(kind="Secret Service")
NONE = Keyring(kind=None, trouble=Trouble(what="there is no keyring here", fix="mend it"))
KEYS = b"[a]\naws_access_key_id = AKIAAAAAAAAAAAAAAAAA\naws_secret_access_key = SECRET-CANARY\n"
ADDED = b'[source.work]\ntype = "keys"\naccess_key_id = "AKIAAAAAAAAAAAAAAAAA"\n'


def machine(
    config: bytes | None = None,
    *,
    added: bytes | None = None,
    keyring: Keyring = OPEN,
    credentials: bytes = b"",
    **more: Any,
) -> Found:
    """A machine on which these things are found."""
    read = configuration.load(config, added)
    said = settings.resolve(read, {})
    return Found(
        picture=Picture(
            now=datetime(2030, 1, 1, tzinfo=UTC),
            platform="linux",
            variables={},
            keyring=keyring,
            settings=said,
            place=more.pop("place", Place()),
            profiles=profile.load(b"", credentials),
        ),
        settings=said,
        configuration=read,
        config=File(path="/h/config.toml", place="~/config.toml", content=config, why_not=more.pop("why_not", None)),
        added=File(path="/h/added.toml", place="~/added.toml", content=added),
        aws_config=File(path="/h/.aws/config", place="~/.aws/config", content=more.pop("aws", None)),
        key_place="~/key",
        **more,
    )


def one(found: Found, kind: Kind) -> Proposal:
    """The one proposal of its kind."""
    (proposal,) = [each for each in propose(found) if each.kind is kind]
    return proposal


def after(proposal: Proposal) -> str:
    """What the file would say."""
    assert proposal.is_open
    (change,) = proposal.changes
    return change.after.decode()


def test_nothing_to_do() -> None:
    """Where the keyring answers, that is so already, and is said."""
    (proposal,) = propose(machine())
    assert proposal.is_so
    assert proposal.why == "the keyring answers"


def test_a_store_is_proposed_where_there_is_no_keyring() -> None:
    """What the doctor advises goes into config.toml, with the place that the key has on this machine."""
    text = after(one(machine(keyring=NONE, place=Place(has_kernel_keyring=True)), Kind.STORE))
    assert text.endswith(
        '[defaults]\nsession_store = "kernel"\nstore = "sealed-file"\n\n[sealed_file]\nkey_file = "~/key"\n'
    )
    in_container = one(machine(keyring=NONE, place=Place(in_container=True)), Kind.STORE)
    assert 'key_file = "~/key"' in after(in_container)
    assert "it goes with the container" in in_container.why


def test_what_is_proposed_is_so_once_it_is_written() -> None:
    """The next look proposes no store."""
    text = after(one(machine(keyring=NONE), Kind.STORE))
    assert one(machine(text.encode(), keyring=NONE), Kind.STORE).is_so


def test_a_key_that_somebody_chose_stays() -> None:
    """There can be one only: it is the key of the store that is proposed."""
    text = after(one(machine(b'[sealed_file]\nkey = "passphrase"\n', keyring=NONE), Kind.STORE))
    assert text == '[sealed_file]\nkey = "passphrase"\n\n[defaults]\nstore = "sealed-file"\n'


@pytest.mark.parametrize("config", [b'[defaults]\nstore = "memory"\n', b'[defaults]\nsession_store = "kernel"\n'])
def test_a_store_that_somebody_chose_stays(config: bytes) -> None:
    """It is theirs, whatever would be better; the line that says so is named."""
    proposal = one(machine(config, place=Place(has_kernel_keyring=True)), Kind.STORE)
    assert proposal.is_so
    assert proposal.why == "config.toml:2"


def test_a_store_with_keys_in_it_stays() -> None:
    """To look elsewhere would lose them from sight; where it does not answer, that is for the person."""
    windows = machine(added=ADDED)
    windows = replace(windows, picture=replace(windows.picture, platform="win32"))
    assert one(windows, Kind.STORE).is_so
    assert one(machine(added=ADDED, keyring=NONE), Kind.STORE).by_hand


def test_a_config_that_is_not_to_be_written() -> None:
    """The lines are said, for the person to put in."""
    read_only = one(machine(b"", keyring=NONE, why_not="config.toml is read-only"), Kind.STORE)
    assert 'store = "sealed-file"' in read_only.by_hand
    assert read_only.why == "config.toml is read-only"
    inline = one(machine(b'defaults = { region = "eu-west-1" }\n', keyring=NONE), Kind.STORE)
    assert 'store = "sealed-file"' in inline.by_hand


def test_keys_in_plain_text_are_never_safe_to_move() -> None:
    """A yes of the person's own is needed; where they cannot be moved, the reason and the command are said."""
    change = Change(path="/h/c", place="~/c", before=KEYS, after=b"[a]\n")
    keys = PlainKeys(profile="a", place="~/c:2", changes=(change,))
    proposal = one(machine(plain_keys=(keys,)), Kind.KEYS)
    assert after(proposal) == "[a]\n"
    assert not proposal.safe
    stuck = one(machine(plain_keys=(replace(keys, changes=(), why_not="both files have them"),)), Kind.KEYS)
    assert (stuck.why, stuck.by_hand) == ("both files have them", ("stsctl keys add a --from-profile a --move",))


def test_shells() -> None:
    """Each gets a block, unless it has one, with whatever flags, or a line of its own, or is not to be written."""
    block = "".join(f"{line}\n" for line in startup_file.block("zsh")).encode()

    def shell(content: bytes | None, why_not: str | None = None) -> Proposal:
        file = File(path="/h/.zshrc", place="~/.zshrc", content=content, why_not=why_not)
        return one(machine(startup={"zsh": file}), Kind.SHELL)

    assert after(shell(None)) == block.decode()
    assert shell(b"a\n" + block).is_so
    assert shell(block.replace(b"zsh)", b"zsh --renew --prompt --title)")).is_so
    assert after(shell(block.replace(b"zsh", b"bash"))) == block.decode()
    assert shell(b'eval "$(stsctl shell-init zsh)"').is_so
    assert shell(b"a", "~/.zshrc is read-only").by_hand == startup_file.block("zsh")
    assert shell(f"{startup_file.BEGIN}\n".encode()).by_hand


def test_shells_for_which_nothing_is_written() -> None:
    """What to type is said, until it is there."""

    def nu(content: bytes) -> Proposal:
        file = File(path="/h/config.nu", place="~/config.nu", content=content)
        return one(machine(startup={"nu": file}), Kind.SHELL)

    assert nu(b"").by_hand == startup_file.BY_HAND["nu"]
    assert nu(startup_file.BY_HAND["nu"][1].encode()).is_so
    assert one(machine(startup={"powershell": None}), Kind.SHELL).by_hand == startup_file.BY_HAND["powershell"]


@pytest.mark.parametrize(
    ("shell", "platform", "environ", "there", "expected"),
    [
        ("bash", "linux", {}, (), "/h/.bashrc"),
        ("bash", "darwin", {}, (), "/h/.bash_profile"),
        ("bash", "darwin", {}, ("/h/.profile", "/h/.bash_login"), "/h/.bash_login"),
        ("zsh", "linux", {}, (), "/h/.zshrc"),
        ("zsh", "linux", {"ZDOTDIR": "/z"}, (), "/z/.zshrc"),
        ("fish", "linux", {}, (), "/h/.config/fish/config.fish"),
        ("fish", "linux", {"XDG_CONFIG_HOME": "/c"}, (), "/c/fish/config.fish"),
        ("powershell", "linux", {}, (), "/h/.config/powershell/Microsoft.PowerShell_profile.ps1"),
        ("powershell", "win32", {}, (), None),
        ("nu", "linux", {}, (), "/h/.config/nushell/config.nu"),
        ("nu", "darwin", {}, (), "/h/Library/Application Support/nushell/config.nu"),
    ],
)
def test_start_up_files(
    shell: str, platform: str, environ: dict[str, str], there: tuple[str, ...], expected: str | None
) -> None:
    """Each shell's, by its own manual."""
    assert (
        startup.startup_file(shell, home="/h", environ=environ, platform=platform, is_there=there.__contains__)
        == expected
    )


def granted(items: tuple[str, ...] = ()) -> Tool:
    """What granted has, with those pairs of keys in its keyring."""
    read = TOOLS["granted"].read(
        Theirs(
            profiles=profile.load(texts.GRANTED.encode(), b""),
            file=File_(place="theirs", text=texts.GRANTED_SETTINGS.encode()),
            keyring=Keyring_(place="a keyring", items=items),
        )
    )
    return Tool(name="granted", findings=tuple(read))


def test_another_tool() -> None:
    """What it has is written to added.toml; once it is there, that is said, and the rest is named."""
    proposal = one(machine(tools=(granted(),)), Kind.IMPORT)
    assert proposal.what == "Take over 2 roles and 2 sources from granted"
    assert proposal.why.endswith("cannot be taken: stsctl config import --from granted --dry-run")
    assert '[role."testing/DevRole"]' in after(proposal)
    assert one(machine(added=after(proposal).encode(), tools=(granted(),)), Kind.IMPORT).is_so
    trouble = one(machine(tools=(Tool(name="granted", trouble="it is locked"),)), Kind.IMPORT)
    assert (trouble.why, trouble.by_hand) == ("it is locked", ("stsctl config import --from granted",))


def test_another_tool_s_keys() -> None:
    """Each pair is a question of its own, and never safe."""
    proposal = one(machine(tools=(granted(items=("bot",)),)), Kind.KEPT_KEYS)
    assert proposal.is_open
    assert not proposal.safe
    assert proposal.kept is not None
    assert (proposal.tool, proposal.kept.name) == ("granted", "bot")


def test_hooks() -> None:
    """They are proposed while the file is another one; those beside a person's own profiles need a yes of theirs."""
    hooks = Hooks(about="your roles", profiles=("a b", "c"), config=b"[profile x]\n")
    proposal = one(machine(hooks=(hooks,)), Kind.HOOKS)
    assert after(proposal) == "[profile x]\n"
    assert "aws --profile 'a b' s3 ls" in proposal.why
    assert one(machine(aws=b"[profile x]\n", hooks=(hooks,)), Kind.HOOKS).is_so
    assert not one(machine(hooks=(replace(hooks, beside=True),)), Kind.HOOKS).safe


def test_profiles_as_they_are() -> None:
    """Whoever has AWS profiles is told that nothing is to be done for them."""
    said = one(machine(credentials=KEYS), Kind.IMPORT)
    assert said.is_so
    assert said.what == "your AWS profile can be assumed"


def test_a_diff_has_no_secret() -> None:
    """Neither in a line that goes, nor in one of the person's own beside it; nor has the value's own text."""
    change = Change(path="/a", place="a", before=KEYS + b"x\n", after=b"x\nmore\n")
    assert change.diff() == (
        "-[a]", "-aws_access_key_id = AKIAAAAAAAAAAAAAAAAA", "-aws_secret_access_key = ***", "+more"
    )  # fmt: skip
    assert "SECRET" not in repr(change)
    swapped = Change(path="/a", place="a", before=b"aws_access_key_id = SECRET/x\n", after=b"")
    assert swapped.diff() == ("-aws_access_key_id = (an id of 8 characters)",)
    assert Change(path="/a", place="a", before=KEYS, after=KEYS + b"more").diff() == ("+more",)
