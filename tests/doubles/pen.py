"""A node's hand alone: writes true records, evidence and heads without the node room.

For tests of the hub that need a record at an exact place; what a node would *decide* is up to the
test.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.batch import Batch, EvidenceBook, join, pack
from sync.cardkey import CURVES, Algorithm, canonical, verifying
from sync.cardproof import Evidence, money_message
from sync.certificate import key_digest
from sync.chain import NOTHING, digest
from sync.clock import At, ClockState
from sync.records import (
    AnyBody,
    Basis,
    Genesis,
    PileClosed,
    PileOpened,
    Record,
    Ref,
    Refunded,
    Reversed,
    ShiftOpened,
    Spend,
    Ticket,
    TicketCleared,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
    Tier,
    encode,
)
from sync.sealing import Sealer, seal_content_key
from sync.signing import SigningKey, sign_head
from sync.standing import Asof
from sync.ticket import read_ticket
from sync.values import (
    AccountId,
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
from sync.wire import write


@dataclass(frozen=True, slots=True)
class Card:
    """A resident's key, without the card around it."""

    private: RSAPrivateKey | EllipticCurvePrivateKey = field(repr=False)

    @property
    def algorithm(self) -> Algorithm:
        """How it signs."""
        return verifying(self.private.public_key()).algorithm

    @property
    def digest(self) -> KeyDigest:
        """What the card is called."""
        return key_digest(self.spki)

    @property
    def spki(self) -> bytes:
        """The public key, DER."""
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, message: bytes) -> bytes:
        """As the card's chip does, in the one spelling that a tap gives it."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(message, PKCS1v15(), SHA256())
        algorithm = self.algorithm
        sha = SHA256() if algorithm is Algorithm.ES256 else SHA384()
        der = self.private.sign(message, ECDSA(sha, deterministic_signing=True))
        return canonical(algorithm, CURVES[algorithm].join(*decode_dss_signature(der)))


@dataclass(slots=True)
class Pen:
    """Writes one epoch's chain."""

    node: NodeId
    epoch: EpochId
    key: SigningKey
    origin: str
    hub_key: bytes
    at: Millis
    content_key: bytes = b"k" * 32
    records: list[bytes] = field(default_factory=list)
    evidence: list[Evidence | None] = field(default_factory=list)
    basis: Basis | None = None

    def copy(self) -> "Pen":
        """A clone: the same key and past, another future."""
        return Pen(
            self.node,
            self.epoch,
            self.key,
            self.origin,
            self.hub_key,
            self.at,
            self.content_key,
            list(self.records),
            list(self.evidence),
            self.basis,
        )

    @property
    def seq(self) -> int:
        """The last record's place."""
        return len(self.records)

    def write(self, body: AnyBody, card: Card | None = None) -> int:
        """Write a record, signed by a card where one is given; its place."""
        prev = digest(self.records[-1]) if self.records else NOTHING
        now = At(self.at, ClockState.SYNCED, self.at)
        data = encode(Record(1, self.node, self.epoch, self.seq + 1, prev, now, body))
        proof = None
        if card is not None:
            sealed = Sealer(self.content_key).seal(
                card.sign(money_message(self.origin, data)), digest(data)
            )
            proof = Evidence(2, card.algorithm, card.digest, sealed)
        self.records.append(data)
        self.evidence.append(proof)
        return self.seq

    def open(self, sealing_key: bytes, month: str) -> None:
        """Genesis and a shift."""
        self.write(Genesis(self.origin, self.hub_key, self.key.public, "", 0, b""))
        sealed = seal_content_key(self.content_key, sealing_key)
        self.write(ShiftOpened("test", month, sealed))

    def knows(self, policy: bytes, as_of: Asof, available: int) -> None:
        """What the node goes by from now on."""
        self.basis = Basis(
            policy=policy,
            incarnation=as_of.incarnation,
            feed=as_of.number,
            as_of=as_of.at,
            available=available,
            expiring=(),
            included=0,
            receipted=0,
            silent_since=as_of.at,
        )

    def spend(
        self,
        card: Card,
        account: AccountId,
        points: int,
        *,
        town: MunicipalityCode,
        tier: Tier = Tier.T2,
        hold: int = 0,
    ) -> int:
        """Take points."""
        assert self.basis is not None
        body = Spend(
            municipality=town,
            account=account,
            points=points,  # type: ignore[arg-type]
            tier=tier,
            card=card.digest,
            hold=hold,
            basis=self.basis,
        )
        return self.write(body, card)

    def issue(
        self,
        card: Card,
        account: AccountId,
        tickets: Sequence[Ticket],
        *,
        town: MunicipalityCode,
        hold: int,
        programme: str,
    ) -> int:
        """Issue what a hold gave."""
        body = TicketIssued(
            municipality=town,
            account=account,
            card=card.digest,
            hold=hold,
            programme=programme,
            tickets=tuple(tickets),
        )
        return self.write(body, card)

    def redeem(self, ticket: bytes, *, public: bytes, town: MunicipalityCode, hold: int = 0) -> int:
        """Take a paper ticket."""
        assert self.basis is not None
        read = read_ticket(ticket, {town: (public,)})
        body = TicketRedeemed(
            municipality=town,
            number=read.number,
            points=read.points,
            tier=Tier.T0 if hold else Tier.T2,
            hold=hold,
            ticket=ticket,
            basis=self.basis,
        )
        return self.write(body)

    def open_pile(self, shop: OrganisationId, *, town: MunicipalityCode) -> int:
        """Begin to clear what a shop brought."""
        return self.write(PileOpened(town, shop))

    def clear(
        self,
        ticket: bytes,
        shop: OrganisationId,
        *,
        public: bytes,
        town: MunicipalityCode,
        pile: int = 1,
        hold: int = 0,
    ) -> int:
        """Clear a stamped ticket for a shop."""
        read = read_ticket(ticket, {town: (public,)})
        return self.clear_number(
            read.number, read.points, shop, town=town, pile=pile, hold=hold, ticket=ticket
        )

    def clear_number(
        self,
        number: TicketNumber,
        points: Points,
        shop: OrganisationId,
        *,
        town: MunicipalityCode,
        pile: int = 1,
        hold: int = 0,
        ticket: bytes = b"",
    ) -> int:
        """Clear a ticket whose number was typed, or scanned."""
        assert self.basis is not None
        tier = Tier.T0 if hold else Tier.T2
        return self.write(
            TicketCleared(town, number, points, shop, pile, tier, hold, ticket, self.basis)
        )

    def close_pile(self, opened: int, count: int, points: int) -> int:
        """End a pile."""
        return self.write(PileClosed(opened, count, points))

    def void(self, ticket: bytes, *, public: bytes, town: MunicipalityCode, hold: int = 0) -> int:
        """Take a paper ticket in and out of use."""
        read = read_ticket(ticket, {town: (public,)})
        body = TicketVoided(
            municipality=town,
            number=read.number,
            points=read.points,
            account=AccountId(""),
            card=KeyDigest(b""),
            hold=hold,
            ticket=ticket,
        )
        return self.write(body)

    def lose(
        self,
        card: Card,
        account: AccountId,
        number: TicketNumber,
        points: Points,
        *,
        town: MunicipalityCode,
    ) -> int:
        """Take a ticket out of use whose paper is not there."""
        body = TicketVoided(
            municipality=town,
            number=number,
            points=points,
            account=account,
            card=card.digest,
            hold=0,
            ticket=b"",
        )
        return self.write(body, card)

    def reverse(self, seq: int, points: int, *, town: MunicipalityCode) -> int:
        """Take a record of this chain back."""
        of = Ref(self.epoch, seq, digest(self.records[seq - 1]))
        return self.write(Reversed(town, of, points))  # type: ignore[arg-type]

    def refund(self, seq: int, points: int, *, town: MunicipalityCode, hold: int = 0) -> int:
        """Give points back for a record of this chain."""
        of = Ref(self.epoch, seq, digest(self.records[seq - 1]))
        return self.write(Refunded(town, of, points, hold))  # type: ignore[arg-type]

    def batch(
        self,
        first: int = 1,
        last: int | None = None,
        *,
        ended: tuple[int, ...] = (),
        closed: bool = False,
        receipted: int = 0,
        evidence: Sequence[Evidence | None] | None = None,
    ) -> bytes:
        """A PUT's body for some of the records."""
        upto = self.seq if last is None else last
        facts = self.records[first - 1 : upto]
        pieces = self.evidence[first - 1 : upto] if evidence is None else evidence
        head = None
        if facts:
            at = Digest(digest(facts[-1]))
            head = sign_head(self.key, self.node, self.epoch, upto, at)
        book = EvidenceBook(tuple(pieces), ())
        return pack(
            Batch(
                facts=join(facts),
                evidence=write(book),
                head=head,
                ended=ended,
                closed=closed,
                receipted=receipted,
                decisions=0,
            )
        )
