"""The hub's public keys as a JWK set (RFC 7517, RFC 8037), for anybody, without sign-in."""

import base64

import msgspec

from hub.core import Core
from hub.town import towns
from sync.clock import month_of
from sync.ticket import key_id
from sync.values import MunicipalityCode


class Jwk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One public key. ``purpose`` says what it signs or opens, ``municipality`` whose it is."""

    kty: str
    crv: str
    use: str
    kid: str
    x: str
    purpose: str
    municipality: str = ""
    month: str = ""


class JwkSet(msgspec.Struct, frozen=True):
    """All of them."""

    keys: tuple[Jwk, ...]


def public_keys(core: Core) -> bytes:
    """The set in JSON: the hub's signing key, each town's ticket key, this month's sealing key."""
    with core.database.read() as tx:
        joined = [town.municipality for town in towns(tx)]
    month = month_of(core.clock.now())
    keys = [
        _signing(core.keys.signing.public, "signing"),
        *(_signing(core.keys.tickets(town).public, "tickets", town) for town in joined),
        _sealing(core.keys.begin_month(month), month),
    ]
    return msgspec.json.encode(JwkSet(tuple(keys)))


def _signing(public: bytes, purpose: str, town: MunicipalityCode | str = "") -> Jwk:
    kid = _text(key_id(public))
    return Jwk(
        kty="OKP",
        crv="Ed25519",
        use="sig",
        kid=kid,
        x=_text(public),
        purpose=purpose,
        municipality=town,
    )


def _sealing(public: bytes, month: str) -> Jwk:
    return Jwk(
        kty="OKP",
        crv="X25519",
        use="enc",
        kid=f"sealing-{month}",
        x=_text(public),
        purpose="sealing",
        month=month,
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
