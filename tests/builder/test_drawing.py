"""Drawings: well-formed whatever a document holds, nothing outside the picture, and what the canvas shows."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.architectures import open_document
from builder.convention import Convention
from builder.document import Document
from builder.drawing import Drawing, Style, draw
from builder.frames import NOTE_PADDING, Frame, lines_of
from builder.geometry import wire_extent
from builder.graph import Edge, Graph, Node
from builder.heat import Measure, heat_of
from builder.lettering import Lettering, width
from builder.look import DARK, LIGHT, MEDIUM
from builder.places import place_of
from builder.svg import clean
from tests.strategies import documents, few

SVG = "{http://www.w3.org/2000/svg}"
anything = st.text(max_size=30) | st.sampled_from(
    [
        "</text><script>alert(1)</script>",
        "\"&'<>",
        "]]>",
        "\x00\x08\x1f",
        "\ufffe\uffff",
        "<!--",
        "&amp;",
        "a\nb",
        "名前",
    ]
)


def _picture(name: str, module: str = "", style: Style = Style()) -> tuple[Document, Drawing]:  # noqa: B008
    document = open_document(name)
    assert isinstance(document, Document)
    return document, _drawn(document, module, style)


def _drawn(document: Document, key: str = "", style: Style = Style()) -> Drawing:  # noqa: B008
    place = place_of(document, key)
    analysis = analyze(document)
    reports = analysis.view(place).reports if place is not None and _is_there(document, place) else {}
    return draw(document, document.graph(key), reports, style)


def _is_there(document: Document, place: tuple[str, ...]) -> bool:
    """Whether the analysis gets as far as this instance."""
    try:
        analyze(document).view(place)
    except Exception:  # noqa: BLE001 - a repeated or recursive instance is a matter of other tests
        return False
    return True


def _root(drawing: Drawing) -> ET.Element:
    return ET.fromstring(drawing.svg)


def _texts(drawing: Drawing) -> list[str]:
    return [element.text or "" for element in _root(drawing).iter(f"{SVG}text")]


def _titles(drawing: Drawing) -> list[str]:
    return [element.text or "" for element in _root(drawing).iter(f"{SVG}title")]


def _extents(root: ET.Element) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, right and bottom of everything that is painted, half a line's width included."""
    for element in root.iter():
        number = {key: float(value) for key, value in element.attrib.items() if _is_number(value)}
        half = number.get("stroke-width", 0) / 2
        if element.tag == f"{SVG}rect":
            x, y = number["x"], number["y"]
            yield x - half, y - half, x + number["width"] + half, y + number["height"] + half
        elif element.tag == f"{SVG}circle":
            x, y, r = number["cx"], number["cy"], number["r"] + half
            yield x - r, y - r, x + r, y + r
        elif element.tag == f"{SVG}path" and "A" not in element.attrib["d"]:
            places = [float(part) for part in re.findall(r"-?[\d.]+", element.attrib["d"])]
            if "L" not in element.attrib["d"]:
                x, y, wide, high = wire_extent(list(zip(places[::2], places[1::2], strict=True)))
                yield x - 1, y - 1, x + wide + 1, y + high + 1
        elif element.tag == f"{SVG}text" and element.get("text-anchor") is None and "fill" in element.attrib:
            size, bold = number.get("font-size", 11), number.get("font-weight", 400) > MEDIUM
            wide = width(element.text or "", Lettering(size, 600 if bold else 400))
            yield (
                number["x"],
                number["y"] - size,
                number["x"] + (0 if "stroke" in element.attrib else wide),
                number["y"],
            )


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _assert_inside(drawing: Drawing) -> None:
    root = _root(drawing)
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    for box in _extents(root):
        assert all(map(math.isfinite, box))
        assert box[0] >= left - 0.02
        assert box[1] >= top - 0.02
        assert box[2] <= left + wide + 0.02
        assert box[3] <= top + high + 0.02


