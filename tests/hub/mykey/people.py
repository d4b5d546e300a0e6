"""People with cards whose certificates were believed, as the registry meets them."""

import hashlib

from sync.certificate import Algorithm, CardKey
from sync.values import KeyDigest, MunicipalityCode, MyKeyId
from tests.doubles.clocks import at

KAWASAKI, TOSHIMA = MunicipalityCode("141305"), MunicipalityCode("131164")
HANA, JIRO = MyKeyId("MY123456"), MyKeyId("MY654321")


def card(name: str) -> CardKey:
    """Somebody's card."""
    spki = name.encode()
    return CardKey(
        digest=KeyDigest(hashlib.sha256(spki).digest()),
        algorithm=Algorithm.RS256,
        public_key=spki,
        issuer_key_id=b"root",
        not_after=at("2030-05-05 00:00"),
    )
