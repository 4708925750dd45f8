"""Looks for a learning rate behind the window, and shows the curve with a button that takes what was found."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.tuning.finder import Finder
from runtime.training.settings import Settings

if TYPE_CHECKING:
    from builder.document import Document
    from runtime.data import Data
    from runtime.training.searching.finding import RateCurve


class RateFinder(Finder):
    """``chosen(rate)`` tells the learning rate that is to be used."""

    sought = "A learning rate"
    doing = "Looking: a fresh network learns while its rate grows from step to step…"

    def __init__(self, session: Session, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(session, worker, "Loss at each learning rate", parent)
        self.curve: RateCurve | None = None

    @staticmethod
    def seek(
        document: Document,
        settings: Settings,
        data: Data,
        stop: Callable[[], bool],
        tell: Callable[[str], None],  # noqa: ARG004 -- steps are too many to tell
    ) -> Any:
        from runtime.training.searching.finding import find_learning_rate

        return find_learning_rate(document, settings, data, stop=stop)

    def forget(self) -> None:
        super().forget()
        self.curve = None

    def show_found(self, found: RateCurve) -> None:
        self.curve = found
        if found.suggestion is None:
            self.tell(
                "The loss falls at no rate in so few steps: look at the data, the network or its settings."
            )
        else:
            self.tell(_read(found))
            self.offer(found.suggestion, f"Use {found.suggestion:g}")
        if found.losses:
            self._draw(found)

    def _draw(self, curve: RateCurve) -> None:
        losses = [
            min(loss, 1.5 * curve.losses[0]) for loss in curve.losses
        ]  # an explosion would flatten the rest
        self.picture.show_curve(
            [math.log10(rate) for rate in curve.rates],
            losses,
            from_zero=False,
            top=f"loss {min(losses):.3g} to {max(losses):.3g}",
            left=f"{curve.rates[0]:.0e}",
            right=f"{curve.rates[-1]:.2g}",
            mark=None if curve.suggestion is None else math.log10(curve.suggestion),
        )
        self.picture.show()


def _read(curve: RateCurve) -> str:
    """What is seen in a curve, and why the rate that is suggested is none of those that are seen, if it is not."""
    steepest, valley, lowest = curve.steepest or 0.0, curve.valley or 0.0, curve.lowest or 0.0
    said = (
        f"The loss falls fastest at {steepest:.2g} and is lowest at {lowest:.2g}, where the rate is about to be too "
        "high."
    )
    if steepest <= min(valley, lowest / 10):
        return said
    which = "The middle of the fall" if valley < lowest / 10 else "A tenth of the lowest"
    return f"{said} {which}, {curve.suggestion:g}, is safer than either."
