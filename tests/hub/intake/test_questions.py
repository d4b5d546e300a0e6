"""What a redemption asks of the database, of which each question is a wait where that is a server.

Shops that redeem at the same moment are asked about together, and what a shop has done before is
not read again. Nor is what it sold to others, for a spend.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import structs

from hub.counters import Counters
from hub.handing_in import Batched, Judging
from hub.intake.verify import InlineVerifier
from hub.points.books import Books
from hub.throttle import Throttle
from sync.holds import HoldRequest, Purpose
from sync.receipt import Outcome
from sync.values import Points
from tests.doubles.listening import Listening, listening
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

MOST = 29
"""Questions of one redemption, or of eight together, BEGIN and COMMIT among them."""
MOST_OF_A_HOLD, MOST_OF_A_LOOK, MOST_OF_A_CLAIM = 20, 11, 11
"""The same of a hold of points with the person's fresh standing, of that alone, and of a claim of a
scanned ticket. Who people are is asked in another database: that counts as well."""


class Fair:
    """Shops that redeem, each at its own counter, and a hub that judges at once."""

    def __init__(self, town: Corner, who: Resident, shops: int, tickets: int) -> None:
        self.town = town
        self.judging = Judging(town.core, town.identities, InlineVerifier())
        self.judging.beside(lambda: None)
        office = town.node(GREENGROCER, "2222", kind="counter", place="office")
        self._paper = [town.ticket(office, who, 1) for _ in range(shops * tickets)]
        self.pens = [town.node(FISH_SHOP, str(1111 + place)) for place in range(shops)]
        for pen in self.pens:
            town.put(pen)

    def take(self, pen: Pen) -> int:
        """A counter takes one ticket; the record's place."""
        return self.town.redeem(pen, self._paper.pop())

    def redeem(self, pens: Sequence[Pen]) -> None:
        """Each takes one ticket, and all hand in at the same moment."""
        batches = []
        for pen in pens:
            seq = self.take(pen)
            body = pen.batch(seq, receipted=seq - 1)
            batches.append(Batched(pen.node, pen.epoch, seq, body))
        for handed in self.judging.hand_in_all(batches):
            (verdict,) = self.town.verdicts(handed.answer()).values()
            assert handed.ready
            assert verdict.outcome is Outcome.APPLIED


def test_eight_that_redeem_together_ask_no_more_than_one(town: Corner, hana: Resident) -> None:
    fair = Fair(town, hana, shops=8, tickets=3)
    fair.redeem(fair.pens)
    with listening(town.core.database) as one:
        fair.redeem(fair.pens[:1])
    with listening(town.core.database) as eight:
        fair.redeem(fair.pens)

    assert len(one.asked) == len(eight.asked) <= MOST
    assert town.audit() == []


def test_five_ask_in_the_words_of_seven(town: Corner, hana: Resident) -> None:
    fair = Fair(town, hana, shops=7, tickets=3)
    fair.redeem(fair.pens)
    with listening(town.core.database) as seven:
        fair.redeem(fair.pens)
    with listening(town.core.database) as five:
        fair.redeem(fair.pens[:5])

    assert set(five.asked) == set(seven.asked), "each text is kept ready, so there are few"


def test_five_balances_are_asked_for_in_the_words_of_seven(town: Corner) -> None:
    def words(count: int) -> list[str]:
        with listening(town.core.database) as asked, town.core.database.write() as tx:
            books = Books(town.core, tx, KAWASAKI, town.clock.now())
            books.prefetch(f"wallet:{place}" for place in range(count))
        return asked.asked

    assert words(5) == words(7)


def test_what_a_shop_has_redeemed_before_is_not_read_again(town: Corner, hana: Resident) -> None:
    fair = Fair(town, hana, shops=1, tickets=12)
    fair.redeem(fair.pens)
    with listening(town.core.database) as early:
        fair.redeem(fair.pens)
    for _ in range(9):
        fair.redeem(fair.pens)
    with listening(town.core.database) as late:
        fair.redeem(fair.pens)

    assert (len(late.asked), late.rows) == (len(early.asked), early.rows)
    assert town.audit() == []


