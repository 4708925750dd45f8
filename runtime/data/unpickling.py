"""Pickles of plain things: dicts, lists, numbers, text, bytes and arrays of bytes; nothing else is made or called.

CIFAR's Python version comes as pickles. Not even numpy's own functions are called: what stands for an array is
read off. The reader is Python's, whose memory grows with what was read; C's makes room for any number it is told.
"""

from __future__ import annotations

import io
import pickle  # noqa: TID251 -- read by the list of what is allowed below, and by nothing else
import pickletools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

#: Opcodes that build plain values, name one of the allowed things, call it, or fill an array.
ALLOWED = frozenset(
    """
    MARK STOP POP POP_MARK DUP BININT BININT1 BININT2 LONG1 NONE NEWTRUE NEWFALSE BINFLOAT SHORT_BINSTRING BINSTRING
    BINUNICODE SHORT_BINUNICODE BINBYTES SHORT_BINBYTES EMPTY_LIST APPEND APPENDS LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2
    TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET PROTO FRAME GLOBAL
    STACK_GLOBAL REDUCE BUILD
    """.split()  # noqa: SIM905 -- opcodes are read as a text
)


class RefusedError(Exception):
    """A pickle holds what is not allowed."""


class _Type:
    """Stands for the type of bytes."""

    def __init__(self, name: object = None, *_: object) -> None:
        if name not in ("u1", b"u1"):
            raise RefusedError(f"an array of another type than bytes ({type(name).__name__})")


class Bytes:
    """Stands for an array of bytes; ``array`` is it."""

    array: np.ndarray[Any, np.dtype[np.uint8]]

    def fill(self, state: object) -> None:
        """By the state that numpy's arrays are pickled with: version, shape, type, order, bytes."""
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[4], bytes):
            raise RefusedError("an array without its bytes")
        if not isinstance(state[2], _Type) or state[3]:
            raise RefusedError("an array that is not of bytes, row by row")
        self.array = np.frombuffer(state[4], np.uint8).reshape(state[1])


def _as_bytes(text: object, encoding: object = "") -> bytes:
    """What Python 3 calls to have bytes in pickles that Python 2 reads."""
    if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
        raise RefusedError("text in an unusual encoding")
    return text.encode("latin1")


def _empty(*_: object) -> Bytes:
    return Bytes()


#: What a pickle may name, and what is called in its place.
_NAMED: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _empty,
    ("numpy._core.multiarray", "_reconstruct"): _empty,
    ("numpy", "ndarray"): _empty,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _as_bytes,
}


#: What Python's own reader does at each opcode.
_AS_PYTHON: Mapping[int, Callable[[Any], None]] = pickle._Unpickler.dispatch


class _Reader(pickle._Unpickler):
    """Python's own reader with the opcodes that are allowed."""

    stack: list[Any]
    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        ord(opcode.code): _AS_PYTHON[ord(opcode.code)]
        for opcode in pickletools.opcodes
        if opcode.name in ALLOWED
    }

    def find_class(self, module: str, name: str) -> Any:
        found = _NAMED.get((module, name))
        if found is None:
            raise RefusedError(f"the name {module}.{name}"[:120])
        return found

    def load_build(self) -> None:
        """State for arrays and their types alone: elsewhere it could change what things are."""
        state = self.stack.pop()
        if isinstance(self.stack[-1], Bytes):
            self.stack[-1].fill(state)
        elif not isinstance(self.stack[-1], _Type):
            raise RefusedError("state for something that has none")

    def load_setitem(self) -> None:
        """A key that is a tuple of tuples takes time without end to look up."""
        _check_key(self.stack[-2])
        _AS_PYTHON[pickle.SETITEM[0]](self)

    def load_setitems(self) -> None:
        """See ``load_setitem``; the keys lie above the mark."""
        for key in self.stack[::2]:
            _check_key(key)
        _AS_PYTHON[pickle.SETITEMS[0]](self)

    def load_dict(self) -> None:
        """See ``load_setitem``."""
        for key in self.stack[::2]:
            _check_key(key)
        _AS_PYTHON[pickle.DICT[0]](self)

    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict


def _check_key(key: object) -> None:
    if not isinstance(key, str | bytes | int):
        raise RefusedError(f"a dict by a {type(key).__name__}")


def read_plain(data: bytes) -> Any:
    """The value in a pickle, text of Python 2 as bytes, arrays as ``Bytes``; raises RefusedError for anything else."""
    try:
        return _Reader(io.BytesIO(data), encoding="bytes").load()
    except RefusedError:
        raise
    except KeyError as error:
        raise RefusedError(f"an instruction that is not allowed ({error})") from error
    except Exception as error:
        raise RefusedError(f"it is damaged ({type(error).__name__}: {error})"[:160]) from error
