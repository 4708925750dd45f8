"""What a run has told so far. No Qt in here."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from runtime.training.events import (
    Checkpoint,
    Epoch,
    Event,
    Finished,
    Gradients,
    Started,
    State,
    Steps,
    Trouble,
)

if TYPE_CHECKING:
    from runtime.panels.plotting.columns import Column


#: Steps that may be missing in front of one that is told; what leaves out more is no run of ours.
_MOST_MISSING = 10_000_000


class Trace:
    """A run as its events tell it: fed with each event, live or replayed, and read by the panels."""

    def __init__(self) -> None:
        self.started: Started | None = None
        self.finished: Finished | None = None
        self.state = ""
        self.images_per_second = 0.0
        #: Those last told, with what they took of the machine.
        self.last_steps: Steps | None = None
        #: Of the last step that was told.
        self.learning_rate = 0.0
        #: Training steps told so far.
        self.steps = 0
        self.epochs: list[Epoch] = []
        self.best: Epoch | None = None
        self.problem: str = ""
        #: How long the gradients of the nodes were, seldom told.
        self.gradients: list[Gradients] = []
        #: Over about so many steps the running means go; None: an eighth of an epoch.
        self.span: int | None = None
        #: Raised by everything that changes what is drawn.
        self.revision = 0

    @cached_property
    def loss(self) -> Column:
        """Of each step."""
        return _column()

    @cached_property
    def accuracy(self) -> Column:
        """Of each step."""
        return _column()

    @cached_property
    def smooth_loss(self) -> Column:
        """The running mean of the loss."""
        return _column()

    @cached_property
    def smooth_accuracy(self) -> Column:
        """The running mean of the accuracy."""
        return _column()

    @cached_property
    def rates(self) -> Column:
        """The learning rate of each step."""
        return _column()

    @cached_property
    def speeds(self) -> Column:
        """Images per second, of each step that of the stretch it was told with."""
        return _column()

    @property
    def metric(self) -> str:
        """The name of the score that what is called accuracy here is."""
        return (self.started.metric if self.started is not None else "") or "accuracy"

    @property
    def epoch(self) -> float:
        """How many epochs are through, with the fraction of the one that runs."""
        if self.started is None or not self.started.steps_per_epoch:
            return float(len(self.epochs))
        return self.steps / self.started.steps_per_epoch

    def restart(self) -> None:
        """Forget all: what was told is void, and will be told again from the beginning."""
        self._rewind(0)
        self.started = self.finished = self.best = None
        self.state = self.problem = ""
        self.revision += 1

    def add(self, event: Event) -> None:
        """Take in one event; what is not about curves is left alone."""
        match event:
            case Started() | Steps() if self._leaves_out_too_much(event):
                return
            case Started():
                self.started, self.finished, self.state = event, None, "running"
                self._rewind(event.first_step)
            case Steps():
                self._rewind(event.first)
                self._steps(event)
            case Epoch():
                self.epochs.append(event)
                if event.best:
                    self.best = event
            case Gradients():
                self.gradients.append(event)
            case State():
                self.state = event.state
            case Finished():
                self.finished, self.state = event, event.reason
            case Trouble():
                self.problem = event.problem.message
            case Checkpoint():
                return
            case _:
                return
        self.revision += 1

    def _leaves_out_too_much(self, event: Started | Steps) -> bool:
        first = event.first_step if isinstance(event, Started) else event.first
        return first > self.steps + _MOST_MISSING

    def _steps(self, event: Steps) -> None:
        span = self._span()
        for raw, smooth, values in (
            (self.loss, self.smooth_loss, event.loss),
            (self.accuracy, self.smooth_accuracy, event.accuracy),
        ):
            before = float(smooth.values[-1]) if len(smooth) else math.nan
            smooth.extend(_running_mean(before, len(smooth), values, span))
            raw.extend(values)
        self.rates.extend(event.learning_rate)
        self.speeds.extend((event.images_per_second,) * len(event.loss))
        self.steps += len(event.loss)
        self.images_per_second = event.images_per_second
        self.last_steps = event
        if event.learning_rate:
            self.learning_rate = event.learning_rate[-1]

    def _span(self) -> int:
        return self.span or max(8, (self.started.steps_per_epoch if self.started else 0) // 8)

    def smooth_over(self, span: int | None) -> None:
        """Let the running means go over about so many steps, from the first on; 1: they are the values."""
        if span == self.span:
            return
        self.span = span
        if self.steps:
            from runtime.panels.plotting.columns import running_mean

            for raw, smooth in ((self.loss, self.smooth_loss), (self.accuracy, self.smooth_accuracy)):
                smooth.truncate(0)
                smooth.extend(running_mean(raw.values, self._span()))
        self.revision += 1

    def _rewind(self, step: int) -> None:
        """Forget what came after ``step``, and leave a gap where the steps before it are not told."""
        if step < self.steps:
            self.epochs = [epoch for epoch in self.epochs if epoch.step <= step]
            self.best = next((epoch for epoch in reversed(self.epochs) if epoch.best), None)
            self.gradients = [told for told in self.gradients if told.step < step]
        columns = (self.loss, self.accuracy, self.smooth_loss, self.smooth_accuracy, self.rates, self.speeds)
        for column in columns:
            column.truncate(step)
            column.pad(step)
        self.steps = step


def _column() -> Column:
    """numpy comes with the first step of a run: the window opens without."""
    from runtime.panels.plotting.columns import Column

    return Column()


def _running_mean(before: float, count: int, values: tuple[float, ...], span: int) -> tuple[float, ...]:
    """The exponential mean over about ``span`` values, a plain mean while there are fewer.

    ``before`` is the mean of the ``count`` values so far (NaN: none); what is not finite is passed over.
    """
    mean, means = before, []
    for value in values:
        count += 1
        if not math.isfinite(mean):
            mean = value
        elif math.isfinite(value):
            mean += (value - mean) / min(count, span)
        means.append(mean)
    return tuple(means)


def figure(value: float) -> str:
    """A value at an axis, in few signs: ``0.05``, ``12,000``, ``1.2M``, ``5e-6``."""
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        mantissa, _, power = f"{value:.3e}".partition("e")
        text = f"{float(mantissa):g}e{int(power)}"
    elif size >= 1e6:
        unit, letter = next(pair for pair in ((1e12, "T"), (1e9, "G"), (1e6, "M")) if size >= pair[0])
        text = f"{value / unit:.4g}{letter}"
    else:
        text = f"{value:,.10g}"
    return text.replace("-", "−")


def stepped(end: int) -> float:
    """The end of an axis for so many steps that go on: up to a sixteenth more, and seldom another one."""
    unit = 2.0 ** (max(end, 1).bit_length() - 1) / 16
    return unit * (math.floor(end / unit) + 1)


def nice_top(largest: float) -> float:
    """The upper end of an axis from 0 with four equal steps that people can read: 2.4, not 2.31."""
    if not math.isfinite(largest) or largest <= 0:
        return 1.0
    step = largest / 4
    power = 10.0 ** math.floor(math.log10(step))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if factor * power >= step * 0.999999:
            return 4 * factor * power
    return 40 * power


def nice_ticks(least: float, largest: float) -> list[float]:
    """Up to five ticks at equal steps that people can read, 0 among them, from ``least`` or below to ``largest``."""
    if not least < 0:  # nor for NaN
        return [nice_top(largest) * number / 4 for number in range(5)]
    step = nice_top(max(largest, 0.0) - least) / 4
    while (below := math.ceil(-least / step - 1e-6)) + (
        above := math.ceil(max(largest, 0.0) / step - 1e-6)
    ) > 4:
        step = nice_top(4.04 * step) / 4
    return [number * step for number in range(-below, above + 1)]


def close_ticks(low: float, high: float, most: float = math.inf) -> list[float]:
    """Two to five ticks at equal steps that people can read, from ``low`` or below to ``high`` or above.

    Where nothing is above ``most``, no tick is either; without two finite numbers they go from 0 to 1.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = 0.0, 1.0
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        room = 0.05 * abs(high) or 0.5
        low, high = low - room, min(high + room, max(high, most))
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
        if last - first <= 4:
            break
    over = max(last * step - most, 0.0) if high <= most else 0.0
    return [number * step - over for number in range(first, last + 1)]