@few
@given(documents(), st.sampled_from([DARK, LIGHT]), st.booleans())
def test_any_document_is_well_formed_and_within_its_picture(
    document: Document, look: object, shapes: bool
) -> None:
    for graph in document.graphs():
        drawing = _drawn(document, graph.key, Style(look, shapes))  # type: ignore[arg-type]
        _assert_inside(drawing)
        titles = _titles(drawing)[1:]
        assert len(titles) == len(graph)
        for node, title in zip(graph, titles, strict=True):
            assert title.startswith(node.name)
        paths = [path for path in _root(drawing).iter(f"{SVG}path") if "A" not in path.attrib["d"]]
        assert len(paths) == len(list(graph.edges()))


@given(anything, anything, anything)
@example("<b>&", "\x0b", "]]>\n\ud800")
def test_no_string_breaks_out(name: str, title: str, text: str) -> None:
    graph = Graph()
    graph.add_node(Node("n1", name or "x", name or "x"))
    frame = Frame(-40, -80, 300, 200, title)
    graph.frames = [frame.entry(), replace(frame, y=200, text=text).entry()]
    drawing = _drawn(Document(name, graph))
    _assert_inside(drawing)
    assert _titles(drawing)[1].startswith(_as_read(name or "x"))
    assert {element.tag for element in _root(drawing).iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "rect", "g", "path", "circle", "text")
    }


def _as_read(text: str) -> str:
    """What an XML reader makes of line ends."""
    return clean(text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "unet"])
@pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
def test_every_node_and_shape_of_a_network_is_there(name: str, look: object) -> None:
    document, drawing = _picture(name, style=Style(look))  # type: ignore[arg-type]
    _assert_inside(drawing)
    texts = _texts(drawing)
    for node in document.network:
        assert any(text.startswith(node.name) for text in texts)
    view = analyze(document).view(())
    for edge in document.network.edges():
        shape = view.reports[edge.source].output_shapes[edge.source_port]
        assert shape is not None
        assert "×".join(map(str, shape)) in texts


def test_a_module_is_drawn_as_seen_from_where_it_is_placed() -> None:
    _, drawing = _picture("resnet18", "BasicBlock")
    assert _titles(drawing)[0] == "BasicBlock"
    assert "64×56×56" in _texts(drawing)


def test_a_part_is_its_nodes_and_the_wires_between_them() -> None:
    document, whole = _picture("lenet5")
    chosen = [node.id for node in document.network][1:4]
    reports = analyze(document).view(()).reports
    part = draw(document, document.network, reports, only=chosen)
    _assert_inside(part)
    assert _titles(part)[1:] == _titles(whole)[2:5]
    wires = {path.attrib["d"] for path in _root(part).iter(f"{SVG}path")}
    assert wires < {path.attrib["d"] for path in _root(whole).iter(f"{SVG}path")}
    assert sum("A" not in wire for wire in wires) == 2
    assert part.width < whole.width


def test_without_shapes_there_are_no_pills_and_no_names_of_ports() -> None:
    document, bare = _picture("unet", style=Style(shapes=False))
    texts = _texts(bare)
    assert not any(re.fullmatch(r"\d+(×\d+)+", text) for text in texts if text != "3×256×256")
    assert "skip" not in texts
    assert "skip" in _texts(_drawn(document))


def test_scale_changes_the_size_and_nothing_else() -> None:
    _, plain = _picture("lenet5")
    _, double = _picture("lenet5", style=Style(scale=2))
    assert (double.width, double.height) == (2 * plain.width, 2 * plain.height)
    assert plain.svg.splitlines()[1:] == double.svg.splitlines()[1:]
    assert _root(double).attrib["viewBox"] == _root(plain).attrib["viewBox"]
    assert float(_root(double).attrib["width"]) == double.width


