"""What the counter says to whoever asks: a screen, the command line, a test.

Plain immutable values, English keys, no words for people: those are the screen's. Points are whole
points (1 point = 1 yen), moments are milliseconds since 1970 (:data:`sync.values.Millis`).

A use case that takes or gives points answers :data:`Outcome`; it raises only for what is no answer
to the question (a damaged folder, an unreadable card file, the hub's silence where nothing works
without it).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from sync.clock import ClockState
from sync.errors import Garbled, NotAuthentic, RefusedByRule, Unreachable
from sync.records import Tier
from sync.values import (
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

if TYPE_CHECKING:
    from sync.calls import CardSigned

Kind = Literal[
    "spend",
    "ticket.redeemed",
    "ticket.issued",
    "ticket.cleared",
    "ticket.voided",
    "reversed",
    "refunded",
]
"""The kinds of record that move points at this counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """It is done: the record is committed and durable."""

    kind: Kind
    node: NodeId
    epoch: EpochId
    seq: int
    digest: Digest
    at: Millis
    municipality: MunicipalityCode
    points: Points
    tier: Tier | None
    """On whose word; None for a reversal or a refund."""
    balance_after: int | None = None
    """What is left: exactly where the hub was asked, else by the standing; None where nothing
    says it."""
    at_cap: bool = False
    """A standing says no more than its cap: read ``balance_after`` as "this or more"."""
    as_of: Millis | None = None
    """When the hub said what ``balance_after`` is made from."""
    number: TicketNumber | None = None
    """The ticket's number, for a redemption, a clearing, the reversal of one, or a void."""
    ended_on: str | None = None
    """For a clearing: the ticket's last day, where it was over; the shop's stamp has to be dated
    in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It is not done and nothing was written that moves points."""

    reason: str
    """Stable key: one of :class:`sync.policy.Reason`, of the hub's, of the card's, or one of
    ``stopped``, ``no-shift``, ``shift-open``, ``no-accepted-town``, ``other-card``,
    ``not-in-this-shift``, ``reversed-already``, ``not-reversible``, ``no-such-record``,
    ``in-this-shift``, a :class:`sync.refund.NoRefund`,
    ``hub-silent``, ``scan-needed``, ``not-a-ticket``, ``scan-incomplete``,
    ``scans-run-together``, ``scan-in-kana``, ``ticket-not-authentic``, ``attempt-over``,
    ``card-expired``, ``no-sealing-key``, ``only-issuing-online``, ``name-a-programme``,
    ``no-such-job``, ``answer-lost``, ``number-mistyped``, ``pile-open``, ``no-pile``,
    ``pile-empty``, ``payee-unknown``."""
    detail: str
    """The same in English words, for the command line."""
    points: Points | None = None
    municipality: MunicipalityCode | None = None
    number: TicketNumber | None = None
    seq: int | None = None
    """The earlier record that stands in the way, where there is one."""
    taken_at: Millis | None = None
    """When that record was made, for a ticket that was taken here before."""
    tries_left: int | None = None
    """PIN tries left, when the card said so."""
    limit: int | None = None
    """What would have been allowed, in points or times, where a limit says no."""


