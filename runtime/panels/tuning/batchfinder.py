"""Looks for the largest batch that fits behind the window, and shows how fast each is with a button for the best."""

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
    from runtime.training.searching.largest import BatchFound


class BatchFinder(Finder):
    """``chosen(batch)`` tells the batch that is to be used: the smallest that is nearly as fast as any."""

    sought = "The largest batch"
    doing = "Trying batches of growing size on a fresh network…"

    def __init__(self, session: Session, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(session, worker, "Images per second with each batch", parent)
        self.found: BatchFound | None = None

    @staticmethod
    def seek(
        document: Document,
        settings: Settings,
        data: Data,
        stop: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> Any:
        from runtime.training.searching.largest import find_batch

        return find_batch(
            document,
            settings,
            data,
            stop=stop,
            trying=lambda batch: tell(f"Trying a batch of {batch:,}…"),
        )

    def forget(self) -> None:
        super().forget()
        self.found = None

    def show_found(self, found: BatchFound) -> None:
        self.found = found
        limit = "the whole training split" if found.limit == "data" else "by memory"
        self.tell(
            f"The largest batch is {found.largest:,}, {limit}. Use {found.fastest:,}: the smallest that is nearly as "
            "fast as any."
        )
        self.offer(found.fastest, f"Use {found.fastest:,}")
        batches, rates = zip(*found.tried, strict=True)
        self.picture.show_curve(
            [math.log2(batch) for batch in batches],
            rates,
            top=f"up to {max(rates):,.0f} images/s",
            left=f"{batches[0]:,}",
            right=f"batch of {batches[-1]:,}",
            mark=math.log2(found.fastest),
        )
        self.picture.setVisible(len(batches) > 1)
