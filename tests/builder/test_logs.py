"""Tracebacks go to a file that messages name; never to the screen."""

from __future__ import annotations

import logging

import pytest

from builder import logs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The log's folder, with the log not begun before or left open after."""
    monkeypatch.setattr(
        "builder.logs.platformdirs.user_log_dir", lambda *_names, **_more: str(tmp_path / "logs")
    )
    logs.stop_logging()
    yield tmp_path / "logs"
    logs.stop_logging()


def fail(name="some.part"):
    try:
        raise RuntimeError("deep inside")
    except RuntimeError:
        logging.getLogger(name).exception("it failed")


def test_a_traceback_is_in_the_file_that_is_named_and_nowhere_else(folder, capfd):
    assert logs.details() == "The details are in the log"
    logs.start_logging()
    logs.start_logging()
    fail()
    logging.getLogger("some.part").info("not worth it")
    text = logs.log_file().read_text()
    assert text.count("RuntimeError: deep inside") == 1
    assert "not worth it" not in text
    assert str(folder) in logs.details()
    assert capfd.readouterr() == ("", "")


def test_a_log_that_cannot_be_written_is_silent(folder, capfd):
    folder.parent.joinpath("logs").write_text("a file where the folder should be")
    logs.start_logging()
    fail()
    assert logs.details() == "The details are in the log"
    assert capfd.readouterr() == ("", "")


def test_a_long_log_begins_anew_and_the_old_one_is_kept(folder, monkeypatch):
    monkeypatch.setattr(logs, "_MAX_BYTES", 100)
    for _ in range(3):
        logs.start_logging()
        fail()
        logs.stop_logging()
    assert sorted(path.name for path in folder.iterdir()) == ["convolab.log", "convolab.old.log"]
    assert logs.log_file().read_text().count("deep inside") >= 1
