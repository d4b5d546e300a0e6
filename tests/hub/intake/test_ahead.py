"""Proofs are begun when a batch comes; what stands there is never more than a help."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.handing_in import Judging
from hub.intake.ahead import Ahead
from hub.intake.at_once import SMALL
from hub.intake.lines import Stretch, stretches
from hub.intake.verify import Checked, Here, InlineVerifier, Promise, Task
from hub.points.case import Line
from sync.receipt import Outcome
from sync.values import AccountId, home_of
from tests.doubles.pen import Card, Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


class Slow(InlineVerifier):
    """Is never done with the first batch before it is waited for."""

    def __init__(self) -> None:
        self.first: Unhurried | None = None

    def begin(self, task: Task) -> Promise:
        """Take one's time over the first."""
        if self.first is not None:
            return super().begin(task)
        self.first = Unhurried(task)
        return self.first


class Unhurried(Here):
    """Done only when somebody waits for it."""

    def done(self) -> bool:
        """Not yet."""
        return False


class Counting(InlineVerifier):
    """Remembers how many records it was asked to begin with."""

    def __init__(self) -> None:
        self.begun: list[int] = []

    def begin(self, task: Task) -> Promise:
        """Begin, and count."""
        self.begun.append(len(task.records))
        return super().begin(task)


class Dead(Here):
    """A task whose worker does not answer."""

    def result(self) -> list[Checked]:
        """Die."""
        raise RuntimeError("no answer")


class Dying(InlineVerifier):
    """Takes work and dies over it, once."""

    def __init__(self) -> None:
        self.dead = False

    def begin(self, task: Task) -> Promise:
        """Begin, and die the first time."""
        if self.dead:
            return super().begin(task)
        self.dead = True
        return Dead(task)


@pytest.fixture
def shop(town: Corner, hana: Resident) -> Pen:
    """A shop that sold so much that its day is not judged before the answer leaves."""
    return busy(town, town.node(GREENGROCER), hana)


def busy(town: Corner, pen: Pen, who: Resident) -> Pen:
    """Sell often; the first three are what policy allows."""
    town.feed(pen, available=900)
    while pen.seq <= SMALL + 2:
        pen.spend(who.card, town.account(who), 10, town=KAWASAKI)
    return pen


def judging(town: Corner, verifier: InlineVerifier) -> Judging:
    """The hub's judging with a verifier of the test's own."""
    return Judging(town.core, town.identities, verifier)


def test_a_large_batch_is_begun_when_it_comes_and_not_again_by_the_round(
    town: Corner, shop: Pen
) -> None:
    verifier = Counting()
    hub = judging(town, verifier)

    hub.hand_in(shop.node, shop.epoch, 1, shop.batch())
    begun = list(verifier.begun)
    hub.round()

    assert begun == verifier.begun == [shop.seq]
    assert town.waiting() == 0
    assert town.audit() == []


def test_a_posting_takes_what_is_checked_and_waits_only_when_nothing_is(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    hub = judging(town, Slow())
    other = busy(town, town.node(FISH_SHOP), hana)
    for pen in (shop, other):
        hub.hand_in(pen.node, pen.epoch, 1, pen.batch())
    before = town.stored("posting")

    hub.round()

    with town.core.database.read() as tx:
        causes = [
            msgspec.msgpack.decode(cause)[1][0][1]
            for (cause,) in tx.rows(
                "SELECT cause FROM posting ORDER BY tick LIMIT 9 OFFSET ?", [before]
            )
        ]
    assert causes == [other.node, shop.node]
    assert town.waiting() == 0
    assert town.audit() == []


def test_a_card_that_is_registered_before_the_round_is_known_to_it(
    town: Corner, card_keys: list[RSAPrivateKey], hana: Resident
) -> None:
    pen, card = town.node(GREENGROCER), Card(card_keys[1])
    busy(town, pen, hana)
    pen.spend(card, AccountId("0" * 16), 10, town=KAWASAKI)
    hub = judging(town, InlineVerifier())
    hub.hand_in(pen.node, pen.epoch, 1, pen.batch())

    town.resident(card_keys[1])
    hub.round()

    verdict = town.verdicts(hub.hand_in(pen.node, pen.epoch, pen.seq + 1, _asking(pen)))[pen.seq]
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "other-account")


def test_a_verifier_that_dies_over_a_batch_loses_nothing(town: Corner, shop: Pen) -> None:
    hub = judging(town, Dying())
    hub.hand_in(shop.node, shop.epoch, 1, shop.batch())
    with pytest.raises(RuntimeError):
        hub.round()

    hub.round()

    assert town.waiting() == 0
    assert town.owed(shop) > 0


def test_what_was_posted_without_it_makes_room(
    town: Corner, shop: Pen, hana: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.intake.ahead._MOST", 1)
    ahead = Ahead(town.core, town.identities, InlineVerifier())
    town.put(shop)
    ahead.begin(stretch_of(town, shop))
    other = busy(town, town.node(FISH_SHOP), hana)
    town.put(other)

    ahead.begin(stretch_of(town, other))

    assert ahead.take(line_of(shop), 1) is None
    assert ahead.take(line_of(other), 1) is not None


def line_of(pen: Pen) -> Line:
    """The chain that a pen writes."""
    return Line(home=home_of(pen.node), node=pen.node, epoch=pen.epoch, branch="")


def stretch_of(town: Corner, pen: Pen) -> Stretch:
    """All that a pen wrote and handed in as one batch."""
    with town.core.database.read() as tx:
        (found,) = stretches(tx, line_of(pen), 0, pen.seq)
    return found


def _asking(pen: Pen) -> bytes:
    return pen.batch(pen.seq + 1)
