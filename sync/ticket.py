"""The point ticket: its number, its signature, and the text of its QR code.

A signed ticket is a CWT (RFC 8392) in COSE_Sign1 (RFC 9052, tag 18) with EdDSA under the
municipality's ticket key, in deterministic CBOR (RFC 8949, section 4.2), so that a ticket has one
spelling only. Anybody with the public key can check it without the network. A ticket says from
when to when it may be used; whether that is now is judged where it is redeemed, not here.

Claims: ``iss`` the hub's origin, ``exp`` the end of the last day and ``nbf`` the beginning of the
first (Asia/Tokyo, so both are midnights), ``cti`` the number; private claims from -65537 down:
municipality, points, zones, online-only.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from sync.clock import TOKYO_AHEAD
from sync.errors import Malformed, NotAuthentic
from sync.signing import SigningKey, parsed
from sync.values import (
    BETWEEN_DIGITS,
    MOST_POINTS,
    MunicipalityCode,
    Points,
    TicketNumber,
    half_width,
    municipality_code,
)

if TYPE_CHECKING:
    from cwt.cose_key_interface import COSEKeyInterface

MOST_BYTES = 1024
"""The longest signed ticket, in bytes: what a record has room for."""
MOST_ZONES = 16
LONGEST_ZONE = 32
LONGEST_ISSUER = 200
_KEYS_KEPT = 64
"""Public keys that stay as they were read: those of the towns that a node or hub hears of."""


class _Claim:
    """Claim keys (RFC 8392, section 4); private use begins below -65536 (section 9.1)."""

    ISS = 1
    EXP = 4
    NBF = 5
    CTI = 7
    MUNICIPALITY = -65537
    POINTS = -65538
    ZONES = -65539
    ONLINE_ONLY = -65540


_ALG, _KID, _EDDSA, _SIGN1 = 1, 4, -8, 18
"""RFC 9052, sections 3.1 and 2; RFC 9053, section 2.2."""
_SIGNATURE_BYTES = 64

_SECONDS = 86_400
_TOKYO = TOKYO_AHEAD // 1000
_EPOCH = date(1970, 1, 1).toordinal()

_NUMBER = re.compile(r"\d{13}", re.ASCII)
_BASE32 = re.compile(r"[A-Z2-7]+", re.ASCII)

# Damm's algorithm: a totally anti-symmetric quasigroup of order 10 with zeros on its diagonal
# (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004). Row: what came before; column: digit.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


class UnknownSigner(NotAuthentic):
    """No key that is known here made it. ``says`` is the town that it names, unproved, or empty."""

    def __init__(self, says: str) -> None:
        super().__init__("no ticket key that is known here signed this ticket")
        self.says = says


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTicket:
    """What a ticket's signature vouches for. Both days are included, ``YYYY-MM-DD``, Asia/Tokyo."""

    issuer: str
    """The origin of the hub that issued it."""
    number: TicketNumber
    municipality: MunicipalityCode
    points: Points
    valid_from: str
    valid_until: str
    zones: tuple[str, ...] = ()
    """Where it may be used; empty: everywhere the municipality has accepted."""
    online_only: bool = False


def check_digit(digits: str) -> str:
    """The digit that makes ``digits`` a number: every single wrong digit and every swap shows."""
    at = "0"
    for digit in digits:
        at = _DAMM[int(at)][int(digit)]
    return at


def check_number(text: str) -> TicketNumber:
    """Read a ticket number as it is typed or read aloud: 13 digits, the last one a check digit.

    Full-width digits are accepted, spaces and hyphens are removed. Raises Malformed.
    """
    number = BETWEEN_DIGITS.sub("", half_width(text))
    if not _NUMBER.fullmatch(number):
        raise Malformed(f"ticket number {text!r}: it has 13 digits")
    if check_digit(number[:-1]) != number[-1]:
        raise Malformed(
            f"ticket number {number}: a digit is wrong or two are swapped; read it again"
        )
    return TicketNumber(number)


@lru_cache(_KEYS_KEPT)
def key_id(public: bytes) -> bytes:
    """The first 8 bytes of a key's thumbprint (RFC 7638; members of RFC 8037). Only finds it."""
    x = base64.urlsafe_b64encode(public).decode("ascii").rstrip("=")
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return hashlib.sha256(jwk.encode("ascii")).digest()[:8]


def load() -> None:
    """Load what reads tickets, so that the first one at a counter waits for nothing."""
    import cbor2
    import cwt

    del cbor2, cwt


