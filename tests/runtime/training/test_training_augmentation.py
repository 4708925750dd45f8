"""Augmentation does to a sample what torchvision does, as often as the settings say, and can be repeated."""

from __future__ import annotations

import math
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import Severity
from runtime.data.raw import NOT_JUDGED
from runtime.training import feeding
from runtime.training.augmentation import Augmentation, drawing, mixing
from runtime.training.augmentation.colour import brighter, contrasted, hued, saturated
from runtime.training.augmentation.geometry import backward_map, moved, warped, warped_mask
from runtime.training.augmentation.pipeline import erased
from runtime.training.feeding import Feed
from runtime.training.settings import Settings
from tests.oracles.published import torchvision_models

torchvision_models()  # makes torchvision importable beside any torch
from torchvision.transforms import InterpolationMode  # noqa: E402
from torchvision.transforms import functional as reference  # noqa: E402

CPU = torch.device("cpu")
EVERYTHING = {
    "shift": 0.1, "flip": "both", "crop": 0.3, "rotate": 20.0, "zoom": 0.1, "shear": 5.0, "brightness": 0.3,
    "contrast": 0.3, "saturation": 0.3, "hue": 0.1, "noise": 0.1, "erase": 0.5, "mixup": 0.4, "cutmix": 1.0,
}  # fmt: skip


class Pictures:
    """Noise in colour, of two classes; ``of_masks``: each mask is its picture's first channel, 0 or 1."""

    classes = ("a", "b")
    is_series = False
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)

    def __init__(self, shape=(3, 12, 10), samples=50, of_masks=False):
        chance = torch.Generator().manual_seed(1)
        self.input_shape = shape
        self.images = torch.rand(samples, *shape, generator=chance)
        self.labels = torch.arange(samples) % 2
        self.task = "segmentation" if of_masks else "classification"
        if of_masks:
            self.images = torch.nn.functional.avg_pool2d(self.images, 5, 1, 2).round().gt(0).float()
            self.images[:, :, :4] = 1 - self.images[:, :, :4]
            self.labels = self.images[:, 0].long()
        self.splits = {"train": torch.arange(samples)}

    def batch(self, indices, device):
        return self.images[indices], self.labels[indices]


def pictures(samples=4, size=(14, 10), channels=3, seed=0):
    return torch.rand(samples, channels, *size, generator=torch.Generator().manual_seed(seed))


# geometry ------------------------------------------------------------------------------------------------


@given(st.data(), st.lists(st.integers(1, 6), min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 4))
def test_each_sample_is_mirrored_and_moves_by_its_own_offset_and_the_border_repeats(
    data, sizes, channels, samples
):
    x = torch.arange(samples * channels * torch.Size(sizes).numel()).view(samples, channels, *sizes)
    offset = st.integers(-7, 7)
    rows = st.lists(st.tuples(*[offset] * len(sizes)), min_size=samples, max_size=samples)
    coins = st.lists(st.tuples(*[st.booleans()] * len(sizes)), min_size=samples, max_size=samples)
    offsets, flips = torch.tensor(data.draw(rows)), torch.tensor(data.draw(coins))
    found = moved(x, offsets, flips)
    assert found.shape == x.shape
    for n in range(samples):
        want = x[n].flip([axis + 1 for axis in range(len(sizes)) if flips[n, axis]])
        for axis, size in enumerate(sizes):
            places = [min(max(i - int(offsets[n, axis]), 0), size - 1) for i in range(size)]
            want = want.index_select(axis + 1, torch.tensor(places))
        assert torch.equal(found[n], want)


@pytest.mark.parametrize(
    ("border", "padding"), [("edge", "edge"), ("mirror", "symmetric"), ("black", "constant")]
)
def test_a_shift_is_a_crop_out_of_the_padded_picture(border, padding):
    x, offsets = pictures(), torch.tensor([[4, -3], [0, 2], [-4, -4], [1, 0]])
    found = moved(x, offsets, None, border)
    for n, (down, right) in enumerate(offsets.tolist()):
        padded = reference.pad(x[n], [4, 4], padding_mode=padding)
        assert torch.equal(found[n], reference.crop(padded, 4 - down, 4 - right, 14, 10))