def test_eight_sales_of_what_was_held_ask_no_more_than_one(town: Corner, hana: Resident) -> None:
    pens = [town.node(FISH_SHOP, str(1111 + place)) for place in range(8)]
    judging = Judging(town.core, town.identities, InlineVerifier())
    judging.beside(lambda: None)

    def sell(some: Sequence[Pen]) -> Listening:
        batches = []
        for pen in some:
            n, asked = town.hold(pen, hana, 10)
            assert asked.granted
            seq = pen.spend(hana.card, town.account(hana), 10, town=KAWASAKI, hold=n)
            batches.append(Batched(pen.node, pen.epoch, seq, pen.batch(seq, receipted=seq - 1)))
        with listening(town.core.database) as here:
            answers = [handed.answer() for handed in judging.hand_in_all(batches)]
        for answer in answers:
            (verdict,) = town.verdicts(answer).values()
            assert verdict.outcome is Outcome.APPLIED
        return here

    for pen in pens:
        town.put(pen)
    sell(pens)
    one, eight = sell(pens[:1]), sell(pens)

    assert len(one.asked) == len(eight.asked) <= MOST
    assert town.wallet(hana) == 1_000 - 17 * 10
    assert town.audit() == []


def test_two_batches_of_one_counter_in_one_group_go_on_from_each_other(
    town: Corner, hana: Resident
) -> None:
    fair = Fair(town, hana, shops=2, tickets=2)
    pen, other = fair.pens
    batches = []
    for one in (pen, other, pen):
        seq = fair.take(one)
        batches.append(Batched(one.node, one.epoch, seq, one.batch(seq, receipted=seq - 1)))

    answers = [handed.answer() for handed in fair.judging.hand_in_all(batches)]

    assert [town.custody(answer).received for answer in answers] == [
        pen.seq - 1,
        other.seq,
        pen.seq,
    ]
    assert town.waiting() == 0
    assert town.audit() == []


