"""An organisation's trust as a graph: who is let in by which role's trust policy, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stsctl.access.snapshot import Snapshot
from stsctl.policy.principal import role_without_path
from stsctl.policy.statement import Statement

_KINDS = {":user/": "user", ":role/": "role", ":assumed-role/": "session"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One who trusts or is trusted. `kind` is user, role, session, account, service, provider, everyone or unknown."""

    id: str
    kind: str
    account: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`source` is let in by the role `target`; `conditions` are those of the statement that says so."""

    source: str
    target: str
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The nodes, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, accounts: frozenset[str] = frozenset()) -> Graph:
        """Every trust of roles in `accounts`, or of all roles; an account that is trusted stands for all in it."""
        by_name = {role_without_path(arn): arn for arn in snapshot.roles}
        edges: dict[Edge, None] = {}
        for role in snapshot.roles.values():
            if accounts and role.account not in accounts:
                continue
            for statement in role.trust.policy.document.statements:
                if not statement.denies:
                    conditions = tuple(_conditions(statement))
                    for name in _names(statement):
                        source = by_name.get(role_without_path(name), name)
                        edges[Edge(source=source, target=role.arn, conditions=conditions)] = None
        ids = dict.fromkeys(each for edge in edges for each in (edge.source, edge.target))
        return cls(nodes=tuple(map(_node, ids)), edges=tuple(edges))

    def value(self) -> dict[str, list[dict[str, object]]]:
        """As JSON."""
        return {
            "nodes": [
                {"id": node.id, "kind": node.kind, "account": node.account, "label": node.label} for node in self.nodes
            ],
            "edges": [
                {"source": edge.source, "target": edge.target, "conditions": list(edge.conditions)}
                for edge in self.edges
            ],
        }


def dot(graph: Graph) -> str:
    """In Graphviz's language, the accounts as clusters (https://graphviz.org/doc/info/lang.html)."""
    at = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["digraph trust {", "  rankdir=LR; node [shape=box];"]
    for account, nodes in _by_account(graph).items():
        named = [f"{at[node.id]} [label={_quoted(f'{node.kind} {node.label}')}];" for node in nodes]
        if account:
            lines += [f"  subgraph cluster_{account} {{", f"    label={_quoted(account)};"]
            lines += [*(f"    {line}" for line in named), "  }"]
        else:
            lines += [f"  {line}" for line in named]
    for edge in graph.edges:
        label = f" [label={_quoted(', '.join(edge.conditions))}]" if edge.conditions else ""
        lines.append(f"  {at[edge.source]} -> {at[edge.target]}{label};")
    return "\n".join([*lines, "}"])


def mermaid(graph: Graph) -> str:
    """As a flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    at = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for account, nodes in _by_account(graph).items():
        named = [f"{at[node.id]}[{_in_entities(f'{node.kind} {node.label}')}]" for node in nodes]
        lines += (
            [f"  subgraph a{account}[{_in_entities(account)}]", *(f"    {line}" for line in named), "  end"]
            if (account)
            else [f"  {line}" for line in named]
        )
    for edge in graph.edges:
        label = f"|{_in_entities(', '.join(edge.conditions))}|" if edge.conditions else ""
        lines.append(f"  {at[edge.source]} -->{label} {at[edge.target]}")
    return "\n".join(lines)


def _by_account(graph: Graph) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in graph.nodes:
        found.setdefault(node.account, []).append(node)
    return found


def _names(statement: Statement) -> Iterator[str]:
    for sort, names in statement.principals.entries if statement.principals else ():
        for name in names:
            if sort not in ("AWS", "*"):
                yield f"{sort}:{name}"
            else:
                yield name.split(":")[4] if name.endswith(":root") else name


def _conditions(statement: Statement) -> Iterator[str]:
    for condition in statement.conditions:
        yield f"{condition.name} {condition.key} {' or '.join(condition.values)}"


def _node(name: str) -> Node:
    """Who a name stands for."""
    if name == "*":
        return Node(id=name, kind="everyone", account="", label="everyone")
    sort, colon, rest = name.partition(":")
    if colon and sort == "Service":
        return Node(id=name, kind="service", account="", label=rest)
    arn = rest if sort == "Federated" else name
    parts = arn.split(":", 5)
    account = parts[4] if len(parts) == 6 and parts[4].isdecimal() else ""
    if sort == "Federated":
        return Node(id=name, kind="provider", account=account, label=arn.rpartition("provider/")[2])
    if name.isdecimal():
        return Node(id=name, kind="account", account=name, label="all of the account")
    for part, kind in _KINDS.items():
        if part in name:
            return Node(id=name, kind=kind, account=account, label=parts[-1].partition("/")[2])
    return Node(id=name, kind="unknown", account="", label=name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _in_entities(text: str) -> str:
    """In quotes, with what would end them, or be taken for a language of its own, as entities."""
    return '"' + "".join(each if each.isalnum() or each in " _-.,/:=@*+" else f"#{ord(each)};" for each in text) + '"'
