"""What the hub's own records can say: everything that people and jobs did through it.

A command is a body. Applying it is the only way the hub's state changes apart from what nodes
hand in, so everything that a person did is there with the person, and can be played again.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from sync.records.bodies import Account, Day, Town, Words
from sync.values import Amount, EpochId, Millis, NodeId, OrganisationId, TicketNumber

Sum = Annotated[int, Meta(ge=0, le=10**12)]
Requester = Annotated[str, Meta(pattern=r"\A[0-9]{10}\Z")]
"""The code that a town's bank gave it for its payment files."""
ZoneName = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z-]{1,20}\Z")]
MOST_ZONES = 8
"""Of one programme: they stand in the code of each of its tickets."""


class HubBody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all bodies. ``town`` is the chain it belongs to."""

    town: Town


class BankDetails(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An account at a bank as the file to the bank needs it."""

    bank: Annotated[str, Meta(pattern=r"\A[0-9]{4}\Z")]
    branch: Annotated[str, Meta(pattern=r"\A[0-9]{3}\Z")]
    type: Annotated[int, Meta(ge=1, le=9)]
    number: Annotated[str, Meta(pattern=r"\A[0-9]{7}\Z")]
    holder: Annotated[str, Meta(max_length=48)]


class OperatorAdded(HubBody, frozen=True, tag="hub.operator.added"):
    """A person may use the hub. The token itself is known to that person only."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    role: str
    municipality: str
    """The town this person works for; empty: all."""
    token_digest: bytes


class OperatorRevoked(HubBody, frozen=True, tag="hub.operator.revoked"):
    """A person may no longer use the hub."""

    name: str


class OperatorRecovered(HubBody, frozen=True, tag="hub.operator.recovered"):
    """Somebody with the hub's folder gave a person a new token; the towns are told, too."""

    name: str
    token_digest: bytes


class Looked(HubBody, frozen=True, tag="hub.looked"):
    """A person looked at what a resident has in this town."""

    account: Account


class RecordsCarried(HubBody, frozen=True, tag="hub.records.carried"):
    """A person brought a terminal's records on a stick: which, and the digest of what came."""

    node: NodeId
    epoch: EpochId
    first: int
    last: int
    parcel: bytes


class RevocationSourceSet(HubBody, frozen=True, tag="hub.revocation.source"):
    """Where the hub looks for issuers' lists of revoked certificates (:mod:`hub.listsource`)."""

    source: Annotated[str, Meta(min_length=1, max_length=200)]


class MunicipalityAdded(HubBody, frozen=True, tag="hub.municipality.added"):
    """A town joins: its name, its points' name, and its bank account."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    point_name: Annotated[str, Meta(min_length=1, max_length=40)]
    requester: Requester
    account: BankDetails
    ticket_key: bytes
    """The town's public ticket key (Ed25519)."""


class PayerChanged(HubBody, frozen=True, tag="hub.municipality.account"):
    """The account that the town pays from, for every bank file made from now on."""

    requester: Requester
    account: BankDetails


class CalendarSet(HubBody, frozen=True, tag="hub.calendar.set"):
    """When the town closes its windows and pays."""

    calendar: bytes


class PolicySet(HubBody, frozen=True, tag="hub.policy.set"):
    """What the town's nodes may do offline."""

    policy: bytes


class OrganisationAdded(HubBody, frozen=True, tag="hub.organisation.added"):
    """A shop, library, venue or association applies."""

    organisation: OrganisationId
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    place: Annotated[str, Meta(max_length=100)]
    account: BankDetails


class OrganisationAccepted(HubBody, frozen=True, tag="hub.organisation.accepted"):
    """A town lets an organisation take its points; it may be another town's organisation."""

    organisation: OrganisationId


class AccountChanged(HubBody, frozen=True, tag="hub.organisation.account"):
    """An organisation's new bank account, valid from the next window."""

    organisation: OrganisationId
    account: BankDetails


class NodeInvited(HubBody, frozen=True, tag="hub.node.invited"):
    """A terminal may enrol once with a code."""

    node: NodeId
    kind: str
    place: Annotated[str, Meta(max_length=100)]
    zone: Annotated[str, Meta(max_length=20)]
    code_digest: bytes


class NodeEnrolled(HubBody, frozen=True, tag="hub.node.enrolled"):
    """A terminal used its code; its key and first epoch are known."""

    node: NodeId
    epoch: EpochId
    public: bytes