def test_of_a_shop_s_sales_only_those_to_the_same_resident_are_read(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    town.grant(jiro, 1_000)
    pen = town.node(GREENGROCER)
    town.put(pen)
    judging = Judging(town.core, town.identities, InlineVerifier())
    judging.beside(lambda: None)

    def sells_to(who: Resident) -> Listening:
        town.feed(pen, available=town.wallet(who), receipted=pen.seq)
        seq = pen.spend(who.card, town.account(who), 10, town=KAWASAKI)
        batch = Batched(pen.node, pen.epoch, seq, pen.batch(seq, receipted=seq - 1))
        with listening(town.core.database) as here:
            (handed,) = judging.hand_in_all([batch])
        (verdict,) = town.verdicts(handed.answer()).values()
        assert verdict.outcome is Outcome.APPLIED
        return here

    sells_to(hana)
    early = sells_to(hana)
    for _ in range(3):
        sells_to(jiro)
    late = sells_to(hana)

    assert len(late.asked) == len(early.asked)
    assert late.rows == early.rows + 1, "her own second one is read beside her first"
    assert town.audit() == []


def test_a_hold_and_the_standing_that_comes_with_it_wait_for_the_disk_once(
    town: Corner, hana: Resident
) -> None:
    counters = _counters(town)
    pen = town.node(GREENGROCER)
    request = _for_points(town, hana, 300)

    with asked_of_both(town) as (here, identities):
        answer = counters.hold(pen.node, pen.epoch, 1, request)

    assert (answer.granted, answer.rest) == (True, 700)
    assert answer.standing is not None
    assert here.asked.count("COMMIT") == 1
    assert "ROLLBACK" not in here.asked, "it knew beforehand which towns it is about"
    assert len(here.asked) + len(identities.asked) <= MOST_OF_A_HOLD


def test_a_hold_asks_no_more_the_longer_its_counter_has_been_at_work(
    town: Corner, hana: Resident
) -> None:
    counters = _counters(town)
    pen = town.node(GREENGROCER)
    request = _for_points(town, hana, 10)
    with listening(town.core.database) as first:
        counters.hold(pen.node, pen.epoch, 1, request)
    for n in range(2, 6):
        counters.hold(pen.node, pen.epoch, n, request)
    with listening(town.core.database) as later:
        counters.hold(pen.node, pen.epoch, 6, request)

    assert len(later.asked) == len(first.asked)


def test_whoever_asks_for_the_same_hold_again_hears_what_is_left_by_now(
    town: Corner, hana: Resident
) -> None:
    counters = _counters(town)
    pen = town.node(GREENGROCER)
    request = _for_points(town, hana, 300)
    first = counters.hold(pen.node, pen.epoch, 1, request)
    town.grant(hana, 50)

    again = counters.hold(pen.node, pen.epoch, 1, request)

    assert (first.granted, first.rest) == (True, 700)
    assert (again.granted, again.rest, again.highest_attempt) == (True, 750, 1)
    assert town.wallet(hana) == 750, "they were held once"


def test_an_attempt_that_has_to_wait_for_its_records_is_not_counted_as_seen(
    town: Corner, hana: Resident
) -> None:
    counters = _counters(town)
    pen = town.node(GREENGROCER)
    town.put(pen)
    request = _for_points(town, hana, 300)
    behind = structs.replace(request, after=((pen.epoch, pen.seq + 1),))

    too_early = counters.hold(pen.node, pen.epoch, 3, behind)
    in_time = counters.hold(pen.node, pen.epoch, 3, request)

    assert (too_early.reason, too_early.highest_attempt) == ("records-first", 0)
    assert (in_time.granted, in_time.highest_attempt) == (True, 3)


def test_a_claim_of_a_ticket_is_about_nobody_s_card(town: Corner, hana: Resident) -> None:
    counters = _counters(town)
    office = town.node(GREENGROCER, "2222", kind="counter", place="office")
    paper = town.ticket(office, hana, 100)
    pen = town.node(FISH_SHOP)
    request = HoldRequest(
        municipality=KAWASAKI,
        purpose=Purpose.REDEEM,
        points=Points(100),
        account="",
        card=b"",
        ticket=paper,
        wanted=None,
        after=(),
    )

    with asked_of_both(town) as (here, identities):
        answer = counters.hold(pen.node, pen.epoch, 1, request)

    assert (answer.granted, answer.standing, answer.rest) == (True, None, None)
    assert identities.asked == []
    assert len(here.asked) <= MOST_OF_A_CLAIM
    assert counters.hold(pen.node, pen.epoch, 2, request).reason == "ticket-used"


def test_a_look_at_a_card_asks_half_as_much(town: Corner, hana: Resident) -> None:
    counters = _counters(town)
    pen = town.node(GREENGROCER)

    with asked_of_both(town) as (here, identities):
        counters.standing(pen.node, hana.card.digest)

    assert len(here.asked) + len(identities.asked) <= MOST_OF_A_LOOK


def _counters(town: Corner) -> Counters:
    judging = Judging(town.core, town.identities, InlineVerifier())
    return Counters(town.core, town.mykey, judging, Throttle(town.clock))


def _for_points(town: Corner, who: Resident, points: int) -> HoldRequest:
    return HoldRequest(
        municipality=KAWASAKI,
        purpose=Purpose.SPEND,
        points=Points(points),
        account=town.account(who),
        card=who.card.digest,
        ticket=b"",
        wanted=None,
        after=(),
    )


@contextmanager
def asked_of_both(town: Corner) -> Iterator[tuple[Listening, Listening]]:
    """What the ledger is asked, and what the database of who people are."""
    with listening(town.core.database) as here, listening(town.mykey._database) as identities:
        yield here, identities
