"""The doctor at a real card service: it finds what lies there, and takes nothing from it."""

import os
from pathlib import Path

import pytest

from node.card.pcsc import scard
from node.card.softcard import SoftCard
from node.card.tap import Tap
from node.outcome import Level
from node.readercheck import check_readers, pc_here
from sync.values import Millis
from tests.node.conftest import NOON
from tests.readers.doors import READER, OverPcscd

if os.environ.get("CI") != "true":  # there, its absence fails
    pytest.importorskip("smartcard", reason="pyscard is not installed: make card")
pytestmark = [pytest.mark.readers, pytest.mark.processes]


def looked(at: Millis = NOON) -> list[tuple[str, Level, str]]:
    found = check_readers(wanted=True, at=at, functions=scard)
    return [(each.check, each.level, each.detail) for each in found]


def test_a_card_on_the_real_service_is_looked_at_and_its_pin_is_left_alone(
    over_pcscd: OverPcscd, card: Path
) -> None:
    over_pcscd.wait_until_empty()
    assert looked()[-1][:2] == ("card-on-reader", Level.NOTE)

    with over_pcscd(lambda: SoftCard(card)) as lying:
        support, service, reader, lain = looked()
        with lying.tap() as tap:  # it is free again, and all its tries are there
            assert tap.tries_left == 3
            assert "another program" in looked()[-1][2]

    assert [support[1], service[1], lain[1]] == [Level.WELL] * 3
    assert READER in reader[2]
    assert "tries left: 3" in lain[2]


def test_a_service_that_was_killed_is_told_with_what_starts_it(
    over_pcscd: OverPcscd, card: Path
) -> None:
    assert pc_here().service
    over_pcscd.service.kill()
    try:
        _, (check, level, detail) = looked()
    finally:
        over_pcscd.service.start()

    assert (check, level) == ("reader-service", Level.LOOK)
    assert "pcscd.socket" in detail
    with Tap(f"soft:{card}") as tap:
        assert tap.tries_left == 3
