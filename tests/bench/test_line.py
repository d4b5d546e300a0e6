"""A shaped link takes its time and loses nothing; a day's spends come over it whole."""

import socket
import threading
import time
from itertools import islice
from pathlib import Path

import pytest

from tests.bench import line
from tests.bench.shaped import shaped
from tests.doubles.pen import Card


def test_a_link_carries_every_byte_at_its_rate_and_after_its_delay() -> None:
    sent = bytes(range(256)) * 40
    with socket.create_server(("127.0.0.1", 0)) as far:
        threading.Thread(target=_echo, args=(far,)).start()
        with (
            shaped(far.getsockname()[1], rate=1_000_000, delay=0.02) as link,
            socket.create_connection(("127.0.0.1", link.port)) as near,
        ):
            began = time.perf_counter()
            near.sendall(sent)
            near.shutdown(socket.SHUT_WR)
            back = b"".join(iter(lambda: near.recv(65_536), b""))
            took = time.perf_counter() - began

    assert back == sent
    assert (link.up, link.down) == (len(sent), len(sent))
    round_trips, on_the_wire = 2 * 2 * 0.02, 8 * len(sent) / 1_000_000
    assert took >= round_trips + on_the_wire


def _echo(far: socket.socket) -> None:
    """Hear everything, then say it back."""
    there, _ = far.accept()
    with there:
        heard = b"".join(iter(lambda: there.recv(65_536), b""))
        there.sendall(heard)


def test_quickly_made_keys_are_all_different_and_sign_as_others_do() -> None:
    cards = [Card(key) for key in islice(line.keys(), 9)]

    assert len({card.digest for card in cards}) == 9
    assert all(card.private.public_key().key_size == 2048 for card in cards)
    assert len(cards[8].sign(b"a record")) == 256


@pytest.mark.processes
def test_what_a_node_sold_alone_is_handed_in_and_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "RATE", 100_000_000)
    monkeypatch.setattr(line, "DELAY", 0.0)

    told = {one.figure: one for one in line.measure(tmp_path, residents=3)}

    assert told["line: sync of 9 records, 1 Mbit/s, 300 ms"].value > 0
    assert told["line: bytes a record on the way up"].value > line.SIGNATURE
