"""A user's picture, whatever it is: prepared, or refused with a reason."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data import pictures as pictures_module
from runtime.data.pictures import from_array, open_picture

RAMP = np.linspace(0, 255, 40 * 30).reshape(30, 40).astype(np.uint8)


@pytest.fixture(scope="module")
def data() -> Data:
    found = load_data("digits", (3, 16, 16))
    assert isinstance(found, Data)
    return found


def opened(path: Path) -> Image.Image:
    picture = open_picture(path)
    assert isinstance(picture, Image.Image), picture
    assert picture.mode in ("L", "RGB")
    return picture


def refused(path: Path) -> Problem:
    problem = open_picture(path)
    assert isinstance(problem, Problem), problem
    assert problem.code == "picture"
    assert problem.values
    return problem


def test_prepared_as_the_training_split_is(data: Data, tmp_path: Path) -> None:
    index = 11
    Image.fromarray(data.picture(index)).save(tmp_path / "it.png")
    for source in (tmp_path / "it.png", str(tmp_path / "it.png"), data.picture(index)):
        x = data.prepare_picture(source)
        assert isinstance(x, torch.Tensor)
        assert torch.equal(x, data.batch([index])[0])


def test_the_centre_is_cut_out_and_the_shorter_side_kept(data: Data) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 18:42] = 255  # two pixels more than the cut: the filter looks a pixel beyond it
    x = data.prepare_picture(wide)
    assert isinstance(x, torch.Tensor)
    assert x.shape == (1, 3, 16, 16)
    assert data.to_picture(x).min() == 255


KINDS = {
    "png": ("L", "RGB", "1", "P", "RGBA", "LA", "I;16"),
    "jpg": ("L", "RGB", "1", "CMYK"),
    "bmp": ("L", "RGB", "1", "P", "RGBA"),
    "gif": ("L", "RGB", "1", "P", "RGBA", "LA"),
    "webp": ("L", "RGB", "P", "RGBA", "LA"),
    "tif": ("L", "RGB", "1", "P", "RGBA", "LA", "CMYK", "I;16", "F"),
    "ppm": ("L", "RGB", "1", "I;16"),
}


@pytest.mark.parametrize(
    ("suffix", "mode"), [(suffix, mode) for suffix, modes in KINDS.items() for mode in modes]
)
def test_every_kind_of_file(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tmp_path / f"it.{suffix}"
    image = Image.fromarray(RAMP)
    if mode == "I;16":
        image = Image.fromarray(RAMP.astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    image.save(path)
    picture = opened(path)
    assert picture.size == (40, 30)
    if mode != "1":
        seen = np.asarray(picture.convert("L")).astype(int)
        assert np.abs(seen - RAMP).max() <= 12, "JPEG and palettes lose a little"


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)).save(tmp_path / "it.png")
    assert np.asarray(opened(tmp_path / "it.png")).tolist() == [[0, 128, 255]]


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "it.png")
    assert np.asarray(opened(tmp_path / "it.png")).min() == 255


def test_turned_as_the_camera_says(tmp_path: Path) -> None:
    image = Image.fromarray(RAMP)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "it.png", exif=exif)
    assert np.array_equal(np.asarray(opened(tmp_path / "it.png")), np.rot90(RAMP, -1))


def test_an_animation_is_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("L", (5, 5), level) for level in (10, 200, 90)]
    frames[0].save(tmp_path / "it.gif", save_all=True, append_images=frames[1:])
    assert np.asarray(opened(tmp_path / "it.gif").convert("L")).max() == 10


def test_what_is_no_picture(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.png").values
    assert "folder" in refused(tmp_path).values
    (tmp_path / "text.png").write_text("not a picture")
    assert "no known picture format" in refused(tmp_path / "text.png").values
    (tmp_path / "empty.png").touch()
    assert refused(tmp_path / "empty.png")
    (tmp_path / "it.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")
    assert "no known picture format" in refused(tmp_path / "it.eps").values


def bomb(side: int) -> bytes:
    """A PNG of ``side``² black pixels in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_000, 100_000])
def test_a_decompression_bomb(tmp_path: Path, side: int) -> None:
    (tmp_path / "it.png").write_bytes(bomb(side))
    assert "pixels" in refused(tmp_path / "it.png").values


def test_a_file_too_large_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(RAMP).save(tmp_path / "it.png")
    monkeypatch.setattr(pictures_module, "MAX_FILE_BYTES", 10)
    assert "at most 10" in refused(tmp_path / "it.png").values


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "tif", "bmp"])
def test_damaged_pictures_never_raise(tmp_path: Path, suffix: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(RAMP).convert("RGB").save(
        buffer, format={"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix)
    )
    whole = buffer.getvalue()
    chance = random.Random(suffix)
    path = tmp_path / f"it.{suffix}"
    truncated = 0
    for round_ in range(80):
        damaged = bytearray(whole)
        if round_ % 2:
            damaged = damaged[: chance.randrange(len(damaged))]
        else:
            for _ in range(3):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        found = open_picture(path)
        assert isinstance(found, Image.Image | Problem)
        truncated += isinstance(found, Problem)
    assert truncated


@pytest.mark.parametrize(
    "array",
    [RAMP, RAMP[..., None], np.dstack([RAMP] * 3), np.dstack([RAMP] * 3 + [np.full_like(RAMP, 255)]), RAMP / 255,
     RAMP.astype(np.uint16) * 257, RAMP.astype(np.float32)],
)  # fmt: skip
def test_arrays(array: np.ndarray) -> None:
    image = from_array(array)
    assert isinstance(image, Image.Image)
    assert np.abs(np.asarray(image.convert("L")).astype(int) - RAMP).max() <= 1


def test_truth_values_are_black_and_white() -> None:
    image = from_array(RAMP > 100)
    assert isinstance(image, Image.Image)
    assert set(np.asarray(image).ravel().tolist()) == {0, 255}


@pytest.mark.parametrize("shape", [(0, 5), (4,), (4, 4, 2), (2, 2, 2, 2)])
def test_arrays_that_are_no_picture(data: Data, shape: tuple[int, ...]) -> None:
    assert isinstance(data.prepare_picture(np.zeros(shape, np.uint8)), Problem)
    assert isinstance(data.prepare_picture(np.full((3, 3), "a")), Problem)
