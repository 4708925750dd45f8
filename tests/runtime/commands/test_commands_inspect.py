"""``inspect``: pictures that show what the network computes, and clear words where there is nothing to show."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from builder.architectures import open_document
from builder.document import Document
from builder.edits import SetSettings
from builder.sketch import Sketch
from builder.writing import save
from runtime.commands import inspect
from runtime.compile import Tapped, build
from runtime.data import Data, load_data
from runtime.inspection import arrange, enlarge, field_picture, paint
from runtime.training.records.runs import Run
from runtime.training.settings import Settings


def inspected(*words: str | Path) -> int:
    parser = argparse.ArgumentParser()
    inspect.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["inspect", *map(str, words)])
    code: int = arguments.run(arguments)
    return code


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def contains(whole: np.ndarray, part: np.ndarray) -> bool:
    """Whether ``part`` stands in the middle of ``whole``, as a picture over its caption does."""
    left = (whole.shape[1] - part.shape[1]) // 2
    return np.array_equal(whole[14 : 14 + part.shape[0], left : left + part.shape[1]], part)


@pytest.fixture
def lenet() -> Document:
    document = open_document("lenet5")
    assert isinstance(document, Document)
    return document


@pytest.fixture
def run(tmp_path: Path, lenet: Document) -> Run:
    """A run whose best weights are known."""
    made = Run.create(tmp_path, lenet, Settings(), name="run")
    assert isinstance(made, Run)
    torch.manual_seed(3)
    made.save_weights("best", dict(build(lenet).state_dict()), 1, 0.5)
    made.close()
    return made


@pytest.fixture(scope="module")
def digits() -> Data:
    data = load_data("digits", (1, 28, 28))
    assert isinstance(data, Data)
    return data


def test_the_maps_of_a_run_are_its_networks(run: Run, lenet: Document, digits: Data, tmp_path: Path) -> None:
    out = tmp_path / "maps.png"
    assert inspected(run.folder, "--image", "digits:17", "--node", "conv2", "-o", out) == 0
    torch.manual_seed(3)
    values = Tapped(lenet, build(lenet)).run(digits.batch([17])[0])["conv2"][0].numpy()
    picture, grid = pixels(out), arrange(*values.shape)
    left = (picture.shape[1] - grid.size[1]) // 2
    for index, channel in enumerate(values):
        y, x = grid.corner(index)
        wanted = enlarge(paint(channel, channel.min(), channel.max()), grid.zoom)
        assert np.array_equal(
            picture[14 + y : 14 + y + wanted.shape[0], left + x : left + x + wanted.shape[1]], wanted
        )


def test_one_map_alone(run: Run, lenet: Document, digits: Data, tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert inspected(run.folder, "--image", "digits:17", "--node", "pool1", "--channel", "4", "-o", out) == 0
    torch.manual_seed(3)
    values = Tapped(lenet, build(lenet)).run(digits.batch([17])[0])["pool1"][0, 4].numpy()
    wanted = enlarge(paint(values, values.min(), values.max()), arrange(1, 14, 14).zoom)
    assert contains(pixels(out)[3:, 3:-3], wanted)


def test_a_field_by_position(digits: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "field.png"
    words = ("lenet5", "--image", "digits:5", "--node", "conv2", "--what", "receptive-field", "-o", out)
    assert inspected(*words, "--position", "2,9") == 0
    # conv 5×5 pad 2, pool 2, conv 5×5: position i sees 2·i − 2 … 2·i + 11, all within the padding's reach.
    assert contains(pixels(out), field_picture(digits.picture(5), ((2, 15), (16, 29))))
    assert capsys.readouterr() == (f"{out}\n", "")


def test_the_field_of_the_strongest_position(run: Run, lenet: Document, digits: Data, tmp_path: Path) -> None:
    out = tmp_path / "field.png"
    words = (
        "--image",
        "digits:5",
        "--node",
        "conv1",
        "--what",
        "receptive-field",
        "--channel",
        "2",
        "-o",
        out,
    )
    assert inspected(run.folder, *words) == 0
    torch.manual_seed(3)
    values = Tapped(lenet, build(lenet)).run(digits.batch([5])[0])["conv1"][0, 2].numpy()
    y, x = (int(i) for i in np.unravel_index(values.argmax(), values.shape))
    assert contains(pixels(out), field_picture(digits.picture(5), ((y - 2, y + 2), (x - 2, x + 2))))


def test_after_the_flattening_everything_is_seen(digits: Data, tmp_path: Path) -> None:
    out = tmp_path / "field.png"
    assert (
        inspected("lenet5", "--image", "digits:5", "--node", "fc1", "--what", "receptive-field", "-o", out)
        == 0
    )
    assert contains(pixels(out), field_picture(digits.picture(5), ((0, 27), (0, 27))))


def test_a_picture_of_ones_own(tmp_path: Path, digits: Data, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(digits.picture(5)).save(tmp_path / "mine.png")
    outs = [tmp_path / "a.png", tmp_path / "b.png"]
    for image, out in zip(("digits:5", tmp_path / "mine.png"), outs, strict=True):
        assert inspected("lenet5", "--image", image, "--node", "conv1", "--channel", "0", "-o", out) == 0
    a, b = map(pixels, outs)
    assert np.array_equal(a[:400], b[:400]), "the same picture, the same maps"
    assert "fresh network" in capsys.readouterr().err


def test_a_network_without_data_takes_pixels_as_they_are(
    tmp_path: Path, lenet: Document, digits: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    lenet.apply(SetSettings("data", {}))
    assert save(lenet, tmp_path / "net.convolab") is None
    Image.fromarray(digits.picture(5)).save(tmp_path / "mine.png")
    words = ("--image", tmp_path / "mine.png", "--node", "input", "-o", tmp_path / "out.png")
    assert inspected(tmp_path / "net.convolab", *words) == 0
    assert "names no data" in capsys.readouterr().err
    wanted = enlarge(paint(digits.picture(5).astype(float), 0, 255), arrange(1, 28, 28).zoom)
    assert contains(pixels(tmp_path / "out.png")[3:, 3:-3], wanted)


@pytest.mark.parametrize("node", ["layer1", "layer1.0", "layer2.0.conv1", "fc"])
def test_through_modules(node: str, tmp_path: Path) -> None:
    out = tmp_path / "field.png"
    words = ("--image", "digits:5", "--node", node, "--what", "receptive-field", "-o", out)
    assert inspected("resnet18", *words) == 0
    assert pixels(out).shape[1] >= 520


REFUSED: list[tuple[tuple[str, ...], str]] = [
    (("--node", "conv3"), "Near it are conv"),
    (("--node", "conv2", "--channel", "16"), "the last is 15"),
    (("--node", "conv2", "--position", "10,0", "--what", "receptive-field"), "10×10"),
    (("--node", "conv2", "--position", "1", "--what", "receptive-field"), "2 numbers"),
    (("--node", "conv2", "--image", "digits:1797"), "up to 1,796"),
    (("--node", "conv2", "--image", "digits:" + "9" * 5000), "picture"),
    (("--node", "conv2", "--image", "nothing:3"), "'nothing' is neither"),
    (("--node", "conv2", "--image", "nothing.png"), "no such file"),
    (("--node", "conv2", "-o", "/none/such/out.png"), "No such file or directory"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_is_not_there(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = inspected("lenet5", "--image", "digits:5", "-o", tmp_path / "out.png", *words)
    told = capsys.readouterr()
    assert code == 1
    assert said in told.err
    assert told.out == ""
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--what", "gradcam"),
        ("--what", "filters"),
        ("--position", "1,1"),
        ("--class", "3"),
        ("-o", "out.jpg"),
    ],
)
def test_misuse(words: tuple[str, ...], tmp_path: Path) -> None:
    given = ("lenet5", "--image", "digits:5", "--node", "conv1", "-o", str(tmp_path / "out.png"), *words)
    assert inspected(*given) == 2


@pytest.mark.parametrize("words", [("--channel", "-1"), ("--position", "1,x"), ("--what", "everything")])
def test_words_that_argparse_refuses(words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        inspected("lenet5", "--image", "digits:5", "--node", "conv1", "-o", str(tmp_path / "out.png"), *words)
    assert stopped.value.code == 2


def test_a_run_without_weights(tmp_path: Path, lenet: Document, capsys: pytest.CaptureFixture[str]) -> None:
    made = Run.create(tmp_path, lenet, Settings(), name="run")
    assert isinstance(made, Run)
    made.close()
    words = ("--image", "digits:5", "--node", "conv1", "-o", tmp_path / "out.png")
    assert inspected(made.folder, *words) == 1
    assert "no best weights" in capsys.readouterr().err


def test_channels_that_lie_last_are_the_maps(tmp_path: Path, digits: Data) -> None:
    net = Sketch()
    x = net.add("conv", "conv", net.input((1, 28, 28)), out_channels=40, kernel_size=[5, 3])
    x = net.add("turned", "permute", x, dims=[2, 3, 1])
    net.output(net.add("back", "permute", net.add("norm", "layer_norm", x, over="last"), dims=[3, 1, 2]))
    file, outs = tmp_path / "net.convolab", [tmp_path / "a.png", tmp_path / "b.png"]
    assert save(Document("net", net.graph, data={"source": "digits"}), file) is None
    for node, out in zip(("norm", "back"), outs, strict=True):
        words = ("--image", "digits:5", "--node", node, "-o", out)
        assert inspected(file, *words, "--channel", "39") == 0
    assert np.array_equal(*(pixels(out)[:400] for out in outs)), "the same maps, wherever the channels lie"
    words = ("--image", "digits:5", "--node", "norm", "-o", outs[0])
    assert inspected(file, *words, "--what", "receptive-field", "--position", "20,25") == 0
    assert contains(pixels(outs[0]), field_picture(digits.picture(5), ((20, 24), (25, 27))))
    assert inspected(file, *words, "--what", "receptive-field", "--position", "25,20") == 1


def test_a_norm_that_one_picture_is_not_enough_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sketch = Sketch()
    wire = sketch.add("flat", "flatten", sketch.input((1, 8, 8)))
    sketch.output(sketch.add("norm", "batch_norm", wire, track_running_stats=False))
    save(Document("alone", sketch.graph, data={"source": "digits"}), tmp_path / "alone.convolab")
    out = tmp_path / "out.png"
    assert inspected(tmp_path / "alone.convolab", "--image", "digits:5", "--node", "flat", "-o", out) == 1
    assert "error: norm: Without running averages" in capsys.readouterr().err


def test_the_same_words_give_the_same_file(tmp_path: Path) -> None:
    outs = [tmp_path / "a.png", tmp_path / "b.png"]
    for out in outs:
        assert inspected("lenet5", "--image", "digits:5", "--node", "fc3", "-o", out) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