class NodeConfirmed(HubBody, frozen=True, tag="hub.node.confirmed"):
    """A person compared the fingerprint: the node is active."""

    node: NodeId


class NodeRevoked(HubBody, frozen=True, tag="hub.node.revoked"):
    """The node may hand in what it has, and nothing else."""

    node: NodeId
    why: Words


class EpochGranted(HubBody, frozen=True, tag="hub.epoch.granted"):
    """A node's database begins a new life; the earlier ones are closed."""

    node: NodeId
    epoch: EpochId
    public: bytes
    why: Words


class FloatSet(HubBody, frozen=True, tag="hub.node.float"):
    """How much a node may take offline before a receipt."""

    node: NodeId
    points: Sum


class ProgrammeAdded(HubBody, frozen=True, tag="hub.programme.added"):
    """Points of one purpose, with its department, budget, ends, and the zones of its tickets."""

    programme: Annotated[str, Meta(pattern=r"\A[0-9]{3}\Z")]
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    department: Annotated[str, Meta(max_length=60)]
    budget: Sum
    give_until: Day
    issue_until: Day
    use_until: Day
    clear_until: Day
    zones: Annotated[tuple[ZoneName, ...], Meta(max_length=MOST_ZONES)] = ()
    """Where its tickets can be used; none: everywhere the town has accepted."""


class Granted(HubBody, frozen=True, tag="hub.granted"):
    """A resident's account receives points of a programme, for a purpose."""

    account: Account
    points: Amount
    programme: str
    purpose: Words


class ReserveFunded(HubBody, frozen=True, tag="hub.reserve.funded"):
    """The town sets money aside for losses within policy."""

    points: Amount
    why: Words


class DayEnded(HubBody, frozen=True, tag="hub.day.ended"):
    """The nightly job: what expired by the end of this day (Asia/Tokyo) lapses."""

    day: Day


class VoidsEnded(HubBody, frozen=True, tag="hub.voids.ended"):
    """A job: every counter knows by now that these lost tickets are void; their points go back."""

    numbers: Annotated[tuple[TicketNumber, ...], Meta(min_length=1, max_length=500)]


class ExceptionDecided(HubBody, frozen=True, tag="hub.exception.decided"):
    """A person said what becomes of an exception or a quarantined record."""

    incident: int
    decision: str
    why: Words


class WindowClosed(HubBody, frozen=True, tag="hub.window.closed"):
    """Nothing more enters this settlement window."""

    kind: str


class WindowReviewed(HubBody, frozen=True, tag="hub.window.reviewed"):
    """Somebody read the window's lines."""

    kind: str
    window: int


class WindowApproved(HubBody, frozen=True, tag="hub.window.approved"):
    """A second person approved the payment."""

    kind: str
    window: int


class WindowReleased(HubBody, frozen=True, tag="hub.window.released"):
    """The bank file was made and handed out."""

    kind: str
    window: int
    pay_on: Day
    file: bytes
    twice: tuple[tuple[OrganisationId, Words], ...] = ()
    """(organisation, why) where an account gets the same amount once more in this file."""


class WindowResult(HubBody, frozen=True, tag="hub.window.result"):
    """What the bank said about each line."""

    kind: str
    window: int
    lines: tuple[tuple[int, str, str], ...]
    """(line, paid | returned, reason)"""


AnyHubBody = (
    OperatorAdded
    | OperatorRevoked
    | OperatorRecovered
    | Looked
    | RecordsCarried
    | RevocationSourceSet
    | MunicipalityAdded
    | PayerChanged
    | CalendarSet
    | PolicySet
    | OrganisationAdded
    | OrganisationAccepted
    | AccountChanged
    | NodeInvited
    | NodeEnrolled
    | NodeConfirmed
    | NodeRevoked
    | EpochGranted
    | FloatSet
    | ProgrammeAdded
    | Granted
    | ReserveFunded
    | DayEnded
    | VoidsEnded
    | ExceptionDecided
    | WindowClosed
    | WindowReviewed
    | WindowApproved
    | WindowReleased
    | WindowResult
)


def kind_of(body: HubBody) -> str:
    """The body's kind as it stands in the bytes."""
    return str(body.__struct_config__.tag)


class HubRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One thing the hub did: ``[v, chain, incarnation, seq, prev, at, persons, body]``."""

    v: int
    chain: Town
    incarnation: int
    seq: int
    prev: bytes
    at: Millis
    persons: tuple[str, ...]
    """Who asked, then who approved; ``hub`` for its own jobs, a node's name for enrolment."""
    body: AnyHubBody
