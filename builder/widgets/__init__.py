"""What both Qt halves share: the look, icons, forms, the session and the window they are put into."""

from __future__ import annotations
