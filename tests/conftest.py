"""What every test may share: card keys, which are slow to make."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@pytest.fixture(scope="session")
def card_keys() -> list[RSAPrivateKey]:
    """Two residents' keys."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
