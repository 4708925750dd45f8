"""The pictures in docs/images, made by driving the program itself without a display.

    python scripts/screenshots.py [FOLDER] [--scene NAME …] [--theme dark|light] [--size 1280x720] [--scale 2]
    python scripts/screenshots.py FOLDER --every

``--every`` draws what there is to look at before a release: each workspace with each of its panels, empty and with a
trained network, in both themes, in a small and in a large window, at 100 % and at 200 %.
Settings and runs of whoever calls it are left alone: the program gets folders of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1600, 1000)
THEMES = ("dark", "light")
PATIENCE = 120.0

#: What ``--every`` draws: width and height of the window, and the factor all of it is scaled by.
SIZES = ((1280, 720), (1600, 1000))
SCALES = (1, 2)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT))


def main() -> int:
    """Make every picture that is asked for."""
    options = parse()
    if options.every:
        return draw_every(options)
    if options.scale != 1:
        os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "HOME"):
            os.environ[variable] = str(Path(home) / variable.lower())
        from PySide6.QtWidgets import QApplication

        application = QApplication([])
        for theme in options.theme or THEMES:
            for name in options.scene or DOCUMENTED:
                forget_layout(Path(home) / theme / name)
                window = Window(theme, () if name in STARTING else ("lenet5",), options)
                SCENES[name](window)
                window.close()
        application.quit()
    return 0


def parse() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "images")
    parser.add_argument(
        "--scene", action="append", choices=tuple(SCENES), help="only this one; may come again"
    )
    parser.add_argument("--theme", action="append", choices=THEMES)
    parser.add_argument("--size", type=size_of, default=SIZE, help="of the window, such as 1280x720")
    parser.add_argument("--scale", type=float, default=1, help="how many pixels a unit of length has")
    parser.add_argument("--every", action="store_true", help="all scenes, in every size and scale")
    return parser.parse_args()


def size_of(text: str) -> tuple[int, int]:
    """``1280x720`` as two numbers."""
    width, height = text.split("x")
    return int(width), int(height)


def draw_every(options: argparse.Namespace) -> int:
    """All scenes in every size and scale; Qt scales a whole process, so each has its own."""
    scenes = [part for name in options.scene or SCENES for part in ("--scene", name)]
    themes = [part for name in options.theme or THEMES for part in ("--theme", name)]
    for width, height in SIZES:
        for scale in SCALES:
            size = f"{width}x{height}"
            folder = options.folder / f"{size}@{scale}"
            command = [sys.executable, __file__, str(folder), "--size", size, "--scale", str(scale)]
            subprocess.run([*command, *scenes, *themes], check=True)
    return 0


def forget_layout(folder: Path) -> None:
    """Let the next window be a first one."""
    from PySide6.QtCore import QSettings

    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))


class Window:
    """The program's window, driven as a person would."""

    def __init__(self, theme: str, opened: tuple[str, ...], options: argparse.Namespace) -> None:
        from app import make_window
        from builder.editor.canvas import Canvas
        from runtime.panels import Panels

        self.shell = make_window(opened)
        self.session = self.shell.session
        panels = self.shell.findChild(Panels)
        assert panels is not None
        self.panels = panels
        canvas = self.shell.findChild(Canvas)
        assert canvas is not None
        self.canvas = canvas
        self._theme, self._folder = theme, options.folder
        self.session.set_theme(theme)
        self.shell.resize(*options.size)
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

    def shot(self, name: str) -> None:
        """Save what the window looks like once its messages have gone."""
        self.shell.status.say("")
        self.spin(0.4)
        file = self._folder / f"{name}-{self._theme}.png"
        self.shell.grab().save(str(file))
        print(file)

    def close(self) -> None:
        """Close without a question."""
        self.session.history.mark_saved()
        self.shell.close()
        self.shell.deleteLater()
        self.spin(0.1)


def first_start(window: Window) -> None:
    """What a newcomer sees: the networks there are, the digits, a button."""
    wait_for_cards(window)
    window.shot("first-start")


def gallery(window: Window) -> None:
    """A network chosen among others, with what it can be made with."""
    window.session.galleryAsked.emit("googlenet")
    wait_for_cards(window)
    window.shot("gallery")


