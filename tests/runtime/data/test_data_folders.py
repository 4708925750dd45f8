"""Class folders with splits of their own, and pictures that are read as they are needed: the same either way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from builder.architectures import ARCHITECTURES
from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data import inputs as inputs_module
from runtime.data import streaming as streaming_module
from runtime.data.folders import split_folders
from runtime.data.pictures import open_picture
from runtime.data.streaming import Streamed
from runtime.training.events import Finished, Trouble
from runtime.training.loop import train
from runtime.training.settings import Settings

SHAPE = (3, 12, 10)


def draw(root: Path, classes: tuple[str, ...] = ("cat", "dog"), count: int = 40) -> Path:
    """Noise of many sizes, so that every picture is another one."""
    chance = np.random.default_rng(len(root.as_posix()))
    for name in classes:
        (root / name).mkdir(parents=True)
        for k in range(count):
            pixels = chance.integers(0, 256, (chance.integers(12, 30), chance.integers(12, 30), 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{k:02}.png")
    return root


def data_of(root: Path, shape: tuple[int, ...] = SHAPE) -> Data:
    data = load_data(str(root), shape)
    assert isinstance(data, Data), data
    return data


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No room for pictures in memory."""
    monkeypatch.setattr(inputs_module, "HELD_BYTES", 0)
    monkeypatch.setattr(streaming_module, "_FEW", 10)
    return monkeypatch


def closed(data: Data) -> None:
    assert isinstance(data.inputs, Streamed)
    data.inputs.close()


def test_the_folders_of_splits_are_kept(tmp_path: Path) -> None:
    for name, count in (("train", 10), ("val", 4), ("test", 6)):
        draw(tmp_path / name, count=count)
    data = data_of(tmp_path)
    assert data.classes == ("cat", "dog")
    assert {name: len(part) for name, part in data.splits.items()} == {
        "train": 20,
        "validation": 8,
        "test": 12,
    }
    assert data.balance() == {"train": (10, 10), "validation": (4, 4), "test": (6, 6)}
    (tmp_path / "other").mkdir()
    assert split_folders(tmp_path) == {}, "these are classes that are called so"


def test_a_validation_folder_alone_is_what_is_tested_on(tmp_path: Path) -> None:
    draw(tmp_path / "train", count=24)
    draw(tmp_path / "val", count=5)
    data = data_of(tmp_path)
    assert {name: len(part) for name, part in data.splits.items()} == {
        "train": 44,
        "validation": 4,
        "test": 10,
    }


def test_lists_say_the_splits(tmp_path: Path) -> None:
    draw(tmp_path, count=6)
    for name, digits in (("train", "01"), ("val", "2"), ("test", "34")):
        lines = [f"{animal}/0{digit}.png" for animal in ("cat", "dog") for digit in digits]
        (tmp_path / f"{name}.txt").write_text("\r\n".join(lines) + "\n")
    data = data_of(tmp_path)
    assert len(data) == 10, "what is in no list is left out"
    assert data.balance() == {"train": (2, 2), "validation": (1, 1), "test": (2, 2)}
    for line, said in (("../../etc/passwd", "line 1"), ("dog/00.png", "listed in test as well")):
        (tmp_path / "train.txt").write_text(f"{line}\n")
        (tmp_path / "test.txt").write_text("dog/00.png\n")
        problem = load_data(str(tmp_path), SHAPE)
        assert isinstance(problem, Problem)
        assert said in problem.values


def test_streamed_pictures_are_those_in_memory(tmp_path: Path, streamed: pytest.MonkeyPatch) -> None:
    draw(tmp_path)
    data = data_of(tmp_path)
    streamed.undo()
    held = data_of(tmp_path)
    assert isinstance(data.inputs, Streamed)
    assert held.inputs.ready
    assert (data.mean, data.std, data.classes) == (held.mean, held.std, held.classes)
    parts = list(torch.randperm(80).split(23))
    for (x, y), part in zip(data.batches(parts), parts, strict=True):
        wanted_x, wanted_y = held.batch(part)
        assert torch.equal(x, wanted_x)
        assert torch.equal(y, wanted_y)
    # From any step on, and by single samples.
    assert torch.equal(next(iter(data.batches(parts[2:])))[0], held.batch(parts[2])[0])
    assert np.array_equal(data.picture(7), held.picture(7))
    assert data.picture(7, original=True).shape[2] == 3
    with pytest.raises(IndexError):
        data.batch([80])
    closed(data)


