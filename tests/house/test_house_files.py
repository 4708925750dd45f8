"""What README, Makefile and the project file say is so."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SCRIPTS = [".ci/run", "scripts/setup.sh", "scripts/run.sh"]


def tracked(pattern: str) -> list[Path]:
    """Files of the project that match ``pattern``, without what was built or installed."""
    folders = ("builder", "runtime", "tests", "scripts", "benchmarks", "docs")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob(pattern))]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_every_dependency_has_an_exact_pin_of_its_own() -> None:
    project = PROJECT["project"]
    wanted = project["dependencies"] + [
        d for extra in project["optional-dependencies"].values() for d in extra
    ]
    names = {canonical(re.split(r"[><=\[; ]", requirement)[0]) for requirement in wanted} - {"convolab"}
    pins = {canonical(name): version for name, version in constraints().items()}
    assert names <= set(pins)
    # A local part ("+cpu") would bind everybody to one build of torch.
    assert [version for version in pins.values() if "+" in version] == []


def readme_targets() -> list[str]:
    return sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)))


def test_every_make_target_in_the_readme_is_there() -> None:
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"run", "test", "check"} <= set(readme_targets()) <= set(rules)


def app(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "app.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


ROWS = re.findall(r"^\| `app\.py ([a-z-]+)([^`]*)`", README, re.MULTILINE)


@pytest.mark.parametrize(("command", "usage"), ROWS, ids=[command for command, _ in ROWS])
def test_a_command_in_the_readme_takes_what_is_said(command: str, usage: str) -> None:
    result = app(command, "--help")
    assert result.returncode == 0, result.stderr
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage))
    assert options <= set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", result.stdout))


def test_the_readme_lists_every_command() -> None:
    assert sorted({command for command, _ in ROWS}) == sorted(COMMANDS)


def test_misuse_of_a_command_exits_2() -> None:
    assert app("check").returncode == 2
    assert app("no-such-file-or-command", "--no-such-option").returncode == 2


def test_every_link_in_the_prose_leads_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


@pytest.mark.skipif(os.name == "nt", reason="permission bits are POSIX's")
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_run_and_parse(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in tracked("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_test_file_lies_where_pytest_looks() -> None:
    elsewhere = [path for path in tracked("test_*.py") if path.relative_to(ROOT).parts[0] != "tests"]
    assert elsewhere == []


def test_the_list_of_architectures_is_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("architectures_page", ROOT / "scripts" / "architectures.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text("utf-8") == script.page()
