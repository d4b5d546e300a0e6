"""The values behind the golden bytes: one shop's day, and what travels with it.

Keys and secrets are counted bytes, never real ones.
"""

import hashlib
from enum import Enum

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from sync.batch import Batch, EvidenceBook, join
from sync.cardproof import Evidence, SealedCertificate
from sync.chain import NOTHING, digest
from sync.clock import At, ClockState
from sync.columns import (
    Aside,
    Before,
    Binary,
    Chosen,
    Hex,
    Leaves,
    Numbers,
    Same,
    Steps,
    Table,
)
from sync.policy import Policy
from sync.records import (
    AnyBody,
    Basis,
    Expiring,
    Genesis,
    NodeNotice,
    PileClosed,
    PileOpened,
    Record,
    Ref,
    Refunded,
    Reversed,
    ShiftClosed,
    ShiftOpened,
    ShiftSum,
    Spend,
    Ticket,
    TicketCleared,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
    Tier,
    encode,
)
from sync.request import Request
from sync.signing import SigningKey, sign_head, thumbprint
from sync.standing import AccountStanding, Standing
from sync.ticket import SignedTicket, sign_ticket
from sync.values import (
    AccountId,
    CardState,
    Digest,
    EpochId,
    KeyDigest,
    Millis,
    MunicipalityCode,
    NodeId,
    OrganisationId,
    Points,
    TicketNumber,
)
from tests.doubles.pen import Card as PlainCard
from tests.simulation.keys import card_keys

ORIGIN = "https://hub.example:8443"
NODE = NodeId("141305-B2108-1111")
TOWN = MunicipalityCode("141305")
SHOP = OrganisationId("141305-B2109")
NOON = Millis(1_774_753_200_000)
"""2026-03-29T12:00+09:00."""

HUB_KEY = SigningKey(bytes(range(32)))
NODE_KEY = SigningKey(bytes(range(32, 64)))
CARDS = (
    PlainCard(card_keys()[0]),
    PlainCard(ec.derive_private_key(int.from_bytes(range(1, 33), "big"), ec.SECP256R1())),
    PlainCard(ec.derive_private_key(int.from_bytes(range(1, 49), "big"), ec.SECP384R1())),
)
"""A card of each algorithm. No RSA key can be counted, so it is one of the simulation's."""
TICKET_KEY = SigningKey(bytes(range(64, 96)))
SEALING_SEED = bytes(range(96, 128))
"""The hub's private X25519 key of the month."""
CONTENT_KEY = bytes(range(128, 160))
ZONE_KEY = bytes(range(160, 192))
STANDING_NONCE = bytes(range(12))
CARD = KeyDigest(hashlib.sha256(b"a card's public key").digest())
SIGNATURE = bytes(range(256))
"""Where a card's RSA-2048 signature stands."""
SEALED_CONTENT_KEY = bytes.fromhex(
    "1f48f84e863d5dd400783014bcee70908623924ebf2647fea0326da40c30ee4e"
    "bf6e687eae05a7e6b8e06125e68255315d1413e2d2007834090617c0545902b4"
    "506d7c2911b0287013ab432681f29300"
)
"""HPKE is never the same twice: this was sealed once and is opened by the tests."""
EPOCH = EpochId(f"3-{thumbprint(NODE_KEY.public)}")
ACCOUNT = AccountId("00112233445566ff")
NUMBER = TicketNumber("1015551445076")

POLICY = Policy()
TICKET = SignedTicket(
    issuer=ORIGIN,
    number=NUMBER,
    municipality=TOWN,
    points=Points(500),
    valid_from="2026-04-01",
    valid_until="2026-06-30",
    zones=("141305-1", "大師"),
    online_only=False,
)
STANDING = Standing(
    CardState.SUSPENDED,
    (
        AccountStanding(
            TOWN, ACCOUNT, False, 6000, (Expiring(Millis(NOON + 3_600_000), Points(200)),)
        ),
        AccountStanding(MunicipalityCode("131164"), AccountId("f" * 16), True, 0, ()),
    ),
)
REQUEST = Request(
    "PUT",
    f"/v1/nodes/{NODE}/epochs/{EPOCH}/records/1",
    "application/vnd.machikado.records.v1+zstd",
    b"a batch",
)
REQUEST_CREATED = NOON // 1000

_BASIS = Basis(
    policy=POLICY.digest,
    incarnation=1,
    feed=42,
    as_of=Millis(NOON - 7_200_000),
    available=6000,
    expiring=(Expiring(Millis(NOON + 3_600_000), Points(200)),),
    included=1,
    receipted=1,
    silent_since=Millis(NOON - 600_000),
)
_NO_BASIS = Basis(
    policy=b"",
    incarnation=0,
    feed=0,
    as_of=Millis(0),
    available=0,
    expiring=(),
    included=0,
    receipted=0,
    silent_since=Millis(0),
)


