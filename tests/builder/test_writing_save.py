"""Saving replaces a file whole or not at all, whatever the disk does."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from builder.document import Document
from builder.edits import AddNode, SetName
from builder.graph import Node
from builder.reading import load
from builder.writing import save, write_document

posix = pytest.mark.skipif(os.name != "posix", reason="links and permissions as POSIX has them")


@pytest.fixture
def document() -> Document:
    document = Document("möbius")
    document.apply(AddNode("", Node("n1", "conv1", "conv", {"out_channels": 8})))
    return document


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_what_is_written(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "net.convolab"
    assert save(document, path) is None
    assert path.read_bytes() == write_document(document).encode()
    document.apply(SetName("other"))
    assert save(document, str(path)) is None
    again = load(path)
    assert isinstance(again, Document)
    assert again.name == "other"
    assert files(tmp_path) == ["net.convolab"]


@posix
def test_permissions_stay_and_new_files_follow_the_umask(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "net.convolab"
    before = os.umask(0o027)
    try:
        assert save(document, path) is None
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    assert save(document, path) is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@posix
def test_a_link_stays_a_link(document: Document, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    real, link = tmp_path / "real" / "net.convolab", tmp_path / "links" / "net.convolab"
    real.write_text("old")
    link.symlink_to(real)
    assert save(document, link) is None
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == write_document(document)
    assert files(tmp_path / "links") == ["net.convolab"]
    dangling = tmp_path / "links" / "dangling.convolab"
    dangling.symlink_to(tmp_path / "real" / "new.convolab")
    assert save(document, dangling) is None
    assert (tmp_path / "real" / "new.convolab").exists()


def fail(number: int) -> Any:
    def failing(*args: Any, **kwargs: Any) -> None:
        raise OSError(number, os.strerror(number))

    return failing


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_costs_nothing(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    path = tmp_path / "net.convolab"
    path.write_text("old")
    monkeypatch.setattr(os, call, fail(number))
    problem = save(document, path)
    monkeypatch.undo()
    assert problem is not None
    assert problem.code == "save-failed"
    assert os.strerror(number) in problem.values
    assert "net.convolab" in problem.values
    assert problem.way_out
    assert path.read_text() == "old"
    assert files(tmp_path) == ["net.convolab"]


def test_an_interrupt_while_writing_leaves_nothing_behind(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.convolab"
    path.write_text("old")

    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(document, path)
    assert path.read_text() == "old"
    assert files(tmp_path) == ["net.convolab"]


def test_a_folder_that_is_read_only(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.convolab"
    path.write_text("old")
    monkeypatch.setattr(os, "open", fail(errno.EROFS))
    problem = save(document, path)
    monkeypatch.undo()
    assert problem is not None
    assert "may write" in problem.way_out
    assert path.read_text() == "old"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(document: Document, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        problem = save(document, folder / "net.convolab")
    finally:
        folder.chmod(0o700)
    assert problem is not None
    assert files(folder) == []


def test_a_file_that_is_read_only_is_left_alone(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.convolab"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *args: False)
    problem = save(document, path)
    assert problem is not None
    assert os.strerror(errno.EACCES) in problem.values
    assert path.read_text() == "old"


def test_places_that_are_no_files(document: Document, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "net.convolab", tmp_path / "a\0b", tmp_path / ("x" * 300)):
        problem = save(document, path)
        assert problem is not None, path
        assert problem.code == "save-failed"
        assert problem.way_out
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert save(document, tmp_path / "pipe") is not None
        assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_folder_that_cannot_be_synced_does_no_harm(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not here")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    assert save(document, tmp_path / "net.convolab") is None


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be synced there")
def test_file_and_folder_are_synced(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[bool] = []
    original = os.fsync

    def noting(descriptor: int) -> None:
        kinds.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        original(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    assert save(document, tmp_path / "net.convolab") is None
    assert kinds == [False, True]


@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_a_value_that_cannot_be_written_keeps_the_old_file(tmp_path: Path, value: object) -> None:
    path = tmp_path / "net.convolab"
    path.write_text("old")
    document = Document("d", training={"learning_rate": value})
    problem = save(document, path)
    assert problem is not None
    assert problem.code == "save-failed"
    assert path.read_text() == "old"
    assert files(tmp_path) == ["net.convolab"]
