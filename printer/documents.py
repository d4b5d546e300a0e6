"""What to say on paper: a point ticket, a slip, a Z-report, a receipt for a pile, as frozen values.

Values arrive as the domain has them (an int of points, a date, an aware datetime); how they look
is decided in :mod:`printer.words` and :mod:`printer.compose`. A document is complete in itself,
so that its bytes (:func:`encode`) can be stored beside the record in one transaction and be
printed an hour later, or again, without asking anybody.

Each maker refuses what could never be true on paper (:class:`ValueError`); :func:`decode` turns
that, and any foreign bytes, into :class:`BadDocument`.
"""

import re
from datetime import date, datetime
from typing import Literal, TypeVar

import msgspec

from printer.errors import BadDocument

Language = Literal["ja", "en"]
TakingsKind = Literal["spend", "redemption", "reversal", "refund"]
"""What changes what a drawer must hold."""
SlipKind = Literal[TakingsKind, "void"]
"""``void``: an issued ticket is taken back, and its points return to the resident."""
Settled = Literal["online", "offline", "zone"]
"""Who vouched: the hub at once (T0), this node's policy while the hub was silent (T2), or the
zone's lease (T1)."""

_TICKET_NUMBER = re.compile(r"\d{13}", re.ASCII)
_BASE32 = re.compile(r"[A-Z2-7]+", re.ASCII)  # RFC 4648 section 6, without padding
_DIGEST = re.compile(r"[0-9a-f]{8}", re.ASCII)


class _Paper(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every sheet carries."""

    language: Language
    reprints: int = 0
    """How often this sheet was printed before; above 0 the paper says so."""
    training: bool = False
    """Made in training mode: the paper says that it is worth nothing."""
    specimen: bool = False
    """Shows how a sheet will look: the paper says that it is worth nothing."""

    def __post_init__(self) -> None:
        _require(self.reprints >= 0, "a count of reprints cannot be below zero")


class Ticket(_Paper, frozen=True, kw_only=True, tag="ticket"):
    """A point ticket (ポイント券) with its place for two stamps."""

    town: str
    point_name: str
    points: int
    valid_from: date
    valid_until: date
    """The last day of use: both ends are included."""
    issued_on: date
    number: str
    """13 digits, printed in groups for reading aloud."""
    qr: str
    """The signed ticket in base32 (RFC 4648), upper case, without padding."""
    places: tuple[str, ...] = ()
    """Where it can be used; empty means everywhere the town has accepted."""
    online_only: bool = False
    office: str = ""
    """The organisation that issued it: whom to ask; empty on paper of before it was told."""
    office_place: str = ""
    digest: str
    """First 8 hexadecimal digits of the record's digest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.points > 0, "a ticket is worth at least 1 point")
        _require(self.valid_from <= self.valid_until, "a ticket cannot end before it begins")
        _require(_TICKET_NUMBER.fullmatch(self.number), "a ticket number is 13 digits")
        _require(_BASE32.fullmatch(self.qr), "a ticket's QR is base32 in upper case")
        _require(_DIGEST.fullmatch(self.digest), "a digest is shown as 8 hexadecimal digits")


class Balance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left, and as of when somebody knew it."""

    points: int
    as_of: datetime
    at_least: bool = False
    """Nobody here knows more than that it is this or more: the paper says so."""

    def __post_init__(self) -> None:
        _require_aware(self.as_of)


class Slip(_Paper, frozen=True, kw_only=True, tag="slip"):
    """The paper a resident takes home (レシート) after a spend, a redemption or their undoing."""

    kind: SlipKind
    organisation: str
    place: str
    town: str
    point_name: str
    points: int
    balance: Balance | None = None
    """None where nobody here knows it (a redemption; a node that was offline)."""
    settled: Settled | None
    """None for an undoing: this counter says so, and nobody else has yet. A void without it is one
    without the paper: its points return when every shop knows of it."""
    number: str = ""
    """The ticket's, 13 digits; empty where the slip is about none."""
    undoes: int = 0
    """The earlier record that this one takes back; 0: none."""
    at: datetime
    node: str
    """Short form of the node ID, e.g. ``B2108-1111``."""
    seq: int
    digest: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.points > 0, "a slip is about at least 1 point")
        _require(self.seq > 0, "records are counted from 1")
        _require(
            not self.number or _TICKET_NUMBER.fullmatch(self.number),
            "a ticket number is 13 digits",
        )
        _require(0 <= self.undoes < self.seq, "a record can only undo an earlier one")
        _require(_DIGEST.fullmatch(self.digest), "a digest is shown as 8 hexadecimal digits")
        _require_aware(self.at)


class Takings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a Z-report: what one town's points brought in one way."""

    town: str
    point_name: str
    kind: TakingsKind
    count: int
    points: int

    def __post_init__(self) -> None:
        _require(self.count >= 0 and self.points >= 0, "takings are counted upwards from zero")


