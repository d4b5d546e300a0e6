"""A node's calls to the hub, typed. They are built here; a :class:`~sync.request.Door` sends them.

Every call is idempotent: asking again after a lost answer changes nothing twice.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from sync import batch as batches
from sync.choosing import Offer, Wishes
from sync.clock import Moment
from sync.feed import Page
from sync.holds import HoldAnswer, HoldRequest, StandingRequest
from sync.owntickets import OwnTickets
from sync.papers import TicketQuestion, TicketSeen
from sync.payees import Payees
from sync.ports import Clock
from sync.receipt import Answer
from sync.records.bodies import Counter, Key, Name
from sync.request import (
    Door,
    Request,
    Response,
    header_of,
    raise_for_problem,
    sign_request,
)
from sync.services import CardNumber, NumberQuestion
from sync.signing import Signed, SigningKey, open_signed
from sync.standing import LoneStanding
from sync.values import Digest, EpochId, KeyDigest, Millis, MunicipalityCode, NodeId
from sync.wire import read, write

MESSAGE = "application/vnd.machikado.message.v1+msgpack"
_OF_THE_BODY = frozenset((200, 400, 415))
"""Answers of a hub that has looked at a body; of others nothing follows for the next one."""
T = TypeVar("T")


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of what is said once, at enrolment and at the counter."""


class Invited(Message, frozen=True):
    """What an invitation stands for, to be shown before "register with this?"."""

    node: NodeId
    kind: str
    organisation_name: str
    place: str
    town: str


class EnrolmentRequest(Message, frozen=True):
    """Redeem an invitation's one-time code with the node's fresh key."""

    code: Name
    public: Key


class Enrolled(Message, frozen=True):
    """A node is known; an operator still compares the fingerprint and confirms."""

    node: NodeId
    kind: str
    organisation_name: str
    place: str
    epoch: EpochId
    zone: str
    demo: bool


LIFE_BEGUN = "life-begun"
"""Why a hub refuses a life: records of it have come in under this key already."""


class EpochRequest(Message, frozen=True):
    """Ask for the next epoch, signed with the key of the one before."""

    public: Key


class EpochGranted(Message, frozen=True):
    """A new life; earlier epochs are closed and may only hand in."""

    incarnation: str
    epoch: EpochId
    before: EpochId
    before_seq: Counter
    before_digest: Digest
    kept: tuple[tuple[EpochId, Counter, Digest], ...]
    """For every earlier epoch: what the hub holds (last seq, digest)."""


class HeldRecords(Message, frozen=True):
    """What the hub holds of an epoch, given back to a node that lost its tail."""

    epoch: EpochId
    first: Counter
    facts: bytes
    head: Digest


class Challenge(Message, frozen=True):
    """Something fresh for a card to sign; good once, for two minutes."""

    challenge: Annotated[bytes, Meta(min_length=32, max_length=32)]


class Registration(Message, frozen=True):
    """A resident makes a MyKey ID at a counter."""

    challenge: bytes
    certificate: Annotated[bytes, Meta(max_length=8192)]
    wish: Annotated[str, Meta(max_length=8)]
    """The ID that the resident chose; empty lets the hub make one."""
    consent_points: bool
    """The resident agrees to the points cloud being set up in the same go."""
    generated: bool = False
    """The resident took the ID that the hub had made."""


class Registered(Message, frozen=True):
    """The MyKey ID that a card now belongs to."""

    mykey_id: str
    generated: bool
    known_before: bool


class LookRequest(Message, frozen=True):
    """A resident asks for the exact balances of all towns."""

    challenge: bytes
    card: KeyDigest


class Balance(Message, frozen=True):
    """Exact points in one town."""

    municipality: MunicipalityCode
    point_name: str
    available: Counter
    held: Counter


class Balances(Message, frozen=True):
    """All towns of one resident."""

    as_of: Moment
    rows: tuple[Balance, ...]


class MemberSeen(Message, frozen=True):
    """A MyKey ID, as its holder may see it with the card."""

    mykey_id: str
    state: str
    """``active``, ``suspended`` or ``cancelled``."""
    at_desk: bool
    """Suspended so that only people at the desk may lift it."""
    generated: bool
    cards: Counter
    consents: tuple[str, ...]
    points: tuple[Balance, ...]
    """What is there in each town, and stays there when this ends; none is told while suspended."""