def sign_ticket(ticket: SignedTicket, key: SigningKey) -> bytes:
    """Sign a ticket with its municipality's key; the same ticket and key give the same bytes.

    Raises Malformed for what :func:`read_ticket` would not read.
    """
    from cbor2 import dumps
    from cwt import COSE

    _check(ticket)
    private = _private_key(key.public, key.seed)
    data: bytes = COSE.new(deterministic_header=True).encode_and_sign(
        dumps(_claims(ticket)), private, {_ALG: _EDDSA, _KID: key_id(key.public)}, {}
    )
    if len(data) > MOST_BYTES:
        raise Malformed(f"a signed ticket of {len(data)} bytes; the longest is {MOST_BYTES}")
    return data


def read_ticket(data: bytes, keys: Mapping[MunicipalityCode, tuple[bytes, ...]]) -> SignedTicket:
    """Check a signed ticket and read it.

    ``keys`` are the public ticket keys (Ed25519, 32 bytes) of each municipality; each that the
    ticket's key id matches is tried. Raises Malformed when it is no signed ticket, NotAuthentic
    when no key of its own municipality made it (UnknownSigner where none matches at all). The
    caller judges the days, the zone and whether it was used before.
    """
    from cbor2 import dumps

    envelope = _envelope(data)
    candidates = [
        (town, public)
        for town, publics in keys.items()
        for public in publics
        if key_id(public) == envelope.kid
    ]
    if not candidates:
        raise UnknownSigner(_town_named(envelope.payload))
    town = _signer(envelope, candidates)
    ticket = _ticket(envelope.payload)
    if dumps(_claims(ticket)) != envelope.payload:
        raise Malformed("not a signed ticket: another spelling of its claims")
    if ticket.municipality != town:
        raise NotAuthentic(f"the key of {town} signed a ticket of {ticket.municipality}")
    return ticket


def claimed(data: bytes) -> SignedTicket | None:
    """What a ticket says of itself, believed by nobody: only to name what is given back."""
    try:
        return _ticket(_envelope(data).payload)
    except Malformed:
        return None


def name_of(data: bytes) -> bytes:
    """The 16 bytes by which lists name a signed ticket: they tell nobody a live number.

    The first half of the signature's SHA-256. Raises Malformed.
    """
    return hashlib.sha256(_envelope(data).signature).digest()[:16]


def to_qr(data: bytes) -> str:
    """The text of the QR code: base32 (RFC 4648) without padding.

    A-Z and 2-7 fit alphanumeric mode and survive any keyboard layout behind a scanner.
    """
    return base64.b32encode(data).decode("ascii").rstrip("=")


def from_qr(text: str) -> bytes:
    """The signed ticket in a scanned text. Full-width, lower case, spaces and line ends are fine.

    Raises Malformed for anything else. The ticket itself is not checked here.
    """
    code = "".join(half_width(text).split()).upper()
    if not _BASE32.fullmatch(code) or len(code) > 2 * MOST_BYTES:
        raise Malformed("this QR code is not a point ticket")
    try:
        data = base64.b32decode(code + "=" * (-len(code) % 8))
    except binascii.Error:
        raise Malformed("the QR code was not read to its end: scan it again") from None
    if to_qr(data) != code or len(data) > MOST_BYTES:
        raise Malformed("the QR code was not read to its end: scan it again")
    return data


def _claims(ticket: SignedTicket) -> dict[int, object]:
    """The claims in the order of deterministic CBOR."""
    return {
        _Claim.ISS: ticket.issuer,
        _Claim.EXP: _midnight(ticket.valid_until) + _SECONDS,
        _Claim.NBF: _midnight(ticket.valid_from),
        _Claim.CTI: ticket.number.encode("ascii"),
        _Claim.MUNICIPALITY: ticket.municipality,
        _Claim.POINTS: ticket.points,
        _Claim.ZONES: list(ticket.zones),
        _Claim.ONLINE_ONLY: ticket.online_only,
    }


def _town_named(payload: bytes) -> str:
    try:
        return _ticket(payload).municipality
    except Malformed:
        return ""


def _ticket(payload: bytes) -> SignedTicket:
    """The ticket in a payload whose signature holds; raises Malformed."""
    from cbor2 import CBORDecodeError, loads

    try:
        claims = loads(payload)
    except CBORDecodeError:
        raise Malformed("not a signed ticket: its claims cannot be read") from None
    match claims:
        case {
            _Claim.ISS: str() as issuer,
            _Claim.EXP: int() as expires,
            _Claim.NBF: int() as not_before,
            _Claim.CTI: bytes() as number,
            _Claim.MUNICIPALITY: str() as municipality,
            _Claim.POINTS: int() as points,
            _Claim.ZONES: list() as zones,
            _Claim.ONLINE_ONLY: bool() as online_only,
        } if all(isinstance(zone, str) for zone in zones):
            ticket = SignedTicket(
                issuer=issuer,
                number=check_number(number.decode("ascii", "replace")),
                municipality=municipality_code(municipality),
                points=Points(int(points)),
                valid_from=_day(not_before),
                valid_until=_day(expires - _SECONDS),
                zones=tuple(zones),
                online_only=online_only,
            )
            _check(ticket)
            return ticket
    raise Malformed("not a signed ticket: a claim is missing or of another kind")


