"""What the hub answers that is more than a row of a list: one shape for server and client."""

import msgspec

from hub.forms import BalanceRow, ExceptionRow, TicketRow
from sync.values import Millis, MunicipalityCode, OrganisationId


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One record of an exception, with what proves it; hexadecimal where it is bytes.

    What the record's bytes cannot tell is empty: a record that cannot be read has a digest only.
    """

    record: str
    """node:epoch:seq, with the branch behind the epoch where it stands on one."""
    organisation: str
    name: str
    """The organisation's name."""
    place: str
    pays: str
    """Whose pile it cleared, by name, so who is paid; empty where that is the organisation."""
    kind: str
    ticket: str
    """The ticket's number."""
    points: int
    at: Millis
    """By the node's clock."""
    received_at: Millis
    outcome: str
    reason: str
    bearer: str
    paid: int
    digest: str
    """SHA-256 of the record's bytes."""
    prev: str
    head: str
    """The head that the node signed over it, ``seq digest``."""
    head_signature: str
    node_key: str
    """The public key (Ed25519) that the head holds under."""
    signature: str
    """What carries the record: the ticket as its town signed it, or the card's sealed signature."""
    basis: dict[str, str]
    """What the node says that it knew."""
    tier: str
    """On whose word it was taken; empty where nobody's was needed."""
    head_holds: bool
    """Whether the node's signature over the head holds under its key."""
    proof: str
    """What was found of the signature that carries the record, in words."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on an exception, and whose."""

    at: Millis
    persons: tuple[str, ...]
    decision: str
    why: str


class ExceptionView(ExceptionRow, frozen=True, kw_only=True):
    """An exception with the evidence of both sides and what people made of it."""

    sides: list[Side]
    """The record that it is about, and the other one where there are two."""
    decided: list[Decided]
    may: tuple[str, ...]
    """What people may decide now."""


class TicketStep(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with a ticket: a record's kind, ``reprinted``, ``points-back`` or ``claimed``.

    Claimed: the hub said yes to a counter, whose record is not here yet; ``reason`` is what for.
    """

    at: Millis
    """By the node's clock, as far as the hub believes it."""
    what: str
    node: str
    """Empty where the hub did it."""
    record: str
    """node:epoch:seq, with the branch behind the epoch where it stands on one; empty: none."""
    outcome: str = ""
    reason: str = ""
    taken_back_by: str = ""
    """The reversal that took it back."""


class TicketLife(TicketRow, frozen=True, kw_only=True):
    """A point ticket and all that became of it, oldest first. Whose points it was is not told."""

    life: list[TicketStep]


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to a MyKey ID, and why: suspended, resumed, ...

    ``person`` did it at the desk; ``counter NODE`` is where the holder did it with the card.
    """

    at: Millis
    what: str
    why: str
    person: str


class ResidentView(msgspec.Struct, frozen=True, kw_only=True):
    """A MyKey ID as the desk may see it: no accounts, no usage."""

    mykey_id: str
    state: str
    generated: bool
    cards: int
    consents: tuple[str, ...]
    steps: list[StepRow]
    """What was done to it since it was registered, by whom, oldest first."""


class JoinRow(msgspec.Struct, frozen=True, kw_only=True):
    """A card that asked at a counter to be joined to a MyKey ID, and waits or was refused."""

    mykey_id: str
    card: str
    """Its fingerprint, as the counter showed it."""
    node: str
    at: Millis
    state: str


class CancelledView(msgspec.Struct, frozen=True, kw_only=True):
    """A MyKey ID that ended, and the points that stay until they lapse."""

    mykey_id: str
    state: str
    left: list[BalanceRow]


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger account of a town; those of residents are summed by kind: ``count`` of them."""

    municipality: str
    account: str
    count: int
    points: int


class FlowRow(msgspec.Struct, frozen=True, kw_only=True):
    """What ever went from one kind of account to another, in ``count`` transfers."""

    municipality: str
    source: str
    target: str
    count: int
    points: int


class TownTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What all residents together have of a town's points, with what waits in holds."""

    municipality: str
    name: str
    point_name: str
    residents: int
    points: int
    tickets: int
    """Worth of paper tickets that may still be used."""
    granted: int
    """What was ever granted."""


class DepartmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a department granted, over all its programmes."""

    municipality: str
    department: str
    programmes: int
    granted: int


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a resident was granted, for what, and by whom."""

    municipality: str
    at: Millis
    programme: str
    name: str
    department: str
    points: int
    purpose: str
    persons: tuple[str, ...]


class TownRow(msgspec.Struct, frozen=True, kw_only=True):
    """A municipality as lists show it."""

    municipality: MunicipalityCode
    name: str
    point_name: str


class OrganisationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as lists show it."""

    organisation: OrganisationId
    name: str
    place: str
    accepted_by: tuple[str, ...]


class ProgrammeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A programme as lists show it; dates are Asia/Tokyo, both ends included."""

    municipality: MunicipalityCode
    programme: str
    name: str
    department: str
    budget: int
    granted: int
    give_until: str
    issue_until: str
    use_until: str
    clear_until: str
    zones: tuple[str, ...]
    """Where its tickets can be used; none: everywhere."""


class BadLineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a file that cannot be right, and why."""

    line: int
    what: str


class NumbersLoaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of service numbers did, or would do."""

    organisation: OrganisationId
    rows: int
    """Lines that can be right."""
    new: int
    changed: int
    same: int
    bad_lines: int
    applied: bool
    bad: list[BadLineRow]
    """The first of them."""


class NumbersRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many people an organisation has a number of."""

    organisation: OrganisationId
    numbers: int


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer's revocation list that is in force."""

    issuer: str
    """Key identifier of the root, in hexadecimal digits."""
    number: int
    entries: int
    this_update: Millis
    next_update: Millis
    """Until when it is in force."""
    taken_at: Millis
    lapsed: bool
    """Its successor is due and has not come."""


class OfferedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a source had under a name, and what became of it."""

    name: str
    outcome: str
    """taken, in-force, older, not-believed or not-read."""
    words: str


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """How the last load of revocation lists went."""

    at: Millis
    worked: bool
    offered: list[OfferedRow]


class RevocationView(msgspec.Struct, frozen=True, kw_only=True):
    """Where revocation lists come from, and what is in force."""

    source: str
    lists: list[ListRow]
    last: list[AttemptView]
    """The last load since the hub began to run; empty before that."""
