"""Writes docs/architectures.md, the list of the built-in networks, from the registry and the analysis."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from builder.architectures import ARCHITECTURES  # noqa: E402
from builder.architectures.base import Architecture, by_family, figures_of  # noqa: E402
from builder.shapes import format_shape  # noqa: E402

PAGE = ROOT / "docs" / "architectures.md"
HEAD = """# The built-in networks

`app.py architectures --json` lists them, `app.py new NAME -o FILE` writes one as a document (`--input`, `--classes`,
`--width` and `--depth` where it has them), and the gallery of the window opens one. Where the last column names
torchvision or timm, the layers are called as there: weights learnt there load with `strict=True`, and the outputs are
the same. MACs are for one sample of the usual size; the receptive field is that of the layer that sees most, in
pixels, gates cut.

*(This page is written by `scripts/architectures.py`.)*
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for family, entries in by_family(ARCHITECTURES.values()).items():
        parts.append(f"\n## {family}\n")
        parts.append("| name | input | parameters | MACs | field | what it brought | names of |")
        parts.append("| --- | --- | ---: | ---: | ---: | --- | --- |")
        parts += map(row, entries)
    return "\n".join(parts) + "\n"


def row(entry: Architecture) -> str:
    """One network as a line of the table."""
    figures = figures_of(entry)
    field = figures["receptive_field"]
    cells = (
        f"`{entry.name}`",
        format_shape(entry.default_input),
        f"{figures['parameters']:,}",
        f"{figures['macs'] / 1e6:,.1f} M",
        "" if field is None else "×".join(f"{side:,}" for side in field),
        f"{entry.about} ({entry.cited})",
        entry.origin,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE.relative_to(ROOT))
