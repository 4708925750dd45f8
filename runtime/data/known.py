"""Sets that are known by name: where they are looked for, and where on the web they are to be had."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path

import numpy as np
import platformdirs

from builder.errors import Problem
from runtime.data import cifar
from runtime.data.download import Progress, Remote, fetch
from runtime.data.generated import CHANNELS, PICTURES, SERIES, STEPS, read_shapes, read_waves
from runtime.data.idx import find_pairs, read_idx_folder
from runtime.data.raw import Raw

FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
DIGITS = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Source:
    """A set that is known by name; ``how_to_get`` says what to do where it is not ``available``.

    ``find`` says what of it a folder holds, ``read`` reads what was found; ``remotes`` are fetched by ``download``.
    """

    name: str
    title: str
    sentence: str
    read: Callable[[Source], Raw | Problem]
    find: Callable[[Path], object] | None = None
    torchvision: str = ""
    package: str = ""
    remotes: tuple[Remote, ...] = ()

    def folders(self) -> tuple[Path, ...]:
        """Where it is looked for, one's own folder last; none of a set that comes with the program."""
        return places(self.name, self.torchvision) if self.find is not None else ()

    @property
    def folder(self) -> Path | None:
        """Where its files were found; None where they were not, or where none are needed."""
        find = self.find
        return next((folder for folder in self.folders() if find(folder)), None) if find is not None else None

    @property
    def available(self) -> bool:
        """Whether it can be loaded now; looks at folders, reads nothing."""
        return self.find is None or self.folder is not None

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(remote.size for remote in self.remotes)

    @property
    def how_to_get(self) -> str:
        """What to do to have it."""
        if self.find is None:
            return "It comes with the program"
        files = ", ".join(remote.name for remote in self.remotes)
        by_package = f"Install the package {self.package} (Debian, Ubuntu), or put" if self.package else "Put"
        return f"{by_package} {files} into {self.folders()[-1]}; 'app.py data {self.name}' and the window download it"

    def download(
        self,
        progress: Progress = lambda _file, _there, _all: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Problem | None:
        """Fetch its files into one's own folder; None if it is there now."""
        if self.available:
            return None
        return fetch(self.remotes, self.folders()[-1], progress, stop)

    @property
    def missing(self) -> Problem:
        """What is said where it is wanted and not there."""
        looked = ", ".join(str(path) for path in self.folders())
        return Problem(
            "data-missing", f"{self.title} is not on this computer", f"looked in {looked}", self.how_to_get
        )


def places(name: str, torchvision: str) -> tuple[Path, ...]:
    """Where a set may lie: the system's and Python's shared data, where torchvision is told to look, one's own."""
    prefixes = dict.fromkeys((sys.prefix, sys.base_prefix, "/usr", "/usr/local"))
    shared = [Path(prefix) / "share" / "datasets" / name for prefix in prefixes]
    home = Path.home()
    roots = [Path("data"), home / "data", home / ".cache" / "torchvision", home / ".cache"]
    own = Path(platformdirs.user_data_dir("convolab", appauthor=False)) / "datasets" / name
    return (*shared, *(root / torchvision if torchvision else root for root in roots), own)


def _read_digits(source: Source) -> Raw | Problem:
    stored = (resources.files("resources") / "data" / "digits.npz").read_bytes()
    with np.load(BytesIO(stored), allow_pickle=False) as data:
        counts, labels = data["images"], data["labels"].astype(np.int64)
    # The 17 grey levels are counts of black pixels, 0…16.
    images = ((counts.astype(np.uint16) * 255 + 8) // 16).astype(np.uint8)[:, None]
    return Raw(source.name, source.title, source.sentence, images, labels, DIGITS)


def _read_idx(classes: tuple[str, ...]) -> Callable[[Source], Raw | Problem]:
    def read(source: Source) -> Raw | Problem:
        folder = source.folder
        if folder is None:
            return source.missing
        return read_idx_folder(source.name, source.title, source.sentence, folder, classes)

    return read


def _read_cifar(kind: cifar.Kind) -> Callable[[Source], Raw | Problem]:
    def read(source: Source) -> Raw | Problem:
        folder = source.folder
        found = cifar.find(folder, kind) if folder is not None else None
        return (
            source.missing if found is None else cifar.read(found, source.name, source.title, source.sentence)
        )

    return read


def _idx_files(urls: tuple[str, ...], *files: tuple[str, int, str]) -> tuple[Remote, ...]:
    return tuple(Remote(name, tuple(url + name for url in urls), size, md5) for name, size, md5 in files)


def _from_toronto(name: str, size: int, md5: str) -> tuple[Remote, ...]:
    """An archive by the page https://www.cs.toronto.edu/~kriz/cifar.html, which gives its MD5."""
    urls = (f"https://www.cs.toronto.edu/~kriz/{name}", f"https://cave.cs.toronto.edu/kriz/{name}")
    return (Remote(name, urls, size, md5),)


DATA_SOURCES: tuple[Source, ...] = (
    Source(
        "digits",
        "Digits",
        "1,797 real scans of handwritten digits, 8×8 grey pixels, 10 classes.",
        _read_digits,
    ),
    Source(
        "shapes",
        "Shapes",
        f"{PICTURES} pictures of coloured discs, squares and triangles on grain, 64×64 pixels, each with a mask: "
        "4 classes with the background.",
        lambda source: read_shapes(source.name, source.title, source.sentence),
    ),
    Source(
        "waves",
        "Waves",
        f"{SERIES} series of {CHANNELS} channels and {STEPS} steps: sines, squares, sawtooths and chirps in noise, "
        "4 classes.",
        lambda source: read_waves(source.name, source.title, source.sentence),
    ),
    Source(
        "fashion-mnist",
        "Fashion-MNIST",
        "70,000 pictures of clothes, 28×28 grey pixels, 10 classes; the last 10,000 are its test set.",
        _read_idx(FASHION_CLASSES),
        find_pairs,
        "FashionMNIST/raw",
        "dataset-fashion-mnist",
        # https://github.com/zalandoresearch/fashion-mnist#get-the-data
        _idx_files(
            (
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
            ("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
        ),
    ),
    Source(
        "mnist",
        "MNIST",
        "70,000 handwritten digits, 28×28 grey pixels, 10 classes; the last 10,000 are its test set.",
        _read_idx(DIGITS),
        find_pairs,
        "MNIST/raw",
        # The hashes are those of torchvision.datasets.MNIST, for the files of http://yann.lecun.com/exdb/mnist/.
        remotes=_idx_files(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            ("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        ),
    ),
    Source(
        "cifar10",
        "CIFAR-10",
        "60,000 photos of animals and vehicles, 32×32 pixels in colour, 10 classes; the last 10,000 are its test set.",
        _read_cifar(cifar.CIFAR10),
        lambda folder: cifar.find(folder, cifar.CIFAR10),
        remotes=_from_toronto("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530"),
    ),
    Source(
        "cifar100",
        "CIFAR-100",
        "60,000 photos, 32×32 pixels in colour, 100 classes; the last 10,000 are its test set.",
        _read_cifar(cifar.CIFAR100),
        lambda folder: cifar.find(folder, cifar.CIFAR100),
        remotes=_from_toronto("cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8"),
    ),
)
BY_NAME = {source.name: source for source in DATA_SOURCES}
