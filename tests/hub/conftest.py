"""A street corner for each test."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.hub.corner import Corner, Resident, corner


@pytest.fixture
def town() -> Corner:
    """A hub in memory with two towns and three shops."""
    return corner()


@pytest.fixture
def hana(town: Corner, card_keys: list[RSAPrivateKey]) -> Resident:
    """A resident with 1,000 points in Kawasaki."""
    who = town.resident(card_keys[0])
    town.grant(who, 1_000)
    return who


@pytest.fixture
def jiro(town: Corner, card_keys: list[RSAPrivateKey]) -> Resident:
    """A resident without points."""
    return town.resident(card_keys[1])