def _check(ticket: SignedTicket) -> None:
    """Refuse a ticket whose values are out of bounds."""
    if check_number(ticket.number) != ticket.number:
        raise Malformed(f"ticket number {ticket.number!r}: 13 half-width digits and nothing else")
    if municipality_code(ticket.municipality) != ticket.municipality:
        raise Malformed(f"municipality code {ticket.municipality!r}: six half-width digits")
    if not 0 < ticket.points <= MOST_POINTS:
        raise Malformed(f"a ticket of {ticket.points} points; from 1 to {MOST_POINTS:,}")
    if _midnight(ticket.valid_from) > _midnight(ticket.valid_until):
        raise Malformed(f"a ticket from {ticket.valid_from} until {ticket.valid_until}")
    if len(ticket.issuer) > LONGEST_ISSUER:
        raise Malformed("a ticket whose hub has too long a name")
    if len(ticket.zones) > MOST_ZONES or any(len(zone) > LONGEST_ZONE for zone in ticket.zones):
        raise Malformed(f"a ticket of more than {MOST_ZONES} zones, or with too long a name")


def _midnight(day: str) -> int:
    """When a day begins in Asia/Tokyo, in seconds since 1970; raises Malformed."""
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        raise Malformed(f"day {day!r}: it looks like 2026-04-01") from None
    if parsed.isoformat() != day:
        raise Malformed(f"day {day!r}: it looks like 2026-04-01")
    return (parsed.toordinal() - _EPOCH) * _SECONDS - _TOKYO


def _day(midnight: int) -> str:
    """The day that begins then in Asia/Tokyo; raises Malformed."""
    days, rest = divmod(midnight + _TOKYO, _SECONDS)
    if rest:
        raise Malformed("a ticket whose days do not begin at midnight in Asia/Tokyo")
    try:
        return date.fromordinal(days + _EPOCH).isoformat()
    except (ValueError, OverflowError):
        raise Malformed("a ticket of a year that no calendar has") from None


@dataclass(frozen=True, slots=True)
class _Envelope:
    """COSE_Sign1, taken apart but not checked."""

    kid: bytes
    protected: bytes
    payload: bytes
    signature: bytes


def _envelope(data: bytes) -> _Envelope:
    """Take a COSE_Sign1 apart; raises Malformed unless it is spelled exactly as we spell it."""
    from cbor2 import CBORDecodeError, CBORTag, dumps, loads

    if len(data) > MOST_BYTES:
        raise Malformed(f"a signed ticket of {len(data)} bytes; the longest is {MOST_BYTES}")
    try:
        tag = loads(data)
        protected, unprotected, payload, signature = tag.value
        headers = loads(protected)
        kid = headers[_KID]
    except (CBORDecodeError, AttributeError, TypeError, ValueError, LookupError, RecursionError):
        raise Malformed("not a signed ticket") from None
    well_typed = (
        unprotected == {}
        and all(isinstance(part, bytes) for part in (kid, payload, signature))
        and len(signature) == _SIGNATURE_BYTES
    )
    if not well_typed:
        raise Malformed("not a signed ticket, or not signed by EdDSA")
    ours = dumps({_ALG: _EDDSA, _KID: kid})
    if dumps(CBORTag(_SIGN1, [ours, {}, payload, signature])) != data:
        raise Malformed("not a signed ticket: another spelling of it")
    return _Envelope(kid, ours, payload, signature)


def _signer(
    envelope: _Envelope, candidates: Iterable[tuple[MunicipalityCode, bytes]]
) -> MunicipalityCode:
    """Whose key made the signature over its Sig_structure (RFC 9052, 4.4); or NotAuthentic."""
    from cbor2 import dumps

    signed = dumps(["Signature1", envelope.protected, b"", envelope.payload])
    for town, public in candidates:
        try:
            parsed(public).verify(envelope.signature, signed)
        except (InvalidSignature, ValueError):
            continue
        return town
    raise NotAuthentic("the ticket was changed, or is not one of this municipality")


@lru_cache(_KEYS_KEPT)
def _private_key(public: bytes, seed: bytes) -> "COSEKeyInterface":
    """What a town's tickets are signed with: made once, as for checking."""
    return _cose_key(public, seed)


def _cose_key(public: bytes, seed: bytes | None = None) -> "COSEKeyInterface":
    """An OKP key of COSE (RFC 9053, section 7.2) with its key id."""
    from cwt import COSEKey

    parameters: dict[int, object] = {1: 1, 2: key_id(public), 3: _EDDSA, -1: 6, -2: public}
    return COSEKey.new(parameters if seed is None else {**parameters, -4: seed})