def day() -> tuple[Record, ...]:
    """One record of every kind (two spends), as one chain."""
    told: list[Record] = []
    prev: Digest = NOTHING

    def tell(body: AnyBody, clock: ClockState = ClockState.RUNNING) -> Ref:
        nonlocal prev
        seq = len(told) + 1
        at = At(Millis(NOON + 60_000 * seq), clock, Millis(NOON - 7_200_000))
        record = Record(1, NODE, EPOCH, seq, prev, at, body)
        told.append(record)
        prev = digest(encode(record))
        return Ref(EPOCH, seq, prev)

    tell(
        Genesis(ORIGIN, HUB_KEY.public, NODE_KEY.public, "2-0123456789abcdef", 17, bytes(32)),
        ClockState.SYNCED,
    )
    tell(ShiftOpened("さくら", "2026-03", SEALED_CONTENT_KEY))
    sale = tell(Spend(TOWN, ACCOUNT, Points(300), Tier.T2, CARD, 0, _BASIS))
    held = tell(Spend(TOWN, ACCOUNT, Points(9_999_999), Tier.T0, CARD, 1, _NO_BASIS))
    tell(Reversed(TOWN, sale, Points(300)))
    tell(
        TicketIssued(
            TOWN,
            ACCOUNT,
            CARD,
            2,
            "101",
            (Ticket(NUMBER, Points(500), TICKET.valid_from, TICKET.valid_until),),
        )
    )
    paper = sign_ticket(TICKET, TICKET_KEY)
    tell(TicketRedeemed(TOWN, NUMBER, Points(500), Tier.T2, 0, paper, _BASIS))
    tell(NodeNotice("second-path", "別の場所の控えが書けません"), ClockState.UNTRUSTED)
    tell(ShiftClosed(2, (ShiftSum(TOWN, "spend", 1, 9_999_999), ShiftSum(TOWN, "void", 1, -300))))
    pile = tell(PileOpened(TOWN, SHOP))
    tell(TicketCleared(TOWN, NUMBER, Points(500), SHOP, pile.seq, Tier.T0, 3, b"", _NO_BASIS))
    tell(PileClosed(pile.seq, 1, 500))
    tell(TicketVoided(TOWN, NUMBER, Points(500), AccountId(""), KeyDigest(b""), 5, paper))
    tell(TicketVoided(TOWN, NUMBER, Points(500), ACCOUNT, CARD, 0, b""))
    tell(Refunded(TOWN, held, Points(300), 6))
    return tuple(told)


RECORDS = day()
BYTES = tuple(encode(record) for record in RECORDS)
LAST = digest(BYTES[2])
BOOK = EvidenceBook(
    (None, None, Evidence(2, "RS256", CARD, b"sealed signature")),
    (SealedCertificate(2, CARD, b"sealed certificate"),),
)
BATCH = Batch(
    facts=join(BYTES[:3]),
    evidence=msgspec.msgpack.encode(BOOK),
    head=sign_head(NODE_KEY, NODE, EPOCH, 3, LAST),
    ended=(4, 9),
    closed=False,
    receipted=0,
    decisions=0,
)

_FOREIGN = b"\xc1 not MessagePack"
ROWS = (
    b"\x95\x01\x07\xa4beef\xc4\x00\xc4\x02\xca\xfe",
    _FOREIGN,
    b"\x95\x02\x07\xa4cafe\xc4\x20" + digest(_FOREIGN) + b"\xc4\x02\xba\xbe",
    b"\x93\xcc\xc8\xa1a\xc4\x01\x00",
    b"\x93\xcd\x01\x2c\xa1a\xc4\x01\x01",
    b"\x93\xcc\xc8\xa1b\xc4\x01\x02",
)
TABLE = Table(
    order=(0, 1, 0, 2, 2, 2),
    groups=(
        (
            Same(b"\x95"),
            Steps((1, 1)),
            Same(b"\x07"),
            Hex(2, b"\xbe\xef\xca\xfe"),
            Before(),
            Aside(2),
        ),
        (Leaves((_FOREIGN,)),),
        (
            Same(b"\x93"),
            Numbers((200, 300, 200)),
            Chosen(Leaves((b"\xa1a", b"\xa1b")), (0, 0, 1)),
            Binary(1, b"\x00\x01\x02"),
        ),
    ),
    before=b"",
)
ASIDE = b"\xca\xfe\xba\xbe"


def named(value: object) -> object:
    """A value with its fields' names, bytes as hexadecimal: how the JSON files write it."""
    match value:
        case msgspec.Struct():
            tag = value.__struct_config__.tag
            kind = {} if tag is None else {"kind": tag}
            names = value.__struct_fields__
            return kind | {name: named(getattr(value, name)) for name in names}
        case bytes():
            return value.hex()
        case tuple():
            return [named(item) for item in value]
        case Enum():
            return value.value
    return value