def test_black_is_black_in_the_scale_of_the_network():
    black = torch.tensor([-2.0, -1.0, 3.0])
    found = moved(pictures(), torch.tensor([[14, 0]] * 4), None, "black", black)
    assert torch.equal(found, black.view(1, 3, 1, 1).expand(4, 3, 14, 10))
    turned = backward_map(4, (14, 10), turns=torch.tensor([[math.pi / 2, 0.0, 0.5]] * 4))
    corner = warped(pictures(), turned, "black", black)[:, :, 0, 0]
    torch.testing.assert_close(corner, black.expand(4, 3))


@given(st.floats(-180, 180), st.floats(-40, 40), st.floats(0.6, 1.5), st.integers(-3, 3), st.integers(-3, 3))
def test_turns_are_those_of_torchvision(angle, shear, zoom, down, right):
    x = pictures(1)
    turns = torch.tensor([[math.radians(angle), math.radians(shear), zoom]])
    theta = backward_map(1, (14, 10), turns=turns, offsets=torch.tensor([[down, right]]))
    want = reference.affine(
        x, angle, [right, down], zoom, [shear, 0.0], interpolation=InterpolationMode.BILINEAR
    )
    torch.testing.assert_close(warped(x, theta, "black"), want, atol=2e-4, rtol=0)


@given(st.integers(0, 6), st.integers(0, 4), st.integers(4, 8), st.integers(4, 6))
def test_crops_are_those_of_torchvision_but_for_what_lies_beyond_their_border(top, left, height, width):
    x = pictures(1)
    middle = [(left + width / 2) / 10 - 0.5, (top + height / 2) / 14 - 0.5]
    theta = backward_map(1, (14, 10), crops=torch.tensor([[*middle, width / 10, height / 14]]))
    want = reference.resized_crop(x, top, left, height, width, [14, 10], antialias=False)
    rows, columns = math.ceil(14 / height / 2), math.ceil(10 / width / 2)
    inside = (..., slice(rows, 14 - rows), slice(columns, 10 - columns))
    torch.testing.assert_close(warped(x, theta)[inside], want[inside], atol=1e-4, rtol=0)


@given(st.booleans(), st.booleans(), st.integers(-5, 5), st.integers(-5, 5))
def test_a_resampling_by_whole_pixels_changes_no_pixel(vertical, horizontal, down, right):
    x, offsets, flips = pictures(1), torch.tensor([[down, right]]), torch.tensor([[vertical, horizontal]])
    theta = backward_map(1, (14, 10), offsets=offsets, flips=flips)
    torch.testing.assert_close(warped(x, theta), moved(x, offsets, flips), atol=1e-4, rtol=0)


# colours -------------------------------------------------------------------------------------------------


@given(st.floats(0, 2), st.floats(-0.5, 0.5), st.integers(0, 50))
def test_colours_change_as_torchvision_changes_them(factor, turn, seed):
    x = pictures(3, seed=seed)
    factors, turns = torch.full((3,), factor), torch.full((3,), turn)
    for ours, theirs in (
        (brighter(x, factors), reference.adjust_brightness(x, factor)),
        (contrasted(x, factors), reference.adjust_contrast(x, factor)),
        (saturated(x, factors), reference.adjust_saturation(x, factor)),
        (hued(x, turns), reference.adjust_hue(x, turn)),
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_each_picture_gets_its_own_factor_on_the_scale_of_the_data():
    data = Pictures(samples=3)
    augmentation = Augmentation(data, Settings(shift=0.0, brightness=0.5), CPU)
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in (data.mean, data.std))
    x = (data.images - mean) / std
    factors = torch.tensor([[0.5, 1, 1, 0], [1.0, 1, 1, 0], [1.5, 1, 1, 0]])
    found = augmentation.coloured(x, factors) * std + mean
    want = data.images * torch.tensor([0.5, 1.0, 1.5]).view(3, 1, 1, 1)
    torch.testing.assert_close(found, want.clamp(0, 1))


