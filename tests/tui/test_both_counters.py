"""The money journeys over the counter that is made up and over a real node: both say the same.

The other tests of the screens drive the made-up one, which is quick; these prove that it answers
as a node with its card, its database and its hub does.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.cardfile import create
from sync.democa import DemoCa
from sync.records import Ticket
from sync.ticket import to_qr
from sync.values import Points
from tests.doubles.counter import KAWASAKI, FakeCard, FakeCounter
from tests.doubles.counter import shop as made_up_shop
from tests.node.conftest import NOON, Shop, blank_card, pin, resident_key, shop
from tests.tui.conftest import SIZE, Stage
from tui.app import CounterApp
from tui.usecases import UseCases
from tui.wording import Words

__all__ = ["blank_card", "resident_key", "shop"]  # fixtures of the node's own tests


class Street(Protocol):
    """A counter, Hanako's card with 2,000 points and PIN 1234, a stranger's card, the line."""

    @property
    def hanako(self) -> str:
        """Her card's address."""
        ...

    @property
    def stranger(self) -> str:
        """The address of a card that nobody knows."""
        ...

    @property
    def counter(self) -> UseCases:
        """What the screens ask."""
        ...

    def points(self) -> int:
        """What Hanako has."""
        ...

    def ticket(self) -> str:
        """The QR of a live ticket of 500 points."""
        ...

    def line(self, *, up: bool) -> None:
        """The network comes or goes."""
        ...

    def run_programmes(self, *programmes: str) -> None:
        """These are the town's running programmes."""
        ...


@dataclass
class MadeUp:
    """Dictionaries."""

    counter: FakeCounter
    hanako: str = "soft:hanako"
    stranger: str = "soft:stranger"

    def points(self) -> int:
        return self.counter.cards[self.hanako].points[KAWASAKI]

    def ticket(self) -> str:
        return "QR-102"

    def line(self, *, up: bool) -> None:
        self.counter.silent = not up

    def run_programmes(self, *programmes: str) -> None:
        self.counter.programmes = {KAWASAKI: programmes}


@dataclass
class Real:
    """A node with its database, at a hub in memory."""

    shop: Shop
    stranger: str

    @property
    def hanako(self) -> str:
        return self.shop.card

    @property
    def counter(self) -> UseCases:
        return self.shop.counter

    def points(self) -> int:
        self.shop.counter.sync_now()
        return self.shop.hub.balance(self.shop.key)

    def ticket(self) -> str:
        hub = self.shop.hub
        fact = Ticket(hub.number(), Points(500), "2026-11-20", "2026-12-31")
        hub.tickets[fact.number] = "issued"
        return to_qr(hub.signed_ticket(fact))

    def line(self, *, up: bool) -> None:
        if up:
            self.shop.mend()
        else:
            self.shop.cut()

    def run_programmes(self, *programmes: str) -> None:
        self.shop.hub.programmes = {"123": "2026-11-19"} | dict.fromkeys(programmes, "2026-12-31")
        self.shop.counter.sync_now()


@pytest.fixture(params=["made-up", "real"])
def street(
    request: pytest.FixtureRequest, tmp_path: Path, card_keys: list[RSAPrivateKey]
) -> Street:
    if request.param == "made-up":
        fake = made_up_shop()
        fake.cards["soft:stranger"] = FakeCard(pin=b"4321", points={})
        return MadeUp(fake)
    real: Shop = request.getfixturevalue("shop")
    real.hub.give(real.key, 2_000)
    real.counter.sync_now()
    ca = DemoCa.create(tmp_path / "ca", at=NOON, key=card_keys[0])
    create(tmp_path / "stranger.card", ca, pin(), at=NOON, key=card_keys[1])
    return Real(real, f"soft:{tmp_path / 'stranger.card'}")


Opened = Callable[[], AbstractAsyncContextManager[Stage]]


@pytest.fixture
def opened(street: Street) -> Opened:
    """The app over either counter."""

    @asynccontextmanager
    async def staged() -> AsyncIterator[Stage]:
        app = CounterApp(lambda: street.counter, Words("en"))
        async with app.run_test(size=SIZE) as pilot:
            at = Stage(app=app, pilot=pilot, counter=FakeCounter())
            await at.settle()
            yield at
            await at.settle()

    return staged


