"""What the window shows of networks that segment or tell values: masks over the picture, values in their unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from builder.architectures.unet import unet
from builder.document import Document
from builder.sketch import Sketch
from builder.widgets.theme import DARK, LIGHT
from runtime.data import Data, load_data
from runtime.inspection.masks import boundaries
from runtime.panels.imagery import picture_image
from runtime.panels.judging.verdicts import Subject, Verdict, judge
from runtime.panels.looking.backstage import Backstage, DataWish, Picture, Samples, View, Weights
from runtime.panels.looking.pixels import PixelView
from runtime.panels.plotting.curves import score, summary
from runtime.training.events import Finished, Maps
from runtime.training.loop import train
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from tests.runtime.panels.conftest import MakeWindow

SHAPE = (1, 24, 24)


@pytest.fixture
def squares(tmp_path: Path) -> Document:
    """A small U-Net and its data: bright squares on dark ground."""
    chance = np.random.default_rng(1)
    pictures = chance.integers(0, 90, (60, 24, 24), np.uint8)
    masks = np.zeros((60, 24, 24), np.uint8)
    for picture, mask in zip(pictures, masks, strict=True):
        top, left = chance.integers(0, 12, 2)
        picture[top : top + 10, left : left + 10] += 150
        mask[top : top + 10, left : left + 10] = 1
    np.savez(tmp_path / "squares.npz", images=pictures, masks=masks, classes=np.array(["ground", "square"]))
    document = unet(SHAPE, 2, width=1 / 16, levels=1)
    document.put_settings("data", {"source": str(tmp_path / "squares.npz")})
    document.put_settings(
        "training", {"epochs": 6, "batch": 8, "learning_rate": 1e-2, "shift": 0.0, "device": "cpu"}
    )
    return document


@pytest.fixture
def sums(tmp_path: Path) -> Document:
    """A linear layer on series, whose sum in thousands is asked for."""
    x = np.random.default_rng(2).normal(5, 2, (90, 1, 6)).astype(np.float32)
    y = (1000 * x.sum((1, 2)))[:, None].astype(np.float32)
    np.savez(tmp_path / "sums.npz", x=x, y=y, targets=np.array(["sum"]))
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, 6)))
    sketch.output(sketch.add("fc", "linear", wire, out_features=1))
    return Document("sums", sketch.graph, data={"source": str(tmp_path / "sums.npz")})


def test_a_mask_lies_over_the_picture_and_follows_the_training(
    squares: Document, make_window: MakeWindow, qtbot: QtBot
) -> None:
    window = make_window(squares)
    window.show("Feature maps")
    looking, maps = window.panels.looking, window.panels.maps
    qtbot.waitUntil(lambda: looking.mask is not None, timeout=20_000)
    assert looking.samples is not None
    assert (looking.task, looking.names) == ("segmentation", ("ground", "square"))
    assert looking.mask is not None
    assert looking.picture is not None
    before = looking.mask
    live: list[Maps] = []
    window.panels.training.mapsArrived.connect(live.append)
    with qtbot.waitSignal(window.panels.training.runFinished, timeout=60_000) as ended:
        window.panels.training.start()
    assert ended.args is not None
    assert ended.args[0].reason == "completed"
    assert live
    assert all(event.mask is not None for event in live)
    curves = window.panels.curves
    qtbot.waitUntil(lambda: curves.accuracy is not None and curves.accuracy.title == "Mean IoU")
    test = ended.args[0].test_accuracy
    assert summary(curves.trace) == (
        f"test {100 * test:.1f} % with the weights of epoch {ended.args[0].best_epoch}"
    )
    window.show("Feature maps")  # the curves came to the front with the run
    qtbot.waitUntil(lambda: "weights of" in looking.note and bool(maps.picture._edges), timeout=20_000)
    assert looking.mask is not None
    assert looking.mask is not before
    truth = looking.picture.pixels > 120
    assert ((looking.mask == 1) == truth).mean() > 0.85
    assert len(maps.picture._edges) == len(boundaries(looking.mask)) > 20
    share = f"{100 * (looking.mask == 0).mean():.0f} % ground"
    assert looking.verdict().startswith(share)
    plain = picture_image(looking.picture.pixels)
    assert maps.picture._image != plain


def test_what_is_looked_at_behind_the_window_is_the_task_s(squares: Document, sums: Document) -> None:
    stage = Backstage()
    wish = DataWish(str(squares.data["source"]), SHAPE)
    samples, picture = stage.samples(wish), stage.picture(wish, 5)
    assert isinstance(samples, Samples)
    assert isinstance(picture, Picture)
    assert len(samples.samples) == 12
    assert (samples.samples[0].label, samples.samples[0].said, picture.label) == (None, "", None)
    view = stage.view(squares, Weights(None, "fresh"), "output", picture)
    assert isinstance(view, View)
    assert view.mask is not None
    assert np.array_equal(view.mask, view.values.argmax(0))
    wish = DataWish(str(sums.data["source"]), (1, 6))
    samples, picture = stage.samples(wish), stage.picture(wish, 5)
    assert isinstance(samples, Samples)
    assert isinstance(picture, Picture)
    data = stage.data(wish)
    assert picture.said == f"{float(data.labels[5]):.6g}"  # type: ignore[union-attr]
    assert samples.targets == ("sum",)
    view = stage.view(sums, Weights(None, "fresh"), "output", picture)
    assert isinstance(view, View)
    assert view.mask is None
    (value,) = view.prediction
    unit = torch.tensor(data.target_std), torch.tensor(data.target_mean)  # type: ignore[union-attr]
    assert value == pytest.approx(float(torch.from_numpy(view.values) * unit[0] + unit[1]), rel=1e-5)


def test_values_are_told_in_their_unit(sums: Document, make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(sums)
    window.show("Feature maps")
    looking = window.panels.looking
    (output,) = [node.id for node in sums.network if node.block == "output"]
    window.session.select([output])
    qtbot.waitUntil(lambda: looking.path == "output" and looking.values is not None, timeout=20_000)
    assert looking.picture is not None
    assert not looking.shares
    assert looking.values is not None
    assert looking.values.tolist() == pytest.approx(list(looking.prediction))
    assert looking.verdict() == f"says {looking.prediction[0]:.6g} · is {looking.picture.said}"
    assert looking.place_text().startswith("sum · ")


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [("accuracy", 0.9806, "98.1 %"), ("mean IoU", 0.5, "50.0 %"), ("R²", 0.91349, "0.913"), ("R²", -2, "−2")],
)
def test_a_score_is_written_as_what_it_is(metric: str, value: float, said: str) -> None:
    assert score(metric, value) == said


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_boundaries_are_drawn_between_the_pixels(theme: object, qtbot: QtBot) -> None:
    view = PixelView(theme, "Picture")  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.resize(204, 204)
    view.show()
    mask = np.zeros((10, 10), np.uint8)
    mask[2:5, 3:8] = 1
    view.show_image(picture_image(np.full((10, 10), 128, np.uint8)), boundaries(mask))
    seen = view.grab().toImage()
    frame, scale = view.frame()
    assert scale == 20

    def at(y: float, x: float) -> str:
        ratio = seen.devicePixelRatio()
        return seen.pixelColor(
            round((frame.left() + x * scale) * ratio), round((frame.top() + y * scale) * ratio)
        ).name()

    inside, line = at(3.5, 5.5), at(2, 5.5)
    assert inside == at(0.5, 0.5) == "#808080"
    assert line == at(3.5, 3) == "#ffffff"
    view.show_image(picture_image(np.full((10, 10), 128, np.uint8)))
    assert view.grab().toImage() != seen


def test_masks_are_judged_at_the_size_of_the_answer(tmp_path: Path) -> None:
    sketch = Sketch()
    wire = sketch.add("conv", "conv", sketch.input((3, 32, 32)), out_channels=4, kernel_size=2, stride=2)
    sketch.output(wire)
    document = Document("half", sketch.graph, data={"source": "shapes"})
    data = load_data("shapes", (3, 32, 32), mask_size=(16, 16))
    assert isinstance(data, Data)
    run = Run.create(tmp_path, document, Settings(epochs=1, batch=128, device="cpu"))
    assert isinstance(run, Run)
    *_, finished = train(document, run.settings, data, run=run)
    assert isinstance(finished, Finished)
    weights = Weights(run.weights_file("best"), "best")
    found = judge(Backstage(), document, Subject(DataWish("shapes", (3, 32, 32)), weights, "test"))
    assert isinstance(found, Verdict)
    assert np.mean([row["iou"] for row in found.rows]) == pytest.approx(finished.test_accuracy, abs=1e-3)