def wait_for_cards(window: Window) -> None:
    """Wait until all that is seen of the gallery has its picture."""
    from builder.editor.gallery.gallery import Gallery

    gallery = window.shell.findChild(Gallery)
    assert gallery is not None

    def pictured() -> bool:
        wanted = (c for c in gallery.cards if c.entry in gallery.also or not c.visibleRegion().isEmpty())
        return all(card.survey is not None for card in wanted)

    window.wait(pictured, "pictures")


def training(window: Window) -> None:
    """In the middle of a run, with curves and maps that move."""
    window.select("conv2")
    window.shell.show_panel("Curves")
    window.wait(lambda: window.panels.looking.values is not None, "maps")
    window.train(12)
    window.panels.controls.main.click()  # held, so that every picture shows the same moment
    window.wait(lambda: window.session.run_state == "paused", "the pause")
    window.shot("training")


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
    window.shot("problem-fixed")


def inspecting(window: Window) -> None:
    """A trained network, a picture, and what one pixel of a map sees of it."""
    window.train(20)
    window.wait(lambda: not window.panels.training.is_running, "the end")
    window.shell.set_workspace("Inspect")
    window.select("conv2")
    look_closely(window)
    window.shot("inspecting")


def look_closely(window: Window) -> None:
    """Look at one pixel of a map of conv2."""
    looking = window.panels.looking
    window.wait(lambda: looking.path == "conv2" and looking.values is not None, "maps")
    window.panels.maps.strip.setCurrentRow(13)
    window.spin(1.0)
    looking.go(4, (2, 8))


def panels_trained(window: Window) -> None:
    """Every panel of every workspace, of a network that has been trained."""
    window.train(6)
    window.wait(lambda: not window.panels.training.is_running, "the end")
    window.select("conv2")
    look_closely(window)
    walk(window, "trained")


def panels_empty(window: Window) -> None:
    """Every panel of every workspace, with nothing drawn yet."""
    window.session.new_document()
    walk(window, "empty")


def walk(window: Window, name: str) -> None:
    """A picture of every workspace with each of the panels at the bottom."""
    from builder.widgets.panels import WORKSPACES

    for workspace in WORKSPACES:
        window.shell.set_workspace(workspace)
        for panel in window.shell.areas["bottom"].listed():
            window.shell.show_panel(panel.title)
            window.spin(0.3)
            window.shot(f"{name}-{workspace.lower()}-{panel.title.lower().replace(' ', '-')}")


def large(window: Window) -> None:
    """A network of modules, as a whole, in heat, and from within."""
    from builder.heat import Measure

    window.session.open_document("resnet18")
    window.select("layer2")
    window.spin(0.5)
    window.shot("large")
    window.canvas.heating.choose(Measure.PARAMETERS)
    window.spin(0.5)
    window.shot("large-heat")
    window.session.enter("layer2")
    window.spin(0.5)
    window.shot("large-within")


def framed(window: Window) -> None:
    """Frames and notes round a network, several nodes selected."""
    window.session.open_document("unet")
    window.spin(0.5)
    window.canvas.commands.actions["select-all"].trigger()
    window.canvas.commands.actions["add-frame"].trigger()
    window.canvas.commands.actions["add-note"].trigger()
    window.spin(0.5)
    window.shot("framed")


def asking(window: Window) -> None:
    """What lies over the network for a moment: search, commands, shortcuts."""
    window.canvas.commands.actions["add"].trigger()
    window.spin(0.3)
    window.shot("search")
    window.shell.menus.show_commands()
    window.shot("commands")
    window.shell.menus.show_shortcuts()
    window.shot("shortcuts")


#: What begins at the start page; all else begins with LeNet-5.
STARTING = ("first-start", "gallery")
#: What is in docs/images.
DOCUMENTED = ("first-start", "gallery", "training", "problem-fixed", "inspecting")
SCENES: dict[str, Callable[[Window], None]] = {
    "first-start": first_start,
    "gallery": gallery,
    "training": training,
    "problem-fixed": problem_fixed,
    "inspecting": inspecting,
    "panels-trained": panels_trained,
    "panels-empty": panels_empty,
    "large": large,
    "framed": framed,
    "asking": asking,
}

if __name__ == "__main__":
    raise SystemExit(main())