async def test_points_are_spent(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press(*"500", "enter")
        await at.card(street.hanako)
        assert "かわさきポイント: 2,000 points" in at.text
        await at.press(*"1234")
        assert at.light == "good"
        assert "500 points taken." in at.answer
        assert "Left on the card: 1,500 points" in at.answer
    assert street.points() == 1_500


async def test_a_card_first_and_more_than_it_has(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press("f2")
        await at.card(street.hanako)
        await at.press(*"2001", "enter")
        assert "There are not enough points on this card." in at.answer


async def test_a_wrong_pin_and_then_the_right_one(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press(*"500", "enter")
        await at.card(street.hanako)
        await at.press(*"9999")
        assert "2 tries are left." in at.answer
        await at.press(*"1234")
        assert at.light == "good"
    assert street.points() == 1_500


@pytest.mark.parametrize("keys", [(*"500", "enter"), ("f2",), ("f4",)])
async def test_a_card_without_points_is_not_called_a_missing_network(
    street: Street, opened: Opened, keys: tuple[str, ...]
) -> None:
    async with opened() as at:
        await at.press(*keys)
        await at.card(street.stranger)
        assert "This card has no points that can be used here." in at.answer


async def test_without_the_network_a_sale_is_taken_and_sent_later(
    street: Street, opened: Opened
) -> None:
    street.line(up=False)
    async with opened() as at:
        await at.press(*"1500", "enter")
        await at.card(street.hanako)
        assert "At most 1,000 points at once." in at.answer
        await at.press(*"300", "enter")
        await at.card(street.hanako)
        await at.press(*"1234")
        assert at.light == "good"
        assert "you can go on" in at.text
        street.line(up=True)
        await at.press("escape", "f9")
        assert "Confirmed by the centre" in at.answer
    assert street.points() == 1_700


async def test_a_sale_is_taken_back(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press(*"500", "enter")
        await at.card(street.hanako)
        await at.press(*"1234", "f7", "enter", "f12")
        assert "500 points given back." in at.answer
        await at.press("down", "enter")
        assert "taken back already" in at.answer
    assert street.points() == 2_000


async def test_a_ticket_is_taken_once(street: Street, opened: Opened) -> None:
    ticket = street.ticket()
    async with opened() as at:
        await at.scan(ticket)
        assert "500 points taken." in at.answer
        await at.press("escape")
        await at.scan(ticket)
        assert at.light == "no"
        assert "already taken at this PC" in at.answer
        await at.scan("HELLO")
        assert "not a point ticket" in at.answer


async def test_tickets_are_issued(street: Street, opened: Opened) -> None:
    street.run_programmes("124")
    async with opened() as at:
        await at.press("f4")
        await at.card(street.hanako)
        await at.press(*"1000", "enter", "enter", *"1234")
        assert at.light == "good"
        assert "1 ticket issued, 1,000 points." in at.answer
        number = at.answer.split("Ticket ")[1].split(",")[0]
        await at.press("f7")
        assert number in at.text
    assert street.points() == 1_000


async def test_the_kind_of_ticket_is_chosen_where_several_programmes_run(
    street: Street, opened: Opened
) -> None:
    street.run_programmes("124", "125")
    async with opened() as at:
        await at.press("f4")
        await at.card(street.hanako)
        assert "Which kind of ticket?" in at.answer
        await at.press("2", *"300", "enter", "enter", *"1234")
        assert at.light == "good"
    assert street.points() == 1_700


async def test_without_a_programme_or_the_network_nobody_fills_in_a_form(
    street: Street, opened: Opened
) -> None:
    street.run_programmes()
    async with opened() as at:
        await at.press("f4")
        await at.card(street.hanako)
        assert "The town issues no tickets of this kind." in at.answer
        street.line(up=False)
        await at.press("escape", "f4")
        assert "The centre does not answer." in at.answer


async def test_a_stranger_is_registered(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press("f5")
        await at.card(street.stranger)
        owner = "1234" if isinstance(street, Real) else "4321"
        await at.press("1", "1", *"SUZUKI01", "enter", *owner)
        assert "MyKey ID: SUZU KI01" in at.answer


async def test_the_exact_sum_is_looked_at(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press("f6")
        await at.card(street.hanako)
        await at.press("f12", *"1234")
        assert "Exact, from the centre." in at.answer
        assert "2,000 points" in at.text


async def test_the_day_ends_with_its_sums(street: Street, opened: Opened) -> None:
    ticket = street.ticket()
    async with opened() as at:
        await at.press("f8", *"Sato", "enter", "escape")
        await at.scan(ticket)
        await at.press("f8", "f12", "f12")
        assert "The shift is closed." in at.answer
        assert "Taken, less what was taken back: 500 points" in at.text


async def test_the_own_id_is_seen_paused_used_again_and_changed(
    street: Street, opened: Opened
) -> None:
    async with opened() as at:
        await at.press("f5")
        await at.card(street.hanako)
        await at.press("1", "1", *"HANAKO01", "enter", *"1234")
        assert "HANA KO01" in at.answer
        for what, said in (
            ("1", "HANA KO01"),
            ("2", "The MyKey ID is suspended."),
            ("1", "It is suspended"),
            ("3", "The MyKey ID can be used again."),
        ):
            await at.press("f1", *"mykey id:", "enter", what)
            await at.card(street.hanako)
            await at.press(*"1234")
            assert said in at.answer
        await at.press("f1", *"mykey id:", "enter", "4")
        await at.card(street.hanako)
        await at.press(*"HANA2026", "enter", *"1234")
        assert "HANA 2026" in at.answer
    assert street.points() == 2_000


async def test_the_own_id_ends_after_a_look_at_what_is_left(street: Street, opened: Opened) -> None:
    async with opened() as at:
        await at.press("f5")
        await at.card(street.hanako)
        await at.press("1", "1", *"HANAKO01", "enter", *"1234")
        await at.press("f1", *"mykey id:", "enter", "6")
        await at.card(street.hanako)
        await at.press(*"1234")
        assert "2,000 points" in at.text
        await at.press("f12", *"1234")
        assert "The MyKey ID has ended." in at.answer
