"""The user's own modules: kept with what they are made of, read from a folder that may hold anything, and taken out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.architectures import open_document
from builder.document import Document, Module, ModuleParameter
from builder.edits import Batch, SetModuleDescription
from builder.errors import Problem
from builder.graph import Graph
from builder.library import own as library
from builder.library.own import (
    OwnModule,
    brought,
    fits_in,
    is_there,
    keep,
    own_modules,
    take_out,
    unused_name,
)
from builder.sketch import Sketch
from builder.writing import write_document
from tests import strategies


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library that nobody has used yet."""
    monkeypatch.setattr(library, "own_folder", lambda: tmp_path / "convolab" / "modules")
    library._read.clear()
    return tmp_path / "convolab" / "modules"


def resnet() -> Document:
    document = open_document("resnet18")
    assert isinstance(document, Document)
    return document


def kept(document: Document, name: str, **options: Any) -> OwnModule:
    own = keep(document, name, **options)
    assert isinstance(own, OwnModule), own
    return own


def names() -> list[str]:
    shelf = own_modules()
    assert shelf.problems == ()
    return [own.name for own in shelf.modules]


def placing(own: OwnModule, shape: tuple[int, ...] = (64, 16, 16)) -> Document:
    """A network that has the module."""
    net = Sketch()
    document = Document("net", net.graph)
    edits, block = brought(document, own)
    document.apply(Batch(tuple(edits)))
    net.output(net.add("block", block, net.input(shape)))
    return document


# putting in --------------------------------------------------------------------------------------------------


def test_there_is_none_at_first(folder: Path) -> None:
    assert own_modules() == ((), ())
    assert not folder.exists()


def test_a_module_is_kept_with_what_it_is_made_of(folder: Path) -> None:
    own = kept(resnet(), "BasicBlock")
    assert names() == ["BasicBlock"]
    assert own.file == folder / "BasicBlock.convolab"
    assert set(own.part.modules) == {"BasicBlock", "Projection"}
    (read,) = own_modules().modules
    assert write_document(read.part) == write_document(own.part)
    assert read.module.description.startswith("Two 3×3 convolutions")
    analysis = analyze(placing(read))
    assert analysis.ok
    assert analysis.totals.parameters == 73_984


def test_keeping_the_same_again_changes_nothing(folder: Path) -> None:
    own = kept(resnet(), "BasicBlock")
    os.utime(own.file, (1, 1))
    kept(resnet(), "BasicBlock")
    assert own.file.stat().st_mtime == 1


def _other() -> Document:
    document = resnet()
    document.apply(SetModuleDescription("BasicBlock", "Mine."))
    return document


def test_another_of_the_same_name_is_asked_about() -> None:
    kept(resnet(), "BasicBlock")
    problem = keep(_other(), "BasicBlock")
    assert isinstance(problem, Problem)
    assert problem.code == "library-taken"
    assert "'BasicBlock2'" in problem.message
    (own,) = own_modules().modules
    assert own.module.description != "Mine."


def test_it_can_be_replaced_or_both_be_kept() -> None:
    kept(resnet(), "BasicBlock")
    kept(_other(), "BasicBlock", instead=True)
    (own,) = own_modules().modules
    assert own.module.description == "Mine."
    both = kept(resnet(), "BasicBlock", wish=unused_name(resnet(), "BasicBlock"))
    assert names() == ["BasicBlock", "BasicBlock2"]
    assert set(both.part.modules) == {"BasicBlock2", "Projection"}
    assert analyze(placing(both)).ok


def test_a_name_is_free_only_if_no_part_has_it() -> None:
    document = resnet()
    kept(document, "Stage")
    assert unused_name(document, "Stage") == "Stage2"
    assert unused_name(document, "Projection") == "Projection2"


