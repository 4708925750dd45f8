"""How the learning rate moves over a run: a function of the step, and for plateau of the validation losses so far.

Equal to ``torch.optim.lr_scheduler``'s where it has one, but known for every step beforehand and without torch, so
that a form can draw it.
"""

from __future__ import annotations

import math
from typing import Any

from runtime.training.settings import Settings

#: Of ``OneCycleLR``: the learning rate begins at a 25th, and ends at a 10,000th of where it began.
_DIV_FACTOR, _FINAL_DIV_FACTOR = 25.0, 1e4
#: Of ``ReduceLROnPlateau``: a validation loss is lower if it is so by this share.
_THRESHOLD = 1e-4


def scheduled_rate(settings: Settings, step: int, steps: int, steps_per_epoch: int) -> float:
    """The learning rate of step ``step`` (from 0) of ``steps``; of plateau, before any cut.

    Warm-up is linear: step k of W gets (k + 1)/W of what the schedule says (Goyal et al. 2017). Cosine and one-cycle
    then take the rest of the run; step cuts by the epochs of the whole run.
    """
    warm = min(steps, round(settings.warmup * steps_per_epoch))
    share = min(1.0, (step + 1) / warm) if warm else 1.0
    rest, length = max(0, step - warm), max(1, steps - warm)
    if settings.schedule == "cosine":
        high = settings.learning_rate  # Loshchilov and Hutter, SGDR (2017), without restarts
        return share * _between(high, min(settings.eta_min, high), rest / length)
    if settings.schedule == "one-cycle":
        return share * _one_cycle(settings.learning_rate, settings.pct_start, rest, length)
    if settings.schedule == "step":
        cuts = step // max(1, settings.step_size * steps_per_epoch)
        return share * settings.learning_rate * float(settings.gamma**cuts)
    return share * settings.learning_rate


def _one_cycle(high: float, rising: float, step: int, steps: int) -> float:
    """Up from a 25th of ``high`` over a share of the steps, then down to next to nothing, both along a cosine.

    Smith and Topin, Super-Convergence (2018), as ``OneCycleLR`` has it.
    """
    begin = high / _DIV_FACTOR
    top, last = rising * steps - 1, steps - 1
    if step <= top:
        return _between(begin, high, step / top if top > 0 else 1.0)
    return _between(high, begin / _FINAL_DIV_FACTOR, (step - top) / (last - top) if last > top else 1.0)


def _between(begin: float, end: float, share: float) -> float:
    """From ``begin`` to ``end`` along half a cosine, as ``share`` goes from 0 to 1."""
    return end + (begin - end) * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))


class Schedule:
    """The learning rate of a run: what the settings plan, cut on a plateau, scaled by whoever changed it.

    What it remembers of the run is in ``state()``.
    """

    def __init__(self, settings: Settings, steps: int, steps_per_epoch: int) -> None:
        self._settings = settings
        self._steps = steps
        self._steps_per_epoch = steps_per_epoch
        #: What a person has scaled it by since the run began.
        self.factor = 1.0
        self._cuts = 0
        self._lowest = math.inf
        self._waited = 0

    def at(self, step: int) -> float:
        """The learning rate of step ``step`` (from 0), by what is known now."""
        return self.factor * self._planned(step)

    def change(self, step: int, rate: float) -> None:
        """Let step ``step`` have ``rate``, and what follows as much more or less than planned."""
        planned = self._planned(step)
        if planned > 0:
            self.factor = rate / planned

    def epoch_over(self, validation_loss: float) -> None:
        """Take in a validation loss: plateau cuts after more than ``patience`` epochs without a lower one."""
        if validation_loss < self._lowest * (1 - _THRESHOLD):
            self._lowest, self._waited = validation_loss, 0
            return
        self._waited += 1
        if self._waited > self._settings.patience:
            self._cuts, self._waited = self._cuts + 1, 0

    def _planned(self, step: int) -> float:
        settings = self._settings
        rate = scheduled_rate(settings, step, self._steps, self._steps_per_epoch)
        if settings.schedule != "plateau" or not self._cuts:
            return rate
        share = rate / settings.learning_rate
        cut = settings.learning_rate * float(settings.gamma**self._cuts)
        return share * max(cut, min(settings.eta_min, settings.learning_rate))

    def state(self) -> dict[str, Any]:
        """What a resume needs, as plain numbers."""
        lowest = self._lowest if math.isfinite(self._lowest) else None
        return {"factor": self.factor, "cuts": self._cuts, "lowest": lowest, "waited": self._waited}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        self.factor = float(state["factor"])
        self._cuts, self._waited = int(state["cuts"]), int(state["waited"])
        self._lowest = math.inf if state["lowest"] is None else float(state["lowest"])
