"""Copies left behind: found, told from those of living windows, read whatever they hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import keeping, leftovers
from builder.architectures import ARCHITECTURES
from builder.claims import Holder
from builder.differences import Differences
from builder.edits import SetName
from builder.errors import Problem
from builder.keeping import Head, Keeper, beside, head_of, here, own_folder
from builder.writing import save, write_document
from tests.left_behind import changed, found, kept, left, names

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="kills and permissions as POSIX has them")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder is this test's own."""
    for variable in ("XDG_STATE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "user"))
    return own_folder()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """LeNet-5 in a file."""
    path = tmp_path / "nets" / "mine.convolab"
    path.parent.mkdir()
    assert save(ARCHITECTURES["lenet5"].build(), path) is None
    return path


WRITER = """
import sys, time
from pathlib import Path
from builder.edits import SetName
from builder.keeping import Keeper
from builder.reading import load
path = Path(sys.argv[1])
document = load(path)
document.apply(SetName("of another process"))
keeper = Keeper()
keeper.opened(path)
print(keeper.keep(document, path, 1).path, flush=True)
time.sleep(60)
"""


@posix
def test_a_process_that_is_killed_leaves_a_copy_and_a_living_one_keeps_its_own(file: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            copy = Path(process.stdout.readline().strip())
            alive = leftovers.survey(leftovers.of_document(file), "")
            assert (alive.leftovers, alive.also_open) == ((), True)
            assert leftovers.at_start() == []
        finally:
            process.send_signal(signal.SIGKILL)
    assert leftovers.at_start() == [copy]
    (leftover,) = found(leftovers.at_start())
    assert leftover.holder is Holder.GONE
    assert leftover.document is not None
    assert leftover.document.name == "of another process"
    leftover.discard()
    assert names(file.parent) == ["mine.convolab"]
    assert names(own_folder()) == []


# what is left --------------------------------------------------------------------------------------------


def test_a_copy_says_what_differs_and_the_way_back_is_whole(file: Path) -> None:
    copy = left(Keeper(), file)
    assert leftovers.of_document(file) == leftovers.at_start() == [copy]
    (leftover,) = found([copy])
    assert leftover.file == file
    assert leftover.name == "mine.convolab"
    assert leftover.differs == Differences(moved=1, settings=1)
    assert not leftover.file_changed
    assert leftover.document is not None
    assert write_document(leftover.document) == write_document(changed())


@pytest.mark.parametrize("shift", [-10 * 365 * 86400, 10 * 365 * 86400])
def test_a_clock_that_was_set_hides_nothing(file: Path, monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    """Whether a copy is news is said by what the file holds, not by times."""
    real = keeping.time.time()
    monkeypatch.setattr(keeping.time, "time", lambda: real + shift)
    copy = left(Keeper(), file)
    monkeypatch.undo()
    os.utime(copy, (real + shift, real + shift))
    (leftover,) = found([copy])
    assert not leftover.file_changed
    assert leftover.head is not None
    assert leftover.head.written == pytest.approx(real + shift)


def test_a_file_that_something_else_changed_is_told(file: Path) -> None:
    copy = left(Keeper(), file)
    document = ARCHITECTURES["lenet5"].build()
    document.apply(SetName("saved elsewhere"))
    assert save(document, file) is None
    (leftover,) = found([copy])
    assert leftover.file_changed


def test_a_copy_that_says_what_the_file_says_is_cleared_away(file: Path) -> None:
    copy = left(Keeper(), file)
    assert save(changed(), file) is None
    assert found([copy]) == ()
    assert names(file.parent) == ["mine.convolab"]
    assert names(own_folder()) == []


def test_copies_go_with_a_folder_that_is_moved(file: Path, tmp_path: Path) -> None:
    left(Keeper(), file)
    file.parent.rename(tmp_path / "elsewhere")
    there = tmp_path / "elsewhere" / file.name
    (leftover,) = found(leftovers.of_document(there))
    assert leftover.file == there
    assert leftover.document is not None


def test_the_copy_of_another_computer_may_be_in_use(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping.platform, "node", lambda: "laptop")
    copy = left(Keeper(), file)
    monkeypatch.undo()
    (leftover,) = found([copy])
    assert leftover.holder is Holder.UNKNOWN
    assert save(changed(), file) is None
    assert found([copy]) == ()
    assert copy.exists()  # it is not ours to clear away


@pytest.mark.parametrize("saved", ["{", None])
def test_without_its_file_a_copy_is_all_there_is(file: Path, saved: str | None) -> None:
    copy = left(Keeper(), file)
    file.unlink() if saved is None else file.write_text(saved)
    (leftover,) = found([copy])
    assert leftover.document is not None
    assert leftover.differs is None


def test_several_are_told_newest_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = []
    for hour in (3, 1, 2):
        monkeypatch.setattr(keeping.time, "time", lambda hour=hour: hour * 3600.0)
        copies.append(left(Keeper(), file))
    copies.append(left(Keeper(), None))
    assert set(leftovers.at_start()) == set(copies)
    hours = [one.head.written // 3600 for one in found(leftovers.of_document(file)) if one.head is not None]
    assert hours == [3, 2, 1]
    (nameless,) = [one for one in found(leftovers.at_start()) if one.file is None]
    assert nameless.name == "changed"


def test_ones_own_copy_is_not_offered(file: Path) -> None:
    keeper = Keeper()
    copy = kept(keeper, changed(), file)
    assert leftovers.survey([copy], keeper.claim.token) == leftovers.Survey()
    keeper.close()


# anything in a copy --------------------------------------------------------------------------------------


def test_a_copy_cut_off_anywhere_is_told(file: Path) -> None:
    copy = left(Keeper(), file)
    whole = copy.read_bytes()
    for length in (0, 1, 100, whole.index(b"\n"), whole.index(b"\n") + 1, len(whole) // 2, len(whole) - 3):
        copy.write_bytes(whole[:length])
        (leftover,) = found([copy])
        assert leftover.document is None
        assert leftover.problem is not None
        assert leftover.name == "mine.convolab"


GOOD = {
    "format": "convolab-autosave", "version": 1, "token": "0123abcd", "place": "", "host": "", "claimed": True,
    "name": "x", "document": "", "opened": "", "steps": 1, "written": 1.0,
}  # fmt: skip
HOSTILE: list[dict[str, Any]] = [
    {"written": "yesterday"}, {"written": True}, {"written": 1e999}, {"steps": 1.5}, {"steps": True},
    {"claimed": 1}, {"name": None}, {"document": ["/etc/passwd"]}, {"version": 2}, {"format": "convolab"},
    {"more": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE, ids=str)
def test_a_hostile_head_is_a_problem(change: dict[str, Any]) -> None:
    assert isinstance(head_of(json.dumps(GOOD)), Head)
    assert isinstance(head_of(json.dumps({**GOOD, **change})), Problem)


def test_a_head_leads_to_no_odd_file(state: Path) -> None:
    state.mkdir(parents=True)
    for number, document in enumerate(["relative/x", "a\0b", "../../x"]):
        copy = state / f"x.0123abc{number}.autosave"
        text = json.dumps({**GOOD, "document": document, "place": here()})
        copy.write_text(f"{text}\n{write_document(changed())}")
        (leftover,) = found([copy])
        assert leftover.file is None
        assert leftover.document is not None


@given(st.binary(max_size=400))
def test_bytes_at_random_are_told(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    copy = folder / ".x.convolab.0123abcd.autosave"
    copy.write_bytes(content)
    (leftover,) = found([copy])
    assert leftover.document is None
    assert leftover.problem is not None


def test_names_that_are_none_of_ours_are_left_alone(file: Path) -> None:
    for name in (
        ".mine.convolab.autosave",
        ".mine.convolab.XYZ.autosave",
        "mine.convolab.0123abcd.autosave~",
    ):
        file.with_name(name).write_text("x")
    assert found(leftovers.of_document(file)) == ()
    assert beside(file, "0123abcd").name == ".mine.convolab.0123abcd.autosave"
