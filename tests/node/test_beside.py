"""What a thread does while its owner waits for a card."""

import gc
import threading

import pytest

from node.beside import Beside
from sync.errors import Damaged

LONGEST = 10.0
"""Seconds that a test waits for what must come."""


def test_it_is_done_on_another_thread_and_waited_for() -> None:
    beside: Beside[str] = Beside("signs")
    go_on = threading.Event()

    def work() -> str:
        assert go_on.wait(LONGEST)
        return threading.current_thread().name

    result = beside.begin(work)
    go_on.set()

    assert result() == "signs"


def test_what_goes_wrong_there_is_raised_where_somebody_waits() -> None:
    beside: Beside[str] = Beside("signs")

    def damaged() -> str:
        raise Damaged("the key is not here")

    result = beside.begin(damaged)
    with pytest.raises(Damaged, match="the key"):
        result()
    assert beside.begin(lambda: "and the next one")() == "and the next one"


def test_what_was_begun_in_vain_is_nobody_elses_answer() -> None:
    """A card that was taken away: its head is signed, and belongs to no record."""
    beside: Beside[int] = Beside("signs")
    beside.begin(lambda: 1)

    assert beside.begin(lambda: 2)() == 2


def test_its_thread_ends_with_its_owner() -> None:
    beside: Beside[threading.Thread] = Beside("signs")
    thread = beside.begin(threading.current_thread)()

    del beside
    gc.collect()
    thread.join(LONGEST)

    assert not thread.is_alive()
