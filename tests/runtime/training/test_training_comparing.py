"""Runs side by side."""

from __future__ import annotations

import argparse
import csv
import io
import json

import pytest

from builder.architectures import ARCHITECTURES
from builder.edits import SetSettings
from runtime.commands import runs as command
from runtime.training.events import Epoch, Finished, Started
from runtime.training.records.comparing import compare
from runtime.training.records.runs import Run
from runtime.training.settings import Settings

STOCK = Settings().learning_rate


def record(folder, name, *, metric="accuracy", test=None, **settings):
    """A run that says it happened."""
    entry = ARCHITECTURES["lenet5"]
    document = entry.build()
    document.apply(SetSettings("data", {"source": "digits"}))
    run = Run.create(folder, document, Settings(**settings), name=name)
    run.record(Started("cpu", "fp32", 61_706, 2, 4, 32, ("0", "1"), metric=metric))
    run.record(Epoch(1, 4, 0.9, 0.6, 0.8, 0.5, 0.1, best=True))
    if test is not None:
        metrics = {metric: test, "Dice": 0.25} if metric == "mean IoU" else {}
        run.record(Finished("completed", 1, 0.5, 0.7, test, 2.5, metrics))
    run.close()
    return run


@pytest.fixture
def three(tmp_path):
    return [
        record(tmp_path, "plain", test=0.75),
        record(tmp_path, "slow|er", test=0.5, learning_rate=0.03125, optimizer="sgd"),
        record(tmp_path, "open", metric="mean IoU", learning_rate=0.03125),
    ]


def test_what_came_of_each_and_only_what_differs(three):
    found = compare(three)
    figures = {row.key: row.values for row in found.figures}
    assert figures["state"] == ("completed", "completed", "unfinished")
    assert figures["validation accuracy"] == (0.5, 0.5, None)
    assert figures["validation mean IoU"] == (None, None, 0.5)
    assert figures["test accuracy"] == (0.75, 0.5, None)
    assert figures["test_loss"] == (0.7, 0.7, None)
    stock = Settings()
    assert {row.key: row.values for row in found.settings} == {
        "learning_rate": (stock.learning_rate, 0.03125, 0.03125),
        "optimizer": (stock.optimizer, "sgd", stock.optimizer),
    }
    assert found.network == found.data == ()
    assert list(found.sections()) == ["Results", "Settings"]


def test_all_figures_of_the_test_are_there_whatever_the_task(tmp_path):
    found = compare([record(tmp_path, "one", metric="mean IoU", test=0.5), record(tmp_path, "two")])
    figures = {row.label: row.texts for row in found.figures}
    assert figures["Test mean IoU"] == ("50.00%", "–")
    assert figures["Test Dice"] == ("25.00%", "–")


def test_tables_to_take_away(three):
    found = compare(three)
    lines = list(csv.reader(io.StringIO(found.to_csv())))
    assert lines[0] == ["section", "name", "plain", "slow|er", "open"]
    assert ["Settings", "Learning rate", str(STOCK), "0.03125", "0.03125"] in lines
    assert {len(line) for line in lines} == {5}
    markdown = found.to_markdown()
    assert "| Settings | plain | slow\\|er | open |" in markdown
    assert f"| Learning rate | {STOCK} | 0.03125 | 0.03125 |" in markdown


def test_a_spreadsheet_computes_nothing_of_a_table(tmp_path):
    found = compare([record(tmp_path, "=1+1"), record(tmp_path, "b")])
    assert next(csv.reader(io.StringIO(found.to_csv())))[2] == "'=1+1"


def call(*arguments):
    parser = argparse.ArgumentParser(prog="app.py")
    command.add_parser(parser.add_subparsers(required=True))
    parsed = parser.parse_args(["runs", *map(str, arguments)])
    return parsed.run(parsed)


def test_the_command_shows_them_side_by_side(three, tmp_path, capsys):
    assert call(tmp_path, "--compare", "plain", tmp_path / "slow|er") == 0
    said = capsys.readouterr().out
    assert "Learning rate" in said
    assert "75.00%" in said
    assert "Network " in said  # what it is called; none of its nodes differs
    assert "conv1" not in said
    assert call(tmp_path, "--compare", "plain", "open", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["name"] for run in found["runs"]] == ["plain", "open"]
    assert found["settings"] == {"learning_rate": [STOCK, 0.03125]}
    assert found["network"] == found["data"] == {}


@pytest.mark.parametrize(("names", "code"), [(["plain"], 2), (["plain", "nowhere"], 1)])
def test_what_cannot_be_compared_is_said(three, tmp_path, capsys, names, code):
    assert call(tmp_path, "--compare", *names) == code
    assert capsys.readouterr().err
