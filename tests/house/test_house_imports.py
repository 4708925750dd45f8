"""What may be loaded when: the window is up, and the model is readable, before torch is there."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "torchvision", "onnx", "onnxruntime", "onnxscript", "sklearn", "scipy"}
QT = {"PySide6", "shiboken6", "pyqtgraph"}
QT_HALVES = ("builder.widgets", "builder.editor", "runtime.panels")


def modules_of(package: str) -> list[str]:
    """Every module of ``package`` by its dotted name, without importing any."""
    names = []
    for info in pkgutil.iter_modules([str(ROOT / package.replace(".", "/"))], f"{package}."):
        names += [info.name, *modules_of(info.name)] if info.ispkg else [info.name]
    return sorted(names)


def is_qt(module: str) -> bool:
    return any(module == half or module.startswith(f"{half}.") for half in QT_HALVES)


def loaded_by(modules: list[str]) -> set[str]:
    """Top-level packages that are loaded after importing ``modules`` in a fresh interpreter."""
    code = (
        "import importlib, json, sys\n"
        "for name in json.loads(sys.argv[1]): importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    command = [sys.executable, "-c", code, json.dumps(modules)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_the_builder_core_loads_without_torch_and_without_qt() -> None:
    core = [name for name in modules_of("builder") if not is_qt(name)]
    assert "builder.graph" in core
    assert not loaded_by(core) & (HEAVY | QT | {"runtime"})


def test_the_qt_halves_load_without_torch() -> None:
    halves = [name for package in ("builder", "runtime") for name in modules_of(package) if is_qt(name)]
    assert {name.rpartition(".")[0] for name in halves} >= set(QT_HALVES)
    assert not loaded_by(halves) & HEAVY


def test_the_entry_loads_without_torch_and_without_qt() -> None:
    assert not loaded_by(["app"]) & (HEAVY | QT)


def test_the_runtime_core_loads_without_qt() -> None:
    core = [name for name in modules_of("runtime") if not is_qt(name)]
    assert "runtime.compile" in core
    assert not loaded_by(core) & QT


@pytest.mark.parametrize("package", ["builder", "runtime"])
def test_every_folder_with_code_is_a_package(package: str) -> None:
    """A folder without __init__.py would be missed by the import contracts."""
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