class CardSigned(Message, frozen=True):
    """A request that a card has signed (see :func:`sync.cardproof.look_message`)."""

    request: bytes
    algorithm: Name
    signature: Annotated[bytes, Meta(max_length=1024)]


class VouchRequest(Message, frozen=True):
    """A card says of another one that it is its holder's too."""

    challenge: bytes
    card: KeyDigest
    """The card that signs this: the earlier one."""
    joins: KeyDigest
    """The card that it vouches for."""
    keeps: bool
    """The earlier card goes on in use; else the other one replaces it."""


class JoinRequest(Message, frozen=True):
    """A card asks to be joined to the MyKey ID of an earlier one: with its voucher, or without."""

    challenge: bytes
    certificate: Annotated[bytes, Meta(max_length=8192)]
    voucher: CardSigned | None
    """A signed :class:`VouchRequest`."""
    said: Annotated[str, Meta(max_length=8)]
    """The MyKey ID that the person says, where there is no voucher; else empty."""


class JoinState(StrEnum):
    """What became of such a request."""

    JOINED = "joined"
    WAITING = "waiting"
    """For somebody at the hub's desk, with evidence."""
    REFUSED = "refused"


class Joined(Message, frozen=True):
    """How a card stands with the MyKey ID that it asked for."""

    card: KeyDigest
    mykey_id: str
    state: JoinState


class HubTime(Message, frozen=True):
    """The hub's clock, signed."""

    at: Moment


def keyid_of(node: NodeId, epoch: EpochId) -> str:
    """How a node names its key in a request's signature."""
    return f"{node}/{epoch}"


