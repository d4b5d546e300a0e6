"""A counter without card, disk and hub, that keeps real sums: for driving screens.

It answers the questions of :class:`tui.usecases.UseCases` from dictionaries. Points are neither
made nor lost: wallets, takings, tickets and what is given back always add up to what was granted
(:meth:`FakeCounter.points_in_all`). Knobs make it slow, offline, or fail.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from node.card.errors import CardUnreadable
from node.card.pin import OnPad
from node.outcome import (
    Approved,
    BalanceRow,
    CardLook,
    Choose,
    Finding,
    HistoryRow,
    Issued,
    Kind,
    Outcome,
    Prepared,
    PrinterState,
    Refused,
    Running,
    SeenMember,
    Sheet,
    Status,
    SyncResult,
    TicketPaper,
    TownStanding,
    ZLine,
    ZReport,
)
from node.printerchoice import FoundPrinter, PrinterChoice, Trial
from sync.clock import ClockState
from sync.errors import RefusedByRule, Unreachable
from sync.members import MemberStep
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
from tests.doubles.counter_joining import JoinsCards
from tests.doubles.counter_members import member_step
from tests.doubles.counter_piles import Clearings, ClearsPiles
from tests.doubles.counter_previews import ShowsPaper
from tests.doubles.counter_printers import SetsUpPrinters
from tests.doubles.counter_refunds import GivesPointsBack, worth
from tests.doubles.counter_residents import RegistersResidents
from tests.doubles.counter_voids import VoidsTickets

NODE = NodeId("141305-B2108-1111")
EPOCH = EpochId("1-00000000000000aa")
KAWASAKI = MunicipalityCode("141305")
TOSHIMA = MunicipalityCode("131164")
NOW = Millis(1_763_701_500_000)  # 2025-11-21 14:05 in Tokyo
MOST_OFFLINE = 1_000
"""Points of one spend while the hub is silent."""
_NAMES = {KAWASAKI: ("川崎市", "かわさきポイント"), TOSHIMA: ("豊島区", "としまポイント")}


@dataclass(slots=True)
class FakeCard:
    """A resident's card: its PIN, the tries left, and points by town."""

    pin: bytes
    points: dict[MunicipalityCode, int]
    tries: int = 3
    mykey_id: str = ""
    number: str = ""
    """This shop's own number for its holder."""
    closed: str = ""
    """Why it opens nothing."""
    state: Literal["active", "suspended", "cancelled"] = "active"
    """How its MyKey ID stands."""
    at_desk: bool = False
    """Suspended so that only the desk lifts it."""
    agreed: bool = True
    """Its holder agreed to have points."""


