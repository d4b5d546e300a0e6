"""The next card's whole way: registered, looked at and charged at a counter, posted by the hub."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sync.cardkey import Algorithm
from sync.records import Tier
from tests.hub.twoshops import GRANTED, PRICE, Street, two_shops


@pytest.fixture
def street(tmp_path: Path, card_keys: list[RSAPrivateKey]) -> Iterator[Street]:
    with two_shops(tmp_path, card_keys[0]) as found:
        yield found


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_card_of_each_algorithm_registers_looks_and_pays(
    street: Street, algorithm: Algorithm
) -> None:
    card = street.registered(algorithm)
    assert street.here.exactly(card) == GRANTED

    assert street.here.spend(card) is Tier.T0

    street.here.sync()
    assert street.here.exactly(card) == GRANTED - PRICE


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_card_of_each_algorithm_pays_while_the_hub_is_silent(
    street: Street, algorithm: Algorithm
) -> None:
    card = street.registered(algorithm)

    assert [street.here.spend(card, offline=True) for _ in range(3)] == [Tier.T2] * 3

    street.here.sync()
    assert street.here.exactly(card) == GRANTED - 3 * PRICE
