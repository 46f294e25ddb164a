"""What files of others give names to: roles and sources, made of their tables, with their files beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from stsctl import role_table, source_table
from stsctl.dataclass import dataclass
from stsctl.role_table import RoleEntry
from stsctl.shared_file import SharedFile, Trust, Wish, all_of, begins_elsewhere, of_role
from stsctl.source_table import SourceEntry
from stsctl.tables import Table
from stsctl.target import NamedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A name that a file gives to something."""

    kind: str
    name: str
    table: Table
    file: SharedFile

    @property
    def wishes(self) -> Iterator[Wish]:
        """What of it takes trust in the file."""
        if self.kind == "source":
            return all_of(self.table)
        return of_role(self.table) if self.kind == "role" else iter(())

    @property
    def space(self) -> str:
        """What the name has to be the only one among."""
        return "group" if self.kind == "group" else "name"


class SharedRoles(Mapping[str, RoleEntry]):
    """The person's own roles and those of others, each made of its table when it is first asked for."""

    def __init__(self, own: Mapping[str, RoleEntry]) -> None:
        self._own = own
        self._claims: dict[str, Claim] = {}
        self._made: dict[str, RoleEntry] = {}

    def add(self, claim: Claim) -> None:
        """Lets a claim count."""
        self._claims[claim.name] = claim

    def take_out(self, name: str) -> None:
        """Lets it count no more."""
        del self._claims[name]

    @property
    def added(self) -> tuple[Claim, ...]:
        """What others claim of them."""
        return tuple(self._claims.values())

    def __getitem__(self, name: str) -> RoleEntry:
        if name not in self._claims:
            return self._own[name]
        if name not in self._made:
            self._made[name] = role(self._claims[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._claims

    def __len__(self) -> int:
        return len(self._own) + len(self._claims)


def role(claim: Claim) -> RoleEntry:
    """The role, with its files beside its own; of one that takes no trust they must not lead out, whatever links are
    there.
    """
    file, entry = claim.file, role_table.entry(claim.name, claim.table, added=False)
    within = None if file.trust is Trust.GIVEN else file.folder

    def placed(named: NamedFile) -> NamedFile:
        return replace(named, path=_beside(named.path, claim), within=within)

    hop = entry.hop
    hop = replace(
        hop,
        policy_file=placed(hop.policy_file) if hop.policy_file else None,
        context_files=tuple((arn, placed(named)) for arn, named in hop.context_files),
    )
    return replace(entry, hop=hop, shared=file.shared)


def source(claim: Claim) -> SourceEntry:
    """The source, with its files beside its own."""
    entry = source_table.entry(claim.name, claim.table, added=False)
    source, proof, certificate = entry.source, entry.source.proof, entry.source.certificate
    if proof is not None:
        proof = replace(proof, file=proof.file and _beside(proof.file, claim))
    if certificate is not None:
        certificate = replace(
            certificate,
            file=_beside(certificate.file, claim),
            key=_beside(certificate.key, claim),
            chain_file=certificate.chain_file and _beside(certificate.chain_file, claim),
        )
    path = source.path and _beside(source.path, claim)
    return replace(
        entry, source=replace(source, path=path, proof=proof, certificate=certificate), shared=claim.file.shared
    )


def _beside(path: str, claim: Claim) -> str:
    """A path as a file writes it that is somewhere else than the person's own."""
    if "\0" in path:
        raise claim.table.problem(None, "no path has such a character")
    return path if begins_elsewhere(path) else f"{claim.file.folder}/{path}"
