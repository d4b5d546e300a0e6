"""What the screens' tests share: a counter that is made up, the app over it, snapshots as SVG."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.pilot import Pilot

from tests.doubles.counter import FakeCounter, shop
from tests.doubles.readers import SONY, FakeReaders, one_reader
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
        """Press keys, counted, as slowly as a person does."""
        self.keys += len(keys)
        for key in keys:
            acts = bool(self._listening())
            await self.pilot.press(key)
            if acts:
                await self.settle()
        await self.settle()

    async def scan(self, text: str, end: str = "\r") -> None:
        """A scanner types and ends with Enter: no key of a person's."""
        self.burst(text + end)
        await self.settle()

    def burst(self, text: str) -> None:
        """All keys of a text at once, as a terminal reads them; nothing is waited for."""
        type_at_once(self.app, text)

    async def quiet(self) -> None:
        """Until what waits for the end of a code has been done."""
        while any(one.burst.waiting for one in self._listening()):
            await self.pilot.pause(0.01)

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
        await self.pilot.pause()
        await self.quiet()
        while self.counter.gate.is_set() and self._under_way():
            await self.app.workers.wait_for_complete()
            await self.pilot.pause()  # an answer may ask the next question

    def _under_way(self) -> bool:
        """Whether somebody is still asked, or an answer waits to be painted, or what follows it."""
        screen = self.app.screen
        pumps = (self.app, screen, *screen.walk_children())
        return bool(
            len(self.app.workers)
            or screen._callbacks
            or any(pump.message_queue_size or pump._next_callbacks for pump in pumps)
        )

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


def type_at_once(app: App[None], text: str) -> None:
    """Give an app the keys of a text as its terminal's driver does, one right behind the other."""
    driver = app._driver
    assert driver is not None
    for key in list(XTermParser().feed(text)):  # all in one moment, however busy the machine
        key.set_sender(app)
        driver.send_message(key)


Staged = Callable[..., AbstractAsyncContextManager[Stage]]


def screen_text(app: App[None]) -> str:
    """What stands on the terminal, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for people here: a code is over a little sooner."""
    monkeypatch.setattr(Burst, "QUIET", 0.05)


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
