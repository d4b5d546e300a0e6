"""A reader with keys of its own: the customer types there, and this PC never hears the PIN.

The app, the watch and a node's folder are the real ones; made up are the PC/SC service and the hub.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from node.card.apdu import Command
from node.card.cardfile import CardFile
from node.card.pcsc import PcscConnection
from node.card.softcard import SoftCard
from node.card.tap import CardAddress, ReaderAddress, Tap
from node.card.watch import Event, Watch
from node.counter import Counter
from tests.doubles.keypad import CANCEL, Keypad
from tests.doubles.scard import FakeScard
from tests.node.conftest import PIN, Shop, blank_card, resident_key, shop
from tests.tui.conftest import SIZE, Staged, screen_text
from tests.tui.waiting import sees, until
from tests.tui.ways import BY_ONE_PIN, WAYS, before, to_the_pin
from tui.app import CounterApp
from tui.screens.spend import Spend, Step
from tui.widgets.pin import PinEntry
from tui.wording import Words

__all__ = ["blank_card", "resident_key", "shop"]  # fixtures of the node's own tests

READER = "REINER SCT cyberJack 00 00"
DASHES = "- - - -"


@dataclass(slots=True)
class Till:
    """The app, the reader with keys, and the shop behind it."""

    pilot: Pilot[None]
    pc: FakeScard
    keys: Keypad
    shop: Shop

    @property
    def text(self) -> str:
        return screen_text(self.pilot.app)

    async def sees(self, words: str) -> None:
        await sees(self.pilot, words)

    def put(self) -> None:
        file = Path(self.shop.card.removeprefix("soft:"))
        self.pc.put(READER, lambda: SoftCard(file))

    def tries(self, left: int | None = None) -> int:
        with closing(CardFile(Path(self.shop.card.removeprefix("soft:")))) as held:
            if left is not None:
                held.tries = left
            return held.tries

    def sales(self) -> list[int]:
        return [row.points for row in self.shop.counter.history()]

    async def sells_and_takes_the_card(self) -> None:
        """An amount is typed, and the card lies on the reader."""
        await self.pilot.press(*"500", "enter")
        await self.sees("Please put the card on the reader.")
        self.put()


Opened = Callable[[], AbstractAsyncContextManager[Till]]


@pytest.fixture
def till(shop: Shop) -> Opened:
    pc = FakeScard()
    keys = Keypad(pc)
    pc.plug(READER).pad = keys

    def connect(address: CardAddress) -> PcscConnection:
        assert isinstance(address, ReaderAddress)
        return PcscConnection.open(address.reader, functions=pc)

    def watch(report: Callable[[Event], None]) -> Watch:
        watch = Watch(report, functions=pc, pause=0.001)
        watch.start()
        return watch

    parts = replace(shop.counter.parts, tap=lambda card: Tap(card, connect=connect))

    @asynccontextmanager
    async def opened() -> AsyncIterator[Till]:
        app = CounterApp(lambda: Counter(parts), Words("en"), watch=watch)
        async with app.run_test(size=SIZE) as pilot:
            till = Till(pilot=pilot, pc=pc, keys=keys, shop=shop)
            await till.sees("Online")
            yield till
        assert [sent for sent in pc.transmitted if Command.decode(sent).secret and sent[5:]] == []

    return opened


async def test_a_sale_whose_pin_this_pc_never_hears(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([PIN])
        await at.sells_and_takes_the_card()
        await at.sees("500 points taken.")
        assert at.keys.asked == 1
        assert at.sales() == [500]


async def test_there_is_no_field_for_it_and_keys_typed_here_are_not_taken(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([CANCEL])
        await at.sells_and_takes_the_card()
        await at.sees("No PIN was typed on the card reader.")
        assert DASHES not in at.text

        await at.pilot.press(*"1234", *"9", "backspace")
        assert DASHES not in at.text
        assert "*" not in at.text
        assert at.keys.asked == 1
        assert at.sales() == []
        assert at.tries() == 3


async def test_after_a_cancel_enter_asks_again(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([CANCEL, PIN])
        await at.sells_and_takes_the_card()
        await at.sees("No PIN was typed on the card reader.")
        await at.pilot.press("enter")
        await at.sees("500 points taken.")
        assert at.tries() == 3


async def test_a_wrong_one_is_never_asked_for_again_by_itself(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([b"9999", PIN])
        await at.sells_and_takes_the_card()
        await at.sees("2 tries are left.")
        assert at.keys.asked == 1
        await at.pilot.press("enter")
        await at.sees("500 points taken.")


async def test_before_the_last_try_somebody_has_read_that_it_is_the_last(till: Opened) -> None:
    async with till() as at:
        at.tries(left=1)
        at.keys.fingers = deque([PIN])
        await at.sells_and_takes_the_card()
        await at.sees("Careful: this is the last try")
        assert at.keys.asked == 0
        await at.pilot.press("enter")
        await at.sees("500 points taken.")


async def test_enter_pressed_twice_asks_once(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([CANCEL, CANCEL, PIN])
        await at.sells_and_takes_the_card()
        await at.sees("No PIN was typed on the card reader.")
        entry = at.pilot.app.screen.query_one(PinEntry)
        entry.begin_on_pad()
        entry.begin_on_pad()  # before anybody heard of the first
        await until(at.pilot, lambda: at.keys.asked == 2, "the second asking")
        await at.sees("No PIN was typed on the card reader.")
        assert at.keys.asked == 2


async def test_a_card_pulled_off_and_put_back_is_typed_for_again(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([CANCEL])
        await at.sells_and_takes_the_card()
        await at.sees("No PIN was typed on the card reader.")
        at.pc.lift(READER)
        await at.sees("Please put the same card back")
        at.keys.fingers.append(PIN)
        at.put()
        await at.sees("500 points taken.")
        assert isinstance(at.pilot.app.screen, Spend)
        assert at.pilot.app.screen.step is Step.AMOUNT


async def test_the_exact_balance(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([CANCEL, PIN])
        await at.pilot.press("f6")
        at.put()
        await at.sees("5,000 points")
        await at.pilot.press("f12")
        await at.sees("No PIN was typed on the card reader.")
        await at.pilot.press("enter")
        await at.sees("Exact, from the centre.")


async def test_tickets(till: Opened) -> None:
    async with till() as at:
        at.keys.fingers = deque([CANCEL, PIN])
        await at.pilot.press("f4")
        at.put()
        await at.sees("Points, Enter, days, Enter")
        await at.pilot.press(*"1000", "enter", "enter")
        await at.sees("No PIN was typed on the card reader.")
        await at.pilot.press("enter")
        await at.sees("1 ticket issued")
        assert at.sales() == [1_000]


# -- every screen that asks for a PIN, over a counter that is made up


@pytest.mark.parametrize("way", BY_ONE_PIN)
async def test_no_screen_takes_a_pin_that_is_typed_on_the_reader(stage: Staged, way: str) -> None:
    counter, question = before(way, pad=True), WAYS[way].question
    async with stage(counter) as at:
        await to_the_pin(at, way)
        assert "on the card reader's keys" in at.text
        assert "No PIN was typed on the card reader." in at.answer
        assert counter.asked.count(question) == 1

        await at.press(*"1234")
        assert DASHES not in at.text
        assert counter.asked.count(question) == 1
        await at.press("enter")
        assert counter.asked.count(question) == 2

        entry = at.app.screen.query_one(PinEntry)
        entry.begin_on_pad()
        entry.begin_on_pad()  # before anybody heard of the first
        await at.settle()
        assert counter.asked.count(question) == 3
