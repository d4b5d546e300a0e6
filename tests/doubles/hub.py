"""A hub in memory, small: enough of the other side to let a node be a node.

It keeps wallets by account, knows cards by key digest, takes records once, answers holds, feeds
standings, grants epochs. It checks heads and chains, as the node must send them right; it verifies
no card signatures. Faults are knobs: ``silent``, ``busy``, ``lose_answers``, ``late`` and so on.
"""

import re
from dataclasses import dataclass, field, replace

import msgspec

from sync import chain
from sync.batch import READ, Coding, coding_of, join, read_evidence, split, unpack
from sync.calls import (
    LIFE_BEGUN,
    Balance,
    Balances,
    CardSigned,
    Challenge,
    Enrolled,
    EnrolmentRequest,
    EpochGranted,
    EpochRequest,
    HeldRecords,
    HubTime,
    Invited,
    LookRequest,
    MemberSeen,
    Registered,
    Registration,
)
from sync.certificate import read_public_key
from sync.choosing import Wishes, offer
from sync.errors import Unreachable
from sync.feed import (
    AnyItem,
    Page,
    PaymentDayItem,
    PolicyItem,
    ProgrammeItem,
    RevocationItem,
    SealingKeyItem,
    StandingItem,
    TicketKeyItem,
    TownItem,
    UsedTicketItem,
    ZoneKeyItem,
)
from sync.holds import CLAIMS, HoldAnswer, HoldRequest, Purpose, StandingRequest
from sync.invitation import Invitation
from sync.policy import Policy
from sync.receipt import Answer, Bearer, Custody, Outcome, Receipt, Verdict
from sync.records import (
    Genesis,
    Record,
    Refunded,
    Reversed,
    Spend,
    Ticket,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
    decode,
)
from sync.request import Request, Response, problem_response
from sync.signing import Signed, SigningKey, seal_with, thumbprint, verify_head
from sync.standing import AccountStanding, Asof, LoneStanding, Standing, ZoneKey
from sync.ticket import SignedTicket, check_digit, name_of, read_ticket, sign_ticket
from sync.values import (
    AccountId,
    CardState,
    Digest,
    EpochId,
    KeyDigest,
    Millis,
    MunicipalityCode,
    NodeId,
    Points,
    TicketNumber,
    mykey_id,
)
from sync.wire import read, write
from tests.doubles.hub_members import member_step
from tests.doubles.hub_numbers import GivesNumbers
from tests.doubles.hub_voids import own_tickets, void

ORIGIN = "https://hub.example"
NODE = NodeId("141305-B2108-1111")
KAWASAKI = MunicipalityCode("141305")
MONTH = "2026-11"
ZONE = "141305-1"
SEALING_SEED = bytes(range(32))


@dataclass(slots=True)
class Wallet:
    """One account's points here."""

    account: AccountId
    points: int
    state: CardState = CardState.ACTIVE
    deficit: bool = False


@dataclass(slots=True)
class Kept:
    """What the hub holds of one epoch."""

    key: bytes
    records: list[bytes] = field(default_factory=list)
    receipts: list[Signed] = field(default_factory=list)
    verdicts: int = 0
    highest: int = 0
    state: str = "open"

    @property
    def head(self) -> Digest:
        return chain.digest(self.records[-1]) if self.records else Digest(b"")