class ZReport(_Paper, frozen=True, kw_only=True, tag="z-report"):
    """A shift's sums (日計), to be counted against the paper in the drawer."""

    organisation: str
    place: str
    node: str
    shift: int
    opened: datetime
    closed: datetime
    takings: tuple[Takings, ...]
    """Spends and redemptions come in, reversals and refunds go out; amounts are never negative."""
    synced: int
    waiting: int
    limit_used: int
    """Points taken while the hub was silent and not yet receipted (T2)."""
    limit_left: int
    next_payment: date | None = None
    waiting_digests: tuple[str, ...] = ()
    """8 hexadecimal digits each: with them a lost record can be claimed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_aware(self.opened)
        _require_aware(self.closed)
        _require(self.opened <= self.closed, "a shift cannot close before it opens")
        _require(
            min(self.synced, self.waiting, self.limit_used, self.limit_left) >= 0,
            "counts and limits cannot be below zero",
        )
        _require(len(self.waiting_digests) <= self.waiting, "more digests than waiting records")
        _require(
            all(_DIGEST.fullmatch(digest) for digest in self.waiting_digests),
            "a digest is shown as 8 hexadecimal digits",
        )

    @property
    def taken(self) -> tuple[Takings, ...]:
        """What came in."""
        return tuple(line for line in self.takings if line.kind in ("spend", "redemption"))

    @property
    def undone(self) -> tuple[Takings, ...]:
        """What went out again."""
        return tuple(line for line in self.takings if line.kind in ("reversal", "refund"))

    @property
    def total(self) -> int:
        """Points that stay with the organisation; negative after more undoing than taking."""
        return sum(t.points for t in self.taken) - sum(t.points for t in self.undone)


class Cleared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a clearing receipt: so many tickets of so many points each."""

    points: int
    count: int

    def __post_init__(self) -> None:
        _require(self.points > 0 and self.count > 0, "a line is about at least 1 ticket of 1 point")


class Returned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of paper that was not cleared and goes back with the shop."""

    number: str
    """The ticket's 13 digits; or, where they cannot be read, what stands on the paper."""
    reason: str
    """Why, in words of the document's language."""


class ClearingReceipt(_Paper, frozen=True, kw_only=True, tag="clearing-receipt"):
    """What a shop takes home for the pile of stamped tickets that it brought (消込受領書)."""

    organisation: str
    """Whose pile it was: who is paid."""
    office: str
    """Who cleared it."""
    place: str
    """Where the office stands."""
    town: str
    point_name: str
    opened: datetime
    closed: datetime
    lines: tuple[Cleared, ...]
    returned: tuple[Returned, ...] = ()
    node: str
    seq: int
    """The number of the record that closed the pile."""
    digest: str
    next_payment: date | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_aware(self.opened)
        _require_aware(self.closed)
        _require(self.opened <= self.closed, "a pile cannot close before it opens")
        _require(self.seq > 0, "records are counted from 1")
        _require(_DIGEST.fullmatch(self.digest), "a digest is shown as 8 hexadecimal digits")

    @property
    def count(self) -> int:
        """Tickets cleared."""
        return sum(line.count for line in self.lines)

    @property
    def points(self) -> int:
        """What they are worth together."""
        return sum(line.points * line.count for line in self.lines)


class TrialSheet(_Paper, frozen=True, kw_only=True, tag="trial-sheet"):
    """What a printer is tried with: edges, letters of every size, an amount and a code."""

    organisation: str
    place: str
    printer: str
    """Where it is."""
    model: str
    dots: int
    """How wide its paper is thought to be."""
    at: datetime

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.dots > 0, "paper is at least 1 dot wide")
        _require_aware(self.at)


Document = Ticket | Slip | ZReport | ClearingReceipt | TrialSheet
D = TypeVar("D", Ticket, Slip, ZReport, ClearingReceipt, TrialSheet)


def encode(document: Document) -> bytes:
    """The document as JSON bytes, for a row beside the record."""
    return msgspec.json.encode(document)


def decode(data: bytes) -> Document:
    """The document of :func:`encode`; raises :class:`BadDocument` for anything else."""
    try:
        document: Document = msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"These bytes are no document that can be printed: {error}") from error
    return document


def kind(document: Document) -> str:
    """``ticket``, ``slip``, ``z-report`` or ``clearing-receipt``."""
    return str(document.__struct_config__.tag)


def reprinted(document: D) -> D:
    """The same sheet once more, marked and counted as a reprint."""
    return msgspec.structs.replace(document, reprints=document.reprints + 1)


def _require(fact: object, otherwise: str) -> None:
    if not fact:
        raise ValueError(otherwise)


def _require_aware(at: datetime) -> None:
    _require(at.tzinfo is not None, "a time on paper needs its time zone")
