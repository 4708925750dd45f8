"""Whether the process that left something behind still lives: it holds a locked file, which the system lets go of
however the process ends; no process number is trusted, which another may have by now, and no clock.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

_BUSY = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
#: What is locked lies far behind what is written, so that others may read that also where locks are mandatory.
_FAR = 2**30
#: More than this in a claim is none of ours.
_MAX_BYTES = 2**18
_TRIES = 5
_FLAGS = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_LOCK_NAME = re.compile(r"([0-9a-f]{8})\.lock")


class Holder(StrEnum):
    """What is known of the process that holds a claim."""

    ALIVE = "alive"
    GONE = "gone"
    UNKNOWN = "unknown"


class Claim:
    """A file that is locked from the first ``note`` until ``release`` or the end of the process.

    What is noted are the paths of the files left behind if the process dies. ``token`` is eight hexadecimal digits, or
    what is given: there can be one claim of that name in the folder.
    """

    def __init__(self, folder: Path, token: str | None = None) -> None:
        self.token = token or secrets.token_hex(4)
        self.path = _path(folder, self.token)
        self._descriptor: int | None = None
        self._noted: set[Path] = set()

    @property
    def is_held(self) -> bool:
        """Whether others can see that this process lives."""
        return self._descriptor is not None

    def note(self, path: Path) -> None:
        """This is left behind if the process dies; where the claim cannot be written it is not held."""
        with contextlib.suppress(OSError):
            if self._descriptor is None:
                self._descriptor = _take(self.path)
            if self._descriptor is not None and path not in self._noted:
                os.lseek(self._descriptor, 0, os.SEEK_END)
                os.write(self._descriptor, f"{json.dumps(str(path))}\n".encode())
                self._noted.add(path)

    def release(self) -> None:
        """Nothing is left behind."""
        if self._descriptor is None:
            return
        # Locked while it goes, so that nobody takes it up meanwhile; on Windows what is open stays.
        with contextlib.suppress(OSError):
            if sys.platform != "win32":
                self.path.unlink()
        os.close(self._descriptor)
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self.path.unlink()
        self._descriptor = None
        self._noted.clear()


def holder(folder: Path, token: str) -> Holder:
    """Whether the process with this claim lives."""
    try:
        with _opened(_path(folder, token)) as descriptor:
            return Holder.GONE if _lock(descriptor) else Holder.ALIVE
    except FileNotFoundError:
        return Holder.GONE
    except OSError:
        return Holder.UNKNOWN


def clear(folder: Path, token: str) -> None:
    """Take a dead process's claim away; one that somebody holds stays."""
    path = _path(folder, token)
    with contextlib.suppress(OSError):
        with _opened(path) as descriptor:
            is_free = _lock(descriptor)
            if is_free and sys.platform != "win32":  # locked, so that nobody takes it up meanwhile
                path.unlink()
        if is_free and sys.platform == "win32":
            path.unlink()


def abandoned(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """Tokens of the claims whose processes have died, each with the files they noted that are still there.

    A claim of which nothing is left is cleared away.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for name in names:
        if (found := _LOCK_NAME.fullmatch(name)) is None:
            continue
        with contextlib.suppress(OSError):
            with _opened(folder / name) as descriptor:
                if not _lock(descriptor):
                    continue
                left = [path for path in _noted(descriptor) if _is_there(path)]
            if left:
                yield found[1], left
            else:
                clear(folder, found[1])


def settle(folder: Path, token: str) -> None:
    """Clear a dead process's claim away if nothing of what it noted is left."""
    for other, _ in abandoned(folder):
        if other == token:
            return


def _path(folder: Path, token: str) -> Path:
    return folder / f"{token}.lock"


def _take(path: Path) -> int | None:
    """A descriptor of the new file, locked; None where files cannot be locked."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for _ in range(_TRIES):
        descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o600)
        with contextlib.suppress(OSError):
            # Another program that is looking for claims of dead ones may have cleared this one away already.
            if _lock(descriptor) and os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)
        time.sleep(0.01)
    return None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        yield descriptor
    finally:
        os.close(descriptor)


def _noted(descriptor: int) -> Iterator[Path]:
    """The paths in a claim; a line that was cut off, or is none of ours, is left out."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    for line in os.read(descriptor, _MAX_BYTES).splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            text = json.loads(line)
            if isinstance(text, str) and "\0" not in text:
                yield Path(text)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _lock(descriptor: int) -> bool:
    """Lock an open file without waiting; False where another has; raises OSError where files cannot be locked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True