class FakeHub(GivesNumbers):
    """The door and what is behind it."""

    def __init__(self, now: Millis) -> None:
        self.now = now
        self.key = SigningKey(b"h" * 32)
        self.ticket_key = SigningKey(b"t" * 32)
        self.zone = ZoneKey(MONTH, b"z" * 32)
        self.policy = Policy()
        self.wallets: dict[KeyDigest, Wallet] = {}
        self.kept: dict[EpochId, Kept] = {}
        self.holds: dict[tuple[EpochId, int], tuple[HoldRequest, str]] = {}
        self.tickets: dict[TicketNumber, str] = {}
        self.issued: dict[TicketNumber, Ticket] = {}
        self.applied: dict[tuple[EpochId, int], Record] = {}
        self.mykeys: dict[KeyDigest, str] = {}
        self.services: dict[KeyDigest, str] = {}
        self.states: dict[str, str] = {}
        """How a MyKey ID stands that is not active."""
        self.used: dict[bytes, bool] = {}
        """What the list says of tickets: used, or alive again."""
        self.accepts = True
        """The shop takes this town's points."""
        self.certificates: set[KeyDigest] = set()
        self.ended: list[tuple[EpochId, int]] = []
        self.requests: list[str] = []
        self.quarantine: set[int] = set()
        self.silent = False
        self.busy: dict[str, int] = {}
        """Part of a path -> seconds after which such a call may be made again."""
        self.codings: list[Coding] = []
        """In which each batch came."""
        self.reads = READ
        """Codings of batches that it reads and says so; empty: only rows, and it says nothing."""
        self.lose_answers = 0
        self.lose_answers_to = ""
        """The end of a path whose calls are taken, and whose answers are lost."""
        self.keep_receipts = False
        self.no_refunds = ""
        """Why this hub agrees to no refund."""
        """Custody only: nothing is judged yet."""
        self.programmes = {"123": "2026-12-31"}
        """Running programmes of Kawasaki and their last day of issue."""
        self.numbers = 0
        self.feed_number = 0
        self.pays = ""
        self.good_until: Millis | None = None
        """Until when its revocation lists are in force; None: it has no source."""
        """When the town pays next; empty: nobody knows."""
        self.incarnation = "1-00000000000000aa"
        self._challenges = 0

    @property
    def invitation(self) -> Invitation:
        return Invitation(hub=ORIGIN, key=self.key.public.hex(), code="one-time")

    def give(self, card: KeyDigest, points: int, account: str = "00000000000000a1") -> None:
        self.wallets[card] = Wallet(AccountId(account), points)

    def balance(self, card: KeyDigest) -> int:
        return self.wallets[card].points

    def close(self) -> None:
        """There is no connection to let go of."""

    def send(self, request: Request) -> Response:
        """Answer one request, or fall silent."""
        if self.silent:
            raise Unreachable("the hub is silent")
        self.requests.append(f"{request.method} {request.path_with_query}")
        for part, wait in self.busy.items():
            if part in request.path_with_query:
                return problem_response(503, "busy", "the hub is busy", retry_after=wait)
        answer = self._answer(request)
        lost_to = self.lose_answers_to and request.path_with_query.endswith(self.lose_answers_to)
        if self.lose_answers or lost_to:
            self.lose_answers -= not lost_to
            raise Unreachable("the answer was lost")
        return answer

    def _answer(self, request: Request) -> Response:
        for method, pattern, handler in (
            ("GET", r"/v1/time", self._time),
            ("GET", r"/v1/invitations/\w+", self._invited),
            ("POST", r"/v1/enrolments", self._enrol),
            ("PUT", r"/v1/nodes/[^/]+/epochs/([^/]+)/records/(\d+)", self._put),
            ("GET", r"/v1/nodes/[^/]+/epochs/([^/]+)/records/(\d+)", self._held),
            ("PUT", r"/v1/nodes/[^/]+/epochs/([^/]+)/holds/(\d+)", self._hold),
            ("POST", r"/v1/nodes/[^/]+/standings", self._standing),
            ("GET", r"/v1/nodes/[^/]+/feed\?after=(\d+)&incarnation=(.*)", self._feed),
            ("POST", r"/v1/nodes/[^/]+/epochs", self._grant),
            ("POST", r"/v1/nodes/[^/]+/challenges", self._challenge),
            ("POST", r"/v1/nodes/[^/]+/mykey-ids", self._choose),
            ("POST", r"/v1/nodes/[^/]+/registrations", self._register),
            ("POST", r"/v1/nodes/[^/]+/numbers", self._number),
            ("POST", r"/v1/nodes/[^/]+/number-changes", self._change_number),
            ("POST", r"/v1/nodes/[^/]+/looks", self._look),
            ("POST", r"/v1/nodes/[^/]+/members", self._member),
            ("POST", r"/v1/nodes/[^/]+/own-tickets", self._own_tickets),
        ):
            found = re.fullmatch(pattern, request.path_with_query)
            if found and method == request.method:
                return handler(request.body, *found.groups())
        return problem_response(404, "no-such-call", request.path_with_query)

    def _said(self, what: str, body: msgspec.Struct) -> Response:
        return self._plain(seal_with(self.key, what, write(body)))

    def _plain(self, body: msgspec.Struct) -> Response:
        return Response(200, "application/x", write(body))

    def _time(self, _body: bytes) -> Response:
        return self._said("time", HubTime(self.now))

    def _invited(self, _body: bytes) -> Response:
        return self._said("invited", Invited(NODE, "shop", "A商店街", "A商店街八百屋", "川崎市"))

    def _enrol(self, body: bytes) -> Response:
        public = read(body, EnrolmentRequest).public
        epoch = EpochId(f"1-{thumbprint(public)}")
        self.kept.setdefault(epoch, Kept(public))
        enrolled = Enrolled(NODE, "shop", "A商店街", "A商店街八百屋", epoch, ZONE, demo=True)
        return self._said("enrolled", enrolled)

    def _grant(self, body: bytes) -> Response:
        public = read(body, EpochRequest).public
        if any(kept.key == public and kept.records for kept in self.kept.values()):
            return problem_response(409, LIFE_BEGUN, "ask under another key")
        for kept in self.kept.values():
            kept.state = "closed"
        before = max(self.kept, key=lambda epoch: int(epoch.split("-")[0]))
        epoch = EpochId(f"{len(self.kept) + 1}-{thumbprint(public)}")
        held = tuple((e, len(k.records), k.head) for e, k in self.kept.items())
        self.kept[epoch] = Kept(public)
        last = self.kept[before]
        granted = EpochGranted(self.incarnation, epoch, before, len(last.records), last.head, held)
        return self._said("epoch", granted)

    def _held(self, _body: bytes, epoch: str, first: str) -> Response:
        kept = self.kept[EpochId(epoch)]
        facts = join(kept.records[int(first) - 1 :])
        return self._said("records", HeldRecords(EpochId(epoch), int(first), facts, kept.head))

    def _put(self, body: bytes, epoch_text: str, first_text: str) -> Response:
        epoch, first = EpochId(epoch_text), int(first_text)
        kept = self.kept[epoch]
        if coding_of(body) is Coding.COLUMNS and Coding.COLUMNS not in self.reads:
            return problem_response(400, "malformed", "batch: not zstd")
        batch = unpack(body)
        records = split(batch.facts)
        unknown: list[Digest] = []
        for n in batch.ended:
            self._free(epoch, n)
        if records and first <= len(kept.records) + 1:
            prev = chain.digest(kept.records[first - 2]) if first > 1 else chain.NOTHING
            digests = chain.follow(NODE, epoch, first, prev, records)
            assert batch.head is not None
            assert batch.head.digest == digests[-1]
            verify_head(batch.head, kept.key)
            overlap = kept.records[first - 1 : first - 1 + len(records)]
            if overlap != records[: len(overlap)]:
                kept.state = "forked"
            else:
                book = read_evidence(batch.evidence, len(records))
                self.certificates |= {c.key for c in book.certificates}
                unknown = [
                    Digest(p.key) for p in book.pieces if p and p.key not in self.certificates
                ]
                kept.records += records[len(overlap) :]
        if not self.keep_receipts:
            self._judge(epoch, kept)
        custody = Custody(self.incarnation, NODE, epoch, len(kept.records), kept.head, self.now)
        answer = Answer(
            seal_with(self.key, "custody", write(custody)),
            tuple(s for s in kept.receipts if self._news(s, batch.receipted, batch.decisions)),
            tuple(unknown),
            kept.highest,
            kept.state,
        )
        self.codings.append(coding_of(body))
        accept = (("accept", self.reads),) if self.reads else ()
        return replace(self._plain(answer), headers=accept)

    def _news(self, signed: Signed, receipted: int, decisions: int) -> bool:
        receipt = read(signed.body, Receipt)
        if receipt.decision:
            return receipt.decision > decisions
        return receipt.verdicts[-1].seq > receipted

    def _judge(self, epoch: EpochId, kept: Kept) -> None:
        verdicts = []
        for seq in range(kept.verdicts + 1, len(kept.records) + 1):
            data = kept.records[seq - 1]
            verdicts.append(self._verdict(epoch, seq, data))
        if verdicts:
            kept.verdicts = len(kept.records)
            self._say(epoch, kept, tuple(verdicts), 0)

    def _say(self, epoch: EpochId, kept: Kept, verdicts: tuple[Verdict, ...], n: int) -> None:
        receipt = Receipt(self.incarnation, NODE, epoch, self.now, verdicts, n)
        kept.receipts.append(seal_with(self.key, "receipt", write(receipt)))

    def decide(self, epoch: EpochId, seq: int, number: int) -> None:
        """A person applies a quarantined record: a second receipt."""
        kept = self.kept[epoch]
        self.quarantine.discard(seq)
        verdict = self._verdict(epoch, seq, kept.records[seq - 1])
        self._say(epoch, kept, (verdict,), number)

    def _verdict(self, epoch: EpochId, seq: int, data: bytes) -> Verdict:
        digest = chain.digest(data)
        if seq in self.quarantine:
            undecided = Bearer.UNDECIDED
            return Verdict(seq, digest, Outcome.QUARANTINED, "bad-signature", undecided, 0, 0)
        record = decode(data)
        self.applied[(epoch, seq)] = record
        body = record.body
        tickets: tuple[bytes, ...] = ()
        paid = 0
        if isinstance(body, Genesis):
            self.kept[epoch].key = body.node_key
        elif isinstance(body, Spend):
            paid = body.points
            self._charge(epoch, body.account, body.points, body.hold)
        elif isinstance(body, TicketIssued):
            self._charge(epoch, body.account, body.points, body.hold)
            tickets = tuple(self._sign(ticket) for ticket in body.tickets)
        elif isinstance(body, TicketRedeemed):
            paid = body.points
            self.holds.pop((epoch, body.hold), None)
            self.tickets[body.number] = "redeemed"
            self.used[name_of(body.ticket)] = True
        elif isinstance(body, TicketVoided):
            reason = void(self, epoch, body)
            if reason:
                nobody = Bearer.NOBODY
                return Verdict(seq, digest, Outcome.EXCEPTION, reason, nobody, 0, seq)
        elif isinstance(body, Reversed):
            self._undo(body)
        elif isinstance(body, Refunded):
            self._refund(epoch, body)
        return Verdict(seq, digest, Outcome.APPLIED, "", Bearer.NOBODY, paid, seq, tickets=tickets)

    def _charge(self, epoch: EpochId, account: str, points: int, hold: int) -> None:
        if self.holds.pop((epoch, hold), None) is None:
            self._wallet(account).points -= points

    def _undo(self, body: Reversed) -> None:
        record = self.applied.get((body.of.epoch, body.of.seq))
        if record is not None and isinstance(record.body, Spend):
            self._wallet(record.body.account).points += body.points
        elif record is not None and isinstance(record.body, TicketRedeemed):
            self.tickets[record.body.number] = "issued"
            self.used[name_of(record.body.ticket)] = False

    def _refund(self, epoch: EpochId, body: Refunded) -> None:
        self.holds.pop((epoch, body.hold), None)
        record = self.applied[body.of.epoch, body.of.seq]
        if isinstance(record.body, Spend):
            self._wallet(record.body.account).points += body.points

    def _wallet(self, account: str) -> Wallet:
        return next(w for w in self.wallets.values() if w.account == account)

    def _free(self, epoch: EpochId, n: int) -> None:
        self.ended.append((epoch, n))
        request, _ = self.holds.pop((epoch, n), (None, ""))
        if request is not None and request.account:
            self._wallet(request.account).points += request.points

    def _hold(self, body: bytes, epoch_text: str, n_text: str) -> Response:
        epoch, n = EpochId(epoch_text), int(n_text)
        request = read(body, HoldRequest)
        kept = self.kept[epoch]
        reason = ""
        tickets: tuple[Ticket, ...] = ()
        waiting = any(self.kept[e].verdicts < seq for e, seq in request.after)
        if (epoch, n) in self.ended:
            reason = "attempt-ended"
        elif waiting:
            reason = "records-first"
        elif (epoch, n) not in self.holds:
            kept.highest = max(kept.highest, n)
            reason = self._take(epoch, n, request)
        if not reason and request.wanted is not None:
            tickets = self._numbers(request)
        standing, rest = None, None
        if request.card:
            standing = self._lone(KeyDigest(request.card))
            rest = None if reason else self._wallet(request.account).points
        return self._said(
            "hold",
            HoldAnswer(
                self.incarnation,
                NODE,
                epoch,
                n,
                not reason,
                reason,
                kept.highest,
                tickets,
                standing,
                rest,
            ),
        )

    def _take(self, epoch: EpochId, n: int, request: HoldRequest) -> str:
        if request.purpose in CLAIMS:
            ticket = read_ticket(request.ticket, {KAWASAKI: (self.ticket_key.public,)})
            if self.tickets.get(ticket.number) != "issued":
                return "ticket-used"
        elif request.purpose is Purpose.REFUND:
            if self.no_refunds:
                return self.no_refunds
        else:
            wallet = self._wallet(request.account)
            if wallet.points < request.points:
                return "too-few-points"
            wallet.points -= request.points
        self.holds[(epoch, n)] = (request, "open")
        return ""

    def _numbers(self, request: HoldRequest) -> tuple[Ticket, ...]:
        wanted = request.wanted
        assert wanted is not None
        return tuple(
            Ticket(self.number(), wanted.each, wanted.valid_from, "2026-12-31")
            for _ in range(wanted.count)
        )

    def number(self) -> TicketNumber:
        self.numbers += 1
        digits = f"123{self.numbers:09d}"
        return TicketNumber(digits + check_digit(digits))

    def _sign(self, ticket: Ticket) -> bytes:
        self.tickets[ticket.number] = "issued"
        self.issued[ticket.number] = ticket
        return self.signed_ticket(ticket)

    def _own_tickets(self, body: bytes) -> Response:
        return self._said("own-tickets", own_tickets(self, body))

    def signed_ticket(self, ticket: Ticket) -> bytes:
        return sign_ticket(
            SignedTicket(
                issuer=ORIGIN,
                number=ticket.number,
                municipality=KAWASAKI,
                points=Points(ticket.points),
                valid_from=ticket.valid_from,
                valid_until=ticket.valid_until,
            ),
            self.ticket_key,
        )

    def _asof(self) -> Asof:
        self.feed_number += 1
        includes = tuple((e, k.verdicts) for e, k in self.kept.items())
        return Asof(1, self.feed_number, self.now, includes)

    def _sealed(self, card: KeyDigest) -> bytes:
        wallet = self.wallets.get(card)
        if wallet is None:
            return b""
        available = min(wallet.points, self.policy.standing_cap)
        account = AccountStanding(KAWASAKI, wallet.account, wallet.deficit, max(0, available), ())
        return self.zone.seal(card, Standing(wallet.state, (account,)), b"n" * 12)

    def _lone(self, card: KeyDigest) -> LoneStanding:
        return LoneStanding(MONTH, self.zone.row_of(card), self._sealed(card), self._asof())

    def _standing(self, body: bytes) -> Response:
        return self._said("standing", self._lone(read(body, StandingRequest).card))

    def _feed(self, _body: bytes, after: str, incarnation: str) -> Response:
        begin = 0 if incarnation != self.incarnation else int(after)
        as_of = self._asof()
        items: list[AnyItem] = [
            PolicyItem(KAWASAKI, self.policy.encode()),
            TownItem(KAWASAKI, "川崎市", "かわさきポイント", accepted=self.accepts),
            *(ProgrammeItem(KAWASAKI, p, "健康", end, end) for p, end in self.programmes.items()),
            TicketKeyItem(KAWASAKI, self.ticket_key.public),
            ZoneKeyItem(MONTH, b"z" * 32),
            SealingKeyItem(MONTH, sealing_public()),
            *([PaymentDayItem(KAWASAKI, self.pays)] if self.pays else []),
            *([RevocationItem(self.good_until)] if self.good_until is not None else []),
            *(UsedTicketItem(name, used) for name, used in sorted(self.used.items())),
            *(StandingItem(MONTH, self.zone.row_of(c), self._sealed(c)) for c in self.wallets),
        ]
        page = Page(self.incarnation, NODE, begin, self.feed_number, True, as_of, tuple(items))
        return self._said("page", page)

    def _challenge(self, _body: bytes) -> Response:
        self._challenges += 1
        return self._said("challenge", Challenge(self._challenges.to_bytes(32, "big")))

    def _choose(self, body: bytes) -> Response:
        wishes = [mykey_id(wish) for wish in read(body, Wishes).wishes]
        found = offer(wishes, set(self.mykeys.values()).__contains__, lambda: mykey_id("GENERATE"))
        return self._said("offer", found)

    def _register(self, body: bytes) -> Response:
        wanted = read(read(body, CardSigned).request, Registration)
        card = read_public_key(wanted.certificate).digest
        if wanted.wish and wanted.wish in self.mykeys.values():
            return problem_response(409, "mykey-id-taken", f"{wanted.wish} is taken")
        known = card in self.mykeys
        made = self.mykeys.setdefault(card, wanted.wish or "GENERATE")
        self.certificates.add(card)
        generated = wanted.generated or not wanted.wish
        return self._said("registered", Registered(made, generated, known))

    def _look(self, body: bytes) -> Response:
        card = read(read(body, CardSigned).request, LookRequest).card
        wallet = self.wallets[card]
        row = Balance(KAWASAKI, "かわさきポイント", wallet.points, 0)
        return self._said("balances", Balances(self.now, (row,)))

    def _member(self, body: bytes) -> Response:
        told = member_step(self, body)
        return self._said("member", told) if isinstance(told, MemberSeen) else told


def sealing_public() -> bytes:
    """The hub's sealing key of the month."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(SEALING_SEED).public_key().public_bytes_raw()
