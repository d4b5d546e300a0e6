"""The counter's own screens over the real card service, with a node's folder behind them."""

import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from node.card.cardfile import CardFile
from node.card.softcard import Knobs, SoftCard
from node.card.watch import CardThere, Event, Watch
from tests.node.conftest import Shop, blank_card, resident_key, shop
from tests.readers.doors import OverPcscd
from tests.readers.service import NAME, Service, laid
from tests.tui.conftest import SIZE, screen_text
from tui.app import CounterApp
from tui.readers import watch_readers
from tui.screens.home import Home
from tui.screens.spend import Spend, Step
from tui.wording import Words

__all__ = ["blank_card", "resident_key", "shop"]  # fixtures of the node's own tests

if os.environ.get("CI") != "true":  # there, its absence fails
    pytest.importorskip("smartcard", reason="pyscard is not installed: make card")
pytestmark = [pytest.mark.readers, pytest.mark.processes, pytest.mark.slow]

READER = f"{NAME} 00 00"
PATIENCE, TICK = 30.0, 0.05
PUT_ON, PUT_BACK = "Please put the card on the reader.", "Please put the same card back"
ASKS_PIN = "PIN (the customer types 4 digits)"


@dataclass(slots=True)
class Till:
    """The app on a terminal, the shop behind it, and Hanako's card in somebody's hand."""

    app: CounterApp
    pilot: Pilot[None]
    shop: Shop
    service: Service

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        for _ in range(int(PATIENCE / TICK)):
            if holds():
                return
            await self.pilot.pause(TICK)
        raise AssertionError(f"waited for {what}; the screen says\n{screen_text(self.app)}")

    async def sees(self, words: str) -> None:
        await self.until(lambda: words in screen_text(self.app), words)

    @property
    def step(self) -> Step:
        assert isinstance(self.app.screen, Spend)
        return self.app.screen.step

    def put(self, at_end: ExitStack, knobs: Knobs | None = None) -> None:
        """Lay the card on the reader until the end of ``at_end``."""
        file = Path(self.shop.card.removeprefix("soft:"))
        at_end.enter_context(laid(lambda: SoftCard(file, knobs), self.service.port))

    def start_again(self) -> None:
        """Start the service once more: with vpcd that is how a card that left is forgotten."""
        self.service.stop()
        self.service.start()

    def tries(self) -> int:
        with closing(CardFile(Path(self.shop.card.removeprefix("soft:")))) as held:
            return held.tries

    def sales(self) -> list[int]:
        return [row.points for row in self.shop.counter.history()]


Opened = Callable[[], AbstractAsyncContextManager[Till]]


@pytest.fixture
def till(service: Service, over_pcscd: OverPcscd, shop: Shop) -> Opened:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Till]:
        over_pcscd.wait_until_empty()  # the card of the test before is still seen for a while
        app = CounterApp(lambda: shop.counter, Words("en"), watch=watch_readers)
        async with app.run_test(size=SIZE) as pilot:
            till = Till(app=app, pilot=pilot, shop=shop, service=service)
            await till.sees("Online")
            yield till

    return opened


async def test_a_whole_sale_and_the_card_pays_once(till: Opened) -> None:
    async with till() as at:
        await at.pilot.press(*"500", "enter")
        await at.sees(PUT_ON)
        with ExitStack() as on_reader:
            at.put(on_reader)
            await at.sees(ASKS_PIN)
            await at.pilot.press(*"1234")
            await at.sees("500 points taken.")
            await at.pilot.press(*"300", "enter")
            await at.sees("The card on the reader was used already.")
        await at.sees(PUT_ON)
        assert at.sales() == [500]
        assert at.tries() == 3


async def test_a_card_that_is_there_first_is_used_and_looked_at(till: Opened) -> None:
    async with till() as at:
        with ExitStack() as on_reader:
            at.put(on_reader)
            await at.until(lambda: at.app.cards.readers.card is not None, "the card")
            await at.pilot.press("f6")
            await at.sees("5,000 points")
            await at.pilot.press("f2", *"700", "enter")
            await at.sees(ASKS_PIN)
            await at.pilot.press(*"1234")
            await at.sees("700 points taken.")
        assert at.sales() == [700]


