"""Downloads against a server of our own: resumed, checked, from mirrors, stopped; never a file that is not whole."""

from __future__ import annotations

import errno
import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builder.errors import Problem
from runtime.data import Data, download, load_data
from runtime.data import known as known_module
from runtime.data.download import Remote, digest, fetch
from runtime.data.known import BY_NAME
from tests.runtime.data.test_data_idx import write_pair

CONTENT = np.random.default_rng(0).integers(0, 256, 3_000_000, np.uint8).tobytes()
MD5 = hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Gives ``files`` by path; ``cut`` bytes at most of each answer; notes the ranges that were asked for."""

    daemon_threads = True
    files: dict[str, bytes]
    cut: int | None = None
    ranges: list[str | None]
    understands_ranges = True


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if content is None:
            self.send_error(404)
            return
        first = (
            int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.understands_ranges else 0
        )
        if first >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        rest = content[first:]
        self.wfile.write(rest if self.server.cut is None else rest[: self.server.cut])

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.files, made.ranges = {"/good": CONTENT}, []
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def remote(server: Server, *paths: str, **changes: Any) -> Remote:
    urls = tuple(
        path if ":" in path else f"http://127.0.0.1:{server.server_port}{path}"
        for path in paths or ("/good",)
    )
    return Remote(**{"name": "file.gz", "urls": urls, "size": len(CONTENT), "md5": MD5, **changes})


def test_a_file_comes_whole_and_tells_its_progress(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    assert fetch([remote(server)], tmp_path / "new", lambda *figures: told.append(figures)) is None
    assert (tmp_path / "new" / "file.gz").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.gz"]
    there = [count for _, count, _ in told]
    assert there == sorted(there)
    assert (told[0], told[-1]) == (("file.gz", 0, len(CONTENT)), ("file.gz", len(CONTENT), len(CONTENT)))
    server.ranges.clear()
    assert fetch([remote(server)], tmp_path / "new") is None
    assert server.ranges == [], "what is there is not fetched again"


def test_what_broke_off_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.cut = 1_000_000
    problem = fetch([remote(server)], tmp_path)
    assert isinstance(problem, Problem)
    assert problem.code == "download-failed"
    part = tmp_path / "file.gz.part"
    assert part.read_bytes() == CONTENT[: part.stat().st_size]
    for _ in range(5):
        fetch([remote(server)], tmp_path)
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000000-", "bytes=2000000-"]
    assert not part.exists()


@pytest.mark.parametrize("there", [CONTENT[:777], CONTENT, CONTENT + b"more", b"other" * 100])
@pytest.mark.parametrize("understands", [True, False])
def test_any_partial_file_comes_to_the_same_end(
    server: Server, tmp_path: Path, there: bytes, understands: bool
) -> None:
    server.understands_ranges = understands
    (tmp_path / "file.gz.part").write_bytes(there)
    problem = fetch([remote(server)], tmp_path)
    if problem is not None:  # what was there was of something else: it is thrown away
        assert problem.code == "download-damaged"
        assert fetch([remote(server)], tmp_path) is None
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


def test_mirrors_are_asked_in_order(server: Server, tmp_path: Path) -> None:
    server.files |= {"/other": CONTENT[::-1]}
    wanted = remote(server, "http://127.0.0.1:9/closed", "/missing", "/other", "ftp://127.0.0.1/x", "/good")
    assert fetch([wanted], tmp_path) is None
    assert (tmp_path / "file.gz").read_bytes() == CONTENT


def test_a_wrong_hash_is_no_file(server: Server, tmp_path: Path) -> None:
    server.files["/good"] = CONTENT[:-1] + b"x"
    problem = fetch([remote(server)], tmp_path)
    assert isinstance(problem, Problem)
    assert problem.code == "download-damaged"
    assert MD5 in problem.values
    assert list(tmp_path.iterdir()) == []


def test_more_than_was_published_is_not_taken(server: Server, tmp_path: Path) -> None:
    server.files["/good"] = CONTENT * 3
    wanted = remote(server)
    told: list[int] = []
    problem = fetch([wanted], tmp_path, lambda _file, there, _all: told.append(there))
    assert isinstance(problem, Problem)
    assert max(told) <= wanted.size + download._BLOCK


def test_no_network_is_told_plainly(server: Server, tmp_path: Path) -> None:
    problem = fetch([remote(server, "http://127.0.0.1:9/x")], tmp_path)
    assert isinstance(problem, Problem)
    assert problem.code == "download-failed"
    assert "refused" in problem.values
    assert "connection" in problem.way_out


def test_a_download_can_be_stopped_and_gone_on_with(server: Server, tmp_path: Path) -> None:
    asked = iter([False, False, True])
    problem = fetch([remote(server)], tmp_path, stop=lambda: next(asked))
    assert isinstance(problem, Problem)
    assert problem.code == "download-stopped"
    assert (tmp_path / "file.gz.part").stat().st_size == 2 * download._BLOCK
    assert fetch([remote(server)], tmp_path) is None
    assert server.ranges[1] == f"bytes={2 * download._BLOCK}-"
    assert digest(tmp_path / "file.gz") == MD5


def test_a_full_disk_is_told_before_and_while(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
        problem = fetch([remote(server)], tmp_path)
    assert isinstance(problem, Problem)
    assert problem.code == "disk-full"
    assert "1,000 are free" in problem.values

    def fill(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    problem = fetch([remote(server)], tmp_path, fill)
    assert isinstance(problem, Problem)
    assert problem.code == "disk-full"


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    problem = fetch([remote(server)], tmp_path / "file" / "below")
    assert isinstance(problem, Problem)
    assert problem.code == "not-writable"


def test_a_known_set_is_fetched_into_ones_own_folder(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        known_module, "places", lambda _name, _torchvision: (tmp_path / "a", tmp_path / "own")
    )
    chance = np.random.default_rng(0)
    for stem, count in (("train", 40), ("t10k", 8)):
        write_pair(
            tmp_path / "web", stem, chance.integers(0, 256, (count, 6, 5), np.uint8), np.arange(count) % 10
        )
    files = {path.name: path.read_bytes() for path in (tmp_path / "web").iterdir()}
    server.files = {f"/{name}": content for name, content in files.items()}
    wanted = tuple(
        remote(server, f"/{name}", name=name, size=len(content), md5=hashlib.md5(content).hexdigest())
        for name, content in files.items()
    )
    source = BY_NAME["mnist"]
    assert {each.name for each in source.remotes} == set(files)
    source = type(source)(
        source.name, source.title, source.sentence, source.read, source.find, remotes=wanted
    )
    assert not source.available
    assert source.download() is None
    assert source.folder == tmp_path / "own"
    assert isinstance(load_data("mnist", (1, 6, 5)), Data)


def test_what_is_known_names_where_it_is_from() -> None:
    for source in BY_NAME.values():
        assert bool(source.remotes) == (source.find is not None)
        for each in source.remotes:
            assert each.urls
            assert all(url.startswith(("https://", "http://")) for url in each.urls)
            assert len(each.md5) == 32
