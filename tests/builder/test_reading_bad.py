"""Every way in which a file can be wrong is a Problem with a JSON path, and nothing raises."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import migrations, strictjson
from builder.document import Document
from builder.errors import Problem
from builder.reading import from_json, load, read_document
from builder.writing import write_document
from tests.strategies import json_values

GOLDEN = [
    path.read_bytes().decode()
    for path in sorted((Path(__file__).parents[1] / "documents" / "v1").glob("*.convolab"))
]

GOOD: dict[str, Any] = {
    "format": "convolab",
    "version": 1,
    "name": "good",
    "network": {
        "nodes": [
            {"id": "n1", "name": "input", "block": "input", "parameters": {}, "position": [0, 0]},
            {"id": "n2", "name": "a", "block": "module:A", "parameters": {}, "position": [0, 0]},
            {"id": "n3", "name": "add", "block": "add", "parameters": {}, "position": [0, 0]},
            {"id": "n4", "name": "spare", "block": "relu"},
        ],
        "edges": [["input", "y", "a", "x"], ["a", "y", "add", "0"], ["input", "y", "add", "1"]],
        "frames": [{"title": "t", "rectangle": [0, 0, 1, 1]}],
    },
    "modules": {
        "A": {
            "parameters": [{"name": "width", "default": 1, "help": ""}],
            "nodes": [{"name": "x", "block": "input"}, {"name": "b", "block": "module:B"}],
            "edges": [],
        },
        "B": {"nodes": [{"name": "0", "block": "conv"}], "edges": [], "frames": [], "description": "d"},
    },
    "data": {},
    "training": {},
    "weights": {},
}


def problems_of(text: str) -> list[Problem]:
    result = read_document(text)
    assert isinstance(result, list), "this was read as a document"
    assert result
    for problem in result:
        assert problem.path.startswith("$")
        assert problem.rule
        assert problem.is_error
    return result


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    change(data)
    return data


def node(data: dict[str, Any], index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = data["network"]["nodes"][index]
    return found


def test_the_good_one_is_good() -> None:
    assert isinstance(from_json(GOOD), Document)


# name → (what is changed in the good one, code, path)
BAD: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "no format": (lambda d: d.pop("format"), "not-a-document", "$"),
    "other format": (lambda d: d.update(format="onnx"), "not-a-document", "$.format"),
    "no version": (lambda d: d.pop("version"), "bad-version", "$.version"),
    "version as text": (lambda d: d.update(version="1"), "bad-version", "$.version"),
    "version true": (lambda d: d.update(version=True), "bad-version", "$.version"),
    "version 0": (lambda d: d.update(version=0), "bad-version", "$.version"),
    "newer version": (lambda d: d.update(version=99), "newer-version", "$.version"),
    "no name": (lambda d: d.pop("name"), "missing-key", "$"),
    "name a number": (lambda d: d.update(name=3), "wrong-type", "$.name"),
    "name too long": (lambda d: d.update(name="x" * 1000), "too-long", "$.name"),
    "unknown key on top": (lambda d: d.update(extra=1), "unknown-key", "$.extra"),
    "unknown odd key on top": (lambda d: d.update({"a b": 1}), "unknown-key", '$["a b"]'),
    "no network": (lambda d: d.pop("network"), "missing-key", "$"),
    "network a list": (lambda d: d.update(network=[]), "wrong-type", "$.network"),
    "no nodes": (lambda d: d["network"].pop("nodes"), "missing-key", "$.network"),
    "nodes an object": (lambda d: d["network"].update(nodes={}), "wrong-type", "$.network.nodes"),
    "unknown key in network": (lambda d: d["network"].update(wires=[]), "unknown-key", "$.network.wires"),
    "node a number": (lambda d: d["network"]["nodes"].append(3), "wrong-type", "$.network.nodes[4]"),
    "node without name": (lambda d: node(d, 2).pop("name"), "missing-key", "$.network.nodes[2]"),
    "node without block": (lambda d: node(d).pop("block"), "missing-key", "$.network.nodes[0]"),
    "block empty": (lambda d: node(d).update(block=""), "empty-text", "$.network.nodes[0].block"),
    "block null": (lambda d: node(d).update(block=None), "wrong-type", "$.network.nodes[0].block"),
    "unknown key in node": (lambda d: node(d).update(colour=1), "unknown-key", "$.network.nodes[0].colour"),
    "parameters a list": (
        lambda d: node(d, 2).update(parameters=[]),
        "wrong-type",
        "$.network.nodes[2].parameters",
    ),
    "id a number": (lambda d: node(d).update(id=1), "wrong-type", "$.network.nodes[0].id"),
    "id with spaces": (lambda d: node(d).update(id="n 1"), "bad-id", "$.network.nodes[0].id"),
    "duplicate id": (lambda d: node(d, 2).update(id="n1"), "duplicate-id", "$.network.nodes[2].id"),
    "duplicate name": (lambda d: node(d, 3).update(name="a"), "duplicate-name", "$.network.nodes[3].name"),
    "duplicate name after NFKC": (
        lambda d: (d["network"]["nodes"].append({"name": "fi", "block": "b"}), node(d, 3).update(name="ﬁ")),
        "duplicate-name",
        "$.network.nodes[4].name",
    ),
    "name forward": (lambda d: node(d, 3).update(name="forward"), "name-reserved", "$.network.nodes[3].name"),
    "name a keyword": (lambda d: node(d, 3).update(name="class"), "name-keyword", "$.network.nodes[3].name"),
    "name with a dot": (
        lambda d: node(d, 3).update(name="a.b"),
        "name-not-identifier",
        "$.network.nodes[3].name",
    ),
    "name empty": (lambda d: node(d, 3).update(name=""), "name-empty", "$.network.nodes[3].name"),
    "name that is code": (
        lambda d: node(d, 3).update(name="x);import os#"),
        "name-not-identifier",
        "$.network.nodes[3].name",
    ),
    "position too short": (
        lambda d: node(d).update(position=[1]),
        "wrong-type",
        "$.network.nodes[0].position",
    ),
    "position of text": (
        lambda d: node(d).update(position=[0, "1"]),
        "wrong-type",
        "$.network.nodes[0].position[1]",
    ),
    "position of booleans": (
        lambda d: node(d).update(position=[True, 0]),
        "wrong-type",
        "$.network.nodes[0].position[0]",
    ),
    "position far off": (
        lambda d: node(d).update(position=[1e12, 0]),
        "out-of-range",
        "$.network.nodes[0].position[0]",
    ),
    "when a number": (lambda d: node(d).update(when=1), "wrong-type", "$.network.nodes[0].when"),
    "when null": (lambda d: node(d).update(when=None), "wrong-type", "$.network.nodes[0].when"),
    "repeat 0": (lambda d: node(d).update(repeat=0), "out-of-range", "$.network.nodes[0].repeat"),
    "repeat true": (lambda d: node(d).update(repeat=True), "wrong-type", "$.network.nodes[0].repeat"),
    "repeat a fraction": (lambda d: node(d).update(repeat=1.5), "wrong-type", "$.network.nodes[0].repeat"),
    "repeat empty": (lambda d: node(d).update(repeat=""), "empty-text", "$.network.nodes[0].repeat"),
    "edges null": (lambda d: d["network"].update(edges=None), "wrong-type", "$.network.edges"),
    "edge of three": (
        lambda d: d["network"]["edges"].append(["a", "y", "add"]),
        "wrong-type",
        "$.network.edges[3]",
    ),
    "edge of numbers": (
        lambda d: d["network"]["edges"].append([1, "y", "add", "2"]),
        "wrong-type",
        "$.network.edges[3][0]",
    ),
    "edge from nowhere": (
        lambda d: d["network"]["edges"].append(["ghost", "y", "add", "2"]),
        "unknown-node",
        "$.network.edges[3][0]",
    ),
    "edge to nowhere": (
        lambda d: d["network"]["edges"].append(["a", "y", "ghost", "x"]),
        "unknown-node",
        "$.network.edges[3][2]",
    ),
    "two wires into one input": (
        lambda d: d["network"]["edges"].append(["input", "y", "add", "0"]),
        "input-taken",
        "$.network.edges[3]",
    ),
    "frame without rectangle": (
        lambda d: d["network"]["frames"][0].pop("rectangle"),
        "missing-key",
        "$.network.frames[0]",
    ),
    "frame of negative size": (
        lambda d: d["network"]["frames"][0].update(rectangle=[0, 0, -1, 1]),
        "out-of-range",
        "$.network.frames[0].rectangle",
    ),
    "frame with markup for a colour": (
        lambda d: d["network"]["frames"][0].update(colour="<b>"),
        "bad-colour",
        "$.network.frames[0].colour",
    ),
    "note with a number for a text": (
        lambda d: d["network"]["frames"][0].update(text=5),
        "wrong-type",
        "$.network.frames[0].text",
    ),
    "note without end": (
        lambda d: d["network"]["frames"][0].update(text="x" * 10_001),
        "too-long",
        "$.network.frames[0].text",
    ),
    "modules a list": (lambda d: d.update(modules=[]), "wrong-type", "$.modules"),
    "module a number": (lambda d: d["modules"].update(B=3), "wrong-type", "$.modules.B"),
    "module in small letters": (
        lambda d: d["modules"].update(c={"nodes": [], "edges": []}),
        "name-not-capitalised",
        "$.modules.c",
    ),
    "module name empty": (
        lambda d: d["modules"].update({"": {"nodes": [], "edges": []}}),
        "name-empty",
        '$.modules[""]',
    ),
    "module F": (lambda d: d["modules"].update(F={"nodes": [], "edges": []}), "name-reserved", "$.modules.F"),
    "module without edges": (lambda d: d["modules"]["B"].pop("edges"), "missing-key", "$.modules.B"),
    "module with unknown key": (lambda d: d["modules"]["B"].update(x=1), "unknown-key", "$.modules.B.x"),
    "module that contains itself": (
        lambda d: d["modules"]["B"]["nodes"].append({"name": "b", "block": "module:B"}),
        "recursive-module",
        "$.modules.B",
    ),
    "modules that contain each other": (
        lambda d: d["modules"]["B"]["nodes"].append({"name": "a", "block": "module:A"}),
        "recursive-module",
        "$.modules.A",
    ),
    "fault inside a module": (
        lambda d: d["modules"]["A"]["nodes"][1].update(position=0),
        "wrong-type",
        "$.modules.A.nodes[1].position",
    ),
    "parameter without default": (
        lambda d: d["modules"]["A"]["parameters"][0].pop("default"),
        "missing-key",
        "$.modules.A.parameters[0]",
    ),
    "parameter in words": (
        lambda d: d["modules"]["A"]["parameters"][0].update(default="half"),
        "wrong-type",
        "$.modules.A.parameters[0].default",
    ),
    "parameter named min": (
        lambda d: d["modules"]["A"]["parameters"][0].update(name="min"),
        "name-reserved",
        "$.modules.A.parameters[0].name",
    ),
    "parameter twice": (
        lambda d: d["modules"]["A"]["parameters"].append({"name": "width", "default": 2}),
        "duplicate-name",
        "$.modules.A.parameters[1].name",
    ),
    "data a list": (lambda d: d.update(data=[]), "wrong-type", "$.data"),
    "training null": (lambda d: d.update(training=None), "wrong-type", "$.training"),
    "weights text": (lambda d: d.update(weights="w.pt"), "wrong-type", "$.weights"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_fault_is_told_with_its_code_and_path(name: str) -> None:
    change, code, path = BAD[name]
    found = problems_of(json.dumps(changed(change)))
    assert [(problem.code, problem.path) for problem in found] == [(code, path)]
    assert found[0].way_out


def test_all_faults_are_told_not_only_the_first() -> None:
    data = changed(
        lambda d: (node(d, 0).update(name="train"), node(d, 1).update(position="here"), d.update(data=1))
    )
    assert {problem.path for problem in problems_of(json.dumps(data))} == {
        "$.network.nodes[0].name",
        "$.network.nodes[1].position",
        "$.data",
        "$.network.edges[0][0]",  # its wires still say 'input'
        "$.network.edges[2][0]",
    }


def test_very_many_faults_are_counted() -> None:
    data = changed(lambda d: d["network"].update(nodes=[3] * 900, edges=[]))
    found = problems_of(json.dumps(data))
    assert len(found) == strictjson.MAX_PROBLEMS + 1
    assert found[-1].code == "more-problems"
    assert str(900 - strictjson.MAX_PROBLEMS) in found[-1].values
    data["network"]["nodes"] = [3] * 5000
    assert "before the search ended" in problems_of(json.dumps(data))[-1].values


def test_a_missing_module_is_kept_for_the_analysis_to_report() -> None:
    data = changed(lambda d: d["modules"].pop("B"))
    document = from_json(data)
    assert isinstance(document, Document)
    assert {n.block for n in document.graph("A")} == {"input", "module:B"}


def test_a_cycle_is_kept_so_that_it_can_be_drawn() -> None:
    data = changed(lambda d: d["network"]["edges"].append(["add", "y", "add", "2"]))
    document = from_json(data)
    assert isinstance(document, Document)
    assert len(list(document.network.edges())) == 4


# text that is not JSON ------------------------------------------------------------------------------------------

HOSTILE = {
    "empty": ("", "empty-file", "$"),
    "blank": (" \n\t", "empty-file", "$"),
    "prose": ("Dear reader", "bad-json", "$"),
    "a number": ("17", "not-a-document", "$"),
    "a list": ("[]", "not-a-document", "$"),
    "null": ("null", "not-a-document", "$"),
    "deep lists": ("[" * 100_000, "too-deep", "$"),
    "deep objects": ('{"a":' * 100_000, "too-deep", "$"),
    "rather deep": ("[" * 40 + "]" * 40, "too-deep", "$" + "[0]" * strictjson.MAX_DEPTH),
    "NaN": ('{"format": "convolab", "version": 1, "data": {"a": [NaN]}}', "number-not-finite", "$.data.a[0]"),
    "-Infinity": ('{"format": "convolab", "version": 1, "data": -Infinity}', "number-not-finite", "$.data"),
    "1e999": ('{"format": "convolab", "version": 1, "data": {"a": 1e999}}', "number-not-finite", "$.data.a"),
    "many digits": (
        '{"format": "convolab", "version": 1, "name": ' + "9" * 9999 + "}",
        "number-not-finite",
        "$.name",
    ),
    "half a character": (
        '{"format": "convolab", "version": 1, "name": "\\ud800"}',
        "not-unicode",
        "$.name",
    ),
    "half a character as a key": (
        '{"format": "convolab", "version": 1, "data": {"\\udc00": 1}}',
        "not-unicode",
        "$.data",
    ),
    "a key twice": (
        '{"format": "convolab", "version": 1, "name": "a", "name": "b"}',
        "duplicate-key",
        "$.name",
    ),
    "a deep key twice": (
        '{"format": "convolab", "version": 1, "network": {"nodes": [{"id": "a", "id": "a"}]}}',
        "duplicate-key",
        "$.network.nodes[0].id",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_told_with_its_code_and_path(name: str) -> None:
    text, code, path = HOSTILE[name]
    first = problems_of(text)[0]
    assert (first.code, first.path) == (code, path)
    assert len(first.message) < 400


def test_text_that_is_too_large_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strictjson, "MAX_CHARACTERS", 100)
    assert [problem.code for problem in problems_of(" " * 101)] == ["too-large"]


def test_too_many_values_are_refused_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strictjson, "MAX_VALUES", 100)
    (problem,) = problems_of('{"format": "convolab", "version": 1, "data": {"a": [' + "1, " * 200 + "1]}}")
    assert (problem.code, problem.path) == ("too-large", "$.data.a")


def test_truncated_text_is_told_by_line_and_column() -> None:
    text = GOLDEN[1][:300]
    (problem,) = problems_of(text)
    assert problem.code == "bad-json"
    assert "line 5, column" in problem.values
    assert "cut off" in problem.way_out


def test_a_byte_order_mark_does_no_harm() -> None:
    assert isinstance(read_document("\ufeff" + GOLDEN[0]), Document)


@pytest.mark.parametrize("value", [{1: 2}, {"format": "convolab", "version": 1, "data": {1, 2}}, object()])
def test_python_values_that_json_has_not_are_told(value: Any) -> None:
    found = from_json(value)
    assert isinstance(found, list)
    assert found[0].code == "not-json"


# files ----------------------------------------------------------------------------------------------------------


def one(found: Document | list[Problem]) -> Problem:
    assert isinstance(found, list)
    (problem,) = found
    return problem


def test_files_that_are_none(tmp_path: Path) -> None:
    problem = one(load(tmp_path / "missing.convolab"))
    assert problem.code == "cannot-read"
    assert "missing.convolab" in problem.values
    assert "folder" in one(load(tmp_path)).values
    assert one(load("a\0b")).code == "cannot-read"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "pipe" in one(load(tmp_path / "pipe")).values


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.convolab"
    path.write_text("{}")

    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    problem = one(load(path))
    assert (problem.code, problem.values) == ("cannot-read", "secret.convolab: Permission denied")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not-a-document"),
        (b"PK\x03\x04\x14\x00\x00", "not-a-document"),
        (b'{"name": "gr\xfcn"}', "not-utf-8"),
        ('{"format": "convolab"}'.encode("utf-16"), "not-a-document"),
        (b"\xff" * 200, "not-utf-8"),
    ],
)
def test_files_of_other_kinds(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "file.convolab"
    path.write_bytes(content)
    assert one(load(path)).code == code


def test_a_file_that_is_too_large_is_not_read_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.convolab"
    path.write_text(" " * 5000)
    monkeypatch.setattr(strictjson, "MAX_CHARACTERS", 1000)
    assert one(load(path)).code == "too-large"


# anything at all ------------------------------------------------------------------------------------------------


@given(st.sampled_from(GOLDEN), st.data())
def test_cut_documents_never_raise(text: str, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(text.rstrip()) - 1))
    problems_of(text[:end])


@given(st.sampled_from(GOLDEN), st.data())
def test_documents_with_flipped_bytes_never_raise(text: str, data: st.DataObject) -> None:
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    result = read_document(content.decode(errors="surrogateescape"))
    if isinstance(result, Document):
        assert write_document(result)
    else:
        assert all(problem.message and problem.path for problem in result)


@given(st.data())
def test_documents_with_a_value_replaced_never_raise(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(GOLDEN)))
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(json_values())
    result = from_json(document)
    if isinstance(result, Document):
        text = write_document(result)
        again = read_document(text)
        assert isinstance(again, Document)
        assert write_document(again) == text
    else:
        assert all(problem.message and problem.path.startswith("$") for problem in result)


@given(st.text(max_size=60) | st.text('{}[]",:0 \n\\', max_size=60))
def test_any_text_is_a_document_or_problems(text: str) -> None:
    problems_of(text)


# older versions -------------------------------------------------------------------------------------------------


def rename_block(data: dict[str, Any]) -> dict[str, Any]:
    nodes = [{**n, "block": "sum" if n["block"] == "add" else n["block"]} for n in data["network"]["nodes"]]
    return {**data, "network": {**data["network"], "nodes": nodes}}


def test_an_older_document_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", (rename_block, lambda data: {**data, "name": "third"}))
    document = from_json(GOOD)
    assert isinstance(document, Document)
    assert (document.name, document.network.node("n3").block) == ("third", "sum")
    written = json.loads(write_document(document))
    assert written["version"] == 3
    second = from_json({**GOOD, "version": 2})
    assert isinstance(second, Document)
    assert (second.name, second.network.node("n3").block) == ("third", "add")


def test_an_older_document_that_is_broken_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", (rename_block,))
    assert one(from_json(changed(lambda d: d.pop("network")))).code == "bad-old-document"
