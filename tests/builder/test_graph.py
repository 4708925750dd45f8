"""The graph keeps ids and names unique, tells what changed and remembers what it touched."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import ConvolabError
from builder.graph import Change, ChangeKind, Edge, Graph, Node
from builder.names import check_name
from tests.strategies import few, graphs, json_values

A, B, C = (Node(f"n{index}", name, "add") for index, name in enumerate("abc", 1))


@pytest.fixture
def graph() -> Graph:
    graph = Graph("M")
    for node in (A, B, C):
        graph.add_node(node)
    graph.connect(Edge("n1", "y", "n2", "0"))
    graph.connect(Edge("n1", "y", "n2", "1"))
    graph.connect(Edge("n2", "y", "n3", "0"))
    return graph


def test_nodes_are_found_by_id_and_name(graph: Graph) -> None:
    assert len(graph) == 3
    assert list(graph) == [A, B, C]
    assert graph.node("n2") is B
    assert graph.by_name("c") is C
    assert graph.by_name("d") is None
    assert "n1" in graph
    assert "a" not in graph
    with pytest.raises(ConvolabError, match="ghost"):
        graph.node("ghost")


def test_parallel_wires_are_kept_apart(graph: Graph) -> None:
    assert graph.incoming("n2") == {"0": Edge("n1", "y", "n2", "0"), "1": Edge("n1", "y", "n2", "1")}
    assert graph.outgoing("n1") == [Edge("n1", "y", "n2", "0"), Edge("n1", "y", "n2", "1")]
    graph.disconnect(Edge("n1", "y", "n2", "0"))
    assert list(graph.incoming("n2")) == ["1"]
    assert len(list(graph.edges())) == 2


def test_a_rename_frees_the_old_name(graph: Graph) -> None:
    renamed = Node("n1", "z", "add")
    assert graph.replace_node(renamed) is A
    assert graph.by_name("a") is None
    assert graph.by_name("z") is renamed
    graph.add_node(Node("n9", "a", "add"))


@pytest.mark.parametrize(
    "act",
    [
        lambda g: g.add_node(Node("n1", "new", "add")),
        lambda g: g.add_node(Node("n9", "a", "add")),
        lambda g: g.remove_node("n1"),
        lambda g: g.remove_node("ghost"),
        lambda g: g.replace_node(Node("n1", "b", "add")),
        lambda g: g.connect(Edge("n3", "y", "n2", "0")),
        lambda g: g.connect(Edge("ghost", "y", "n2", "5")),
        lambda g: g.disconnect(Edge("n1", "y", "n3", "0")),
    ],
)
def test_misuse_raises_and_changes_nothing(graph: Graph, act) -> None:  # type: ignore[no-untyped-def]
    before = (list(graph), list(graph.edges()), graph.revision)
    with pytest.raises(ConvolabError):
        act(graph)
    assert (list(graph), list(graph.edges()), graph.revision) == before


def test_each_edit_is_told_counted_and_remembered(graph: Graph) -> None:
    told: list[Change] = []
    leave = graph.subscribe(told.append)
    revision, structure = graph.revision, graph.structure_revision
    moved = Node("n1", "a", "add", {}, (5, 5))
    graph.replace_node(moved)
    assert told[-1] == Change("M", ChangeKind.NODE_REPLACED, A, moved)
    assert told[-1].moves_only
    assert graph.touched_since(revision) == set(), "a move changes no result"
    graph.replace_node(Node("n1", "a", "add", {"k": 1}, (5, 5)))
    assert not told[-1].moves_only
    assert graph.touched_since(revision) == {"n1"}
    assert graph.structure_revision == structure
    graph.disconnect(Edge("n2", "y", "n3", "0"))
    graph.remove_node("n3")
    assert [change.kind for change in told[-2:]] == [ChangeKind.DISCONNECTED, ChangeKind.NODE_REMOVED]
    assert graph.touched_since(revision) == {"n1", "n3"}
    assert graph.touched_since(graph.revision) == set()
    assert graph.structure_revision == structure + 2
    assert graph.revision == revision + 4
    assert graph.touched_since(graph.revision + 1) is None
    leave()
    graph.add_node(Node("n9", "late", "add"))
    assert len(told) == 4


def test_what_is_too_long_ago_is_not_remembered() -> None:
    graph = Graph()
    graph.add_node(A)
    for place in range(9000):
        graph.replace_node(Node("n1", "a", "add", {}, (place, 0)))
    assert graph.touched_since(0) is None
    assert graph.touched_since(graph.revision - 4000) == set()


@few
@given(graphs())
def test_unused_ids_and_names_are_free(graph: Graph) -> None:
    assert graph.unused_id() not in graph
    for wish in [node.name for node in graph] + ["conv1", "x", "0"]:
        name = graph.unused_name(wish)
        assert graph.by_name(name) is None
        assert graph.by_name(wish) is not None or name == wish
        assert check_name(name, in_chain=True) is None


def test_unused_names_count_on_and_stay_short() -> None:
    graph = Graph()
    for index, name in enumerate(["conv1", "conv2", "0", "x" * 100, "layer{1}", "{0}"]):
        graph.add_node(Node(f"n{index}", name, "conv"))
    assert graph.unused_name("conv1") == "conv3"
    assert graph.unused_name("conv1", also={"conv3"}) == "conv4"
    assert graph.unused_name("0") == "1"  # who begins with 0 goes on with 1
    assert graph.unused_name("bn") == "bn"
    assert graph.unused_name("x" * 100) == "x" * 92 + "2"
    assert graph.unused_name("layer{1}") == "layer{2}"  # which counts on by itself in a chain
    assert graph.unused_name("{0}") == "{1}"


@few
@given(graphs())
def test_a_copy_has_the_same_wires(graph: Graph) -> None:
    copy = graph.copy("Other")
    assert copy.key == "Other"
    assert list(copy) == list(graph)
    assert set(copy.edges()) == set(graph.edges())
    assert copy.frames == graph.frames
    for node in graph:
        assert copy.incoming(node.id) == graph.incoming(node.id)
        assert copy.by_name(node.name) is node


@given(graphs())
def test_a_copy_is_what_networkx_would_make_and_goes_its_own_way(graph: Graph) -> None:
    copy, theirs = graph.copy(), graph.networkx.copy()
    assert nx.utils.graphs_equal(copy.networkx, theirs)
    assert list(copy.networkx.edges(keys=True)) == list(theirs.edges(keys=True))
    assert [list(copy.networkx.pred[node.id]) for node in graph] == [
        list(theirs.pred[node.id]) for node in graph
    ]
    for edge in list(copy.edges()):
        copy.disconnect(edge)
    for node in list(copy):
        copy.remove_node(node.id)
    assert nx.utils.graphs_equal(graph.networkx, theirs)


@given(graphs(), st.data())
def test_networkx_sees_each_edit_as_if_it_had_done_it(graph: Graph, data: st.DataObject) -> None:
    graph = graph.copy()  # whose wires come in the order of ``edges``
    seen: nx.MultiDiGraph[str] = graph.networkx
    theirs: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    theirs.add_nodes_from((node.id, {"node": node}) for node in graph)
    for edge in graph.edges():
        theirs.add_edge(edge.source, edge.target, key=edge)
    for number in range(data.draw(st.integers(1, 8))):
        edges, alone = list(graph.edges()), [node.id for node in graph if not theirs.degree(node.id)]
        if edges and data.draw(st.booleans()):
            edge = data.draw(st.sampled_from(edges))
            graph.disconnect(edge)
            theirs.remove_edge(edge.source, edge.target, key=edge)
            assert not graph.has_edge(edge)
            if data.draw(st.booleans()):
                graph.connect(edge)
                theirs.add_edge(edge.source, edge.target, key=edge)
        elif alone and data.draw(st.booleans()):
            graph.remove_node(alone[0])
            theirs.remove_node(alone[0])
        else:
            node = Node(f"x{number}", f"x{number}", "add")
            graph.add_node(node)
            theirs.add_node(node.id, node=node)
        assert nx.utils.graphs_equal(seen, theirs)
        assert list(graph.edges()) == [edge for *_, edge in theirs.edges(keys=True)]
        assert all(map(graph.has_edge, graph.edges()))
        assert [list(seen.pred[name]) for name in seen] == [list(theirs.pred[name]) for name in seen]


@given(json_values(), json_values())
def test_signatures_tell_parameters_apart(one: object, other: object) -> None:
    first, second = Node("n1", "a", "conv", {"p": one}), Node("n2", "b", "conv", {"p": other}, (9, 9))
    assert (first.signature == second.signature) == (repr(one) == repr(other) or _same(one, other))
    assert first.signature == first.with_parameters(p=one).signature
    assert first.signature != Node("n1", "a", "linear", {"p": one}).signature


def _same(one: object, other: object) -> bool:
    return (
        type(one) is type(other)
        and one == other
        and repr(one).replace("-0.0", "0.0") == repr(other).replace("-0.0", "0.0")
    )


@given(
    st.sampled_from([([], {}), ([["a", 1]], {"a": 1}), (1, True), (1, 1.0), ("1", 1), (0, None), (0, False)])
)
def test_values_that_python_or_json_confuse_have_different_signatures(pair: tuple[object, object]) -> None:
    one, other = (Node("n1", "a", "conv", {"p": value}) for value in pair)
    assert one.signature != other.signature


def test_nodes_stand_in_the_order_of_their_ids_however_they_came() -> None:
    graph = Graph()
    for number in (2, 10, 1, 9):
        graph.add_node(Node(f"n{number}", f"node{number}", "relu"))
    assert [node.id for node in graph] == ["n1", "n2", "n9", "n10"]
    first = graph.node("n1")
    graph.remove_node("n1")
    graph.add_node(first)
    assert list(graph.networkx) == [node.id for node in graph.copy()] == ["n1", "n2", "n9", "n10"]
    assert list(graph.tables()[0]) == ["n1", "n2", "n9", "n10"]
