"""CIFAR in all its versions, and what becomes of pickles and archives that would do harm."""

from __future__ import annotations

import io
import os
import pickle  # noqa: TID251 -- to make what is to be refused
import random
import tarfile
from pathlib import Path

import numpy as np
import pytest

from builder.errors import Problem
from runtime.data import Data, cifar, load_data
from runtime.data import known as known_module
from runtime.data.known import BY_NAME
from runtime.data.unpickling import Bytes, RefusedError, read_plain

CHANCE = np.random.default_rng(0)
SHAPE = (3, 32, 32)
COUNT = 20


def parts(kind: cifar.Kind, version: cifar.Version) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pictures and labels for each file; the same for each version of a set."""
    chance = np.random.default_rng(kind.classes)
    return {
        name: (
            chance.integers(0, 256, (COUNT, 3072), np.uint8),
            (np.arange(COUNT) + number) % 2 + kind.classes - 2,
        )
        for number, name in enumerate(version.files)
    }


def written(kind: cifar.Kind, version: cifar.Version) -> dict[str, bytes]:
    """The files of a version, as they are published."""
    names = [f"thing{number}" for number in range(kind.classes)]
    files = {}
    for name, (pixels, labels) in parts(kind, version).items():
        if name.endswith(".bin"):
            coarse = np.zeros((COUNT, kind.header - 1), np.uint8)
            files[name] = np.hstack([coarse, labels[:, None].astype(np.uint8), pixels]).tobytes()
        else:
            held = {b"data": pixels, kind.labels: labels.tolist(), b"filenames": ["a.png"] * COUNT}
            files[name] = pickle.dumps(held, protocol=2)
    if version.names.endswith(".txt"):
        files[version.names] = "\n".join([*names, ""]).encode()
    else:
        files[version.names] = pickle.dumps({kind.names: [name.encode() for name in names]}, protocol=2)
    return files


def pack(path: Path, files: dict[str, bytes], folder: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def unpack(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


EVERY = [(kind, version) for kind in (cifar.CIFAR10, cifar.CIFAR100) for version in kind.versions]


@pytest.fixture(params=EVERY, ids=[version.archive for _, version in EVERY])
def published(request: pytest.FixtureRequest) -> tuple[cifar.Kind, cifar.Version]:
    return request.param


@pytest.mark.parametrize("packed", [True, False])
def test_every_version_is_read_by_name_and_by_path(
    tmp_path: Path, published: tuple[cifar.Kind, cifar.Version], packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, version = published
    files = written(kind, version)
    root = tmp_path / "root"
    root.mkdir()
    made = pack(root / version.archive, files, "x") if packed else unpack(root / version.folder, files)
    monkeypatch.setattr(known_module, "places", lambda _name, _torchvision: (tmp_path / "none", root))
    for source in (f"cifar{kind.classes}", str(made), str(root)):
        data = load_data(source, SHAPE)
        assert isinstance(data, Data), data
        wanted = parts(kind, version)
        pixels = np.concatenate([pixels for pixels, _ in wanted.values()])
        labels = np.concatenate([labels for _, labels in wanted.values()])
        assert np.array_equal(data.inputs.images.numpy().reshape(-1, 3072), pixels)
        assert data.labels.tolist() == labels.tolist()
        assert data.splits["test"].tolist() == list(range(len(labels) - COUNT, len(labels)))
        assert data.classes == tuple(f"thing{number}" for number in range(kind.classes))


def test_without_names_classes_are_numbers(tmp_path: Path) -> None:
    version = cifar.CIFAR10.versions[0]
    files = written(cifar.CIFAR10, version)
    del files[version.names]
    data = load_data(str(unpack(tmp_path / "bin", files)), SHAPE)
    assert data.classes == tuple("0123456789")


def test_where_it_is_not_there_it_says_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_module, "places", lambda name, _torchvision: (tmp_path / name,))
    problem = load_data("cifar10", SHAPE)
    assert isinstance(problem, Problem)
    assert problem.code == "data-missing"
    assert "cifar-10-binary.tar.gz" in problem.way_out
    assert not BY_NAME["cifar10"].available
    assert BY_NAME["cifar10"].size > 10**8


class Harm:
    """What an attacker puts into a pickle."""

    def __init__(self, call: object, *arguments: object) -> None:
        self.made = call, arguments

    def __reduce__(self) -> object:
        return self.made


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "harm",
    [
        Harm(os.system, "touch harmed"),
        Harm(eval, "open('harmed', 'w')"),
        Harm(getattr, "text", "upper"),
        Harm(np.load, "x"),
    ],
)
def test_pickles_that_would_run_something_run_nothing(
    tmp_path: Path, harm: Harm, protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    version = cifar.CIFAR10.versions[1]
    files = written(cifar.CIFAR10, version)
    files["data_batch_3"] = pickle.dumps({b"data": harm, b"labels": []}, protocol=protocol)
    problem = load_data(str(unpack(tmp_path / "py", files)), SHAPE)
    assert isinstance(problem, Problem)
    assert "data_batch_3" in problem.values
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(3, object),
        np.zeros(3, np.float32),
        np.asfortranarray(np.zeros((3, 4), np.uint8)),
        {1, 2},
        bytearray(3),
        np.float64(3),
        Path("x"),
    ],
    ids=repr,
)
def test_pickles_of_other_things_are_refused(value: object) -> None:
    with pytest.raises(RefusedError):
        read_plain(pickle.dumps(value, protocol=2 if not isinstance(value, bytearray) else 5))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_pickles_are_read(protocol: int) -> None:
    value = {b"a": [1, -2, 2**40, 1.5, None, True, "text"], b"b": (1, (2, 3), b"x" * 300), b"c": {}}
    assert read_plain(pickle.dumps(value, protocol=protocol)) == value


def test_arrays_of_bytes_are_read_off() -> None:
    array = CHANCE.integers(0, 256, (5, 7), np.uint8)
    read = read_plain(pickle.dumps({"data": array}, protocol=2))["data"]
    assert isinstance(read, Bytes)
    assert np.array_equal(read.array, array)


def test_state_is_for_arrays_alone() -> None:
    # Opcodes by hand: a named thing, a dict, BUILD. It would change the thing for all later pickles.
    with pytest.raises(RefusedError, match="state"):
        read_plain(b"\x80\x02cnumpy\ndtype\n}X\x01\x00\x00\x00aK\x01sb.")


def test_room_is_made_for_what_is_there_alone() -> None:
    # An array of 2⁴⁰ bytes that are not there; and a note to be kept as number 2³¹−1, which costs nothing here.
    with pytest.raises(RefusedError):
        read_plain(b"\x80\x05\x96" + (2**40).to_bytes(8, "little") + b".")
    assert read_plain(b"\x80\x02K\x07r\xff\xff\xff\x7f.") == 7


def test_damaged_files_never_raise(tmp_path: Path, published: tuple[cifar.Kind, cifar.Version]) -> None:
    kind, version = published
    files = written(kind, version)
    folder = unpack(tmp_path / "set", files)
    chance = random.Random(0)
    for _ in range(25):
        name = chance.choice(list(files))
        damaged = bytearray(files[name])
        for _ in range(3):
            damaged[chance.randrange(min(len(damaged), 300))] ^= chance.randrange(1, 256)
        (folder / name).write_bytes(damaged[: chance.choice([None, chance.randrange(len(damaged))])])
        found = cifar.find(folder, kind)
        assert found is not None
        assert cifar.read(found, "a", "b", "c") is not None
        (folder / name).write_bytes(files[name])


def test_archives_that_would_do_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = cifar.CIFAR10.versions[0]
    files = written(cifar.CIFAR10, version)
    # Names that lead out of the folder are names: nothing is written anywhere.
    data = load_data(str(pack(tmp_path / version.archive, files, "../../../tmp")), SHAPE)
    assert isinstance(data, Data)
    assert list(tmp_path.iterdir()) == [tmp_path / version.archive]
    # A link is no file.
    with tarfile.open(tmp_path / version.archive, "w:gz") as archive:
        for name in version.files:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    problem = load_data(str(tmp_path / version.archive), SHAPE)
    assert isinstance(problem, Problem)
    assert "it holds no data_batch_1.bin" in problem.values
    # A bomb.
    monkeypatch.setattr(cifar, "MAX_ARCHIVE", 10**6)
    problem = load_data(
        str(pack(tmp_path / version.archive, {"bomb": bytes(2 * 10**6), **files}, "x")), SHAPE
    )
    assert isinstance(problem, Problem)
    assert "unpacks to more" in problem.values
    monkeypatch.setattr(cifar, "MAX_MEMBER", 10**4)
    for source in (pack(tmp_path / version.archive, files, "x"), unpack(tmp_path / version.folder, files)):
        problem = load_data(str(source), SHAPE)
        assert isinstance(problem, Problem)
        assert "bytes" in problem.values
    (tmp_path / version.archive).write_bytes(b"\x1f\x8b\x08 no archive")
    assert isinstance(load_data(str(tmp_path / version.archive), SHAPE), Problem)


def test_labels_out_of_range(tmp_path: Path) -> None:
    version = cifar.CIFAR10.versions[0]
    files = written(cifar.CIFAR10, version)
    damaged = bytearray(files["test_batch.bin"])
    damaged[3073 * 4] = 10
    files["test_batch.bin"] = bytes(damaged)
    problem = load_data(str(unpack(tmp_path / "bin", files)), SHAPE)
    assert isinstance(problem, Problem)
    assert problem.code == "data-labels"
    assert "label 4 of 'test_batch.bin' is 10" in problem.values


def test_a_dict_by_tuples_of_tuples_is_refused_at_once():
    """Its key would take hours to look up: each level doubles what there is to go through."""
    deep = b"\x80\x02)" + b"2\x86" * 60
    for pickled in (
        b"\x80\x02}" + deep[2:] + b"K\x01s.",
        b"\x80\x02}(" + deep[2:] + b"K\x01u.",
        b"(" + deep[2:] + b"K\x01d.",
    ):
        with pytest.raises(RefusedError, match="by a tuple"):
            read_plain(pickled)
    assert read_plain(pickle.dumps({b"a": 1, 2: [b"c"]}, 2)) == {b"a": 1, 2: [b"c"]}


@pytest.mark.parametrize("names", [5, {1: 2}, [[1]] * 10, "airplane"])
def test_names_that_are_no_list_of_names(tmp_path: Path, names: object) -> None:
    version = cifar.CIFAR10.versions[1]
    files = written(cifar.CIFAR10, version)
    files[version.names] = pickle.dumps({b"label_names": names}, protocol=2)
    folder = unpack(tmp_path / "py", files)
    problem = load_data(str(folder), SHAPE)
    assert isinstance(problem, Problem)
    assert "no list of names" in problem.values
    assert str(folder / version.names) in problem.way_out


def test_a_damaged_known_set_says_which_file_to_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is there nothing is fetched in its place."""
    monkeypatch.setattr(known_module, "places", lambda name, _torchvision: (tmp_path / name,))
    archive = tmp_path / "cifar10" / cifar.CIFAR10.versions[0].archive
    archive.parent.mkdir()
    files = written(cifar.CIFAR10, cifar.CIFAR10.versions[0])
    cut = files | {"data_batch_2.bin": files["data_batch_2.bin"][:-5]}
    wrong = files | {"data_batch_2.bin": b"\xff" + files["data_batch_2.bin"][1:]}
    for make in (
        lambda: archive.write_bytes(b"junk" * 100),
        lambda: pack(archive, cut, "x"),
        lambda: pack(archive, wrong, "x"),
    ):
        make()
        problem = load_data("cifar10", SHAPE)
        assert isinstance(problem, Problem)
        assert problem.way_out == f"Remove '{archive}' and fetch it again"
    archive.unlink()
    assert not BY_NAME["cifar10"].available
    folder = unpack(tmp_path / "cifar10" / "cifar-10-batches-bin", cut)
    problem = load_data("cifar10", SHAPE)
    assert isinstance(problem, Problem)
    assert str(folder / "data_batch_2.bin") in problem.way_out