# chance --------------------------------------------------------------------------------------------------


def test_offsets_are_a_function_of_seed_and_epoch_and_reach_both_ends():
    first = drawing.draw_offsets(500, (28, 10), 0.07, 3, 1)
    assert torch.equal(first, drawing.draw_offsets(500, (28, 10), 0.07, 3, 1))
    assert not torch.equal(first, drawing.draw_offsets(500, (28, 10), 0.07, 3, 2))
    assert sorted(set(first[:, 0].tolist())) == [-2, -1, 0, 1, 2]
    assert sorted(set(first[:, 1].tolist())) == [-1, 0, 1]


@pytest.mark.parametrize(("sizes", "share"), [((28, 28), 0.0), ((4, 4), 0.07), ((), 0.5)])
def test_nothing_is_drawn_where_nothing_moves(sizes, share):
    assert drawing.draw_offsets(10, sizes, share, 0, 1) is None


@pytest.mark.parametrize(
    ("flip", "vertical", "horizontal"),
    [("horizontal", 0, 0.5), ("vertical", 0.5, 0), ("both", 0.5, 0.5)],
)
def test_every_other_picture_is_mirrored(flip, vertical, horizontal):
    rates = drawing.draw_flips(20_000, Settings(flip=flip), 1).float().mean(0)
    torch.testing.assert_close(
        rates, torch.tensor([vertical, horizontal], dtype=torch.float32), atol=0.02, rtol=0
    )


def test_crops_lie_within_the_picture_and_their_area_is_uniform_where_all_fit():
    crops = drawing.draw_crops(20_000, Settings(crop=0.1, crop_ratio=1.0), 1)
    area = crops[:, 2] * crops[:, 3]
    assert (crops[:, :2].abs() + crops[:, 2:] / 2 <= 0.5 + 1e-6).all()
    quantiles = torch.quantile(area, torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]))
    torch.testing.assert_close(quantiles, torch.tensor([0.1, 0.325, 0.55, 0.775, 1.0]), atol=0.02, rtol=0)
    wide = drawing.draw_crops(20_000, Settings(crop=0.1, crop_ratio=2.0), 1)
    assert (wide[:, :2].abs() + wide[:, 2:] / 2 <= 0.5 + 1e-6).all()
    ratio = (wide[:, 2] / wide[:, 3]).log()
    assert ratio.abs().max() <= math.log(2) + 1e-5
    assert abs(float(ratio.mean())) < 0.02


def test_so_many_pictures_lose_a_rectangle_of_a_fiftieth_to_a_third():
    rectangles = drawing.draw_rectangles(5000, Settings(erase=0.25), 1)
    x = erased(torch.ones(5000, 1, 40, 40), rectangles)
    gone = 1 - x.mean((1, 2, 3))
    assert float((gone > 0).float().mean()) == pytest.approx(0.25, abs=0.03)
    assert float(gone.max()) < 1 / 3 + 0.05
    assert float(gone[gone > 0].min()) > 0.02 - 0.01


@pytest.mark.parametrize("data", [Pictures(), Pictures(of_masks=True)], ids=["classes", "masks"])
@pytest.mark.parametrize("at_once", [1, 2 * 8 * 360, 2**20], ids=["one batch", "two batches", "all"])
def test_any_step_can_be_repeated_without_its_past(data, at_once, monkeypatch):
    monkeypatch.setattr(feeding, "_AT_ONCE", at_once)
    settings = Settings(batch=8, seed=5, **EVERYTHING)
    whole = list(Feed(data, settings, CPU).epoch(2))
    tail = list(Feed(data, settings, CPU).epoch(2, first=3))
    for one, other in zip(whole[3:], tail, strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)
        assert (one.mixed is None) == (other.mixed is None)
        if one.mixed is not None and other.mixed is not None:
            assert torch.equal(one.mixed[0], other.mixed[0])
            assert one.mixed[1] == other.mixed[1]
    lengths = [len(list(Feed(data, settings, CPU).epoch(2, first=n))) for n in range(8)]
    assert lengths == list(range(7, -1, -1))
    other_epoch = next(Feed(data, settings, CPU).epoch(3)).inputs
    assert not torch.equal(whole[0].inputs, other_epoch)