def test_what_proves_to_be_damaged_is_stood_in_for(tmp_path: Path, streamed: pytest.MonkeyPatch) -> None:
    draw(tmp_path)
    data = data_of(tmp_path)
    train = data.splits["train"].tolist()
    whole = data.batch(train)[0]
    damaged = [data.inputs.files.paths[index] for index in (train[3], train[4], train[-1])]
    for path in damaged:
        path.write_bytes(path.read_bytes()[:200])
    for again in range(2):
        x, y = data.batch(train)
        assert torch.equal(x[3], whole[5]), again
        assert torch.equal(x[4], whole[5])
        assert torch.equal(x[-1], whole[0])
        assert y[3] == data.labels[train[5]], "with its own label"
        kept = [k for k in range(len(train)) if k not in (3, 4, len(train) - 1)]
        assert torch.equal(x[kept], whole[kept])
    assert {skipped.file for skipped in data.skipped} == {
        path.relative_to(tmp_path).as_posix() for path in damaged
    }
    assert "damaged" in data.skipped[0].reason
    closed(data)


def test_what_was_unreadable_once_stays_stood_in_for(tmp_path: Path, streamed: pytest.MonkeyPatch) -> None:
    """A picture that comes back, from a network's disk say, is not shown under another one's label."""
    draw(tmp_path)
    data = data_of(tmp_path)
    train = data.splits["train"].tolist()
    first = train[0]
    other = next(place for place, index in enumerate(train) if data.labels[index] != data.labels[first])
    wanted = [train[other - 1], train[other]]  # neighbours of two classes
    whole, labels = data.batch(wanted)
    path = data.inputs.files.paths[wanted[0]]
    content = path.read_bytes()
    path.write_bytes(content[:200])
    data.batch(wanted)
    path.write_bytes(content)
    x, y = data.batch(wanted)
    assert torch.equal(x[0], whole[1])
    assert y.tolist() == [labels[1], labels[1]]
    closed(data)


def test_a_set_has_the_same_samples_however_much_memory_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path)
    for number in (3, 4, 17):
        path = tmp_path / "cat" / f"{number:02}.png"
        path.write_bytes(path.read_bytes()[:200])
    (tmp_path / "dog" / "00.png").write_bytes(b"none")
    held = data_of(tmp_path)
    monkeypatch.setattr(inputs_module, "HELD_BYTES", 0)
    data = data_of(tmp_path)
    assert len(held) == len(data) == 79
    for name, part in data.splits.items():
        assert torch.equal(part, held.splits[name])
        found, expected = data.batch(part), held.batch(part)
        assert torch.equal(found[1], expected[1])
        back = [
            x * torch.tensor(of.std).view(1, -1, 1, 1) + torch.tensor(of.mean).view(1, -1, 1, 1)
            for x, of in ((found[0], data), (expected[0], held))
        ]
        torch.testing.assert_close(back[0], back[1])
    assert {skipped.file for skipped in held.skipped} == {skipped.file for skipped in data.skipped} | {
        "dog/00.png"
    }
    closed(data)


def test_files_that_are_no_pictures_are_found_beforehand(
    tmp_path: Path, streamed: pytest.MonkeyPatch
) -> None:
    draw(tmp_path, count=5)
    (tmp_path / "dog" / "00.png").write_bytes(b"none")
    data = data_of(tmp_path)
    assert len(data) == 9
    assert [skipped.file for skipped in data.skipped] == ["dog/00.png"]
    closed(data)


def test_readers_that_are_killed_are_done_without(tmp_path: Path, streamed: pytest.MonkeyPatch) -> None:
    draw(tmp_path)
    data = data_of(tmp_path)
    parts = list(torch.arange(80).split(16))
    wanted = [x for x, _ in data.batches(parts)]
    readers = data.inputs._readers()
    for process in list(readers._pool._processes):
        os.kill(process, signal.SIGKILL)
    found = [x for x, _ in data.batches(parts)]
    assert all(torch.equal(*pair) for pair in zip(wanted, found, strict=True))
    closed(data)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are counted as Linux lists them")
