"""Residents' RSA keys: always the same, so that a seed tells the same story in every process."""

import re
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

RESIDENTS = 4
_FILE = Path(__file__).with_name("residents.pem")
_KEY = re.compile(rb"-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n")


@cache
def card_keys() -> list[RSAPrivateKey]:
    """One a resident, and one of the demo CA. Nobody's: they open nothing but simulations."""
    keys = [load_pem_private_key(pem, None) for pem in _KEY.findall(_FILE.read_bytes())]
    return [key for key in keys if isinstance(key, RSAPrivateKey)]