# masks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("border", ["edge", "mirror", "black"])
def test_masks_move_and_mirror_with_their_pictures_and_nothing_is_judged_beyond(border):
    settings = Settings(batch=25, shift=0.3, flip="both", border=border)
    judged = 0.0
    for batch in Feed(Pictures(of_masks=True), settings, CPU).epoch(1):
        inside = batch.targets != NOT_JUDGED
        judged += float(inside.float().mean()) / 2
        assert torch.equal(batch.inputs[:, 0][inside], batch.targets[inside].float())
    assert 0.5 < judged < 0.9


def test_masks_turn_and_zoom_with_their_pictures():
    settings = Settings(batch=25, shift=0.1, rotate=180.0, zoom=0.3, shear=10.0, crop=0.5, flip="horizontal")
    for batch in Feed(Pictures((3, 40, 30), of_masks=True), settings, CPU).epoch(1):
        inside = batch.targets != NOT_JUDGED
        clear = inside & ((batch.inputs[:, 0] < 0.24) | (batch.inputs[:, 0] > 0.76))
        assert clear.float().mean() > 0.5
        assert torch.equal(batch.inputs[:, 0][clear].round().long(), batch.targets[clear])


def test_a_mask_of_another_size_follows_too_and_what_is_not_judged_stays_so():
    mask = torch.tensor([[[0, 3], [NOT_JUDGED, 2]]])
    flipped = backward_map(1, (8, 8), flips=torch.tensor([[False, True]]), offsets=torch.tensor([[4, 0]]))
    assert warped_mask(mask, flipped).tolist() == [[[NOT_JUDGED, NOT_JUDGED], [3, 0]]]


def test_masks_are_pasted_with_what_is_pasted_of_the_pictures():
    for batch in Feed(Pictures(of_masks=True), Settings(batch=25, shift=0.0, cutmix=1.0), CPU).epoch(1):
        assert batch.mixed is None
        assert torch.equal(batch.inputs[:, 0], batch.targets.float())


# mixing --------------------------------------------------------------------------------------------------


def test_mixup_lays_each_sample_over_the_one_before_it():
    data = Pictures()
    plain = next(Feed(data, Settings(batch=8, shift=0.0), CPU).epoch(1))
    batch = next(Feed(data, Settings(batch=8, shift=0.0, mixup=1.0), CPU).epoch(1))
    others, share = batch.mixed
    assert 0.5 <= share <= 1
    assert torch.equal(batch.targets, plain.targets)
    assert torch.equal(others, plain.targets.roll(1))
    torch.testing.assert_close(batch.inputs, share * plain.inputs + (1 - share) * plain.inputs.roll(1, 0))


def test_cutmix_pastes_one_rectangle_whose_share_is_told():
    data = Pictures()
    plains = list(Feed(data, Settings(batch=8, shift=0.0), CPU).epoch(1))
    batches = list(Feed(data, Settings(batch=8, shift=0.0, cutmix=1.0), CPU).epoch(1))
    shares = []
    for plain, batch in zip(plains, batches, strict=True):
        own = (batch.inputs == plain.inputs).all(1)
        others = (batch.inputs == plain.inputs.roll(1, 0)).all(1)
        assert (own ^ others).all()
        assert float(own.float().mean()) == pytest.approx(batch.mixed[1])
        shares.append(batch.mixed[1])
    assert min(shares) < max(shares)


def test_parts_of_a_mixed_batch_keep_what_else_they_are():
    batch = next(Feed(Pictures(), Settings(batch=8, mixup=1.0), CPU).epoch(1))
    parts = batch.parts(3)
    assert torch.equal(torch.cat([part.mixed[0] for part in parts]), batch.mixed[0])
    assert {part.mixed[1] for part in parts} == {batch.mixed[1]}