Outcome = Approved | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class TownStanding:
    """One town's points of the card that was shown, as the standing says."""

    municipality: MunicipalityCode
    town: str
    point_name: str
    available: int
    """What may be spent by the standing, less what this node took since."""
    at_cap: bool
    """The standing says no more than its cap: read it as "this or more"."""
    deficit: bool
    accepted: bool
    """Whether this organisation may take this town's points."""
    expires_on: str = ""
    """The last full day of what expires first, where that is within three days; else empty."""

    @property
    def usable(self) -> bool:
        """Whether spending it here makes sense at all."""
        return self.accepted and self.available > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLook:
    """What the counter knows of the card that was shown."""

    card: KeyDigest
    tries_left: int
    towns: tuple[TownStanding, ...]
    as_of: Millis | None
    """When the hub made the standing; None when there is none here."""
    fresh: bool
    """The hub was asked just now and answered."""
    pad: bool = False
    """The reader has keys on which the PIN is typed."""
    closed: str | None = None
    """Why the card opens nothing at all: the reason that a spend would be refused for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A spend (or issue) that waits for the PIN. Show it on the customer's line.

    A value without resources: drop it with ``Counter.drop``, or by preparing another one.
    """

    card: KeyDigest
    municipality: MunicipalityCode
    account: str
    points: Points
    tier: Tier
    attempt: int
    """The node's attempt that the record will name; 0 when none was made."""
    tries_left: int
    town: str
    point_name: str
    available: int
    """What is there before this spend: as the hub said with its yes, else as the standing says."""
    at_cap: bool
    rest: int | None = None
    """What is left after it, exactly, as the hub said with its yes; None where it did not."""
    as_of: Millis | None
    silent_since: Millis
    """Since when the hub is silent; 0 when it answered."""
    pad: bool = False
    """The reader has keys on which the PIN is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """The card has points of several towns that can be used here: a person chooses."""

    look: CardLook
    points: Points


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One town's balance for ``node balance`` and the resident's look."""

    municipality: MunicipalityCode
    town: str
    point_name: str
    available: int
    held: int
    as_of: Millis | None
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenId:
    """A MyKey ID that nobody has, to be registered by a card; or that all wishes are taken."""

    mykey_id: str
    """Empty where each wish is taken and the resident types another one."""
    generated: bool
    """The hub made it: for no wish, and after three that were taken."""
    taken: tuple[str, ...]
    """The wishes that are somebody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLook:
    """What this organisation may know of a card that was shown to it."""

    card: KeyDigest
    registered: bool
    """The card has a MyKey ID."""
    number: str
    """This organisation's number for its holder; empty where none is linked."""
    tries_left: int | None
    """PIN tries left; None where the PIN was just right."""
    pad: bool = False
    """The reader has keys on which the PIN is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCard:
    """The MyKey ID a card has now."""

    mykey_id: str
    generated: bool
    known_before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMember:
    """The MyKey ID of the card that was shown, as it stands now."""

    mykey_id: str
    state: Literal["active", "suspended", "cancelled"]
    at_desk: bool
    """Suspended so that only people at the desk may lift it."""
    generated: bool
    cards: int
    has_points: bool
    """Its holder agreed to have points."""
    left: tuple[BalanceRow, ...]
    """What is there, exactly, town by town: what stays when this ends. None while suspended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What an earlier card signed for another one; good for ten minutes, at this counter."""

    joins: KeyDigest
    keeps: bool
    """The earlier card goes on in use."""
    signed: "CardSigned" = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedCard:
    """How a card stands with the MyKey ID that it asked for."""

    mykey_id: str
    state: Literal["joined", "waiting", "refused"]
    fingerprint: str
    """What the desk calls the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A programme whose tickets may be issued today."""

    municipality: MunicipalityCode
    programme: str
    """Its three digits."""
    name: str
    use_until: str = ""
    """The last day on which its tickets can be used; empty where it was not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTicket:
    """What the hub knows of a ticket whose number was typed; to be compared with the paper."""

    number: TicketNumber
    municipality: MunicipalityCode
    town: str
    point_name: str
    points: Points
    valid_from: str
    valid_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPaper:
    """A signed point ticket, ready for paper."""

    number: TicketNumber
    qr: str
    """The signed ticket as the QR's text."""
    municipality: MunicipalityCode
    points: Points
    valid_from: str
    valid_until: str
    """Last day, included, ``YYYY-MM-DD`` in Asia/Tokyo."""
    seq: int
    job: int
    """Number of its print job; 0 while the signed ticket has not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Tickets were issued: the points left the wallet.

    ``papers`` is empty while the receipt with the signed tickets has not come; the next sync that
    reaches the hub brings them and makes the print jobs.
    """

    record: Approved
    numbers: tuple[TicketNumber, ...]
    papers: tuple[TicketPaper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One money record of this node, newest first in lists."""

    epoch: EpochId
    seq: int
    kind: Kind
    at: Millis
    municipality: MunicipalityCode
    points: Points
    tier: Tier | None
    number: TicketNumber | None
    digest: Digest
    reversed_by: int | None
    verdict: str | None
    """``applied``, ``exception``, ``quarantined``, or None while no receipt is stored."""
    reason: str
    """The verdict's reason; empty when applied or not yet known."""
    reversible: bool
    """Whether :meth:`Counter.reverse` would take it back now."""
    refundable: int = 0
    """Points of it that :meth:`Counter.refund` would give back now, if the hub agrees."""
    given_back: int = 0
    """Points of it that were given back, of which the hub has not said no."""
    issued: tuple[TicketNumber, ...] = ()
    """The numbers of the tickets that this entry issued, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZLine:
    """One line of a Z-report: a kind of record for one town's points."""

    municipality: MunicipalityCode
    town: str
    point_name: str
    kind: Kind
    count: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZReport:
    """A shift's sums, to be counted against the paper in the drawer."""

    node: NodeId
    epoch: EpochId
    opened_seq: int
    closed_seq: int | None
    """None while the shift is open (a look in between)."""
    staff: str
    opened_at: Millis
    closed_at: Millis
    lines: tuple[ZLine, ...]
    taken: int
    """Spends and redemptions less what was taken back or given back, in points."""
    synced: int
    """Records of the shift whose receipt is stored."""
    waiting: int
    offline_used: int
    """Points of T2 spends without a stored receipt (all shifts)."""
    offline_left: int
    claims: tuple[Digest, ...]
    """Digests of the shift's money records without a receipt: print them for a claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterState:
    """Where paper comes out, and what it waits for."""

    destination: str
    """``none``, or as :mod:`printer.destinations` reads it."""
    waiting: int
    unsure: int
    """Jobs that may have been printed: somebody must look."""
    trouble: str
    """Why the last attempt failed; empty when it did not."""
    warning: str = ""
    """What the printer warned of with its last sheet: it prints on."""
    profile: str = "unknown"
    width: int = 576
    """Dots across."""
    drawer: bool = False
    """Whether a slip opens the drawer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something a person should know about this node."""

    what: str
    """Stable key: ``exception``, ``quarantined``, ``fork``, ``second-path``, ``feed-gap``."""
    detail: str
    at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything the banner and ``node status`` say."""

    node: NodeId
    kind: str
    """``shop``, ``booth``, ``counter`` or ``library``."""
    organisation: OrganisationId
    organisation_name: str
    place: str
    municipality: MunicipalityCode
    demo: bool
    epoch: EpochId
    seq: int
    head: Digest
    waiting: int
    """Records without a stored receipt, all epochs."""
    acknowledged: int
    """Last record of this epoch in the hub's custody."""
    oldest_waiting: Millis | None
    """When the oldest record without a receipt was made: now less this is the queue's age."""
    last_sync: Millis | None
    """When the hub last answered."""
    hub_reachable: bool
    """False after a silence, until a probe is answered."""
    silent_since: Millis | None
    busy: bool
    """The hub has asked to wait before more is handed in."""
    lists_as_of: Millis | None
    offline_left: int
    """Points of T2 spends that the float still allows (home town's policy, halved when stale)."""
    offline_limit: int
    offline_warning: bool
    """More than the policy's warning share of the float is used."""
    ticket_float_left: int
    only_copy: bool
    """Both paths lie on one disk, or there is no second one."""
    unsealed_keys: bool
    """The node has no secret: its keys lie unsealed."""
    clock: ClockState
    shift_open: bool
    shift_staff: str
    stopped: str | None
    """Why this node takes no money: ``database-behind``, ``second-path-missing``,
    ``second-path-differs``, ``forked``, ``epoch-closed``; or None."""
    paper_waiting: int
    """Issued tickets whose signed paper has not come yet."""
    printer: PrinterState
    incidents: tuple[Incident, ...]
    now: Millis
    revocation_since: Millis | None = None
    """Since when the hub's revocation lists are out of date (0: it never had one); None: they are
    in force, or it asks for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of paper: printed, waiting, or in doubt."""

    job: int
    what: str
    """The kind of its record, ``ticket`` or ``Z``."""
    number: str
    """Of the record, or of the ticket."""
    at: Millis
    state: str
    """``queued``, ``failed`` (it waits), ``sent`` (it may be out: a person has to look) or
    ``confirmed``."""
    trouble: str
    """The printer's stable key for what went wrong; empty where nothing did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What one exchange with the hub did."""

    sent: int
    receipts: int
    """Verdicts stored."""
    pages: int
    papers: int
    """Print jobs that receipts made."""
    error: Unreachable | NotAuthentic | Garbled | RefusedByRule | None = None
    """Why it ended early: the hub was silent or busy, or said no, or was not understood."""

    @property
    def reached(self) -> bool:
        """Whether it went to its end."""
        return self.error is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not add up."""

    finding: str
    where: str
    expected: str
    found: str


class Level(StrEnum):
    """How a check of the doctor came out, from good to bad."""

    WELL = "well"
    NOTE = "note"
    """Good to know; nothing has to be done unless this is to be used here."""
    LOOK = "look"
    """Somebody has to look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that the doctor looked at."""

    check: str
    level: Level
    detail: str
    """What was found; where it is not well, what to do."""

    @property
    def well(self) -> bool:
        """Whether nobody has to look at it."""
        return self.level is not Level.LOOK