def test_a_program_that_is_killed_leaves_no_readers(tmp_path: Path) -> None:
    draw(tmp_path, count=60)
    program = f"""
        import sys, time
        from runtime.data import inputs, load_data
        inputs.HELD_BYTES = 0
        data = load_data({str(tmp_path)!r}, {SHAPE})
        list(data.batches(list(data.splits["train"].split(4))))
        print(*data.inputs._readers()._pool._processes, flush=True)
        time.sleep(60)
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        readers = [int(text) for text in process.stdout.readline().split()]
        assert readers
        process.kill()
    for reader in readers:
        for _ in range(100):
            if not Path(f"/proc/{reader}").exists() or " Z " in Path(f"/proc/{reader}/stat").read_text():
                break
            signal.sigtimedwait([], 0.1)
        else:
            pytest.fail(f"process {reader} is left")


def test_damage_is_told_in_a_run_and_does_not_end_it(tmp_path: Path, streamed: pytest.MonkeyPatch) -> None:
    draw(tmp_path)
    (tmp_path / "cat" / "00.png").write_bytes(b"none")
    data = data_of(tmp_path, (1, 28, 28))
    damaged = data.inputs.files.paths[int(data.splits["train"][0])]
    damaged.write_bytes(damaged.read_bytes()[:200])
    events = list(
        train(ARCHITECTURES["lenet5"].build(classes=2), Settings(epochs=2, batch=16, device="cpu"), data)
    )
    told = [event.problem for event in events if isinstance(event, Trouble)]
    skipped = [problem.values for problem in told if problem.code == "data-skipped"]
    # How much is known of it before the first step depends on how a run begins; in the end all of it is.
    assert [values.split(" of ")[0] for values in skipped] in (["1", "2"], ["2"])
    assert damaged.name in skipped[-1]
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "completed"
    assert data.inputs._state.readers is None, "nothing reads on when the run is over"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_streamed_batches_arrive_on_the_device(tmp_path: Path, streamed: pytest.MonkeyPatch) -> None:
    draw(tmp_path)
    data = data_of(tmp_path)
    there = data.to("cuda")
    parts = list(torch.arange(80).split(23))
    for (x, y), part in zip(there.batches(parts), parts, strict=True):
        assert x.device.type == y.device.type == "cuda"
        torch.testing.assert_close(x.cpu(), data.batch(part)[0])
        assert torch.equal(y.cpu(), data.labels[part])
    assert there.inputs._joined([1], iter([there.inputs._here([1])])).is_pinned()
    closed(data)


def test_lists_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    draw(tmp_path, count=8)
    lines = [f"{name}/{k:02}.png" for name in ("cat", "dog") for k in range(6)]
    (tmp_path / "train.txt").write_text("\n".join(lines), encoding="utf-8-sig")
    assert len(data_of(tmp_path)) == len(lines)


@pytest.mark.skipif(sys.platform == "win32", reason="such names can't be given")
def test_names_that_steer_a_terminal_are_escaped(tmp_path: Path) -> None:
    name = "new\nline\x1b[31m"
    draw(tmp_path, count=8)
    (tmp_path / "cat" / f"{name}.png").write_bytes(b"none")
    data = data_of(tmp_path)
    assert [skipped.file for skipped in data.skipped] == ["cat/new\\nline\\x1b[31m.png"]
    assert data.warnings[0].message.isprintable()
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.png").write_bytes(b"none")
    (tmp_path / f"{name}.npz").write_bytes(b"none")
    for source in (tmp_path, tmp_path / f"{name}.npz", tmp_path / "cat" / f"{name}.png", f"no{name}"):
        problem = load_data(str(source), SHAPE)
        assert isinstance(problem, Problem)
        assert problem.message.isprintable()
        assert "\\x1b" in problem.message
    unread = open_picture(tmp_path / "cat" / f"{name}.png")
    assert isinstance(unread, Problem)
    assert unread.message.isprintable()


def test_a_class_of_the_test_split_alone_is_told(tmp_path: Path) -> None:
    draw(tmp_path / "train", ("a", "b"), 6)
    draw(tmp_path / "test", ("a", "c"), 6)
    (warning,) = data_of(tmp_path).warnings
    assert "'c' of " in warning.values
    assert warning.values.endswith("is in test alone")