def test_the_loss_of_what_is_mixed_is_that_of_both_in_their_shares(tiny):
    trainer = tiny.trainer(mixup=1.0, batch=16)
    batch = next(trainer.feed.epoch(1))
    others, share = batch.mixed
    trainer.model.eval()  # nothing is left to chance
    loss, _ = trainer.learner.learn(batch, 0, 0.0)
    outputs = trainer.model(batch.inputs)
    task = trainer.task
    want = share * task.loss(outputs, batch.targets) + (1 - share) * task.loss(outputs, others)
    torch.testing.assert_close(loss, want.detach())


def test_a_rectangle_has_its_share_or_less_at_the_border():
    chance = random.Random(3)
    for axes in (1, 2, 3):
        where = [mixing.rectangle(axes, 0.7, chance) for _ in range(200)]
        areas = [math.prod(end - begin for begin, end in rectangle) for rectangle in where]
        assert max(areas) == pytest.approx(0.3)
        assert min(areas) > 0


# other data ----------------------------------------------------------------------------------------------


def sequences(*shape, task="classification", labels=None):
    data = Pictures(shape)
    data.is_series, data.task = True, task
    if labels is not None:
        data.labels = labels
    return data


@pytest.mark.parametrize("shape", [(3, 20), (3, 1, 20), (1, 3, 20)])
def test_sequences_are_moved_and_cut_along_their_steps_alone(shape):
    data = sequences(*shape)
    data.images = torch.arange(3.0).view(3, 1) * 100 + torch.linspace(0, 19, 20).expand(50, 3, 20)
    data.images = data.images.reshape(50, *shape)
    data.mean, data.std = (0.0,) * shape[0], (1.0,) * shape[0]
    batch = next(Feed(data, Settings(batch=50, shift=0.2, crop=0.5), CPU).epoch(1))
    assert batch.inputs.shape == (50, *shape)
    rows = batch.inputs.reshape(50, 3, 20)
    torch.testing.assert_close(rows[:, 1] - rows[:, 0], torch.full((50, 20), 100.0), atol=1e-3, rtol=0)
    assert (rows.diff(dim=2) >= -1e-3).all()
    assert len(rows[:, 0].unique(dim=0)) > 40


def test_what_cannot_be_done_to_the_data_is_left_out_and_told():
    kept = Augmentation(sequences(3, 20), Settings(**EVERYTHING), CPU)
    (unused,) = kept.remarks
    assert unused.severity is Severity.ADVICE
    assert "'Random flip'" in unused.message
    assert (kept.settings.flip, kept.settings.noise, kept.settings.crop) == ("none", 0.1, 0.3)
    grey = Augmentation(Pictures((1, 8, 8)), Settings(hue=0.2, brightness=0.2), CPU)
    assert ["grey" in problem.message for problem in grey.remarks] == [True]
    assert Augmentation(Pictures(), Settings(**EVERYTHING), CPU).remarks == []
    assert Augmentation(Pictures((12,)), Settings(), CPU).remarks == []


def test_an_answer_for_each_step_stays_with_its_step():
    answers = torch.rand(50, 1, 20)
    data = sequences(3, 20, task="regression", labels=answers)
    feed = Feed(data, Settings(batch=50, shift=0.3, cutmix=1.0), CPU)
    batch = next(feed.epoch(1))
    order = feed.order(1)
    assert torch.equal(batch.inputs, data.images[order])
    assert torch.equal(batch.targets, answers[order])


def test_with_everything_on_a_run_trains_and_is_repeated_to_the_bit(tiny):
    chosen = {**EVERYTHING, "saturation": 0.0, "hue": 0.0}
    losses = []
    for _ in range(2):
        events = list(tiny.trainer(epochs=2, **chosen).events())
        losses.append([event.loss for event in events if hasattr(event, "learning_rate")])
    assert losses[0]
    assert losses[0] == losses[1]
