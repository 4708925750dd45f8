"""Training beside a window: a plain thread, and a ring from which panels take events at their own pace."""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path
from typing import Any

from builder.document import Document
from builder.errors import Problem
from builder.logs import details
from runtime.training.control import Control
from runtime.training.events import Epoch, Event, Finished, Gradients, Maps, Started, Steps, Trouble
from runtime.training.records.runs import Run, default_folder
from runtime.training.settings import Settings

log = logging.getLogger(__name__)


#: Events that are taken at once.
MOST = 1000


class Ring:
    """Events on their way to a reader: durable ones all and in order, of Maps the newest of each node.

    One thread puts, one polls; neither waits for the other.
    """

    def __init__(self) -> None:
        self._durable: deque[Event] = deque()
        self._maps: dict[str, Maps] = {}

    def put(self, event: Event) -> None:
        """Hand over an event."""
        if isinstance(event, Maps):
            self._maps[event.path] = event
        else:
            self._durable.append(event)

    @property
    def has_maps(self) -> bool:
        """Whether maps wait to be taken."""
        return bool(self._maps)

    @property
    def is_long(self) -> bool:
        """Whether more waits than is taken at once."""
        return len(self._durable) > MOST

    @property
    def has_more(self) -> bool:
        """Whether durable events wait to be taken."""
        return bool(self._durable)

    def poll(self) -> list[Event]:
        """What has come since the last call, the oldest first, maps last; never blocks.

        At most ``MOST`` at once: a run that goes on tells all its past, which is to hold nobody up.
        """
        taken: list[Event] = []
        for _ in range(min(len(self._durable), MOST)):
            taken.append(self._durable.popleft())
        for path in list(self._maps):
            taken.append(self._maps.pop(path))
        return taken


class TrainingThread(threading.Thread):
    """Loads the data and trains in the background; PyTorch is imported in there, not here.

    The document is copied, so it may be edited meanwhile. ``control`` takes requests, ``ring`` gives events,
    Finished last. ``run`` is the folder being written once the data is loaded; None without ``run_dir``. With
    ``resumes``, a run's folder, it goes on with that run, whose document and settings are given, and tells again what
    was told so far.
    """

    def __init__(
        self,
        document: Document,
        settings: Settings,
        data_source: str | None = None,
        run_dir: Path | str | None = None,
        *,
        record: bool = True,
        resumes: Path | None = None,
    ) -> None:
        super().__init__(name="training", daemon=True)
        self.document = document.copy()
        self.settings = settings
        self.data_source = data_source or str(document.data.get("source", "digits"))
        self.document.put_settings("data", {**self.document.data, "source": self.data_source})
        self.document.put_settings("training", settings.to_json())
        self.run_dir = (Path(run_dir) if run_dir is not None else default_folder()) if record else None
        self.resumes = resumes
        self.control = Control()
        self.ring = Ring()
        self.recorded: Run | None = None
        self.data: Any = None

    def poll(self) -> list[Event]:
        """Events since the last call."""
        self.control.behind = False
        return self.ring.poll()

    def close(self, timeout: float | None = None) -> bool:
        """Stop after the current step without a final test, and wait; whether the thread has ended."""
        self.control.stop(at_once=True)
        if self.ident is not None:
            self.join(timeout)
        return not self.is_alive()

    def run(self) -> None:
        """The thread's work; whatever happens, Finished is the last event."""
        try:
            self._work()
        except Exception as error:
            log.exception("training failed outside its loop")
            self._fail(
                Problem(
                    "training-failed",
                    "Training stopped on an error",
                    f"{type(error).__name__}: {error}",
                    details(),
                )
            )

    def _work(self) -> None:
        from runtime.data import Data, load_data
        from runtime.training.loop import check, input_shape, mask_size, train

        shape = input_shape(self.document)
        data: Data | Problem
        if isinstance(shape, Problem):
            data = shape
        else:
            data = load_data(self.data_source, shape, mask_size=mask_size(self.document))
        if isinstance(data, Problem):
            self._fail(data)
            return
        self.data = data
        # A run that cannot begin leaves no folder behind.
        opened = None if check(self.document, self.settings, data) else self._open()
        if isinstance(opened, Problem):
            self._fail(opened)
            return
        self.recorded = opened
        for event in train(self.document, self.settings, data, control=self.control, run=self.recorded):
            if isinstance(event, Maps):
                self.control.behind = True
            self.ring.put(event)

    def _open(self) -> Run | Problem | None:
        """The run to write, if any is to be."""
        if self.resumes is None:
            return None if self.run_dir is None else Run.create(self.run_dir, self.document, self.settings)
        from runtime.training.resuming import resume

        run = resume(self.resumes)
        if isinstance(run, Run):
            for event in run.events():
                if isinstance(event, Started | Steps | Epoch | Gradients):
                    self.ring.put(event)
        return run

    def _fail(self, problem: Problem) -> None:
        self.ring.put(Trouble(problem))
        self.ring.put(Finished("failed", None, None, None, None, 0.0))