def test_what_is_wrong_bypassed_repeated_or_a_module_is_marked() -> None:
    graph = Graph()
    graph.add_node(Node("i", "input", "input", {"shape": [64, 56, 56]}, (0, 0)))
    graph.add_node(Node("c", "conv", "conv", {"out_channels": 128}, (248, 0), when="False"))
    graph.add_node(Node("r", "relus", "relu", {}, (248, 100), repeat=3))
    graph.add_node(Node("a", "add", "add", {}, (496, 0)))
    graph.add_node(Node("m", "module", "module:Missing", {}, (744, 0)))
    graph.add_node(Node("b", "bent", "relu", {}, (744, 200)))
    for edge in (("i", "y", "c", "x"), ("i", "y", "r", "x"), ("c", "y", "a", "0"), ("r", "y", "a", "1")):
        graph.connect(Edge(*edge))
    graph.connect(Edge("r", "y", "b", "x"), ((500.0, 300.0),))
    graph.replace_node(graph.node("c").with_parameters(stride=2))
    drawing = _drawn(Document("marks", graph))
    groups = {
        group[0].text.split(" · ")[0]: group for group in _root(drawing).iter(f"{SVG}g") if group[0].text
    }  # type: ignore[union-attr]
    assert groups["conv"].attrib["opacity"] == "0.5"
    assert any("stroke-dasharray" in shape.attrib for shape in groups["conv"])
    assert "relus × 3" in _texts(drawing)
    assert len(groups["module"].findall(f"{SVG}rect")) == len(groups["conv"].findall(f"{SVG}rect")) + 1
    assert "!" in [element.text for element in groups["module"]]
    bent = next(
        path.attrib["d"] for path in _root(drawing).iter(f"{SVG}path") if "500 300" in path.attrib["d"]
    )
    assert bent.startswith("M396 127")


def test_names_that_are_too_long_are_cut_and_told_whole_to_who_points_at_them() -> None:
    name = "a_name_that_is_longer_than_any_node_is_wide"
    graph = Graph()
    graph.add_node(Node("n", name, "conv"))
    drawing = _drawn(Document("d", graph))
    (cut,) = [text for text in _texts(drawing) if text.startswith("a_name")]
    assert cut.endswith("…")
    assert _titles(drawing)[1].startswith(name)
    tight = next(text for text in _root(drawing).iter(f"{SVG}text") if text.text == cut)
    assert float(tight.attrib["textLength"]) <= 120  # whatever face it is set in


def test_frames_and_notes_lie_below_and_hold_their_text() -> None:
    document, plain = _picture("lenet5")
    note = Frame(
        0, -200, 180, 60, text="One two three four five six seven eight nine ten eleven twelve thirteen"
    )
    inner = Frame(300, -60, 200, 200, "Inner", "blue")
    outer = Frame(200, -100, 600, 300, "Features & more", "#ff8800")
    document.put_frames("", [note.entry(), inner.entry(), outer.entry()])
    drawing = _drawn(document)
    _assert_inside(drawing)
    texts = _texts(drawing)
    assert texts[:2] == ["Features & more", "Inner"]  # the larger one first, both below the nodes
    assert texts[2 : 2 + len(lines_of(note))] == lines_of(note)
    assert lines_of(note)[-1].endswith("…")
    assert all(width(line, Lettering(12)) <= 180 - 2 * NOTE_PADDING for line in lines_of(note))
    assert drawing.height > plain.height
    only = draw(document, document.network, {}, only=["n1"], only_frames=[1])
    assert "Inner" in _texts(only)
    assert "Features & more" not in _texts(only)


def test_heat_colours_nodes_and_says_what_the_colours_mean() -> None:
    document = open_document("resnet18")
    assert isinstance(document, Document)
    reports = analyze(document).view(()).reports
    heat = heat_of(reports, Measure.PARAMETERS, Convention.FLOPS, LIGHT)
    drawing = draw(document, document.network, reports, Style(LIGHT, heat=heat))
    _assert_inside(drawing)
    fills = {shape.attrib.get("fill") for shape in _root(drawing).iter(f"{SVG}rect")}
    assert {glow.colour for glow in heat.glows.values()} <= fills
    texts = _texts(drawing)
    assert {"9,408 parameters", "no parameters", "Parameters (logarithmic)", "128", "8.39 M"} <= set(texts)
    stops = [stop.attrib["stop-color"] for stop in _root(drawing).iter(f"{SVG}stop")]
    assert tuple(stops) == heat.stops


def test_an_empty_network_is_an_empty_picture() -> None:
    drawing = _drawn(Document())
    assert drawing.width > 0
    assert not _texts(drawing)
