"""Sealed standings: a row opens only for somebody who has the zone's key and that card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import NotAuthentic
from sync.standing import Asof, Standing, ZoneKey
from sync.values import CardState, KeyDigest, Millis
from tests.vectors.examples import CARD, STANDING

MARCH = ZoneKey("2026-03", bytes(range(32)))
APRIL = ZoneKey("2026-04", bytes(range(1, 33)))
NONCE = bytes(range(12))
OTHER_CARD = KeyDigest(bytes(32))


def test_a_card_opens_its_own_row() -> None:
    for standing in (STANDING, Standing(CardState.ACTIVE, ())):
        assert MARCH.open(CARD, MARCH.seal(CARD, standing, NONCE)) == standing


def test_another_card_or_another_month_does_not() -> None:
    sealed = MARCH.seal(CARD, STANDING, NONCE)
    for zone, card in ((MARCH, OTHER_CARD), (APRIL, CARD)):
        with pytest.raises(NotAuthentic, match="does not open for this card"):
            zone.open(card, sealed)


def test_rows_of_one_card_do_not_meet_over_the_months() -> None:
    rows = {zone.row_of(card) for zone in (MARCH, APRIL) for card in (CARD, OTHER_CARD)}
    assert len(rows) == 4
    assert all(len(row) == 16 for row in rows)


def test_a_stolen_row_says_nothing_of_whom_it_is_about() -> None:
    sealed = MARCH.seal(CARD, STANDING, NONCE)
    for account in STANDING.accounts:
        assert account.account.encode() not in sealed
        assert account.municipality.encode() not in sealed
    assert CARD[:8] not in sealed + MARCH.row_of(CARD)


@given(st.binary(max_size=200), st.integers(0, 255))
def test_a_row_that_was_changed_does_not_open(foreign: bytes, place: int) -> None:
    changed = bytearray(MARCH.seal(CARD, STANDING, NONCE))
    changed[place % len(changed)] ^= 1
    for data in (foreign, bytes(changed)):
        with pytest.raises(NotAuthentic):
            MARCH.open(CARD, data)


def test_a_newer_standing_has_the_larger_order() -> None:
    def asof(incarnation: int, number: int) -> tuple[int, int]:
        return Asof(incarnation, number, Millis(0), ()).order

    assert asof(1, 5) < asof(1, 6) < asof(2, 1)
