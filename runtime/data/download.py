"""Files from the web: checked by hash, resumed where they broke off, from the next mirror where one fails.

By the standard library: a download here must go on from a partial file, try mirrors, tell its progress and let itself
be stopped, of which ``pooch`` does one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import logging
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from builder.errors import Problem

_log = logging.getLogger(__name__)

_BLOCK = 2**18
#: Seconds that a server may keep silent.
TIMEOUT = 30.0

#: Told (file, bytes there, bytes in all) as a download goes on.
Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on the web: its name, where it is to be had (in order), its size in bytes, and its MD5 as published."""

    name: str
    urls: tuple[str, ...]
    size: int
    md5: str


class _StoppedError(Exception):
    """Somebody asked the download to stop."""


def fetch(
    remotes: Sequence[Remote],
    folder: Path,
    progress: Progress = lambda _file, _there, _all: None,
    stop: Callable[[], bool] = lambda: False,
) -> Problem | None:
    """Have these files in a folder; those that are there already are left. None if all went well.

    ``stop`` is asked again and again; what came until then is kept, and the next time is gone on from there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for remote in remotes:
            if not (folder / remote.name).is_file() and (problem := _fetch(remote, folder, progress, stop)):
                return problem
    except _StoppedError:
        return Problem(
            "download-stopped", "The download was stopped", "", "What came is kept: begin again to go on"
        )
    except OSError as error:
        _log.warning("can't write to %s", folder, exc_info=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Problem(
            "disk-full" if full else "not-writable",
            "A download needs room on the disk" if full else "A download must be written",
            f"'{folder}': {error.strerror or error}",
            "Make room; what came is kept" if full else "Check the folder's permissions",
        )
    return None


def _fetch(remote: Remote, folder: Path, progress: Progress, stop: Callable[[], bool]) -> Problem | None:
    """One file, from the first mirror that has it."""
    part = folder / f"{remote.name}.part"
    there = part.stat().st_size if part.exists() else 0
    free = shutil.disk_usage(folder).free
    if remote.size - there > free:
        raise OSError(errno.ENOSPC, f"{remote.size - there:,} bytes are to come, {free:,} are free")
    failures: list[str] = []
    for url in remote.urls:
        try:
            _receive(url, part, remote, progress, stop)
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            _log.info("%s failed", url, exc_info=True)
            failures.append(f"{url}: {getattr(error, 'reason', None) or str(error) or type(error).__name__}")
            continue
        found = digest(part)
        if found == remote.md5:
            part.replace(folder / remote.name)
            return None
        failures.append(f"{url}: its MD5 is {found} and should be {remote.md5}")
        part.unlink()
    wrong = any("its MD5 is" in failure for failure in failures)
    return Problem(
        "download-damaged" if wrong else "download-failed",
        f"'{remote.name}' could not be fetched" + (" as it was published" if wrong else ""),
        "; ".join(failures),
        "Try again later, or put the file there yourself"
        if wrong
        else "Check the connection and try again: what came is kept",
    )


def digest(path: Path) -> str:
    """A file's MD5, which is what these sets are published with: it tells damage, not malice."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _receive(url: str, part: Path, remote: Remote, progress: Progress, stop: Callable[[], bool]) -> None:
    """Go on with a partial file, from the start where the server cannot do that."""
    there = part.stat().st_size if part.exists() else 0
    if there == remote.size:
        return
    if there > remote.size:
        there = 0
    if not url.startswith(("https://", "http://")):
        raise urllib.error.URLError("only http and https are spoken")
    headers = {"User-Agent": "convolab", **({"Range": f"bytes={there}-"} if there else {})}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 -- checked above
    try:
        with contextlib.closing(urllib.request.urlopen(request, timeout=TIMEOUT)) as answer:  # noqa: S310
            goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT and _begins_at(answer, there)
            _write(answer, part, there if goes_on else 0, remote, progress, stop)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and there:
            part.unlink()
            _receive(url, part, remote, progress, stop)
            return
        raise


def _begins_at(answer: http.client.HTTPResponse, there: int) -> bool:
    return (answer.headers.get("Content-Range") or "").startswith(f"bytes {there}-")


def _write(
    answer: http.client.HTTPResponse,
    part: Path,
    there: int,
    remote: Remote,
    progress: Progress,
    stop: Callable[[], bool],
) -> None:
    with part.open("ab" if there else "wb") as file:
        progress(remote.name, there, remote.size)
        while there <= remote.size:  # who sends more than was published sends something else
            if stop():
                raise _StoppedError
            block = answer.read(_BLOCK)
            if not block:
                break
            file.write(block)
            there += len(block)
            progress(remote.name, there, remote.size)
    if there < remote.size:
        raise ConnectionError(f"it broke off after {there:,} of {remote.size:,} bytes")
