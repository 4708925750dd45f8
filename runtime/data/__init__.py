"""Where pictures come from, how they are split, normalised and cut into batches; imported without torch."""

from __future__ import annotations

from runtime.data.dataset import Data, prepare_pixels
from runtime.data.fitting import Fit, fit_input
from runtime.data.known import DATA_SOURCES, Source
from runtime.data.sources import load_data

__all__ = ["DATA_SOURCES", "Data", "Fit", "Source", "fit_input", "load_data", "prepare_pixels"]
