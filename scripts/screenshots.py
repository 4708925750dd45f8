"""The pictures in docs/images, made by driving the program itself without a display.

    python scripts/screenshots.py [FOLDER]

Settings and runs of whoever calls it are left alone: the program gets folders of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1600, 1000)
THEMES = ("dark", "light")
PATIENCE = 120.0

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT))


def main() -> int:
    """Make every picture in both themes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "images")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME"):
            os.environ[variable] = str(Path(home) / variable.lower())
        from PySide6.QtWidgets import QApplication

        application = QApplication([])
        for theme in THEMES:
            for name, scene in SCENES.items():
                forget_layout(Path(home) / theme / name)
                window = Window(theme, () if name in STARTING else ("lenet5",))
                scene(window)
                window.shot(folder / f"{name}-{theme}.png")
                window.close()
        application.quit()
    return 0


def forget_layout(folder: Path) -> None:
    """Let the next window be a first one."""
    from PySide6.QtCore import QSettings

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))


class Window:
    """The program's window, driven as a person would."""

    def __init__(self, theme: str, opened: tuple[str, ...]) -> None:
        from app import make_window
        from runtime.panels import Panels

        self.shell = make_window(opened)
        self.session = self.shell.session
        panels = self.shell.findChild(Panels)
        assert panels is not None
        self.panels = panels
        self.session.set_theme(theme)
        self.shell.resize(*SIZE)
        self.shell.show()
        self.spin(0.3)

    def spin(self, seconds: float) -> None:
        """Let the program go on for a while."""
        self.until(lambda: False, seconds)

    def until(self, ready: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Let the program go on until something is so."""
        from PySide6.QtWidgets import QApplication

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            if ready():
                return True
            time.sleep(0.005)
        return False

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Insist on something being so."""
        if not self.until(ready):
            raise SystemExit(f"gave up waiting for {what}")

    def select(self, name: str) -> None:
        """Select a node of the graph one is in."""
        node = self.session.graph.by_name(name)
        if node is None:
            raise SystemExit(f"there is no node {name}")
        self.session.select((node.id,))
        self.session.nodeRevealed.emit(node.id)

    def train(self, epochs: int) -> None:
        """Press Train and let so many epochs pass."""
        self.panels.controls.main.click()
        trace = self.panels.training.trace
        self.wait(lambda: len(trace.epochs) >= epochs or trace.finished is not None, "epochs")

    def shot(self, path: Path) -> None:
        """Save what the window looks like once its messages have gone."""
        self.shell.status.say("")
        self.spin(0.4)
        self.shell.grab().save(str(path))
        print(path.name)

    def close(self) -> None:
        """Close without a question."""
        self.session.history.mark_saved()
        self.shell.close()
        self.shell.deleteLater()
        self.spin(0.1)


def first_start(window: Window) -> None:
    """What a newcomer sees: the networks there are, the digits, a button."""
    wait_for_cards(window)


def gallery(window: Window) -> None:
    """A network chosen among others, with what it can be made with."""
    window.session.galleryAsked.emit("googlenet")
    wait_for_cards(window)


def wait_for_cards(window: Window) -> None:
    """Wait until all that is seen of the gallery has its picture."""
    from builder.editor.gallery.card import Card

    cards = window.shell.findChildren(Card)
    window.wait(lambda: all(card.survey or card.visibleRegion().isEmpty() for card in cards), "pictures")


def training(window: Window) -> None:
    """In the middle of a run, with curves and maps that move."""
    window.select("conv2")
    window.shell.show_panel("Curves")
    window.wait(lambda: window.panels.looking.values is not None, "maps")
    window.train(12)
    window.panels.controls.main.click()  # held, so that every picture shows the same moment
    window.wait(lambda: window.session.run_state == "paused", "the pause")


def problem_fixed(window: Window) -> None:
    """A residual block whose shortcut lacks its projection: what is wrong, and how to mend it."""
    from builder.document import Document
    from builder.sketch import Sketch

    window.wait(lambda: window.panels.looking.samples is not None, "the data")
    net = Sketch()
    x = net.input((64, 56, 56))
    y = net.add("conv1", "conv", x, out_channels=128, kernel_size=3, stride=2, padding=1, bias=False)
    y = net.add("relu", "relu", net.add("bn1", "batch_norm", y))
    y = net.add("conv2", "conv", y, row=1, column=1, out_channels=128, kernel_size=3, padding=1, bias=False)
    y = net.add("add", "add", net.add("bn2", "batch_norm", y), x)
    net.output(y)
    window.session.replace(Document("residual", net.graph))
    window.spin(0.3)
    window.select("add")
    window.shell.show_panel("Problems")
    window.spin(1.0)


def inspecting(window: Window) -> None:
    """A trained network, a picture, and what one pixel of a map sees of it."""
    window.train(20)
    window.wait(lambda: not window.panels.training.is_running, "the end")
    window.shell.set_workspace("Inspect")
    window.select("conv2")
    looking = window.panels.looking
    window.wait(lambda: looking.path == "conv2" and looking.values is not None, "maps")
    window.panels.maps.strip.setCurrentRow(13)
    window.spin(1.0)
    looking.go(4, (2, 8))


#: What begins at the start page; all else begins with LeNet-5.
STARTING = ("first-start", "gallery")
SCENES: dict[str, Callable[[Window], None]] = {
    "first-start": first_start,
    "gallery": gallery,
    "training": training,
    "problem-fixed": problem_fixed,
    "inspecting": inspecting,
}

if __name__ == "__main__":
    raise SystemExit(main())
