"""Whatever a corner lives through, its ledger adds up and nobody pays twice."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sync.errors import RefusedByRule
from sync.holds import Purpose
from sync.receipt import Outcome
from sync.records import Spend, TicketCleared, TicketRedeemed, Tier, decode
from sync.ticket import read_ticket
from sync.values import Points, TicketNumber, organisation_of
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, corner

Taken = Spend | TicketRedeemed | TicketCleared
MAY_BE_NEGATIVE = {"issuer", "treasury", "reserve", "deficit", "receivable"}
SUMS = st.integers(1, 900)
WHO = st.integers(0, 1)
SHOP = st.integers(0, 1)
DECISIONS = st.sampled_from(["write-off", "pay", "recover", "noted", "apply", "refuse"])


class Life(RuleBasedStateMachine):
    """A corner with two residents, a fish shop, a greengrocer and a ticket counter."""

    def __init__(self, keys: list[RSAPrivateKey]) -> None:
        super().__init__()
        self.town = corner()
        self.people = [self.town.resident(key) for key in keys]
        self.counter = self.town.node(GREENGROCER, "2222", kind="counter")
        self.shops = [self.town.node(FISH_SHOP), self.town.node(GREENGROCER)]
        self.paper: list[tuple[bytes, int]] = []
        self.claims: list[tuple[int, int, bytes, int]] = []
        for who in self.people:
            self.town.grant(who, 1_000)

    # -- what happens

    @rule(who=WHO, points=SUMS)
    def a_grant(self, who: int, points: int) -> None:
        self.town.grant(self.people[who], points)

    @rule(shop=SHOP, who=WHO, points=SUMS, honest=st.booleans())
    def a_spend_in_the_dark(self, shop: int, who: int, points: int, *, honest: bool) -> None:
        """A shop goes by what it was told last, or claims more than it was told."""
        pen, resident = self.shops[shop], self.people[who]
        known = self.town.wallet(resident) if honest else 6_000
        self.town.feed(pen, available=known, receipted=self._posted(pen))
        pen.spend(resident.card, self.town.account(resident), points, town=KAWASAKI)

    @rule(who=WHO, points=st.integers(300, 900))
    def both_shops_take_the_same_points(self, who: int, points: int) -> None:
        resident = self.people[who]
        known = self.town.wallet(resident)
        for pen in self.shops:
            self.town.feed(pen, available=known, receipted=self._posted(pen))
        for pen in self.shops:
            taken = max(1, min(points, known))
            pen.spend(resident.card, self.town.account(resident), taken, town=KAWASAKI)
            self.town.put(pen)

    @precondition(lambda self: self.paper)
    @rule(which=st.integers(0, 5), claimed=st.booleans())
    def a_photocopy_goes_round(self, which: int, *, claimed: bool) -> None:
        paper, points = self.paper[which % len(self.paper)]
        if claimed:
            n, asked = self.town.hold_ticket(self.counter, paper, points)
            if asked.granted:
                self.claims.append((-1, n, paper, points))
        for pen in self.shops:
            self.town.feed(pen, receipted=self._posted(pen))
            self.town.redeem(pen, paper)
            self.town.put(pen)

    @rule(shop=SHOP, who=WHO, points=SUMS)
    def a_spend_on_stale_lists(self, shop: int, who: int, points: int) -> None:
        pen, resident = self.shops[shop], self.people[who]
        pen.at = self.town.clock.now()
        pen.spend(resident.card, self.town.account(resident), points, town=KAWASAKI)

    @rule(shop=SHOP, who=WHO, points=SUMS)
    def a_spend_with_the_card_of_another(self, shop: int, who: int, points: int) -> None:
        pen = self.shops[shop]
        account = self.town.account(self.people[who])
        pen.spend(self.people[1 - who].card, account, points, town=KAWASAKI)

    @rule(shop=SHOP, who=WHO, points=SUMS, ends=st.sampled_from(["used", "given up", "silent"]))
    def a_spend_that_asks_first(self, shop: int, who: int, points: int, ends: str) -> None:
        pen, resident = self.shops[shop], self.people[who]
        n, asked = self.town.hold(pen, resident, points)
        if asked.granted and ends == "used":
            account = self.town.account(resident)
            pen.spend(resident.card, account, points, town=KAWASAKI, tier=Tier.T0, hold=n)
        elif ends == "given up":
            self.town.put(pen, pen.batch(1, ended=(n,)))

    @rule(shop=SHOP, back=st.integers(1, 2), times=st.integers(1, 2))
    def something_is_taken_back(self, shop: int, back: int, times: int) -> None:
        for _ in range(times):
            self._take_back(self.shops[shop], back)

    @rule(shop=SHOP, back=st.integers(1, 3), points=st.integers(1, 400), asks=st.booleans())
    def something_is_given_back(self, shop: int, back: int, points: int, *, asks: bool) -> None:
        """A part of it or more than all; the hub is asked first, or not."""
        pen = self.shops[shop]
        bodies = enumerate((decode(data).body for data in pen.records), 1)
        taken = [seq for seq, body in bodies if isinstance(body, Spend | TicketRedeemed)]
        if len(taken) >= back:
            self.town.put(pen)
            n, asked = self.town.hold_refund(pen, taken[-back], points) if asks else (0, None)
            if asked is None or asked.granted:
                pen.at = self.town.clock.now()
                pen.refund(taken[-back], points, town=KAWASAKI, hold=n)
                said = self.town.verdict(pen)
                assert asked is None or said.outcome is Outcome.APPLIED

    @rule(who=WHO, points=st.integers(1, 400), days=st.integers(1, 3))
    def a_ticket(self, who: int, points: int, days: int) -> None:
        n, asked = self.town.hold_tickets(self.counter, self.people[who], points, days=days)
        if asked.granted:
            account = self.town.account(self.people[who])
            self.counter.issue(
                self.people[who].card,
                account,
                asked.tickets,
                town=KAWASAKI,
                hold=n,
                programme="101",
            )
            for signed in self.town.verdict(self.counter).tickets:
                self.paper.append((signed, points))

    @precondition(lambda self: self.paper)
    @rule(shop=SHOP, which=st.integers(0, 5), asks=st.booleans())
    def a_redemption(self, shop: int, which: int, *, asks: bool) -> None:
        pen = self.shops[shop]
        paper, points = self.paper[which % len(self.paper)]
        hold = 0
        if asks:
            hold, asked = self.town.hold_ticket(pen, paper, points)
            if not asked.granted:
                return
        self.town.redeem(pen, paper, hold=hold)

    @precondition(lambda self: self.paper)
    @rule(shop=SHOP, which=st.integers(0, 5))
    def a_claim(self, shop: int, which: int) -> None:
        paper, points = self.paper[which % len(self.paper)]
        n, asked = self.town.hold_ticket(self.shops[shop], paper, points)
        if asked.granted:
            self.claims.append((shop, n, paper, points))

    @precondition(lambda self: self.claims)
    @rule(given_up=st.booleans())
    def a_claim_ends(self, *, given_up: bool) -> None:
        shop, n, paper, _ = self.claims.pop()
        pen = self.counter if shop < 0 else self.shops[shop]
        if given_up:
            self.town.put(pen, pen.batch(1, ended=(n,)))
        else:
            self.town.redeem(pen, paper, hold=n)

    @precondition(lambda self: self.paper)
    @rule(shop=SHOP, which=st.integers(0, 5), asks=st.booleans(), typed=st.booleans())
    def a_stamped_ticket_is_cleared(
        self, shop: int, which: int, *, asks: bool, typed: bool
    ) -> None:
        """The counter clears paper that one of the shops brought, or hears that it may not."""
        organisation = organisation_of(self.shops[shop].node)
        paper, points = self.paper[which % len(self.paper)]
        hold = 0
        if asks or typed:
            number = self._number(paper) if typed else ""
            scanned = b"" if typed else paper
            hold, asked = self.town.hold_ticket(
                self.counter, scanned, points, purpose=Purpose.CLEAR, number=number
            )
            if not asked.granted:
                return
        if typed:
            self.counter.clear_number(
                self._number(paper), Points(points), organisation, town=KAWASAKI, hold=hold
            )
        else:
            self.town.clear(self.counter, paper, organisation, hold=hold)

    @rule(back=st.integers(1, 2))
    def the_counter_takes_something_back(self, back: int) -> None:
        self._take_back(self.counter, back)

    @rule()
    def the_counter_hands_in(self) -> None:
        self.town.put(self.counter)

    @precondition(lambda self: self.paper)
    @rule(shop=SHOP, which=st.integers(0, 5), asks=st.booleans(), given_up=st.booleans())
    def paper_is_handed_back(self, shop: int, which: int, *, asks: bool, given_up: bool) -> None:
        """At a counter that asks first, as they must, or at one that does not."""
        pen = self.shops[shop]
        paper, points = self.paper[which % len(self.paper)]
        hold = 0
        if asks:
            hold, asked = self.town.hold_ticket(pen, paper, points, purpose=Purpose.VOID)
            if not asked.granted:
                return
            if given_up:
                self.town.put(pen, pen.batch(1, ended=(hold,)))
                return
        public = self.town.core.keys.tickets(KAWASAKI).public
        pen.at = self.town.clock.now()
        pen.void(paper, public=public, town=KAWASAKI, hold=hold)

    @precondition(lambda self: self.paper)
    @rule(shop=SHOP, who=WHO, which=st.integers(0, 5))
    def paper_is_lost(self, shop: int, who: int, which: int) -> None:
        """Whoever's it is; what is somebody else's is not voided."""
        pen, resident = self.shops[shop], self.people[who]
        paper, _ = self.paper[which % len(self.paper)]
        read = read_ticket(paper, {KAWASAKI: (self.town.core.keys.tickets(KAWASAKI).public,)})
        account = self.town.account(resident)
        pen.at = self.town.clock.now()
        pen.lose(resident.card, account, read.number, read.points, town=KAWASAKI)

    @rule(shop=st.integers(0, 2))
    def a_counter_hears_the_news(self, shop: int) -> None:
        self.town.asks_again([*self.shops, self.counter][shop])

    @rule(shop=SHOP)
    def a_shop_hands_in(self, shop: int) -> None:
        self.town.put(self.shops[shop])

    @rule(shop=SHOP, last=st.integers(1, 6))
    def a_shop_hands_in_a_part(self, shop: int, last: int) -> None:
        pen = self.shops[shop]
        self.town.put(pen, pen.batch(1, min(last, pen.seq)))

    @rule(days=st.integers(1, 3))
    def nights(self, days: int) -> None:
        for _ in range(days):
            self.town.night()

    @rule(decision=DECISIONS)
    def people_decide(self, decision: str) -> None:
        still = [number for number, _, _, state in self.town.incidents() if state == "open"]
        for number in still[:1]:
            try:
                self.town.decide(number, decision)
            except RefusedByRule as refused:
                assert refused.reason in {  # noqa: PT017  what does not fit moves nothing
                    "decision-does-not-fit",
                    "nothing-to-pay",
                    "cannot-apply",
                }

    @rule()
    def the_window_is_paid(self) -> None:
        self.town.settle()

    # -- what always holds

    @invariant()
    def everything_adds_up_to_nothing(self) -> None:
        for town in (KAWASAKI, TOSHIMA):
            assert sum(self.town.balances(town).values()) == 0

    @invariant()
    def only_these_are_below_zero(self) -> None:
        for account, points in self.town.balances().items():
            assert points > 0 or account.split(":")[0] in MAY_BE_NEGATIVE, account

    @invariant()
    def nobody_has_points_beside_a_deficit(self) -> None:
        found = self.town.balances()
        for who in self.people:
            account = self.town.account(who)
            assert not (f"wallet:{account}" in found and f"deficit:{account}" in found)

    @invariant()
    def live_tickets_and_claims_are_covered(self) -> None:
        live = self._rows(
            "SELECT coalesce(sum(points), 0) FROM ticket WHERE state IN ('issued', 'voiding')"
        )
        claimed = self._rows(
            "SELECT coalesce(sum(hold.points), 0) FROM hold"
            " JOIN ticket ON ticket.number=hold.account"
            " WHERE hold.state='open' AND ticket.state IN ('issued', 'voiding')"
            " AND purpose IN ('ticket.redeem', 'ticket.clear', 'ticket.void')"
        )
        assert self.town.balance("outstanding:101") == live[0][0] - claimed[0][0]

    @invariant()
    def a_hold_keeps_what_it_says(self) -> None:
        held = {name: points for name, points in self.town.balances().items() if "hold:" in name}
        opened = self._rows(
            "SELECT node, epoch, n, points FROM hold WHERE state='open' AND purpose<>'refund'"
        )
        assert held == {f"hold:{node}/{epoch}/{n}": points for node, epoch, n, points in opened}

    @invariant()
    def nobody_pays_a_record_twice(self) -> None:
        for taken, points in self._rows(
            "SELECT sum(t.points), r.points FROM record r JOIN transfer t ON t.source=r.node"
            " AND t.epoch=r.epoch AND t.seq=r.seq AND t.municipality=r.town"
            " WHERE r.kind='spend' AND (t.credit LIKE 'payable:%') GROUP BY r.node, r.seq"
        ):
            assert taken <= points

    @invariant()
    def no_shop_gives_back_more_than_a_record_brought_it(self) -> None:
        for name, points in self._rows(
            "SELECT name, sum(points) FROM (SELECT CASE \"of\" WHEN '' THEN"
            " source || ':' || epoch || ':' || seq ELSE \"of\" END AS name, points FROM transfer"
            " WHERE credit LIKE 'payable:%' UNION ALL SELECT \"of\", -points FROM transfer"
            " WHERE (debit LIKE 'payable:%' OR debit LIKE 'receivable:%') AND \"of\"<>'')"
            " GROUP BY name"
        ):
            assert points >= 0, name

    @invariant()
    def within_policy_the_shop_is_paid(self) -> None:
        for paid, points in self._rows(
            "SELECT paid, points FROM record"
            " WHERE kind IN ('spend', 'ticket.redeemed', 'ticket.cleared')"
            " AND undone='' AND (outcome=? OR reason IN ('overspend', 'second-redemption',"
            " 'copy-of-voided', 'redeemed-after-return', 'lost-ticket-redeemed'))",
            Outcome.APPLIED,
        ):
            assert paid == points

    @invariant()
    def a_ticket_has_one_applied_redemption(self) -> None:
        for (count,) in self._rows(
            "SELECT count(*) FROM record WHERE kind LIKE 'ticket.%ed' AND undone=''"
            " AND kind<>'ticket.issued'"
            " AND outcome='applied' GROUP BY account"
        ):
            assert count == 1

    @invariant()
    def the_reserve_pays_no_redemption_of_a_live_ticket(self) -> None:
        assert not self._rows(
            "SELECT t.number FROM second_redemption s JOIN ticket t ON t.number=s.number"
            " WHERE s.standing=1 AND t.state IN ('issued', 'voiding') AND NOT EXISTS"
            " (SELECT 1 FROM hold h WHERE h.account=t.number AND h.state='open')"
        )

    @invariant()
    def voided_tickets_gave_their_points_back_once(self) -> None:
        for voided, back in self._rows(
            "SELECT k.points * (k.state='voided'), (SELECT coalesce(sum(t.points), 0)"
            " FROM transfer t WHERE t.of=k.voided_by"
            " AND t.credit IN ('wallet:'||k.account, 'deficit:'||k.account))"
            " FROM ticket k WHERE k.voided_by<>''"
        ):
            assert back == voided

    def teardown(self) -> None:
        """Everything comes in at last, and the audit has nothing to say."""
        for pen in [*self.shops, self.counter]:
            self.town.put(pen)
        assert self.town.audit() == []

    # -- doing

    def _take_back(self, pen: Pen, back: int) -> None:
        bodies = enumerate((decode(data).body for data in pen.records), 1)
        taken = [seq for seq, body in bodies if isinstance(body, Taken)]
        if len(taken) >= back:
            pen.reverse(taken[-back], 1, town=KAWASAKI)

    # -- looking

    def _number(self, paper: bytes) -> TicketNumber:
        public = self.town.core.keys.tickets(KAWASAKI).public
        return read_ticket(paper, {KAWASAKI: (public,)}).number

    def _posted(self, pen: Pen) -> int:
        found = self._rows("SELECT posted FROM cursor WHERE node=?", pen.node)
        return int(found[0][0]) if found else 0

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.town.core.database.read() as tx:
            return tx.rows(sql, values)


def test_whatever_happens_the_ledger_adds_up(card_keys: list[RSAPrivateKey]) -> None:
    class HereLife(Life):
        def __init__(self) -> None:
            super().__init__(card_keys)

    run_state_machine_as_test(
        HereLife,
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            derandomize=True,
            phases=[Phase.generate],  # shrinking takes minutes; add Phase.shrink to look closer
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
