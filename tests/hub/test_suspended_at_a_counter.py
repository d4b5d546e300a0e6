"""A card that is reported lost: at a hub's desk, and at a counter that is on line or not."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.audit import audit_hub
from hub.forms import GrantForm, NewIdForm
from hub.hub import Hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.people import Person
from node.card.tap import Tap
from node.counter import Counter
from node.opening import Ports, open_counter
from node.outcome import Approved, ChosenId, Refused
from node.reach import Straight
from sync.records import Tier
from sync.values import MyKeyId, Points
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import GRANTED, NOW, Wire, open_shop
from tests.faults.programs import PIN
from tests.hub.corner import KAWASAKI

PRICE = Points(300)


@dataclass
class Shop:
    """The greengrocer's counter, its line, an operator, and Hanako with her card."""

    counter: Counter
    line: Wire
    operator: Person
    card: str
    mykey_id: MyKeyId

    @property
    def hub(self) -> Hub:
        return self.line.hub

    def spend(self, *, offline: bool) -> Approved | Refused:
        """Hanako's card is on the reader."""
        self.line.cut = offline
        self.counter.probe()
        return self.counter.spend(self.card, KAWASAKI, PRICE, bytearray(PIN))

    def refused(self, *, offline: bool) -> str:
        """Why a spend does not go through."""
        outcome = self.spend(offline=offline)
        assert isinstance(outcome, Refused), outcome
        return outcome.reason

    def sold(self, *, offline: bool) -> Tier | None:
        """On whose word a spend went through."""
        outcome = self.spend(offline=offline)
        assert isinstance(outcome, Approved), outcome
        return outcome.tier

    def sync(self) -> None:
        """Hand everything in, and hear the news."""
        self.line.cut = False
        self.counter.probe()
        assert self.counter.sync_now().reached
        assert self.counter.sync_now().reached

    def points(self) -> int:
        """What Hanako has, as the desk sees it."""
        (row,) = self.hub.treasury.balances(self.operator, self.mykey_id)
        return row.available


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = open_shop(tmp_path)
    clock, card = TurnedClock(NOW), f"soft:{made.card}"
    with ExitStack() as opened:
        hub = opened.enter_context(closing(open_hub(made.hub, clock)))
        line = Wire(hub)
        ports = Ports(clock=clock, door=lambda _: line, patience=Straight())
        counter = opened.enter_context(closing(open_counter(made.node, ports)))
        with Tap(card) as tap:
            believed = hub.mykey.check(tap.certificate)
        shop = Shop(
            counter=counter,
            line=line,
            operator=hub.office.sign_in((made.hub / "operator-1.token").read_text().strip()),
            card=card,
            mykey_id=hub.mykey.register(believed, "", consent_points=True).mykey_id,
        )
        shop.sync()
        yield shop
        shop.sync()
        assert {row.verdict for row in counter.history()} <= {"applied"}
        assert counter.audit() == ()
        assert audit_hub(hub, InlineVerifier()) == []


def test_a_lost_card_is_refused_after_the_next_sync_until_it_is_found(shop: Shop) -> None:
    desk = shop.hub.residents
    assert shop.sold(offline=False) is Tier.T0

    shop.line.cut = True
    desk.suspend(shop.operator, shop.mykey_id, "asked-by-phone")
    assert shop.sold(offline=True) is Tier.T2, "the counter cannot know yet"
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE, "what happened is judged as any other"

    assert shop.refused(offline=True) == "not-active"
    assert shop.refused(offline=False) == "not-active"
    looked = shop.counter.balances(shop.card, bytearray(PIN))
    assert isinstance(looked, Refused)
    assert looked.reason == "not-active"

    desk.resume(shop.operator, shop.mykey_id, "card-found")
    shop.sync()
    assert shop.sold(offline=True) is Tier.T2
    assert shop.sold(offline=False) is Tier.T0
    shop.sync()
    assert shop.points() == GRANTED - 4 * PRICE


def test_a_counter_on_line_hears_of_it_with_the_next_question(shop: Shop) -> None:
    shop.hub.residents.suspend(shop.operator, shop.mykey_id, "card-stolen")

    assert shop.refused(offline=False) == "not-active"
    assert shop.refused(offline=True) == "not-active", "the answer brought the news"


def test_a_changed_id_is_nothing_that_a_counter_notices(shop: Shop) -> None:
    form = NewIdForm(new_id="HANA2026", why="known-to-others")
    shop.mykey_id = MyKeyId(
        shop.hub.residents.change_id(shop.operator, shop.mykey_id, form).mykey_id
    )

    assert shop.sold(offline=False) is Tier.T0
    assert shop.sold(offline=True) is Tier.T2
    shop.sync()
    assert shop.points() == GRANTED - 2 * PRICE


def test_who_left_spends_nothing_more_and_registers_as_somebody_new(shop: Shop) -> None:
    ended = shop.hub.residents.cancel(shop.operator, shop.mykey_id, "asked-here")
    assert [row.available for row in ended.left] == [GRANTED]
    assert shop.sold(offline=True) is Tier.T2, "the counter cannot know yet"
    shop.sync()
    assert shop.refused(offline=True) == "mykey-id-cancelled"
    assert shop.refused(offline=False) == "mykey-id-cancelled"

    shop.line.cut = False
    shop.counter.probe()
    chosen = shop.counter.choose_id(["HANA2026"])
    assert isinstance(chosen, ChosenId)
    made = shop.counter.register(shop.card, bytearray(PIN), chosen, consent=True)

    assert not isinstance(made, Refused)
    assert (made.mykey_id, made.known_before) == ("HANA2026", False)
    shop.sync()
    assert shop.points() == GRANTED - PRICE
    assert shop.refused(offline=False) == "no-accepted-town", "she begins with nothing"

    shop.hub.treasury.grant(
        shop.operator,
        GrantForm(mykey_id=made.mykey_id, municipality=KAWASAKI, points=PRICE, programme="101"),
    )
    assert shop.sold(offline=False) is Tier.T0
    shop.sync()
    assert shop.points() == GRANTED - PRICE, "what was left stays where it was"
