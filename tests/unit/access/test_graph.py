"""The graph of who is trusted by whom, and how Graphviz and Mermaid are told of it."""

from __future__ import annotations

from stsctl.access.graph import Edge, Graph, Node, dot, mermaid
from stsctl.access.snapshot import Snapshot
from tests.unit.access.test_paths import HERE, THERE, arn, role, trust

PROVIDER = f"arn:aws:iam::{HERE}:saml-provider/Corp"


def graph(*accounts: str) -> Graph:
    """Of two accounts."""
    roles = [
        role("Hub", trust(f"arn:aws:iam::{HERE}:root", Bool={"aws:MultiFactorAuthPresent": "true"})),
        role("SignedIn", trust({"Federated": PROVIDER}, "sts:AssumeRoleWithSAML")),
        role("Admin", trust(arn("role", "Hub")), account=THERE),
        role("Worker", trust({"Service": "lambda.amazonaws.com"}), account=THERE),
        role("Open", trust("*"), account=THERE),
    ]
    return Graph.of(Snapshot(roles={each.arn: each for each in roles}), frozenset(accounts))


def test_everybody_who_is_trusted_is_there() -> None:
    """Accounts, roles, services, providers and everyone, with the conditions of the statement that trusts them."""
    found = graph()
    conditions = ("Bool aws:MultiFactorAuthPresent true",)
    assert Edge(source=HERE, target=arn("role", "Hub"), conditions=conditions) in found.edges
    assert Edge(source=arn("role", "Hub"), target=arn("role", "Admin", THERE)) in found.edges
    kinds = {node.id: (node.kind, node.account, node.label) for node in found.nodes}
    assert kinds[HERE] == ("account", HERE, "all of the account")
    assert kinds[f"Federated:{PROVIDER}"] == ("provider", HERE, "Corp")
    assert kinds["Service:lambda.amazonaws.com"] == ("service", "", "lambda.amazonaws.com")
    assert kinds["*"] == ("everyone", "", "everyone")
    assert {edge.target.split(":")[4] for edge in graph(HERE).edges} == {HERE}


def test_nothing_in_a_name_is_taken_for_the_language_around_it() -> None:
    """Quotes, brackets and line ends in conditions stay within their text."""
    hostile = 'a"]; b -> c <script>`|\\'
    node = Node(id="x", kind="role", account="", label=hostile)
    one = Graph(nodes=(node,), edges=(Edge(source="x", target="x", conditions=(hostile,)),))
    assert '[label="role a\\"]; b -> c <script>`|\\\\"]' in dot(one)
    for line in mermaid(one).splitlines()[1:]:
        assert not set("<>`[]|;") & set(line.split('"')[1].replace(";", "")), line
        assert line.count('"') == 2
    whole = mermaid(graph())
    assert f'subgraph a{HERE}["{HERE}"]' in whole
    assert whole.count("-->") == len(graph().edges) == dot(graph()).count(" -> ")
