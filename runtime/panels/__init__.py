"""The views of what a network does with tensors: curves, feature maps, source, runs; training from the window."""

from __future__ import annotations

from runtime.panels.installation import Panels, install

__all__ = ["Panels", "install"]
