"""Training samples varied anew in each epoch, so that a network learns what counts and not what does not."""

from __future__ import annotations

from runtime.training.augmentation.mixing import Mixed
from runtime.training.augmentation.pipeline import Augmentation, Varied, having_say

__all__ = ["Augmentation", "Mixed", "Varied", "having_say"]
