"""Copies of what is in no file: whole or not there, beside the document or else elsewhere, told when left behind."""

from __future__ import annotations

import builtins
import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from builder import claims, keeping, leftovers
from builder.architectures import ARCHITECTURES
from builder.claims import Claim, Holder
from builder.document import Document
from builder.edits import SetName
from builder.errors import Problem
from builder.keeping import Head, Keeper, Kept, head_of, own_folder
from builder.writing import save, write_document
from tests.left_behind import changed, die, found, kept, names

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


# keeping -------------------------------------------------------------------------------------------------


def test_a_copy_lies_beside_the_document_and_says_all_of_it(file: Path) -> None:
    keeper = Keeper()
    keeper.opened(file)
    copy = kept(keeper, changed(), file, steps=7)
    assert copy == file.with_name(f".mine.convolab.{keeper.claim.token}.autosave")
    first, _, rest = copy.read_text("utf-8").partition("\n")
    assert rest == write_document(changed())
    head = head_of(first)
    assert isinstance(head, Head)
    assert (head.document, head.name, head.steps, head.claimed) == (str(file), "mine.convolab", 7, True)
    assert head.opened == keeping.fingerprint(file)
    keeper.close()
    assert names(file.parent) == ["mine.convolab"]
    assert names(own_folder()) == []


def test_a_document_without_a_file_is_kept_in_the_users_folder(state: Path) -> None:
    keeper = Keeper()
    copy = kept(keeper, Document("../../evil /name"), None)
    assert copy.parent == state
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    keeper.close()
    assert names(state) == []


@posix
def test_who_may_not_read_the_document_may_not_read_its_copy(file: Path) -> None:
    file.chmod(0o400)
    keeper = Keeper()
    assert stat.S_IMODE(kept(keeper, changed(), file).stat().st_mode) == 0o600
    keeper.close()


def test_a_copy_moves_with_the_document_and_is_one(file: Path, tmp_path: Path) -> None:
    keeper = Keeper()
    first = kept(keeper, changed(), None)
    second = kept(keeper, changed(), file)
    assert not first.exists()
    assert second.exists()
    keeper.close()


def _no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _Full:
    """A file on a disk that is full."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    write = _no_space


def _fill(step: str, patch: pytest.MonkeyPatch) -> None:
    """Let the disk be full at one step of writing."""
    if step == "open":
        real = os.open
        patch.setattr(os, "open", lambda path, flags, *more: (
            _no_space() if flags & os.O_CREAT else real(path, flags, *more)
        ))  # fmt: skip
    elif step == "write":
        opened = builtins.open
        patch.setattr(builtins, "open", lambda *given, **how: _Full(opened(*given, **how)))
    elif step == "mkdir":
        patch.setattr(Path, "mkdir", _no_space)
        patch.setattr(os, "replace", _no_space)
    else:
        patch.setattr(os, step, _no_space)


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace", "mkdir"])
@pytest.mark.parametrize("has_file", [True, False])
def test_a_full_disk_is_told_and_leaves_nothing(
    step: str, has_file: bool, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper()
    with monkeypatch.context() as patch:
        _fill(step, patch)
        problem = keeper.keep(changed(), file if has_file else None, 1)
    assert isinstance(problem, Problem)
    assert os.strerror(errno.ENOSPC) in problem.values
    assert names(file.parent) == ["mine.convolab"]
    assert [name for name in names(own_folder()) if not name.endswith(".lock")] == []
    assert kept(keeper, changed(), file if has_file else None).exists()  # space has been made
    keeper.close()
    assert names(own_folder()) == []


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace"])
def test_the_copy_before_outlives_a_disk_that_has_filled(
    step: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper()
    copy = kept(keeper, changed(), file)
    before = copy.read_bytes()
    later = changed()
    later.apply(SetName("later"))
    with monkeypatch.context() as patch:
        _fill(step, patch)
        assert isinstance(keeper.keep(later, file, 3), Problem)
    assert copy.read_bytes() == before
    assert len(names(file.parent)) == 2
    keeper.close()


def test_where_the_folder_takes_no_file_the_users_own_does(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def read_only(path: Any, flags: int, *more: Any) -> int:
        if flags & os.O_CREAT and Path(path).parent == file.parent:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", read_only)
    keeper = Keeper()
    keeper.opened(file)
    found_ = keeper.keep(changed(), file, 2)
    assert isinstance(found_, Kept)
    assert found_.path.parent == own_folder()
    assert found_.aside is not None
    assert found_.aside.errno == errno.EROFS
    assert leftovers.of_document(file) == [found_.path]
    die(keeper)
    (leftover,) = found(leftovers.of_document(file))
    assert (leftover.file, leftover.holder) == (file, Holder.GONE)


def test_what_cannot_be_written_is_told(file: Path) -> None:
    keeper = Keeper()
    document = changed()
    document.put_settings("data", {"strange": object()})
    problem = keeper.keep(document, file, 1)
    assert isinstance(problem, Problem)
    assert "JSON" in problem.values
    keeper.close()


# who lives -----------------------------------------------------------------------------------------------


def test_a_claim_is_seen_by_others_until_it_is_let_go_of(state: Path) -> None:
    claim = Claim(state)
    assert claims.holder(state, claim.token) is Holder.GONE
    claim.note(state / "copy")
    assert claim.is_held
    assert claims.holder(state, claim.token) is Holder.ALIVE
    assert list(claims.abandoned(state)) == []
    claim.release()
    assert claims.holder(state, claim.token) is Holder.GONE
    assert names(state) == []


def test_a_claim_that_nothing_is_left_of_is_cleared_away(state: Path) -> None:
    claim = Claim(state)
    claim.note(state / "not there")
    assert claim._descriptor is not None
    os.close(claim._descriptor)
    assert list(claims.abandoned(state)) == []
    assert names(state) == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\n", b"[]\n12\n", b'"a\\u0000b"\n', b"[" * 100_000, b'"cut']
)
def test_a_claim_may_hold_anything(state: Path, content: bytes) -> None:
    state.mkdir(parents=True)
    (state / "0123abcd.lock").write_bytes(content)
    assert list(claims.abandoned(state)) == []


@posix
def test_what_is_no_file_is_no_claim(state: Path) -> None:
    state.mkdir(parents=True)
    os.mkfifo(state / "0123abcd.lock")
    (state / "0123abce.lock").mkdir()
    assert list(claims.abandoned(state)) == []
    assert claims.holder(state, "0123abcd") is Holder.UNKNOWN


def test_where_files_cannot_be_locked_nobody_knows(
    file: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_: int) -> bool:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(claims, "_lock", unsupported)
    keeper = Keeper()
    kept(keeper, changed(), file)
    assert not keeper.claim.is_held
    (leftover,) = found(leftovers.of_document(file))
    assert leftover.holder is Holder.UNKNOWN
    keeper.close()
