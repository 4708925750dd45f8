"""Reading pictures in processes of its own, which load neither torch nor a window."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from runtime.data.fitting import Fit
from runtime.data.pictures import fill, open_picture
from runtime.machine import usable_cores

#: Processes at most; beyond that the disk is what one waits for.
MOST = 16


def read_one(path: Path, fit: Fit) -> NDArray[np.uint8] | Problem:
    """A picture file as bytes (channels, H, W) of a fit."""
    picture = open_picture(path)
    return picture if isinstance(picture, Problem) else fill(picture, fit.channels, fit.size)


def read_all(paths: Sequence[Path], fit: Fit) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Pictures (n, channels, H, W), and what was wrong with those that stayed black, by position."""
    pixels = np.zeros((len(paths), fit.channels, *fit.size), np.uint8)
    wrong: dict[int, str] = {}
    for place, path in enumerate(paths):
        read = read_one(path, fit)
        if isinstance(read, Problem):
            wrong[place] = read.values
        else:
            pixels[place] = read
    return pixels, wrong


#: What the reading processes are told at their start.
_told: tuple[tuple[Path, ...], Fit] | None = None


def _begin(paths: tuple[Path, ...], fit: Fit) -> None:
    global _told  # noqa: PLW0603 -- a process's own memory is what an initializer is for
    _told = (paths, fit)
    # Ctrl+C is for the program, which ends its readers itself; and one that was killed leaves none behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()  # what is wrong with a file is answered; the program logs it once
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _read(indices: list[int]) -> tuple[NDArray[np.uint8], dict[int, str]]:
    assert _told is not None
    paths, fit = _told
    return read_all([paths[index] for index in indices], fit)


class Readers:
    """Processes that read the files of a set; started with the first question, ended by ``close``."""

    def __init__(self, paths: tuple[Path, ...], fit: Fit) -> None:
        self.count = min(MOST, usable_cores())
        # Forking a program that has threads may lock it up.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self.count, context, _begin, (paths, fit))

    def ask(self, indices: list[int]) -> Future[tuple[NDArray[np.uint8], dict[int, str]]]:
        """``read_all`` of these files."""
        return self._pool.submit(_read, indices)

    def close(self) -> None:
        """End the processes; what they have not begun is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)