@dataclass(slots=True)
class FakeCounter(
    RegistersResidents,
    JoinsCards,
    VoidsTickets,
    ClearsPiles,
    GivesPointsBack,
    SetsUpPrinters,
    ShowsPaper,
):
    """See the module. ``cards`` by address, ``tickets`` by QR text (points still on them)."""

    cards: dict[str, FakeCard] = field(default_factory=dict)
    tickets: dict[str, int] = field(default_factory=dict)
    voiding: dict[str, int] = field(default_factory=dict)
    """Points of lost tickets by QR text: nobody can use them, and they are not back yet."""
    programmes: dict[MunicipalityCode, tuple[str, ...]] = field(
        default_factory=lambda: {KAWASAKI: ("123",), TOSHIMA: ("456",)}
    )
    """Running programmes by town."""
    use_until: str = ""
    """The last day of use of each."""
    silent: bool = False
    """The hub does not answer: spends are T2, issuing is refused."""
    says_no: str = ""
    """Why the hub refuses an exchange."""
    refusals: dict[str, Refused] = field(default_factory=dict)
    """Why tickets are not taken, by QR text."""
    fails_with: Exception | None = None
    """Raised once, by the next question but ``status``."""
    gate: threading.Event = field(default_factory=threading.Event)
    """Questions but ``status`` wait while it is cleared."""
    swapped: set[str] = field(default_factory=set)
    """Addresses at which another card lies than before."""
    pad: bool = False
    """The reader has keys, on which nobody ever types."""
    look: Status | None = None
    """What ``status`` begins from."""
    fixed: bool = False
    """``status`` is ``look`` and nothing else."""
    rows: list[HistoryRow] = field(default_factory=list)
    open_holds: dict[int, Prepared] = field(default_factory=dict)
    staff: str | None = None
    issued: list[str | None] = field(default_factory=list)
    """Programmes that tickets were issued from."""
    paper: dict[int, Sheet] = field(default_factory=dict)
    """Sheets by their job's number."""
    printers: tuple[FoundPrinter, ...] = ()
    """What is found at this PC."""
    trials: list[Trial] = field(default_factory=list)
    """What comes of the test sheets, in their order; then each is printed."""
    tried: list[PrinterChoice] = field(default_factory=list)
    kept: list[PrinterChoice] = field(default_factory=list)
    clearings: Clearings = field(default_factory=Clearings)
    asked: list[str] = field(default_factory=list)
    _shift_began: int = 0
    _attempts: int = 0
    _redeemed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate.set()

    # -- what tests look at

    def points_in_all(self) -> int:
        """Wallets, live tickets and takings together; no use case changes it."""
        wallets = sum(sum(card.points.values()) for card in self.cards.values())
        lost = sum(self.voiding.values())
        return wallets + sum(self.tickets.values()) + lost + self.taken()

    def taken(self) -> int:
        """Spends and redemptions less reversals."""
        return sum(worth(row) for row in self.rows)

    # -- the use cases

    def status(self) -> Status:
        """Facts that follow from the rest."""
        if self.fixed and self.look is not None:
            return self.look
        waiting = len(self.rows) if self.silent else 0
        used = sum(row.points for row in self.rows if row.tier is Tier.T2)
        return replace(
            self.look or replace(quiet_status(), kind=self.clearings.kind),
            seq=len(self.rows),
            waiting=waiting,
            oldest_waiting=self.rows[0].at if waiting else None,
            hub_reachable=not self.silent,
            silent_since=Millis(NOW - 12 * 60_000) if self.silent else None,
            offline_left=30_000 - used,
            shift_open=self.staff is not None,
            shift_staff=self.staff or "",
        )

    def open_shift(self, staff: str) -> Refused | None:
        """One at a time."""
        self._enter("open_shift")
        if self.staff is not None:
            return _no("shift-open")
        self.staff, self._shift_began = staff, len(self.rows)
        return None

    def close_shift(self) -> ZReport | Refused:
        """Ends it."""
        self._enter("close_shift")
        if self.staff is None:
            return _no("no-shift")
        report = replace(self._report(), closed_seq=len(self.rows) + 1)
        self._end_shift(self._shift_began)
        self.staff = None
        return report

    def shift_so_far(self) -> ZReport | Refused:
        """Its sums."""
        self._enter("shift_so_far")
        return _no("no-shift") if self.staff is None else self._report()

    def look_up(self, card: str) -> CardLook:
        """All towns of the card."""
        self._enter("look_up")
        return self._look(card)

    def prepare(
        self, card: str, municipality: MunicipalityCode | None, points: Points
    ) -> Prepared | Choose | Refused:
        """Online the hub holds the points; offline at most 1,000."""
        self._enter("prepare")
        look = self._look(card)
        if look.closed is not None:
            return _no(look.closed)
        usable = [town for town in look.towns if town.usable]
        if municipality is None and len(usable) > 1:
            return Choose(look=look, points=points)
        found = [t for t in usable if municipality in (None, t.municipality)]
        if self.cards[card].tries == 0:
            return _no("pin-locked")
        if not found:
            return _no("no-accepted-town" if look.towns or not self.silent else "no-standing")
        if self.silent and points > MOST_OFFLINE:
            return replace(_no("over-spend-limit"), limit=MOST_OFFLINE)
        if points > found[0].available:
            return _no("too-few-points")
        self._attempts += 1
        prepared = Prepared(
            card=look.card,
            municipality=found[0].municipality,
            account="00000000000000aa",
            points=points,
            tier=Tier.T2 if self.silent else Tier.T0,
            attempt=self._attempts,
            tries_left=self.cards[card].tries,
            town=found[0].town,
            point_name=found[0].point_name,
            available=found[0].available,
            at_cap=found[0].at_cap,
            as_of=look.as_of,
            silent_since=Millis(NOW - 60_000) if self.silent else Millis(0),
            pad=self.pad,
        )
        self.open_holds[prepared.attempt] = prepared
        return prepared

    def take(self, prepared: Prepared, card: str, pin: bytearray) -> Outcome:
        """Checks the PIN, moves the points."""
        self._enter("take")
        if prepared.attempt not in self.open_holds:
            return _no("attempt-over")
        if self._look(card).card != prepared.card:
            return _no("other-card")
        wrong = self._check(card, pin)
        if wrong is not None:
            return wrong
        del self.open_holds[prepared.attempt]
        return self._spend(card, prepared.municipality, prepared.points, "spend", prepared.tier)

    def drop(self, prepared: Prepared) -> None:
        """Frees the hold."""
        self._enter("drop")
        self.open_holds.pop(prepared.attempt, None)

    def spend(
        self, card: str, municipality: MunicipalityCode, points: Points, pin: bytearray
    ) -> Outcome:
        """Both steps."""
        prepared = self.prepare(card, municipality, points)
        if isinstance(prepared, Prepared):
            return self.take(prepared, card, pin)
        return prepared if isinstance(prepared, Refused) else _no("no-accepted-town")

    def reverse(self, seq: int, reason: str = "") -> Outcome:  # noqa: ARG002  the protocol's name
        """Gives points (or the ticket) back, once."""
        self._enter("reverse")
        row = next((row for row in self.rows if row.seq == seq), None)
        if row is None:
            return _no("no-such-record")
        if row.reversed_by is not None:
            return replace(_no("reversed-already"), seq=row.reversed_by)
        if not row.reversible:
            return _no("not-reversible")
        self._give_back(row)
        done = self._record("reversed", row.municipality, row.points, None, row.number)
        self.rows[row.seq - 1] = replace(row, reversed_by=done.seq, reversible=False)
        return done

    def balances(
        self, card: str, pin: bytearray | None = None, *, shown: KeyDigest | None = None
    ) -> tuple[BalanceRow, ...] | Refused:
        """Exact with a PIN and a hub."""
        self._enter("balances")
        if pin is not None:
            wrong = self._check(card, pin, shown)
            if wrong is not None:
                return wrong
        return self._exact(card, exact=pin is not None and not self.silent)

    def member(
        self,
        card: str,
        pin: bytearray,
        step: MemberStep,
        name: str = "",
        *,
        shown: KeyDigest | None = None,
    ) -> SeenMember | Refused:
        """See and change the card's MyKey ID; see :mod:`tests.doubles.counter_members`."""
        self._enter(f"member {step}")
        if self.silent:
            return _no("hub-silent")
        wrong = self._check(card, pin, shown)
        if wrong is not None:
            return wrong
        return member_step(self.cards[card], step, name, self._exact(card))

    def issue_tickets(
        self,
        card: str,
        municipality: MunicipalityCode,
        points: Points,
        *,
        days: int,
        count: int,
        programme: str | None,
        pin: bytearray,
        shown: KeyDigest | None = None,
    ) -> Issued | Refused:
        """Online only; the QR of ticket N is ``QR-N``."""
        self._enter("issue_tickets")
        if self.silent:
            return _no("hub-silent")
        known = self.programmes.get(municipality, ())
        if programme is None and len(known) > 1:
            return _no("name-a-programme")
        if not known or programme not in (None, *known):
            return _no("unknown-programme")
        if points * count > self.cards[card].points.get(municipality, 0):
            return _no("too-few-points")
        wrong = self._check(card, pin, shown)
        if wrong is not None:
            return wrong
        self.issued.append(programme)
        total = Points(points * count)
        done = self._spend(card, municipality, total, "ticket.issued", Tier.T0)
        papers = tuple(
            _paper(done, points, number=len(self.tickets) + place, days=days)
            for place in range(1, count + 1)
        )
        self.tickets |= {paper.qr: paper.points for paper in papers}
        numbers = tuple(paper.number for paper in papers)
        self.rows[-1] = replace(self.rows[-1], issued=numbers)
        return Issued(record=done, numbers=numbers, papers=papers)

    def running(self) -> tuple[Running, ...] | Refused:
        """By town."""
        self._enter("running")
        if self.silent:
            return _no("hub-silent")
        return tuple(
            Running(
                municipality=town,
                programme=programme,
                name=f"事業{programme}",
                use_until=self.use_until,
            )
            for town, programmes in self.programmes.items()
            for programme in programmes
        )

    def redeem(self, qr: str) -> Outcome:
        """Each ticket once."""
        self._enter("redeem")
        if qr in self.refusals:
            return self.refusals[qr]
        if qr in self._redeemed:
            return replace(_no("ticket-seen-here"), seq=self._redeemed[qr])
        if qr not in self.tickets:
            return _no("not-a-ticket")
        points = Points(self.tickets.pop(qr))
        tier = Tier.T2 if self.silent else Tier.T0
        done = self._record("ticket.redeemed", KAWASAKI, points, tier, _number(qr))
        self._redeemed[qr] = done.seq
        return done

    def history(self, limit: int = 100) -> tuple[HistoryRow, ...]:
        """Newest first."""
        self._enter("history")
        return tuple(reversed(self.rows))[:limit]

    def print_waiting(self) -> PrinterState:
        """Nothing waits."""
        self._enter("print_waiting")
        return self.status().printer

    def sheets(self, limit: int = 50) -> tuple[Sheet, ...]:
        """What tests put on paper."""
        self._enter("sheets")
        return tuple(self.paper.values())[:limit]

    def came_out(self, job: int) -> Refused | None:
        """It is on paper."""
        self._enter("came_out")
        return self._mark(job, "confirmed")

    def reprint(self, job: int) -> Refused | None:
        """It waits."""
        self._enter("reprint")
        return self._mark(job, "queued")

    def _mark(self, job: int, state: str) -> Refused | None:
        if job not in self.paper:
            return _no("no-such-job")
        self.paper[job] = replace(self.paper[job], state=state, trouble="")
        return None

    def sync_now(self) -> SyncResult:
        """Everything arrives, when the hub answers."""
        self._enter("sync_now")
        no = RefusedByRule(self.says_no, "the hub says no") if self.says_no else None
        error = no or (Unreachable("the hub is silent") if self.silent else None)
        reached = error is None
        sent = len(self.rows) if reached else 0
        if reached:
            self.rows = [replace(row, verdict="applied") for row in self.rows]
        return SyncResult(
            sent=sent,
            receipts=sent,
            pages=0,
            papers=0,
            error=error,
        )

    def audit(self) -> tuple[Finding, ...]:
        """Everything adds up."""
        self._enter("audit")
        return ()

    def export(self, file: Path) -> int:
        """As many as there are; writes nothing."""
        self._enter(f"export {file.name}")
        return len(self.rows)

    # -- the sums

    def _enter(self, question: str) -> None:
        self.asked.append(question)
        self.gate.wait()
        if self.fails_with is not None:
            problem, self.fails_with = self.fails_with, None
            raise problem

    def _look(self, card: str) -> CardLook:
        if card not in self.cards:
            raise CardUnreadable("there is no card")
        towns = tuple(
            TownStanding(
                municipality=town,
                town=_NAMES[town][0],
                point_name=_NAMES[town][1],
                available=points,
                at_cap=False,
                deficit=False,
                accepted=True,
            )
            for town, points in self.cards[card].points.items()
        )
        return CardLook(
            card=self._key(card),
            tries_left=self.cards[card].tries,
            towns=towns,
            as_of=Millis(NOW - 60_000),
            fresh=not self.silent,
            pad=self.pad,
            closed=self.cards[card].closed or None,
        )

    def _exact(self, card: str, *, exact: bool = True) -> tuple[BalanceRow, ...]:
        look = self._look(card)
        return tuple(
            BalanceRow(
                municipality=town.municipality,
                town=town.town,
                point_name=town.point_name,
                available=town.available,
                held=0,
                as_of=look.as_of,
                exact=exact,
            )
            for town in look.towns
        )

    def _key(self, card: str) -> KeyDigest:
        name = f"{card} swapped" if card in self.swapped else card
        return KeyDigest(name.encode().ljust(32, b"\0"))

    def _check(self, card: str, pin: bytearray, shown: KeyDigest | None = None) -> Refused | None:
        if shown is not None and shown != self._key(card):
            return _no("other-card")
        if isinstance(pin, OnPad):
            return _no("pin-not-entered")
        typed, owner = bytes(pin), self.cards[card]
        pin[:] = bytes(len(pin))
        if owner.tries == 0:
            return _no("pin-locked")
        if typed == owner.pin:
            owner.tries = 3
            return None
        owner.tries -= 1
        if owner.tries == 0:
            return _no("pin-locked")
        return replace(_no("wrong-pin"), tries_left=owner.tries)

    def _spend(
        self, card: str, town: MunicipalityCode, points: Points, kind: Kind, tier: Tier
    ) -> Approved:
        self.cards[card].points[town] -= points
        done = self._record(kind, town, points, tier, None, card)
        return replace(done, balance_after=self.cards[card].points[town])

    def _record(  # noqa: PLR0917  a row's columns in their order
        self,
        kind: Kind,
        town: MunicipalityCode,
        points: Points,
        tier: Tier | None,
        number: TicketNumber | None,
        card: str = "",
    ) -> Approved:
        if self.staff is None:
            self.open_shift("")
        seq = len(self.rows) + 1
        digest = Digest(card.encode().ljust(32, b"\0"))
        self.rows.append(
            HistoryRow(
                epoch=EPOCH,
                seq=seq,
                kind=kind,
                at=Millis(NOW - 60_000),
                municipality=town,
                points=points,
                tier=tier,
                number=number,
                digest=digest,
                reversed_by=None,
                verdict=None if self.silent else "applied",
                reason="",
                reversible=kind in ("spend", "ticket.redeemed"),
            )
        )
        return Approved(
            kind=kind,
            node=NODE,
            epoch=EPOCH,
            seq=seq,
            digest=digest,
            at=NOW,
            municipality=town,
            points=points,
            tier=tier,
            number=number,
        )

    def _give_back(self, row: HistoryRow) -> None:
        if row.kind == "spend":
            card = row.digest.rstrip(b"\0").decode()
            self.cards[card].points[row.municipality] += row.points
        else:
            qr = next(qr for qr, seq in self._redeemed.items() if seq == row.seq)
            self.tickets[qr] = row.points
            del self._redeemed[qr]

    def _report(self) -> ZReport:
        shift = self.rows[self._shift_began :]
        lines = tuple(
            ZLine(
                municipality=KAWASAKI,
                town="川崎市",
                point_name="かわさきポイント",
                kind=kind,
                count=sum(row.kind == kind for row in shift),
                points=sum(row.points for row in shift if row.kind == kind),
            )
            for kind in get_args(Kind)
            if any(row.kind == kind for row in shift)
        )
        waiting = [row for row in shift if row.verdict is None]
        return ZReport(
            node=NODE,
            epoch=EPOCH,
            opened_seq=self._shift_began + 1,
            closed_seq=None,
            staff=self.staff or "",
            opened_at=Millis(NOW - 8 * 3_600_000),
            closed_at=NOW,
            lines=lines,
            taken=sum(worth(row) for row in shift),
            synced=len(shift) - len(waiting),
            waiting=len(waiting),
            offline_used=sum(row.points for row in waiting),
            offline_left=30_000 - sum(row.points for row in waiting),
            claims=tuple(row.digest for row in waiting),
        )


