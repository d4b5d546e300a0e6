"""People with cards whose certificates were believed, as the registry meets them."""

import hashlib

from sync.certificate import Algorithm, CardKey
from sync.values import KeyDigest, MunicipalityCode, MyKeyId
from tests.doubles.clocks import at

KAWASAKI, TOSHIMA = MunicipalityCode("141305"), MunicipalityCode("131164")
HANA, JIRO = MyKeyId("MY123456"), MyKeyId("MY654321")


SECRET = bytes(range(32))
"""Under which serial numbers are marked."""


def serial_of(name: str) -> int:
    """What lists call somebody's certificate."""
    return int.from_bytes(hashlib.sha256(b"serial" + name.encode()).digest()[:8], "big")


def card(name: str) -> CardKey:
    """Somebody's card."""
    spki = name.encode()
    return CardKey(
        digest=KeyDigest(hashlib.sha256(spki).digest()),
        algorithm=Algorithm.RS256,
        public_key=spki,
        issuer_key_id=b"root",
        serial=serial_of(name),
        not_after=at("2030-05-05 00:00"),
    )