async def test_the_service_is_killed_and_started_ten_times_and_in_the_middle_of_a_sale(
    till: Opened,
) -> None:
    async with till() as at:
        await at.pilot.press(*"500", "enter")
        for _ in range(10):
            await at.sees(PUT_ON)
            at.service.kill()
            await at.sees("This PC's card service is not running.")
            at.service.start()
        await at.sees(PUT_ON)
        with ExitStack() as on_reader:
            at.put(on_reader)
            await at.sees(ASKS_PIN)
            at.service.kill()
            await at.until(lambda: at.step is Step.BACK, "the card to be asked back")
        at.service.start()
        await at.sees(PUT_BACK)
        with ExitStack() as on_reader:
            at.put(on_reader)
            await at.sees(ASKS_PIN)
            assert at.sales() == []
            await at.pilot.press(*"1234")
            await at.sees("500 points taken.")
        assert at.sales() == [500]
        assert at.tries() == 3


async def test_a_card_pulled_at_each_command_of_the_reading_costs_nothing(till: Opened) -> None:
    """Beyond its last command the card stays, and the PIN is asked for: then it is over."""
    async with till() as at:
        await at.pilot.press(*"500", "enter")
        for command in range(1, 40):
            await at.sees(PUT_ON)
            with ExitStack() as on_reader:
                at.put(on_reader, Knobs(leaves_at=command))
                await at.until(
                    lambda: at.step is Step.PIN or "taken away" in screen_text(at.app),
                    "the end of the reading",
                )
            if at.step in (Step.PIN, Step.BACK):
                break
            assert at.step is Step.CARD
            await at.pilot.press("escape")  # no screen hangs
            await at.sees("Given up.")
            at.start_again()
            await at.pilot.press(*"500", "enter")
        assert command > 5
        assert at.sales() == []
        assert at.tries() == 3


async def test_a_card_pulled_at_each_command_of_the_payment_leaves_no_record(till: Opened) -> None:
    """The sale stands all the time: at the end the card stays, and it is paid once."""
    async with till() as at:
        await at.pilot.press(*"500", "enter")
        await at.sees(PUT_ON)
        with ExitStack() as on_reader:
            at.put(on_reader)
            await at.sees(ASKS_PIN)
        for command in range(1, 40):
            await at.sees(PUT_BACK)
            with ExitStack() as on_reader:
                at.put(on_reader, Knobs(leaves_at=command))
                await at.sees(ASKS_PIN)
                assert at.sales() == []
                await at.pilot.press(*"1234")
                await at.until(
                    lambda: at.step is Step.BACK or "points taken" in screen_text(at.app),
                    "the end of the payment",
                )
            if at.step is not Step.BACK:
                break
            assert at.tries() == 3
            at.start_again()
        assert command > 10
        assert at.sales() == [500]
        assert at.tries() == 3


async def test_escape_leaves_a_sale_whose_card_never_comes_back(till: Opened) -> None:
    async with till() as at:
        await at.pilot.press(*"500", "enter")
        await at.sees(PUT_ON)
        with ExitStack() as on_reader:
            at.put(on_reader)
            await at.sees(ASKS_PIN)
        await at.sees(PUT_BACK)
        await at.pilot.press("escape")
        await at.sees("Given up.")
        await at.pilot.press("escape")
        await at.until(lambda: isinstance(at.app.screen, Home), "the first screen")
        assert at.sales() == []


def test_a_reader_at_rest_costs_the_processor_nothing(service: Service, shop: Shop) -> None:
    """Three seconds with a card lying there; at most 2 in 100 of them are spent on it."""
    assert service.output.exists()
    there = threading.Event()

    def report(event: Event) -> None:
        if isinstance(event, CardThere):
            there.set()

    file = Path(shop.card.removeprefix("soft:"))
    watch = Watch(report, reader=READER)
    watch.start()
    try:
        with laid(lambda: SoftCard(file), service.port):
            assert there.wait(PATIENCE)
            threading.Event().wait(1)  # what came with the card is over
            before = time.process_time()
            threading.Event().wait(3)
            assert time.process_time() - before < 0.06
    finally:
        watch.stop()
