"""How well what was typed fits a name: for every list that is searched by a few letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

#: Where a word within a name, or a step of a path, begins.
_PARTS = re.compile(r"[-_./ ]+")

Thing = TypeVar("Thing")


def plain(text: str) -> str:
    """As people type it: small letters, 1x1 for 1×1."""
    return text.casefold().replace("×", "x")


@lru_cache(2**14)  # words are common to many names, and each letter typed asks them all again
def closeness(word: str, text: str) -> float:
    """1 for the same text, less for a beginning, the beginning of a word, a part, letters in order; 0: not at all."""
    if not word:
        return 0.01
    if word == text:
        return 1.0
    if text.startswith(word):
        return 0.8 + 0.1 * len(word) / len(text)
    if any(part.startswith(word) for part in _PARTS.split(text)):
        return 0.7
    if word in text:
        return 0.5
    rest = iter(text)
    if len(word) > 1 and word[0] == text[:1] and all(letter in rest for letter in word):
        return 0.3 * len(word) / len(text)
    return 0.0


def ranked(
    query: str, among: Iterable[Thing], words_of: Callable[[Thing], Iterable[tuple[str, float]]]
) -> list[Thing]:
    """What fits every word that was typed, best first, equals in the order given.

    ``words_of`` says by which texts a thing is found, each with what it counts.
    """
    words = plain(query).split()
    if not words:
        return list(among)
    found = []
    for place, thing in enumerate(among):
        texts = [(plain(text), weight) for text, weight in words_of(thing)]
        scores = [
            max((weight * closeness(word, text) for text, weight in texts), default=0) for word in words
        ]
        if all(scores):
            found.append((-sum(scores), place, thing))
    return [thing for *_, thing in sorted(found, key=lambda item: item[:2])]
