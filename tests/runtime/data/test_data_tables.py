"""Tables: pictures with labels or values, sequences by sample or by step, and what is said of what means nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data.raw import Raw
from runtime.data.tables import read_table

CHANCE = np.random.default_rng(0)
COUNT = 12
X = CHANCE.normal(size=(COUNT, 2, 5)).round(3)
NAMES = ["up", "down", "round"]


def write(folder: Path, header: str, rows: list[list[object]], delimiter: str = ",") -> str:
    lines = [delimiter.join(header.split(",")), *(delimiter.join(map(str, row)) for row in rows)]
    (folder / "set.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return str(folder / "set.csv")


def data_of(source: str, shape: tuple[int, ...]) -> Data:
    data = load_data(source, shape)
    assert isinstance(data, Data), data
    return data


def stored(data: Data) -> np.ndarray:
    return data.inputs.values.numpy()[:, :, 0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_one_row_a_sample_with_a_label(tmp_path: Path, delimiter: str) -> None:
    rows = [[*X[k, 0], NAMES[k % 3]] for k in range(COUNT)]
    data = data_of(write(tmp_path, "a,b,c,d,e,label", rows, delimiter), (1, 5))
    assert (data.task, data.classes) == ("classification", ("down", "round", "up"))
    assert np.array_equal(stored(data), X[:, :1].astype(np.float32))
    assert [data.classes[label] for label in data.labels] == [NAMES[k % 3] for k in range(COUNT)]


def test_numbered_columns_are_channels(tmp_path: Path) -> None:
    header = ",".join(["Class", *(f"{channel}_{step}" for channel in "xz" for step in (2, 0, 1, 4, 3))])
    rows = [[k % 2, *(X[k, c, step] for c in range(2) for step in (2, 0, 1, 4, 3))] for k in range(COUNT)]
    data = data_of(write(tmp_path, header, rows), (2, 5))
    assert np.array_equal(stored(data), X.astype(np.float32))
    assert data.classes == ("0", "1")


def test_classes_that_are_numbers_are_in_their_order(tmp_path: Path) -> None:
    rows = [[k, k + 1, label] for k, label in enumerate([10, 9, -1] * 4)]
    assert data_of(write(tmp_path, "a,b,label", rows), (1, 2)).classes == ("-1", "9", "10")


def test_one_row_a_sample_with_targets(tmp_path: Path) -> None:
    rows = [[*X[k, 0], k / 2, -k] for k in range(COUNT)]
    data = data_of(write(tmp_path, "a,b,c,d,e,target_east,y", rows), (1, 5))
    assert (data.task, data.targets) == ("regression", ("target_east", "y"))
    assert np.array_equal(data.labels.numpy(), np.array([[k / 2, -k] for k in range(COUNT)], np.float32))


@pytest.mark.parametrize("by_step", [True, False])
def test_one_row_a_step(tmp_path: Path, by_step: bool) -> None:
    rows = [[f"s{k}", step, *X[k, :, step], NAMES[k % 3]] for k in range(COUNT) for step in range(5)]
    if by_step:
        rows = [rows[k] for k in CHANCE.permutation(len(rows))]
    header = "sample,step,x,z,label"
    if not by_step:
        header, rows = "sample,x,z,label", [[row[0], *row[2:]] for row in rows]
    data = data_of(write(tmp_path, header, rows), (2, 5))
    # Samples stand in the order in which they come first.
    order = [int(name[1:]) for name in dict.fromkeys(str(row[0]) for row in rows)]
    assert np.array_equal(stored(data), X[order].astype(np.float32))
    assert [data.classes[label] for label in data.labels] == [NAMES[k % 3] for k in order]


def test_targets_of_steps_and_of_samples(tmp_path: Path) -> None:
    rows = [[k, step, *X[k, :, step], k, step * k] for k in range(COUNT) for step in range(5)]
    each = data_of(write(tmp_path, "sample,step,x,z,target a,target b", rows), (2, 5))
    assert each.labels.shape == (COUNT, 2, 5)
    assert np.array_equal(each.labels[3].numpy(), [[3] * 5, [0, 3, 6, 9, 12]])
    rows = [row[:-1] for row in rows]
    assert data_of(write(tmp_path, "sample,step,x,z,target", rows), (2, 5)).labels.shape == (COUNT, 1)


def test_splits(tmp_path: Path) -> None:
    split = ["train", "val", "test", "train"] * 3
    rows = [[*X[k, 0], k, split[k]] for k in range(COUNT)]
    data = data_of(write(tmp_path, "a,b,c,d,e,y,split", rows), (1, 5))
    assert data.splits["validation"].tolist() == [1, 5, 9]
    assert data.splits["test"].tolist() == [2, 6, 10]


def test_pictures_with_labels_and_with_values(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    for k in range(COUNT):
        Image.new("L", (6, 6), 20 * k).save(tmp_path / "p" / f"{k}.png")
    (tmp_path / "p" / "4.png").write_bytes(b"none")
    rows = [[f"p/{k}.png", NAMES[k % 3], ["train", "test"][k % 2]] for k in range(COUNT)]
    data = data_of(write(tmp_path, "file,label,split", rows), (1, 4, 4))
    assert len(data) == COUNT - 1
    assert [skipped.file for skipped in data.skipped] == ["p/4.png"]
    assert data.picture(4).tolist() == [[100] * 4] * 4
    assert data.classes[data.labels[4]] == NAMES[5 % 3]
    assert data.splits["test"].tolist() == [1, 3, 4, 6, 8, 10]
    rows = [[f"p\\{k}.png", k * 2, k / 3] for k in range(COUNT)]
    data = data_of(write(tmp_path, "Image,age,height", rows), (1, 4, 4))
    assert data.targets == ("age", "height")
    assert torch.allclose(data.labels[4], torch.tensor([10.0, 5 / 3]))


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("a,", [[1, 2]], "one has none"),
        ("a,label", [], "no rows"),
        ("a,a,label", [[1, 2, 3]], "same name"),
        ("label,class,a", [[1, 2, 3]], "mean the same"),
        ("a,label", [[1, 2], [3]], "line 3 has 1 entries"),
        ("a,label", [["x", 2]], "line 2 says 'x' in 'a'"),
        ("a,b", [[1, 2]], "neither"),
        ("label", [[1], [2]], "no columns of numbers"),
        ("a,label", [["nan", 1], ["1", 1]], "sample 0"),
        ("a,target", [[1, "inf"], [1, 1]], "target 0"),
        ("a,target", [[1, 1e39], [1, 1]], "target 0"),
        ("a,label,split", [[1, 1, "exam"]], "'split'"),
        ("sample,a,label", [[1, 1, 1], [1, 2, 1], [2, 1, 1]], "one length"),
        ("sample,a,label", [[1, 1, 1], [1, 2, 2]], "'label' changes"),
        ("sample,step,a,label", [[1, "first", 1, 1]], "'first' in 'step'"),
        ("sample,step,a,label", [[1, "nan", 1, 1]], "line 2 says 'nan' in 'step'"),
        ("sample,step,a,label", [[1, 1, 1, 1], [1, "1.0", 2, 1]], "line 3 says '1.0' in 'step', as line 2"),
        (
            "sample,step,a,label",
            [[1, 7, 1, 1], [2, 7, 1, 1], [1, 7, 2, 1]],
            "line 4 says '7' in 'step', as line 2",
        ),
        ("sample,a,label", [[1, 1, 1], ["", 2, 1]], "line 3 says '' in 'sample'"),
        ("a,Class", [[1, 1], [1, " "]], "line 3 says '' in 'Class', which is no class"),
        ("file,label", [["a.png", 1], ["b.png", ""]], "line 3 says '' in 'label'"),
        ("a,label", [[1, "up"], [2, "up"]], "has 1 ('up')"),
        ("file,label", [["/etc/passwd", 1]], "no path within"),
        ("file,label", [["../secret.png", 1]], "no path within"),
        ("file,label", [["a/..\\..\\b.png", 1]], "no path within"),
        ("file,label", [["C:b.png", 1]], "no path within"),
        ("file", [["a.png"]], "neither a label"),
        ("file,label", [["a.png", 1]], "none of its 1"),
        ("file,height", [["a.png", "nan"]], "row 0"),
        ('a,"label', [[1, 2]], "can't be read"),
    ],
)
def test_tables_that_mean_nothing(tmp_path: Path, header: str, rows: list[list[object]], said: str) -> None:
    problem = load_data(write(tmp_path, header, rows), (1, 4, 4))
    assert isinstance(problem, Problem), problem
    assert said in problem.values


def test_no_text_at_all(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_bytes(b"\xff\xfe\x00a,b")
    assert isinstance(load_data(str(tmp_path / "set.csv"), (1, 2)), Problem)


@given(st.text(alphabet='a,;\t\n\r"1.-e\0 label_samplefiletargetyx', max_size=60))
def test_any_text_is_a_set_or_a_problem(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("label,a\n" + text, encoding="utf-8", newline="")
    assert isinstance(read_table(path, None), Raw | Problem)
    path.write_text(text, encoding="utf-8", newline="")
    assert isinstance(read_table(path, None), Raw | Problem)


def test_steps_that_need_all_their_digits_keep_their_order(tmp_path: Path) -> None:
    """Times in nanoseconds, which as floating point would be the same."""
    first = 1_700_000_000_000_000_000
    rows = [[k, first + step, step, NAMES[k % 2]] for k in range(COUNT) for step in (2, 0, 1)]
    assert stored(data_of(write(tmp_path, "sample,step,x,label", rows), (1, 3)))[3].tolist() == [[0, 1, 2]]
