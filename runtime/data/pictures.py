"""Pictures of any kind, from anywhere, as bytes of a wanted size."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from builder.errors import Problem
from runtime.data.raw import legibly

_log = logging.getLogger(__name__)

# Both hold for the process: what would set them for a while cannot be used from several threads. Sizes are checked
# below, and odd files are read or refused, of which nobody needs to be warned besides.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", module=r"PIL\.")

T = TypeVar("T")
Pixels: TypeAlias = NDArray[np.uint8]

#: Largest file and largest picture that are opened; both far above any camera's.
MAX_FILE_BYTES = 256 * 2**20
MAX_PIXELS = 89_478_485  # Pillow's own mark for a decompression bomb

#: Read by running another program (Ghostscript) or by the system: not for pictures from anywhere.
_EXTERNAL = frozenset({"EPS", "WMF", "MPEG"})

#: How pixels between pixels are found.
INTERPOLATIONS: Mapping[str, Image.Resampling] = MappingProxyType(
    {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
)

#: What a folder is searched for.
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})


def _bad(name: str, values: str, way_out: str = "Choose another picture") -> Problem:
    return legibly(Problem("picture", f"'{name}' can't be used as a picture", values, way_out))


def _formats() -> list[str]:
    Image.init()
    return [name for name in Image.ID if name not in _EXTERNAL]


def _to_bytes(values: NDArray[Any]) -> Pixels:
    """Grey levels as bytes: integers taken as 8 or 16 bits, reals as 0…1, 0…255 or else stretched."""
    levels = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if np.issubdtype(values.dtype, np.integer):
        top = 255.0 if levels.max() <= 255 else max(65535.0, levels.max())
        return np.rint(levels.clip(0) * (255 / top)).astype(np.uint8)
    low, high = levels.min(), levels.max()
    if low < 0 or high > 255:
        levels = (levels - low) / max(high - low, np.finfo(np.float64).tiny) * 255
    elif high <= 1:
        levels = levels * 255
    return np.rint(levels).astype(np.uint8)


def _on_white(image: Image.Image) -> Image.Image:
    """A picture with transparency as it looks on paper."""
    colour = image.convert("RGBA")
    paper = Image.new("RGBA", colour.size, "white")
    return Image.alpha_composite(paper, colour).convert("RGB")


def _plain(image: Image.Image) -> Image.Image:
    """The first frame, upright, in mode L or RGB."""
    image.seek(0)
    image.load()
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  broken EXIF raises anything; the picture is fine without it
        _log.info("orientation not understood", exc_info=True)
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image)))
    if image.has_transparency_data:
        return _on_white(image)
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")


def centre(
    of: tuple[int, int], size: tuple[int, int], crop: float = 1.0
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the middle of a picture (width, height) in the proportions of ``size`` (H, W)."""
    height, width = size
    scale = crop * min(of[0] / width, of[1] / height)
    across, down = width * scale, height * scale
    left, top = (of[0] - across) / 2, (of[1] - down) / 2
    return left, top, min(left + across, of[0]), min(top + down, of[1])


def fill(
    image: Image.Image,
    channels: int,
    size: tuple[int, int],
    crop: float = 1.0,
    interpolation: str = "bilinear",
) -> Pixels:
    """``image`` as uint8 (channels, H, W): its centre cut out and resized, antialiased.

    The cut has the wanted proportions, and ``crop`` of the most that the picture has room for. One channel is luma,
    three are RGB.
    """
    height, width = size
    image = image.convert("L" if channels == 1 else "RGB")
    box = centre(image.size, size, crop)
    image = image.resize((width, height), INTERPOLATIONS[interpolation], box=box)
    pixels = np.asarray(image, np.uint8)
    return pixels[None] if channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def open_picture(path: Path) -> Image.Image | Problem:
    """The picture in a file (the first frame of several), upright, in mode L or RGB."""
    return opened(path, _plain)


def check_picture(path: Path) -> Problem | None:
    """Whether a file says that it is a picture that can be read; its pixels are not looked at."""
    return opened(path, lambda _image: None)


def opened(path: Path, use: Callable[[Image.Image], T]) -> T | Problem:
    """What ``use`` makes of the picture in a file; a Problem where it is none, too large or damaged."""
    name = path.name or str(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            return _bad(name, "it is not a file" if not path.is_dir() else "it is a folder")
        if size > MAX_FILE_BYTES:
            return _bad(name, f"it has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read")
        with Image.open(path, formats=_formats()) as image:
            if image.width * image.height > MAX_PIXELS:
                shape = f"it has {image.width}×{image.height} pixels, at most {MAX_PIXELS:,} are read"
                return _bad(name, shape, "Scale it down first")
            return use(image)
    except FileNotFoundError:
        return _bad(name, "there is no such file", "Check the path")
    except UnidentifiedImageError:
        return _bad(
            name, "its contents are of no known picture format", "Choose a PNG, JPEG, WebP, TIFF or BMP file"
        )
    except PermissionError:
        return _bad(name, "it may not be read", "Check its permissions")
    except Exception as error:  # noqa: BLE001  readers of damaged files raise whatever they stumble over
        _log.warning("can't read %s", path, exc_info=True)
        return _bad(name, f"it is damaged ({str(error) or type(error).__name__})")


def from_array(pixels: NDArray[Any]) -> Image.Image | Problem:
    """A picture from an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4): bytes, 16-bit numbers or 0…1."""
    pixels = np.asarray(pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.size == 0 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        return _bad("array", f"its shape is {pixels.shape}", "Give (H, W), (H, W, 3) or (H, W, 4)")
    if pixels.shape[0] * pixels.shape[1] > MAX_PIXELS:
        return _bad(
            "array", f"it has {pixels.shape[0]}×{pixels.shape[1]} pixels, at most {MAX_PIXELS:,} are read"
        )
    if pixels.dtype.kind not in "uifb":
        return _bad("array", f"its type is {pixels.dtype}", "Give bytes or numbers from 0 to 1")
    if pixels.dtype != np.uint8:
        pixels = _to_bytes(pixels * np.uint8(255) if pixels.dtype == np.bool_ else pixels)
    return _plain(Image.fromarray(np.ascontiguousarray(pixels)))