def test_a_folder_that_cannot_be_written_to_is_told(folder: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("in the way")
    problem = keep(resnet(), "BasicBlock")
    assert isinstance(problem, Problem)
    assert problem.code == "library-not-written"
    assert "convolab" in problem.message
    assert own_modules() == ((), ())


# taking out --------------------------------------------------------------------------------------------------


def test_what_is_taken_out_is_gone() -> None:
    own = kept(resnet(), "BasicBlock")
    assert take_out(own) is None
    assert names() == []
    assert take_out(own) is None


def test_what_cannot_be_taken_out_is_told(folder: Path) -> None:
    own = kept(resnet(), "BasicBlock")
    own.file.unlink()
    own.file.mkdir()
    problem = take_out(own)
    assert isinstance(problem, Problem)
    assert problem.code == "library-not-written"


# from elsewhere ----------------------------------------------------------------------------------------------


def test_what_another_window_puts_there_is_seen(folder: Path) -> None:
    own = kept(resnet(), "BasicBlock")
    assert names() == ["BasicBlock"]
    (folder / "from_a_friend.convolab").write_text(own.file.read_text())
    os.utime(folder, ns=(1, 1))
    assert names() == ["BasicBlock", "BasicBlock"]
    own.file.unlink()
    os.utime(folder, ns=(2, 2))
    assert [one.file.name for one in own_modules().modules] == ["from_a_friend.convolab"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged.convolab"),
        (b"\0\1\2", "this is a binary file"),
        (b"[1, 2", "damaged.convolab"),
        (b'{"format": "something"}', 'its "format" is'),
        (b"\xff\xfe{", "is none"),
        (b'{"format": "convolab", "version": 999}', "written by a newer Convolab"),
        (b"[" * 100_000, "damaged.convolab"),
        (write_document(Document("empty")).encode(), "places no one module"),
        (write_document(resnet()).encode(), "places no one module"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_hinders_no_other(
    folder: Path, content: bytes, words: str
) -> None:
    kept(resnet(), "BasicBlock")
    (folder / "damaged.convolab").write_bytes(content)
    (folder / "notes.txt").write_text("no module")
    os.utime(folder, ns=(1, 1))
    shelf = own_modules()
    assert [own.name for own in shelf.modules] == ["BasicBlock"]
    (problem,) = shelf.problems
    assert problem.code == "library-damaged"
    assert words in problem.message
    assert "\n" not in problem.message


def test_folders_pipes_and_dangling_links_hinder_nobody(folder: Path) -> None:
    kept(resnet(), "BasicBlock")
    (folder / "folder.convolab").mkdir()
    (folder / "link.convolab").symlink_to(folder / "nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.convolab")
    os.utime(folder, ns=(1, 1))
    shelf = own_modules()
    assert [own.name for own in shelf.modules] == ["BasicBlock"]
    assert {problem.code for problem in shelf.problems} == {"library-damaged"}


def test_a_module_that_contains_itself_is_refused(folder: Path) -> None:
    own = kept(resnet(), "BasicBlock")
    told = json.loads(own.file.read_text())
    told["modules"]["Projection"]["nodes"][1]["block"] = "module:BasicBlock"
    own.file.write_text(json.dumps(told))
    library._read.clear()
    (problem,) = own_modules().problems
    assert "contains" in problem.message


def test_very_many_files_are_not_all_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = kept(resnet(), "BasicBlock")
    for number in range(4):
        (folder / f"{number}.convolab").write_text(own.file.read_text())
    monkeypatch.setattr(library, "MOST_FILES", 3)
    library._read.clear()
    shelf = own_modules()
    assert len(shelf.modules) == 3
    assert "5 files, of which the first 3 were read" in shelf.problems[0].message


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_a_module_or_a_line(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "any.convolab").write_bytes(content)
    library._read.clear()
    shelf = own_modules()
    assert len(shelf.modules) + len(shelf.problems) == 1


# into a document ---------------------------------------------------------------------------------------------


def test_what_the_document_has_is_used() -> None:
    own = kept(resnet(), "BasicBlock")
    document = resnet()
    assert is_there(document, own)
    assert brought(document, own) == ([], "module:BasicBlock")


def test_where_it_has_another_of_that_name_this_one_gets_a_number() -> None:
    own = kept(resnet(), "BasicBlock")
    document = _other()
    assert not is_there(document, own)
    edits, block = brought(document, own)
    assert ([edit.module.name for edit in edits], block) == (["BasicBlock2"], "module:BasicBlock2")


def test_a_part_that_differs_is_brought_and_used() -> None:
    own = kept(resnet(), "BasicBlock")
    document = resnet()
    document.apply(SetModuleDescription("Projection", "Mine."))
    edits, block = brought(document, own)
    assert [edit.module.name for edit in edits] == ["Projection2", "BasicBlock2"]
    assert block == "module:BasicBlock2"
    document.apply(Batch(tuple(edits)))
    placed = {node.block for node in document.graph("BasicBlock2")}
    assert "module:Projection2" in placed


def test_it_is_not_offered_within_a_part_of_itself() -> None:
    own = kept(resnet(), "Stage")
    document = resnet()
    assert fits_in(document, "", own)
    assert not fits_in(document, "Stage", own)
    assert not fits_in(document, "BasicBlock", own)
    other = Document("net", Graph(), [Module("Stage", (), Graph("Stage"))])
    assert fits_in(other, "Stage", own)  # another of that name


def test_arguments_in_the_file_are_those_it_is_placed_with(folder: Path) -> None:
    own = kept(resnet(), "BasicBlock")
    told = json.loads(own.file.read_text())
    told["network"]["nodes"][0]["parameters"] = {"width": "=in_channels"}
    own.file.write_text(json.dumps(told))
    library._read.clear()
    (read,) = own_modules().modules
    assert read.placed == {"width": "=in_channels"}


@given(strategies.documents(), st.data())
@settings(strategies.few, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_module_can_be_kept_and_brought_back(
    folder: Path, document: Document, data: st.DataObject
) -> None:
    if not document.modules:
        return
    name = data.draw(st.sampled_from(sorted(document.modules)))
    own = keep(document, name, instead=True)
    assert isinstance(own, OwnModule), own
    read = next(one for one in own_modules().modules if one.name == name)
    assert write_document(read.part) == write_document(own.part)
    assert is_there(document, read)
    edits, block = brought(Document("other"), read)
    assert block == f"module:{name}"
    assert {edit.module.name for edit in edits} == set(own.part.modules)
    assert own.module.parameters == tuple(
        ModuleParameter(p.name, p.default, p.help) for p in document.modules[name].parameters
    )
