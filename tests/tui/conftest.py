"""What the screens' tests share: a counter that is made up, the app over it, snapshots as SVG."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.pilot import Pilot

from tests.doubles.counter import FakeCounter, shop
from tests.doubles.readers import SONY, FakeReaders, one_reader
from tests.tui.rest import at_rest, rest_for_pilots
from tui.app import CounterApp
from tui.widgets.answer import Answer
from tui.widgets.burst import Burst
from tui.widgets.cardslot import CardSlot
from tui.widgets.choices import Choices
from tui.widgets.pin import PinEntry
from tui.wording import Language, Words

SVGImageExtension.file_extension = "svg"
"""syrupy 5 dropped the underscore before the name; pytest-textual-snapshot 1.0 still sets the old
one, and its snapshots would be written without an ending."""

SIZE = (80, 24)


@dataclass(slots=True)
class Stage:
    """An app in hand: keys are counted as a person presses them."""

    app: CounterApp
    pilot: Pilot[None]
    counter: FakeCounter
    readers: FakeReaders = field(default_factory=one_reader)
    keys: int = 0

    async def press(self, *keys: str) -> None:
        """Press keys, counted, as slowly as a person does who reads each answer."""
        self.keys += len(keys)
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def scan(self, text: str, end: str = "\r") -> None:
        """A scanner types and ends with Enter: no key of a person's."""
        self.burst(text + end)
        await self.settle()

    def burst(self, text: str) -> None:
        """All keys of a text at once, as a terminal reads them; nothing is waited for."""
        type_at_once(self.app, text)

    async def quiet(self) -> None:
        """Until a code that goes to one of them is over, and what waited for its end is done."""
        while any(
            one.burst.waiting or one.burst._over_at > monotonic() for one in self._listening()
        ):
            await asyncio.sleep(Burst.QUIET / 10)
            await at_rest(self.app)

    def _listening(self) -> tuple[PinEntry | Choices, ...]:
        """What acts on a single key, a little later."""
        screen = self.app.screen
        return (*screen.query(PinEntry), *screen.query(Choices))

    async def card(self, address: str) -> None:
        """A card is given to the screen by its address."""
        self.app.screen.post_message(CardSlot.Put(address))
        await self.settle()

    async def put(self, reader: str = SONY, *, silent: bool = False) -> None:
        """A card is put on a reader."""
        self.readers.put(reader, silent=silent)
        await self.settle()

    async def lift(self, reader: str = SONY) -> None:
        """It is taken off."""
        self.readers.lift(reader)
        await self.settle()

    async def settle(self) -> None:
        """Until every question is answered and painted; a closed gate is not waited for."""
        await at_rest(self.app)
        await self.quiet()
        while self.counter.gate.is_set() and len(self.app.workers):
            await self.app.workers.wait_for_complete()
            await at_rest(self.app)  # an answer may ask the next question

    @property
    def answer(self) -> str:
        """What the screen on top says."""
        return str(self.app.screen.query_one(Answer).content)

    @property
    def light(self) -> str | None:
        """Its colour."""
        return self.app.screen.query_one(Answer).light

    @property
    def text(self) -> str:
        """The whole screen as text."""
        return screen_text(self.app)


def type_at_once(app: App[None], text: str, *, later: float = 0.0) -> None:
    """Give an app the keys of a text as its terminal's driver does, one right behind the other.

    ``later``: as if they came so many seconds from now.
    """
    driver = app._driver
    assert driver is not None
    for key in list(XTermParser().feed(text)):  # all in one moment, however busy the machine
        key.set_sender(app)
        key.time += later
        driver.send_message(key)


Staged = Callable[..., AbstractAsyncContextManager[Stage]]


def screen_text(app: App[None]) -> str:
    """What stands on the terminal, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for people here: a code is over a little sooner, frames are not waited for."""
    monkeypatch.setattr(Burst, "QUIET", 0.05)
    rest_for_pilots(monkeypatch)


@pytest.fixture
def stage() -> Staged:
    """Open the app over a counter in a terminal of 80 x 24, with a reader and no tray."""

    @asynccontextmanager
    async def staged(
        counter: FakeCounter | None = None,
        language: Language = "en",
        readers: FakeReaders | None = None,
    ) -> AsyncIterator[Stage]:
        fake = counter or shop()
        readers = readers or one_reader()
        app = CounterApp(lambda: fake, Words(language), watch=readers.watch)
        async with app.run_test(size=SIZE) as pilot:
            on_stage = Stage(app=app, pilot=pilot, counter=fake, readers=readers)
            await on_stage.settle()
            try:
                yield on_stage
            finally:
                fake.gate.set()  # nobody is left waiting in a thread

    return staged


Steps = Callable[[Stage], Awaitable[None]]
