"""The hub's log: whole lines, no values of rows, and nobody waits for it."""

import io
import json
import logging
import threading
from typing import Any

import pytest

from hub import logs
from hub.logs import REQUEST, log_to

LOG = logging.getLogger("machikado.hub")


def said(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_with_its_request() -> None:
    stream = io.StringIO()
    end = log_to(stream)
    token = REQUEST.set("A" * 12)
    LOG.warning("%s\nasks", "八百屋")
    REQUEST.reset(token)
    LOG.info("by itself")
    end()

    first, second = said(stream)
    assert (first["event"], first["level"], first["request"]) == (
        "八百屋\nasks",
        "warning",
        "A" * 12,
    )
    assert "request" not in second
    assert second["timestamp"].endswith("Z")


def test_a_terminal_gets_words() -> None:
    stream = io.StringIO()
    end = log_to(stream, as_json=False)
    LOG.warning("the disk is slow")
    end()

    assert "the disk is slow" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_values_of_a_row_and_of_variables_stay_out() -> None:
    stream = io.StringIO()
    end = log_to(stream)
    try:
        _post("CANARY" + "77")  # in two halves: the line itself stands in the log
    except ValueError:
        LOG.exception("a posting stopped")
    end()

    [line] = said(stream)
    assert "CANARY77" not in json.dumps(line)
    assert "second line" in line["exception"]
    assert "test_logs.py" in line["exception"]


def test_who_logs_never_waits_for_who_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MOST_WAITING", 10)
    monkeypatch.setattr(logs, "_EVERY", 0.01)
    stream = Stuck()
    end = log_to(stream)
    LOG.warning("line %d", 0)
    stream.begun.wait(20)
    for n in range(1, 30):
        LOG.warning("line %d", n)
    stream.reads.set()
    stream.read_all.wait(20)
    end()

    lines = said(stream)
    assert lines[0]["event"] == "line 0"
    assert any("found no room" in line["event"] for line in lines)
    assert len(lines) < 30


def test_a_stream_that_is_gone_ends_nothing() -> None:
    stream = io.StringIO()
    end = log_to(stream)
    stream.close()
    LOG.warning("nobody hears this")
    end()


def _post(account: str) -> None:
    """Fails as a server says it."""
    words = f"duplicate key\nDETAIL:  Key (account)=({account}) exists.\nsecond line"
    raise ValueError(words)


class Stuck(io.StringIO):
    """A pipe that nobody reads for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.reads = threading.Event()
        self.read_all = threading.Event()

    def write(self, text: str) -> int:
        self.begun.set()
        self.reads.wait(20)
        return super().write(text)

    def flush(self) -> None:
        if "no room" in self.getvalue():
            self.read_all.set()
