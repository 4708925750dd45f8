"""Everything that needs a tensor: source, modules, data, training, inspection, export."""

from __future__ import annotations

import os

# OpenMP's threads wait for each other by spinning. Where something else wants the cores too (a window, another
# program), they spin through whole time slices: LeNet-5 on two busy cores then took 14 times as long. Sleeping
# early costs nothing measurable on idle ones. Read by libgomp and libomp when PyTorch loads them; a person's own
# choice stands.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    os.environ.setdefault("KMP_BLOCKTIME", "1")
