"""Every screen and its states, in both languages, as pictures a person can look at.

``pytest tests/tui/test_screens.py --snapshot-update`` draws them anew; look at them before they are
committed.
"""

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from textual.pilot import Pilot

from node.card.errors import CardUnreadable
from node.outcome import Incident, PrinterState
from node.plan import Plan
from sync.calls import Invited
from sync.clock import ClockState
from sync.errors import InUse, Malformed
from tests.doubles.counter import KAWASAKI, NODE, NOW, FakeCounter, quiet_status, shop
from tests.tui.conftest import SIZE, Stage, screen_text
from tui.app import CounterApp
from tui.widgets.cardslot import TrayCard
from tui.wording import Language, Words

TRAY = (
    TrayCard(name="花子", address="soft:hanako"),
    TrayCard(name="太郎", address="soft:taro"),
)
SnapCompare = Callable[..., bool]
Steps = Callable[[Stage], Awaitable[None]]


def keys(*pressed: str) -> Steps:
    """Press these."""

    async def steps(at: Stage) -> None:
        for key in pressed:
            await at.press(key)

    return steps


STAY = keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state of a screen: what is behind it, what is in the tray, and how one gets there."""

    counter: Callable[[], FakeCounter] = shop
    tray: tuple[TrayCard, ...] = TRAY
    reader: bool = False
    steps: Steps = STAY
    fails: Exception | None = None


@dataclass(slots=True)
class FakeEnrolment:
    """An office that never confirms, so that the picture stands still."""

    plan: Plan | None = None

    def known(self) -> Plan | None:
        """What was interrupted."""
        return self.plan

    def resume(self, on_key: Callable[[str], None]) -> None:
        """The same fingerprint."""
        on_key("4f2a 91c0 77be 03d5")

    def look(self, invitation: str) -> Invited:
        """Anything that begins right stands for the greengrocer."""
        if not invitation.startswith("MACHIKADO1-"):
            raise Malformed("not an invitation")
        return Invited(NODE, "shop", "A商店街", "八百屋", "川崎市")

    def enrol(self, invitation: str, second_path: str, on_key: Callable[[str], None]) -> None:
        """The fingerprint, and nothing written."""
        assert invitation
        assert not second_path
        on_key("4f2a 91c0 77be 03d5")

    def confirmed(self) -> bool:
        """Not yet."""
        return False


def _troubled() -> FakeCounter:
    """Everything that the banner can say, at once."""
    status = replace(
        quiet_status(),
        demo=True,
        only_copy=True,
        clock=ClockState.RESTARTED,
        stopped="second-path-missing",
        offline_warning=True,
        incidents=(Incident(what="exception", detail="", at=NOW),),
        printer=PrinterState(destination="tcp:x:1", waiting=2, unsure=1, trouble="paper out"),
    )
    return shop(silent=True, look=status)


def _after_a_day() -> FakeCounter:
    counter = shop()
    counter.open_shift("佐藤")
    counter.redeem("QR-101")
    counter.redeem("QR-102")
    counter.reverse(2)
    counter.silent = True
    return counter


def _unreadable() -> FakeCounter:
    return shop(fails_with=CardUnreadable("no card"))


def _two_kinds() -> FakeCounter:
    return shop(programmes={KAWASAKI: ("123", "124")})


def _locked() -> FakeCounter:
    counter = shop()
    for card in counter.cards.values():
        card.tries = 0
    return counter


STATES = {
    "home": State(),
    "home-troubled": State(counter=_troubled),
    "home-in-use": State(fails=InUse("machikado node run (4711)")),
    "palette": State(steps=keys("f1")),
    "spend-amount": State(steps=keys("f2")),
    "spend-card": State(steps=keys(*"1500", "enter")),
    "spend-no-reader": State(tray=(), steps=keys(*"1500", "enter")),
    "spend-reader": State(tray=(), reader=True, steps=keys(*"1500", "enter")),
    "spend-towns": State(steps=keys(*"1500", "enter", "2")),
    "spend-pin": State(steps=keys(*"1500", "enter", "1", "1", "2")),
    "spend-largest": State(steps=keys(*"9999999", "enter")),
    "spend-done": State(steps=keys(*"1500", "enter", "1", *"1234")),
    "spend-wrong-pin": State(steps=keys(*"1500", "enter", "1", *"9999")),
    "spend-too-few": State(steps=keys(*"2001", "enter", "1")),
    "spend-offline-limit": State(
        counter=lambda: shop(silent=True), steps=keys(*"1500", "enter", "1")
    ),
    "spend-unreadable": State(counter=_unreadable, steps=keys(*"1500", "enter", "1")),
    "redeem": State(steps=keys("f3")),
    "redeem-yes": State(steps=keys("f3", *"QR-101", "enter")),
    "redeem-look": State(steps=keys("f3", *"QR-1", "enter")),
    "redeem-no": State(counter=_after_a_day, steps=keys("f3", *"QR-101", "enter")),
    "issue-card": State(steps=keys("f4")),
    "issue-form": State(steps=keys("f4", "1")),
    "issue-pin": State(steps=keys("f4", "1", *"1000", "enter", "enter")),
    "issue-done": State(steps=keys("f4", "1", *"1000", "enter", "enter", *"1234")),
    "issue-kind": State(counter=_two_kinds, steps=keys("f4", "1")),
    "issue-wrong-pin": State(steps=keys("f4", "1", *"1000", "enter", "enter", *"9999")),
    "issue-refused": State(steps=keys("f4", "1", *"2001", "enter", "enter", *"1234")),
    "issue-offline": State(counter=lambda: shop(silent=True), steps=keys("f4")),
    "register-consent": State(steps=keys("f5", "1")),
    "register-wishes": State(steps=keys("f5", "1", "1", *"abc12345", "enter")),
    "register-wrong-pin": State(steps=keys("f5", "1", "1", "enter", *"9999")),
    "register-refused": State(
        steps=keys("f5", "1", "1", *"TAKEN001", "enter", *"1234"),
    ),
    "register-done": State(steps=keys("f5", "1", "1", "enter", *"1234")),
    "balances": State(steps=keys("f6", "2")),
    "balances-wrong-pin": State(steps=keys("f6", "2", "f12", *"9999")),
    "balances-locked": State(counter=_locked, steps=keys("f6", "2", "f12")),
    "balances-exact": State(steps=keys("f6", "2", "f12", *"5678")),
    "history": State(counter=_after_a_day, steps=keys("f7")),
    "history-confirm": State(steps=keys(*"QR-101", "enter", "f7", "enter")),
    "history-done": State(steps=keys(*"QR-101", "enter", "f7", "enter", "f12")),
    "history-refused": State(counter=_after_a_day, steps=keys("f7", "enter")),
    "shift-open": State(steps=keys("f8")),
    "shift-so-far": State(counter=_after_a_day, steps=keys("f8")),
    "shift-closed": State(counter=_after_a_day, steps=keys("f8", "f12", "f12")),
}

SET_UP = {
    "set-up": STAY,
    "set-up-no-invitation": keys(*"hello", "enter", "enter"),
    "set-up-question": keys(*"MACHIKADO1-AB", "enter", "enter"),
    "set-up-fingerprint": keys(*"MACHIKADO1-AB", "enter", "enter", "f12"),
    "set-up-interrupted": STAY,
}
INTERRUPTED = Plan(
    invitation="MACHIKADO1-AB",
    second_path="/media/usb",
    fingerprint="4f2a 91c0 77be 03d5",
    invited=Invited(NODE, "shop", "A商店街", "八百屋", "川崎市"),
)


def _ambiguous(text: str) -> set[str]:
    """Signs that a Japanese console may draw two columns wide, and emoji."""
    return {
        sign
        for sign in text
        if unicodedata.east_asian_width(sign) == "A" or unicodedata.category(sign) == "So"
    }


def _played(app: CounterApp, counter: FakeCounter, steps: Steps) -> Callable[..., Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        at = Stage(app=app, pilot=pilot, counter=counter)
        await at.settle()
        await steps(at)
        assert _ambiguous(screen_text(app)) == set()

    return play


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", STATES)
def test_the_screen_looks_as_a_person_has_seen_it(
    snap_compare: SnapCompare, name: str, language: Language
) -> None:
    state = STATES[name]
    counter = state.counter()

    def open_counter() -> FakeCounter:
        if state.fails is not None:
            raise state.fails
        return counter

    app = CounterApp(open_counter, Words(language), tray=state.tray, reader=state.reader)
    assert snap_compare(app, terminal_size=SIZE, run_before=_played(app, counter, state.steps))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", SET_UP)
def test_the_set_up_looks_as_a_person_has_seen_it(
    snap_compare: SnapCompare, name: str, language: Language
) -> None:
    counter = shop()
    enrolment = FakeEnrolment(INTERRUPTED if name == "set-up-interrupted" else None)
    app = CounterApp(lambda: counter, Words(language), enrolment=enrolment)
    assert snap_compare(app, terminal_size=SIZE, run_before=_played(app, counter, SET_UP[name]))