class HubCalls:
    """The calls of one enrolled node; ``trusted`` are the hub's public signing keys."""

    def __init__(
        self,
        door: Door,
        *,
        origin: str,
        node: NodeId,
        epoch: EpochId,
        key: SigningKey,
        clock: Clock,
        trusted: tuple[bytes, ...],
    ) -> None:
        self._door = door
        self._origin = origin
        self._key = key
        self._clock = clock
        self.node = node
        self.epoch = epoch
        self.trusted = trusted
        self.coding = batches.Coding.ROWS
        """How the hub, by its last answer, wants batches; before it, what every hub reads."""

    def put_records(self, epoch: EpochId, first: int, body: bytes) -> Answer:
        """Hand in a batch of any epoch of this node."""
        path = f"/v1/nodes/{self.node}/epochs/{epoch}/records/{first}"
        response = self._answer("PUT", path, body, batches.coding_of(body))
        if response.status in _OF_THE_BODY:
            columns = batches.Coding.COLUMNS in header_of(response.headers, "accept")
            self.coding = batches.Coding.COLUMNS if columns else batches.Coding.ROWS
        raise_for_problem(response)
        return read(response.body, Answer)

    def hold(self, n: int, request: HoldRequest) -> HoldAnswer:
        """Ask for points or a ticket before the PIN."""
        path = f"/v1/nodes/{self.node}/epochs/{self.epoch}/holds/{n}"
        return self._signed("PUT", path, request, "hold", HoldAnswer)

    def standing(self, card: KeyDigest) -> LoneStanding:
        """The fresh standing of a card that was shown here."""
        path = f"/v1/nodes/{self.node}/standings"
        return self._signed(
            "POST", path, StandingRequest(self.epoch, card), "standing", LoneStanding
        )

    def feed(self, incarnation: str, after: int) -> Page:
        """The next page after a feed number of an incarnation (empty and 0 to begin)."""
        path = f"/v1/nodes/{self.node}/feed?after={after}&incarnation={incarnation}"
        return self._signed("GET", path, None, "page", Page)

    def ask_epoch(self, public: bytes) -> EpochGranted:
        """Ask for a new life under a new key."""
        path = f"/v1/nodes/{self.node}/epochs"
        return self._signed("POST", path, EpochRequest(public), "epoch", EpochGranted)

    def held_records(self, epoch: EpochId, first: int) -> HeldRecords:
        """What the hub holds of an epoch from ``first`` on."""
        path = f"/v1/nodes/{self.node}/epochs/{epoch}/records/{first}"
        return self._signed("GET", path, None, "records", HeldRecords)

    def challenge(self) -> Challenge:
        """Something fresh for a card to sign."""
        path = f"/v1/nodes/{self.node}/challenges"
        return self._signed("POST", path, None, "challenge", Challenge)

    def choose(self, wishes: Wishes) -> Offer:
        """An ID that nobody has: a wish, or one that the hub makes."""
        path = f"/v1/nodes/{self.node}/mykey-ids"
        return self._signed("POST", path, wishes, "offer", Offer)

    def register(self, signed: CardSigned) -> Registered:
        """Make a MyKey ID, or hear which one the card already has."""
        path = f"/v1/nodes/{self.node}/registrations"
        return self._signed("POST", path, signed, "registered", Registered)

    def number(self, question: NumberQuestion) -> CardNumber:
        """A card holder's number at this node's organisation."""
        path = f"/v1/nodes/{self.node}/numbers"
        return self._signed("POST", path, question, "number", CardNumber)

    def change_number(self, signed: CardSigned) -> CardNumber:
        """Link or unlink it."""
        path = f"/v1/nodes/{self.node}/number-changes"
        return self._signed("POST", path, signed, "number", CardNumber)

    def look(self, signed: CardSigned) -> Balances:
        """Exact balances of all towns."""
        path = f"/v1/nodes/{self.node}/looks"
        return self._signed("POST", path, signed, "balances", Balances)

    def member(self, signed: CardSigned) -> MemberSeen:
        """See the MyKey ID of a card, or do to it what the card signed (:mod:`sync.members`)."""
        path = f"/v1/nodes/{self.node}/members"
        return self._signed("POST", path, signed, "member", MemberSeen)

    def own_tickets(self, signed: CardSigned) -> OwnTickets:
        """The live tickets of a card's holder (:mod:`sync.owntickets`)."""
        path = f"/v1/nodes/{self.node}/own-tickets"
        return self._signed("POST", path, signed, "own-tickets", OwnTickets)

    def join(self, signed: CardSigned) -> Joined:
        """Join a card to the MyKey ID of an earlier one, or hear what became of that."""
        path = f"/v1/nodes/{self.node}/joins"
        return self._signed("POST", path, signed, "joined", Joined)

    def payees(self) -> Payees:
        """Whose piles this ticket counter may clear."""
        return self._signed("GET", f"/v1/nodes/{self.node}/payees", None, "payees", Payees)

    def find_ticket(self, question: TicketQuestion) -> TicketSeen:
        """What is behind a ticket's number that was typed."""
        path = f"/v1/nodes/{self.node}/tickets"
        return self._signed("POST", path, question, "ticket", TicketSeen)

    def _send(self, method: str, path: str, body: bytes, media_type: str) -> Response:
        response = self._answer(method, path, body, media_type)
        raise_for_problem(response)
        return response

    def _answer(self, method: str, path: str, body: bytes, media_type: str) -> Response:
        request = sign_request(
            Request(method, path, media_type, body),
            origin=self._origin,
            key=self._key,
            keyid=keyid_of(self.node, self.epoch),
            created=self._clock.now() // 1000,
        )
        return self._door.send(request)

    def _signed(
        self, method: str, path: str, message: msgspec.Struct | None, what: str, kind: type[T]
    ) -> T:
        body = b"" if message is None else write(message)
        response = self._send(method, path, body, MESSAGE)
        return read(open_signed(read(response.body, Signed), what, self.trusted), kind)


class Doorstep:
    """The calls of somebody who is not enrolled yet; ``trusted`` comes from the invitation."""

    def __init__(self, door: Door, trusted: tuple[bytes, ...]) -> None:
        self._door = door
        self._trusted = trusted

    def time(self) -> Millis:
        """The hub's signed time."""
        return self._signed("GET", "/v1/time", b"", "time", HubTime).at

    def invited(self, code: str) -> Invited:
        """What an invitation's code stands for. Changes nothing."""
        name = hashlib.sha256(code.encode()).hexdigest()
        return self._signed("GET", f"/v1/invitations/{name}", b"", "invited", Invited)

    def enrol(self, request: EnrolmentRequest) -> Enrolled:
        """Redeem the code."""
        return self._signed("POST", "/v1/enrolments", write(request), "enrolled", Enrolled)

    def _signed(self, method: str, path: str, body: bytes, what: str, kind: type[T]) -> T:
        response = self._door.send(Request(method, path, MESSAGE, body))
        raise_for_problem(response)
        return read(open_signed(read(response.body, Signed), what, self._trusted), kind)
