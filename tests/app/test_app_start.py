"""What is loaded by the time the window has painted, and by the commands that need no tensor."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from builder.architectures import ARCHITECTURES

ROOT = Path(__file__).parents[2]

#: Each takes a good part of the start, and none is needed to draw a network.
LATER = {
    *("torch", "torchvision", "onnx", "onnxruntime", "scipy", "sklearn", "PIL", "safetensors", "tqdm"),
    *("numpy", "networkx", "pyqtgraph", "pygments", "fast_sugiyama", "asyncio"),
}
QT = {"PySide6", "shiboken6"}

PAINT = """
import gc, json, sys
from PySide6.QtWidgets import QApplication, QWidget
import app
application = QApplication([])
window = app.make_window(sys.argv[1:])
window.show()
application.processEvents()
canvas = window.areas["center"].current().widget()
page = window.findChild(QWidget, "start-page")
print(json.dumps({
    "loaded": sorted(sys.modules),
    "panels": {name: area.current().title for name, area in window.areas.items() if area.isVisible()},
    "tabs": [panel.title for panel in window.areas["bottom"].listed()],
    "nodes": len(canvas.board.faces),
    "shapes": [wire.text for wire in canvas.board.wires],
    "made": [panel.title for area in window.areas.values() for panel in area.listed() if panel.is_made],
    "collects": gc.isenabled(),
    "cards": [card.entry.name for card in page.gallery.cards if card.isVisible()] if page else [],
}))
sys.stdout.flush()
import os
os._exit(0)
"""

COMMAND = """
import json, sys
import app
code = app.main(json.loads(sys.argv[1]))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
raise SystemExit(code)
"""


def ran(code: str, *arguments: str) -> str:
    """The last line that a fresh interpreter prints."""
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


@pytest.mark.parametrize("opened", [[], ["lenet5"]], ids=["start page", "a network"])
def test_the_first_paint_has_all_one_sees_and_nothing_else(opened: list[str]) -> None:
    seen = json.loads(ran(PAINT, *opened))
    assert {name.partition(".")[0] for name in seen["loaded"]} & LATER == set()
    assert seen["panels"] == {
        "center": "Network", "left": "Blocks", "right": "Inspector", "bottom": "Curves",
    }  # fmt: skip
    network = ARCHITECTURES["lenet5"].build().network
    assert seen["nodes"] == len(network)
    assert len(seen["shapes"]) == len(list(network.edges()))
    assert all(seen["shapes"])
    # Panels behind a tab are made when they are seen; the list of problems counts them on its tab.
    assert set(seen["made"]) == {*seen["panels"].values(), "Problems"}
    assert {"Layers", "Feature maps", "Source", "Runs"} <= set(seen["tabs"])
    assert seen["collects"]
    # The gallery lies over LeNet-5 unless something is opened.
    assert sorted(seen["cards"]) == ([] if opened else sorted(ARCHITECTURES))
    assert ("builder.editor.gallery.page" in seen["loaded"]) == (not opened)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["check", "lenet5"], ["blocks"], ["architectures"], ["new", "--help"]],
    ids=lambda arguments: " ".join(arguments),
)
def test_commands_without_tensors_load_neither_torch_nor_qt(arguments: list[str]) -> None:
    assert set(json.loads(ran(COMMAND, json.dumps(arguments)))) & (LATER | QT) == set()
