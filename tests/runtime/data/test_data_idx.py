"""IDX files: a round trip, and no damage that gets through or raises."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from builder.errors import Problem
from runtime.data import idx
from runtime.data.idx import find_pairs, read_idx, read_pair


def written(values: np.ndarray) -> bytes:
    """``values`` as the IDX format has them."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def write_pair(folder: Path, stem: str, images: np.ndarray, labels: np.ndarray, zipped: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for what, values in (("images-idx3", images), ("labels-idx1", labels)):
        data = written(values.astype(np.uint8))
        name = f"{stem}-{what}-ubyte" + ".gz" * zipped
        (folder / name).write_bytes(gzip.compress(data, mtime=0) if zipped else data)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(data)
    return path


shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@shared_folder
@given(
    values=hnp.arrays(
        np.uint8, st.one_of(hnp.array_shapes(min_dims=3, max_dims=3), hnp.array_shapes(max_dims=1))
    ),
    zipped=st.booleans(),
)
def test_round_trip(tmp_path: Path, values: np.ndarray, zipped: bool) -> None:
    data = written(values)
    read = read_idx(put(tmp_path, gzip.compress(data) if zipped else data), values.ndim)
    assert isinstance(read, np.ndarray)
    assert np.array_equal(read, values)
    assert read.shape == values.shape


SAMPLE = np.arange(30, dtype=np.uint8).reshape(5, 3, 2)


@pytest.mark.parametrize("zipped", [False, True])
def test_cut_at_every_byte(tmp_path: Path, zipped: bool) -> None:
    data = written(SAMPLE)
    data = gzip.compress(data, mtime=0) if zipped else data
    for length in range(len(data)):
        read = read_idx(put(tmp_path, data[:length]), 3)
        assert isinstance(read, Problem), f"cut at {length}"
        assert read.rule
        assert read.values


def test_every_flipped_byte_of_a_header_is_noticed(tmp_path: Path) -> None:
    data = written(SAMPLE)
    for position in range(16):
        for mask in (1, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[position] ^= mask
            assert isinstance(read_idx(put(tmp_path, bytes(damaged)), 3), Problem), (position, mask)


def test_flipped_bytes_of_a_gzip_are_noticed_or_harmless(tmp_path: Path) -> None:
    data = gzip.compress(written(SAMPLE), mtime=0)
    for position in range(len(data)):
        for mask in (1, 0x10, 0xFF):
            damaged = bytearray(data)
            damaged[position] ^= mask
            read = read_idx(put(tmp_path, bytes(damaged)), 3)
            assert isinstance(read, Problem) or np.array_equal(read, SAMPLE), (position, mask)


@shared_folder
@given(
    data=st.binary(max_size=200),
    prefix=st.sampled_from([b"", b"\x1f\x8b\x08\0", b"\0\0\x08\x03", b"\0\0\x08\x01"]),
)
def test_noise_never_raises(tmp_path: Path, data: bytes, prefix: bytes) -> None:
    for rank in (1, 3):
        read = read_idx(put(tmp_path, prefix + data), rank)
        assert isinstance(read, Problem | np.ndarray)


def test_a_header_that_promises_terabytes(tmp_path: Path) -> None:
    data = struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 2**15, 2**15)
    for payload in (data, gzip.compress(data)):
        read = read_idx(put(tmp_path, payload), 3)
        assert isinstance(read, Problem)
        assert "can't hold more" in read.values


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(written(SAMPLE) + bytes(50_000_000))
    unpacked: list[int] = []
    reading = gzip.GzipFile.read

    def counted(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        got = reading(self, size)
        unpacked.append(len(got))
        return got

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    read = read_idx(put(tmp_path, bomb), 3)
    assert isinstance(read, Problem)
    assert "more follows" in read.values
    assert sum(unpacked) < 100


def test_what_a_file_may_hold_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "MAX_BYTES", 29)
    read = read_idx(put(tmp_path, written(SAMPLE)), 3)
    assert isinstance(read, Problem)
    assert "29" in read.values


def test_an_empty_set(tmp_path: Path) -> None:
    assert isinstance(read_idx(put(tmp_path, written(np.zeros((0, 28, 28), np.uint8))), 3), Problem)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        read = read_idx(path, 3)
        assert isinstance(read, Problem)
        assert str(path) in read.message


def test_counts_that_differ(tmp_path: Path) -> None:
    write_pair(tmp_path, "train", np.zeros((3, 4, 4)), np.zeros(2))
    read = read_pair(*find_pairs(tmp_path)["train"])
    assert isinstance(read, Problem)
    assert "3 pictures" in read.values
    assert "2 labels" in read.values


def test_pairs_are_found_by_name(tmp_path: Path) -> None:
    write_pair(tmp_path, "train", np.zeros((1, 2, 2)), np.zeros(1))
    write_pair(tmp_path, "t10k", np.zeros((1, 2, 2)), np.zeros(1), zipped=False)
    write_pair(tmp_path, "t10k", np.zeros((1, 2, 2)), np.zeros(1), zipped=True)
    (tmp_path / "emnist-letters-train-images.idx3-ubyte").touch()
    (tmp_path / "README").touch()
    pairs = find_pairs(tmp_path)
    assert set(pairs) == {"train", "t10k"}
    assert pairs["t10k"][0].name == "t10k-images-idx3-ubyte", "the uncompressed one is read"
    assert find_pairs(tmp_path / "none") == {}


def test_many_kinds_of_damage_at_once(tmp_path: Path) -> None:
    chance = random.Random(0)
    for zipped in (False, True):
        whole = gzip.compress(written(SAMPLE), mtime=0) if zipped else written(SAMPLE)
        for _ in range(200):
            damaged = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            read = read_idx(put(tmp_path, bytes(damaged[: chance.randint(1, len(damaged))])), 3)
            assert isinstance(read, Problem | np.ndarray)


def test_damage_says_which_file_to_remove(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(b"junk")
    problem = read_idx(path, 3)
    assert isinstance(problem, Problem)
    assert problem.way_out == f"Remove '{path}' and fetch it again"