def quiet_status() -> Status:
    """A shop on an ordinary afternoon."""
    return Status(
        node=NODE,
        kind="shop",
        organisation=OrganisationId("141305-B2108"),
        organisation_name="A商店街",
        place="八百屋",
        municipality=KAWASAKI,
        demo=False,
        epoch=EPOCH,
        seq=0,
        head=Digest(bytes(32)),
        waiting=0,
        acknowledged=0,
        oldest_waiting=None,
        last_sync=NOW,
        hub_reachable=True,
        silent_since=None,
        busy=False,
        lists_as_of=NOW,
        offline_left=30_000,
        offline_limit=30_000,
        offline_warning=False,
        ticket_float_left=30_000,
        only_copy=False,
        unsealed_keys=False,
        clock=ClockState.SYNCED,
        shift_open=False,
        shift_staff="",
        stopped=None,
        paper_waiting=0,
        printer=PrinterState(destination="tcp:10.0.0.9:9100", waiting=0, unsure=0, trouble=""),
        incidents=(),
        now=NOW,
    )


def shop(**knobs: object) -> FakeCounter:
    """A shop, a resident of one town, one of two, and a live ticket."""
    counter = FakeCounter(
        cards={
            "soft:hanako": FakeCard(pin=b"1234", points={KAWASAKI: 2_000}),
            "soft:taro": FakeCard(pin=b"5678", points={KAWASAKI: 4_000, TOSHIMA: 5_000}),
        },
        tickets={"QR-101": 1_000, "QR-102": 500},
    )
    for knob, value in knobs.items():
        setattr(counter, knob, value)
    return counter


def slowly(counter: FakeCounter) -> Callable[[], None]:
    """Let questions wait until what this returns is called."""
    counter.gate.clear()
    return counter.gate.set


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)


def _number(qr: str) -> TicketNumber:
    return TicketNumber(qr.removeprefix("QR-").rjust(13, "0"))


def _paper(done: Approved, points: Points, *, number: int, days: int) -> TicketPaper:
    qr = f"QR-{done.seq}{number:03}"
    return TicketPaper(
        number=_number(qr),
        qr=qr,
        municipality=done.municipality,
        points=points,
        valid_from="2025-11-21",
        valid_until=f"2025-11-{20 + days}",
        seq=done.seq,
        job=number,
    )
