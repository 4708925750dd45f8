"""Undo without end: steps of invertible edits over a document, free of Qt."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from builder.document import Document, Edit
from builder.edits import apply_all
from builder.errors import Address


@dataclass(frozen=True, slots=True)
class Step:
    """What one undo takes back: its label, and the inverses of its edits in the order of doing."""

    label: str
    inverses: tuple[Edit, ...]
    merge: Hashable | None = None

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The nodes it touches, so that the canvas can go to where the change is."""
        return tuple(dict.fromkeys(address for edit in self.inverses for address in edit.addresses()))


class History:
    """The undo and redo steps of one document; everything a user does to it goes through ``perform``.

    Time and memory of a step are those of its edits, whatever the size of the document.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._done: list[Step] = []
        self._undone: list[Step] = []
        #: How many steps were done when the document was saved; None once undo cannot lead there any more.
        self._saved: int | None = 0
        self._may_merge = False
        self._observers: list[Callable[[], None]] = []

    def perform(self, label: str, edits: Iterable[Edit], merge: Hashable | None = None) -> None:
        """Perform edits as one step, or as part of the last one if that has the same ``merge`` key.

        ``edits`` may be a generator that looks at the document between edits. Where an edit raises, those
        before it are taken back, the history stays as it was, and the exception goes on.
        """
        inverses = tuple(apply_all(self.document, edits))
        if not inverses:
            return
        last = self._done[-1] if self._done else None
        if merge is not None and self._may_merge and last is not None and last.merge == merge:
            self._done[-1] = Step(label, _joined(last.inverses, inverses), merge)
        else:
            if self._saved is not None and self._saved > len(self._done):
                self._saved = None
            self._done.append(Step(label, inverses, merge))
        self._undone.clear()
        self._may_merge = True
        self._notify()

    def undo(self) -> Step | None:
        """Take the last step back; returns it, or None where there is none."""
        return self._move(self._done, self._undone)

    def redo(self) -> Step | None:
        """Do the step again that was undone last; returns it, or None where there is none."""
        return self._move(self._undone, self._done)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._undone)

    @property
    def undo_label(self) -> str:
        """What undo would take back, "" if nothing."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again, "" if nothing."""
        return self._undone[-1].label if self._undone else ""

    def mark_saved(self) -> None:
        """Remember that the document as it is now is on disk; no later step is merged into this state."""
        self._saved = len(self._done)
        self._may_merge = False
        self._notify()

    def mark_unsaved(self) -> None:
        """Forget what is on disk: the document is to be saved, whatever is undone (as after a recovery)."""
        self._saved = None
        self._notify()

    @property
    def is_saved(self) -> bool:
        """Whether the document is as it was when last saved (or when the history began)."""
        return self._saved == len(self._done)

    @property
    def unsaved_steps(self) -> int | None:
        """How many steps, undone ones too, lie between what is on disk and now; None where none lead there."""
        return None if self._saved is None else abs(len(self._done) - self._saved)

    def end_merging(self) -> None:
        """The next step stands by itself even with the same merge key (a drag ended, a field was left)."""
        self._may_merge = False

    def subscribe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call ``observer`` after each step, undo, redo and save, until the returned function is called."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _move(self, source: list[Step], target: list[Step]) -> Step | None:
        if not source:
            return None
        step = source[-1]
        inverses = apply_all(self.document, reversed(step.inverses))
        source.pop()
        target.append(Step(step.label, tuple(inverses), step.merge))
        self._may_merge = False
        self._notify()
        return step

    def _notify(self) -> None:
        for observer in tuple(self._observers):
            observer()


def _joined(earlier: tuple[Edit, ...], later: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Inverses of two runs of edits: where both overwrite the same, the earlier ones restore it alone."""
    slots = [edit.slot() for edit in earlier]
    if None not in slots and slots == [edit.slot() for edit in later]:
        return earlier
    return earlier + later
