"""Convolab: draw a convolutional network, see what every layer does, train it, look inside, take it away.

``app.py [FILE]`` opens the window; ``app.py COMMAND …`` does the same work without a display.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from threading import Thread, current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING

from builder.console import complain, output_was_lost
from builder.logs import start_logging

if TYPE_CHECKING:
    from builder.drawing import Drawing, Style
    from builder.errors import Problem
    from builder.widgets.shell import Shell

#: Command → the module that declares it; a module is loaded only when its command is called.
COMMANDS = {
    "architectures": "builder.commands",
    "blocks": "builder.commands",
    "new": "builder.commands",
    "check": "builder.commands",
    "train": "runtime.commands.train",
    "find-lr": "runtime.commands.find_lr",
    "find-batch": "runtime.commands.find_batch",
    "evaluate": "runtime.commands.evaluate",
    "predict": "runtime.commands.predict",
    "inspect": "runtime.commands.inspect",
    "export": "runtime.commands.export",
    "data": "runtime.commands.data",
    "runs": "runtime.commands.runs",
    "demo": "runtime.commands.demo",
}
#: Milliseconds after the window is shown, when it has painted.
_SEEN = 500
#: What these make lasts beyond what they say; the others are called for their output alone.
_LASTING = ("train", "new", "export", "inspect", "demo")
#: The exit code after Ctrl+C, as shells have it: 128 and the signal's number.
INTERRUPTED = 130
#: Of the contract, and still to come.
LATER = ("import",)
USAGE = f"""usage: app.py [FILE]         open the window
       app.py COMMAND …      {", ".join(COMMANDS)}
       app.py COMMAND --help says more of a command"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, or open the window; the exit code: 0, 1 for errors in document or data, 2 for misuse."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    start_logging()
    if arguments and arguments[0] in COMMANDS:
        return run_command(arguments)
    if arguments and arguments[0] in LATER:
        sys.stderr.write(f"'{arguments[0]}' is not there yet\n")
        return 2
    if arguments and arguments[0] in ("-h", "--help"):
        sys.stdout.write(f"{__doc__}\n{USAGE}\n")
        return 0
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    return open_window(arguments)


def run_command(arguments: list[str]) -> int:
    """Parse and run one command; Ctrl+C ends it with a line, also while it loads."""
    asked: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler and current_thread() is main_thread()
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        return _run_command(arguments)
    except BaseException as error:
        # Where classes are made and modules loaded, Python tells an interruption as another error.
        if not asked and not isinstance(error, KeyboardInterrupt):
            raise
        # What Python does at its end is not to be interrupted in turn: that would be a traceback.
        before = signal.SIG_IGN if ours else before
        lead = "\n" if sys.stderr is not None and sys.stderr.isatty() else ""  # after the terminal's own ^C
        complain(f"{lead}{arguments[0]} was interrupted")
        return INTERRUPTED
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)


def _run_command(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="app.py")
    subparsers = parser.add_subparsers(dest="command", required=True)
    module = import_module(COMMANDS[arguments[0]])
    declare = getattr(module, "add_parsers", None) or module.add_parser
    declare(subparsers)
    try:
        parsed = parser.parse_args(arguments, argparse.Namespace(paint=paint_png))
    except SystemExit as stop:
        return int(stop.code or 0)
    output_was_lost()
    code: int = parsed.run(parsed)
    if output_was_lost() and code == 0 and arguments[0] not in _LASTING:
        return 1  # what it was called for is lost
    return code


def paint_png(make: Callable[[Style], Drawing], style: Style) -> bytes | Problem | None:
    """What is drawn in a style as a PNG file: commands know no Qt. None where it cannot be loaded."""
    try:
        from builder.widgets.picture import paint
    except ImportError:
        return None
    return paint(make, style)


@cache
def load_window() -> None:
    """Import what the window is made of.

    None of it is ever garbage. To look for garbage in it again and again, while it loads and for as long as the
    program runs, would take a tenth of the start and, later, a moment of every drag.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        for name in ("builder.editor", "builder.architectures", "runtime.panels"):
            import_module(name)
        gc.freeze()
    finally:
        if was_collecting:
            gc.enable()


def make_window(arguments: Sequence[str] = ()) -> Shell:
    """The window with both halves in it, showing FILE, or else the start page over LeNet-5.

    A QApplication must be there.
    """
    load_window()
    # A training that waits for Python's lock behind a repaint gets it back after 1 ms, not after 5.
    sys.setswitchinterval(0.001)
    from builder import editor
    from builder.architectures import ARCHITECTURES
    from builder.widgets import recovery
    from builder.widgets.session import Session
    from builder.widgets.shell import Shell
    from runtime import panels

    session = Session(ARCHITECTURES["lenet5"].build())
    shell = Shell(session)
    editor.install(shell, session)
    panels.install(shell, session)
    recovery.install(shell)
    if arguments:
        session.open_document(arguments[0])
    else:
        editor.show_start_page(session)
    return shell


def _load_behind() -> None:
    """Import, in a thread beside the window, what a gesture will ask for."""
    Thread(target=import_module, args=("networkx",), name="imports", daemon=True).start()


def open_window(arguments: Sequence[str]) -> int:
    """Show the window until it is closed."""
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        sys.stderr.write(f"The window needs PySide6, which could not be loaded: {error}\n{USAGE}\n")
        return 2
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Convolab")
    application.setOrganizationName("Convolab")
    window = make_window(arguments)
    window.show()
    from builder.widgets.collector import IdleCollector

    QTimer.singleShot(_SEEN, _load_behind)
    collector = IdleCollector(window)
    code = int(application.exec())
    collector.stop()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
