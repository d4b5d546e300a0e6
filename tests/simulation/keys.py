"""Residents' RSA keys: slow to make, so made once and for all simulations of a process."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

RESIDENTS = 4


@cache
def card_keys() -> list[RSAPrivateKey]:
    """One a resident, and one of the demo CA."""
    return [
        rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(RESIDENTS + 1)
    ]
