"""Every screen and its states, in both languages, as pictures a person can look at.

``pytest tests/tui/test_screens.py --snapshot-update`` draws them anew; look at them before they are
committed.
"""

import errno
import unicodedata
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from node.card.errors import CardUnreadable
from node.card.watch import CardThere, Event, NoReaderThere, ServiceDown
from node.keys import WrongSecret
from node.outcome import Incident, PrinterState, Sheet
from node.plan import Plan
from node.printerchoice import FoundPrinter, Trial
from sync.calls import Invited
from sync.clock import ClockState
from sync.errors import Damaged, DiskFull, InUse, Malformed, RefusedByRule, Unreachable
from sync.values import DAY, Millis
from tests.doubles.counter import KAWASAKI, NODE, NOW, FakeCounter, quiet_status, shop
from tests.doubles.counter_piles import ELSEWHERE, LATE, TORN
from tests.doubles.counter_tickets import refused_ticket
from tests.doubles.readers import SONY, FakeReaders, one_reader
from tests.tui.conftest import SIZE, Stage, screen_text
from tui.app import CounterApp
from tui.demo.screen import Ribbon, told
from tui.screens.home import JOBS
from tui.widgets.cardslot import TrayCard
from tui.wording import Language, Words

TRAY = (
    TrayCard(name="花子", address="soft:hanako"),
    TrayCard(name="太郎", address="soft:taro"),
)
SnapCompare = Callable[..., bool]
Steps = Callable[[Stage], Awaitable[None]]


def telling(*told: Event) -> Callable[[], FakeReaders]:
    """Readers of which this is known."""
    return lambda: FakeReaders(*told)


SCAN = (*"QR-103", "enter")


def _refusing(reason: str) -> Callable[[], FakeCounter]:
    return lambda: shop(refusals={"QR-103": refused_ticket(reason)})


def _hanako_on_the_reader() -> FakeCounter:
    counter = shop()
    counter.cards[f"pcsc:{SONY}"] = counter.cards["soft:hanako"]
    return counter


async def _paid_and_left_there(at: Stage) -> None:
    for key in (*"1500", "enter"):
        await at.press(key)
    await at.put()
    for key in (*"1234", *"300", "enter"):
        await at.press(key)


async def _left_before_its_pin(at: Stage) -> None:
    for key in (*"1500", "enter"):
        await at.press(key)
    await at.put()
    await at.lift()


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
    readers: Callable[[], FakeReaders] | None = None
    steps: Steps = STAY
    fails: Exception | None = None


@dataclass(slots=True)
class FakeEnrolment:
    """An office that never confirms, so that the picture stands still."""

    plan: Plan | None = None
    problem: Exception | None = None
    """What each call that does something raises."""

    def known(self) -> Plan | None:
        """What was interrupted."""
        return self.plan

    def resume(self, on_key: Callable[[str], None]) -> None:
        """The same fingerprint."""
        if self.problem is not None:
            raise self.problem
        on_key("4f2a 91c0 77be 03d5")

    def look(self, invitation: str) -> Invited:
        """Anything that begins right stands for the greengrocer."""
        if not invitation.startswith("MACHIKADO1-"):
            raise Malformed("not an invitation")
        if isinstance(self.problem, Unreachable):
            raise self.problem
        return Invited(NODE, "shop", "A商店街", "八百屋", "川崎市")

    def enrol(self, invitation: str, second_path: str, on_key: Callable[[str], None]) -> None:
        """The fingerprint, and nothing written."""
        assert invitation
        assert second_path in ("", "/x")
        if self.problem is not None:
            raise self.problem
        on_key("4f2a 91c0 77be 03d5")

    def unlock(self, secret: str) -> None:
        """Nothing is sealed."""

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
        printer=PrinterState(destination="tcp:x:1", waiting=2, unsure=1, trouble="paper-out"),
    )
    return shop(silent=True, look=status)


def _with_printers() -> FakeCounter:
    return shop(
        printers=(
            FoundPrinter(destination="usb:04b8:0e28", shown="EPSON TM-m30II (04b8:0e28)"),
            FoundPrinter(destination="serial:/dev/ttyUSB0", shown="FT232R USB UART"),
            FoundPrinter(destination="cups:office", shown="office"),
        )
    )


def _with_a_printer_that_is_open() -> FakeCounter:
    counter = _with_printers()
    counter.trials = [Trial(outcome="not-printed", trouble="cover-open")]
    return counter


def _clearing(*then: str) -> Steps:
    place = [job for _, job, _ in JOBS].index("clear")
    return keys("f1", *["down"] * place, "enter", *then)


async def _clearing_by_name(at: Stage) -> None:
    """Where the list does not offer it."""
    at.app.action_go("clear")
    await at.settle()


def _with_a_pile() -> FakeCounter:
    counter = shop()
    counter.tickets[LATE] = 500
    counter.open_pile("B2109")
    for qr in ("QR-101", "QR-102", ELSEWHERE):
        counter.clear(qr)
    return counter


def _of_a_shop() -> FakeCounter:
    counter = shop()
    counter.clearings.kind = "shop"
    return counter


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


def _one_try_left() -> FakeCounter:
    counter = shop()
    for card in counter.cards.values():
        card.tries = 1
    return counter


def _locked() -> FakeCounter:
    counter = shop()
    for card in counter.cards.values():
        card.tries = 0
    return counter


def _down_for_days() -> FakeCounter:
    status = replace(
        quiet_status(),
        silent_since=Millis(NOW - 4 * DAY),
        hub_reachable=False,
        offline_left=0,
        offline_limit=0,
        ticket_float_left=0,
    )
    return shop(look=status, fixed=True)


_NUMBERS = ("f1", *["down"] * [job for _, job, _ in JOBS].index("numbers"), "enter")
"""To the service numbers, in either language."""


def _library() -> FakeCounter:
    """Hanako has a number here, Taro only his ID."""
    counter = shop()
    hanako, taro = counter.cards.values()
    hanako.mykey_id, hanako.number, taro.mykey_id = "HANAKO01", "789145", "TARO0001"
    return counter


def _sheets() -> FakeCounter:
    states = (("spend", "12", "sent"), ("ticket", "1230000000018", "failed"), ("Z", "9", "printed"))
    return shop(
        paper={
            job: Sheet(
                job=job,
                what=what,
                number=number,
                at=NOW,
                state="confirmed" if state == "printed" else state,
                trouble={"sent": "cut-off", "failed": "paper-out"}.get(state, ""),
            )
            for job, (what, number, state) in enumerate(states)
        }
    )


def _registered(state: Literal["active", "suspended", "cancelled"] = "active") -> FakeCounter:
    counter = shop()
    for card in counter.cards.values():
        card.mykey_id, card.state = "HANAKO01", state
    return counter


def _suspended() -> FakeCounter:
    return _registered("suspended")


def _mykey(*pressed: str) -> Steps:
    place = [job for _, job, _ in JOBS].index("mykey")
    return keys(*["down"] * (place + 1), "enter", *pressed)


def voiding(*pressed: str) -> Steps:
    """Go to where tickets are taken back, then press these."""
    place = [job for _, job, _ in JOBS].index("void")
    return keys("f1", *["down"] * place, "enter", *pressed)


_LOST = ("f2", "1", *"1234")


def _with_earlier_card() -> FakeCounter:
    """Taro's card has a MyKey ID; Hanako's on the tray is his new one."""
    counter = shop()
    counter.cards["soft:taro"].mykey_id = "MYKEY001"
    return counter


def joining(*pressed: str) -> Steps:
    """Go to the new card's screen by its place in the list of jobs, then press these."""
    place = [job for _, job, _ in JOBS].index("join")
    return keys(*["down"] * (place + 1), "enter", *pressed)


STATES = {
    "home": State(),
    "home-troubled": State(counter=_troubled),
    "home-in-use": State(fails=InUse("machikado node run (4711)")),
    "home-too-long-down": State(counter=_down_for_days),
    "home-disk-full": State(fails=DiskFull("no room")),
    "home-damaged": State(fails=Damaged("a page is torn")),
    "home-no-access": State(fails=PermissionError(errno.EACCES, "Permission denied", "/mnt")),
    "home-end": State(steps=keys("escape")),
    "home-end-scan": State(steps=keys("escape", *"QR-101", "enter")),
    "unlock": State(fails=RefusedByRule("secret-needed", "sealed")),
    "unlock-wrong": State(
        fails=RefusedByRule("secret-needed", "sealed"), steps=keys(*"secret", "enter")
    ),
    "printer": State(counter=_sheets, steps=keys("f10")),
    "printer-doubt": State(counter=_sheets, steps=keys("f10", "enter")),
    "printer-setup": State(counter=_with_printers, steps=keys("f10", "f12")),
    "printer-setup-model": State(counter=_with_printers, steps=keys("f10", "f12", "3")),
    "printer-setup-address": State(counter=_with_printers, steps=keys("f10", "f12", "4")),
    "printer-setup-drawer": State(counter=_with_printers, steps=keys("f10", "f12", "1", "6")),
    "printer-setup-tried": State(counter=_with_printers, steps=keys("f10", "f12", "1", "1")),
    "printer-setup-failed": State(
        counter=_with_a_printer_that_is_open, steps=keys("f10", "f12", "1", "1")
    ),
    "printer-setup-kept": State(counter=_with_printers, steps=keys("f10", "f12", "1", "1", "1")),
    "printer-look": State(counter=_sheets, steps=keys("f10", "down", "f6")),
    "palette": State(steps=keys("f1")),
    "spend-amount": State(steps=keys("f2")),
    "spend-card": State(steps=keys(*"1500", "enter")),
    "spend-no-reader": State(tray=(), steps=keys(*"1500", "enter")),
    "spend-reader": State(tray=(), readers=one_reader, steps=keys(*"1500", "enter")),
    "spend-service-down": State(
        tray=(), readers=telling(ServiceDown()), steps=keys(*"1500", "enter")
    ),
    "spend-reader-pulled": State(
        tray=(), readers=telling(NoReaderThere()), steps=keys(*"1500", "enter")
    ),
    "spend-card-silent": State(
        tray=(), readers=telling(CardThere(SONY, silent=True)), steps=keys(*"1500", "enter")
    ),
    "spend-two-cards": State(
        tray=(),
        readers=telling(CardThere(SONY), CardThere("ACS ACR39U 00 00")),
        steps=keys(*"1500", "enter"),
    ),
    "spend-card-used": State(
        counter=_hanako_on_the_reader, tray=(), readers=one_reader, steps=_paid_and_left_there
    ),
    "spend-card-back": State(
        counter=_hanako_on_the_reader, tray=(), readers=one_reader, steps=_left_before_its_pin
    ),
    "spend-reader-and-tray": State(readers=one_reader, steps=keys(*"1500", "enter")),
    "spend-towns": State(steps=keys(*"1500", "enter", "2")),
    "spend-pin": State(steps=keys(*"1500", "enter", "1", "1", "2")),
    "spend-last-try": State(counter=_one_try_left, steps=keys(*"1500", "enter", "1")),
    "spend-pad": State(counter=lambda: shop(pad=True), steps=keys(*"1500", "enter", "1")),
    "issue-pad": State(
        counter=lambda: shop(pad=True), steps=keys("f4", "1", *"1000", "enter", "enter")
    ),
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
    "redeem-seen-here": State(counter=_refusing("ticket-seen-here"), steps=keys("f3", *SCAN)),
    "redeem-used": State(counter=_refusing("ticket-used"), steps=keys("f3", *SCAN)),
    "redeem-elsewhere": State(counter=_refusing("ticket-other-zone"), steps=keys("f3", *SCAN)),
    "redeem-together": State(counter=_refusing("scans-run-together"), steps=keys("f3", *SCAN)),
    "redeem-offline-float": State(counter=_refusing("float-used-up"), steps=keys("f3", *SCAN)),
    "redeem-no": State(counter=_after_a_day, steps=keys("f3", *"QR-101", "enter")),
    "redeem-number": State(steps=keys("f3", *TORN, "enter")),
    "clear": State(steps=_clearing()),
    "clear-several": State(steps=_clearing(*"141305", "enter")),
    "clear-begun": State(steps=_clearing(*"b2109", "enter")),
    "clear-back": State(counter=_with_a_pile, steps=_clearing(*"QR-101", "enter")),
    "clear-stamp": State(counter=_with_a_pile, steps=_clearing(*LATE, "enter")),
    "clear-number": State(counter=_with_a_pile, steps=_clearing(*TORN, "enter")),
    "clear-confirm": State(counter=_with_a_pile, steps=_clearing("f12")),
    "clear-closed": State(counter=_with_a_pile, steps=_clearing("f12", "f12")),
    "clear-no-counter": State(counter=_of_a_shop, steps=_clearing_by_name),
    "issue-card": State(steps=keys("f4")),
    "issue-form": State(steps=keys("f4", "1")),
    "issue-pin": State(steps=keys("f4", "1", *"1000", "enter", "enter")),
    "issue-look": State(steps=keys("f4", "1", *"1000", "enter", "enter", "f6")),
    "issue-look-more": State(
        steps=keys("f4", "1", *"1000", "enter", "enter", "f6", "pagedown", "pagedown")
    ),
    "issue-done": State(steps=keys("f4", "1", *"1000", "enter", "enter", *"1234")),
    "issue-kind": State(counter=_two_kinds, steps=keys("f4", "1")),
    "issue-wrong-pin": State(steps=keys("f4", "1", *"1000", "enter", "enter", *"9999")),
    "issue-refused": State(steps=keys("f4", "1", *"2001", "enter", "enter", *"1234")),
    "issue-offline": State(counter=lambda: shop(silent=True), steps=keys("f4")),
    "register-earlier": State(steps=keys("f5", "1")),
    "register-consent": State(steps=keys("f5", "1", "1")),
    "register-id": State(steps=keys("f5", "1", "1", "1")),
    "register-no-id": State(steps=keys("f5", "1", "1", "1", *"abc12345", "enter")),
    "register-taken": State(steps=keys("f5", "1", "1", "1", *"TAKEN001", "enter")),
    "register-made": State(
        steps=keys(
            *("f5", "1", "1", "1"),
            *(*"TAKEN001", "enter", *"TAKEN002", "enter", *"TAKEN003", "enter"),
        )
    ),
    "register-wrong-pin": State(steps=keys("f5", "1", "1", "1", "f12", "enter", *"9999")),
    "register-refused": State(steps=keys("f5", "1", "1", "1", *"GONE0001", "enter", *"1234")),
    "register-done": State(steps=keys("f5", "1", "1", "1", "f12", "enter", *"1234")),
    "join": State(steps=joining()),
    "join-earlier": State(steps=joining("1")),
    "join-put-earlier": State(steps=joining("1", "1")),
    "join-same-card": State(steps=joining("1", "1", "1")),
    "join-earlier-pin": State(steps=joining("1", "1", "2")),
    "join-earlier-wrong-pin": State(steps=joining("1", "1", "2", *"9999")),
    "join-again": State(steps=joining("1", "1", "2", *"5678")),
    "join-pin": State(steps=joining("1", "1", "2", *"5678", "1")),
    "join-done": State(
        counter=_with_earlier_card, steps=joining("1", "1", "2", *"5678", "1", *"1234")
    ),
    "join-mixed-up": State(steps=joining("1", "1", "2", *"5678", "1", *"1234")),
    "join-said": State(steps=joining("1", "3")),
    "join-nobody": State(steps=joining("1", "3", *"NOBODY00", "enter", *"1234")),
    "join-waits": State(steps=joining("1", "3", *"MYKEY001", "enter", *"1234")),
    "join-refused": State(steps=joining("1", "3", *"REFUSED0", "enter", *"1234")),
    "join-offline": State(counter=lambda: shop(silent=True), steps=joining("1")),
    "register-known": State(counter=_library, steps=keys("f5", "1")),
    "void": State(steps=voiding()),
    "void-paper": State(steps=voiding(*"QR-101", "enter")),
    "void-done": State(steps=voiding(*"QR-101", "enter", "f12")),
    "void-card": State(steps=voiding("f2")),
    "void-pin": State(steps=voiding("f2", "1")),
    "void-list": State(steps=voiding(*_LOST)),
    "void-lost": State(steps=voiding(*_LOST, "1")),
    "void-later": State(steps=voiding(*_LOST, "1", *"1234")),
    "void-silent": State(
        counter=lambda: shop(silent=True), steps=voiding(*"QR-101", "enter", "f12")
    ),
    "numbers": State(counter=_library, steps=keys(*_NUMBERS)),
    "numbers-number": State(counter=_library, steps=keys(*_NUMBERS, "1")),
    "numbers-none": State(counter=_library, steps=keys(*_NUMBERS, "2")),
    "numbers-pin": State(counter=_library, steps=keys(*_NUMBERS, "2", *"234209", "enter")),
    "numbers-linked": State(
        counter=_library, steps=keys(*_NUMBERS, "2", *"234209", "enter", *"5678")
    ),
    "numbers-taken": State(
        counter=_library, steps=keys(*_NUMBERS, "2", *"TAKEN1", "enter", *"5678")
    ),
    "balances": State(steps=keys("f6", "2")),
    "balances-wrong-pin": State(steps=keys("f6", "2", "f12", *"9999")),
    "balances-locked": State(counter=_locked, steps=keys("f6", "2", "f12")),
    "balances-exact": State(steps=keys("f6", "2", "f12", *"5678")),
    "mykey": State(counter=_registered, steps=_mykey()),
    "mykey-seen": State(counter=_registered, steps=_mykey("1", "2", *"5678")),
    "mykey-suspend": State(counter=_registered, steps=_mykey("2", "1")),
    "mykey-suspended": State(counter=_registered, steps=_mykey("2", "1", *"1234")),
    "mykey-is-suspended": State(counter=_suspended, steps=_mykey("1", "1", *"1234")),
    "mykey-wish": State(counter=_registered, steps=_mykey("4", "1")),
    "mykey-changed": State(counter=_registered, steps=_mykey("4", "1", "enter", *"1234")),
    "mykey-end": State(counter=_registered, steps=_mykey("6", "2", *"5678")),
    "mykey-end-pin": State(counter=_registered, steps=_mykey("6", "2", *"5678", "f12")),
    "mykey-ended": State(counter=_registered, steps=_mykey("6", "2", *"5678", "f12", *"5678")),
    "mykey-wrong-pin": State(counter=_registered, steps=_mykey("2", "1", *"9999")),
    "history": State(counter=_after_a_day, steps=keys("f7")),
    "history-confirm": State(steps=keys(*"QR-101", "enter", "f7", "enter")),
    "history-done": State(steps=keys(*"QR-101", "enter", "f7", "enter", "f12")),
    "history-refused": State(counter=_after_a_day, steps=keys("f7", "enter")),
    "shift-open": State(steps=keys("f8")),
    "shift-so-far": State(counter=_after_a_day, steps=keys("f8")),
    "shift-close": State(counter=_after_a_day, steps=keys("f8", "f12")),
    "shift-close-scan": State(counter=_after_a_day, steps=keys("f8", "f12", *"QR-1", "enter")),
    "shift-closed": State(counter=_after_a_day, steps=keys("f8", "f12", "f12")),
}

SET_UP = {
    "set-up": STAY,
    "set-up-no-invitation": keys(*"hello", "enter", "enter", "enter"),
    "set-up-question": keys(*"MACHIKADO1-AB", "enter", "enter", "enter"),
    "set-up-fingerprint": keys(*"MACHIKADO1-AB", "enter", "enter", "enter", "f12"),
    "set-up-interrupted": STAY,
    "set-up-sealed": STAY,
    "set-up-offline": keys(*"MACHIKADO1-AB", "enter", "enter", "enter"),
    "set-up-bad-folder": keys(*"MACHIKADO1-AB", "enter", *"/x", "enter", "enter", "f12"),
}
PROBLEMS: dict[str, Exception] = {
    "set-up-sealed": RefusedByRule("secret-needed", "sealed"),
    "set-up-offline": Unreachable("no answer"),
    "set-up-bad-folder": PermissionError(errno.EACCES, "Permission denied", "/x"),
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


def _played(
    app: CounterApp, counter: FakeCounter, steps: Steps, readers: FakeReaders | None = None
) -> Callable[..., Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        at = Stage(app=app, pilot=pilot, counter=counter, readers=readers or one_reader())
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
    problem = [state.fails]

    def open_counter() -> FakeCounter:
        if problem[0] is not None:
            raise problem[0]
        return counter

    def unlock(_: str) -> None:
        problem[0] = WrongSecret("another one")

    readers = state.readers and state.readers()
    app = CounterApp(
        open_counter,
        Words(language),
        tray=state.tray,
        watch=None if readers is None else readers.watch,
        unlock=unlock,
    )
    played = _played(app, counter, state.steps, readers)
    assert snap_compare(app, terminal_size=SIZE, run_before=played)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", SET_UP)
def test_the_set_up_looks_as_a_person_has_seen_it(
    snap_compare: SnapCompare, name: str, language: Language
) -> None:
    counter = shop()
    plan = INTERRUPTED if name in ("set-up-interrupted", "set-up-sealed") else None
    enrolment = FakeEnrolment(plan, PROBLEMS.get(name))
    app = CounterApp(lambda: counter, Words(language), enrolment=enrolment)
    assert snap_compare(app, terminal_size=SIZE, run_before=_played(app, counter, SET_UP[name]))


class Ribboned(CounterApp):
    """The demo's ribbon over a counter that is made up."""

    def ribbon(self) -> Iterator[Widget]:
        """At its longest: a date of two digits each, the cable pulled."""
        late = datetime(2017, 12, 14, 10, 0, tzinfo=UTC)
        yield Ribbon(told(self.words, late, up=True), markup=False)
        yield Ribbon(told(self.words, late, up=False), markup=False)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_demos_ribbon_stands_whole_on_80_columns(
    snap_compare: SnapCompare, language: Language
) -> None:
    counter, words = shop(), Words(language)
    app = Ribboned(lambda: counter, words)

    async def steps(at: Stage) -> None:
        first, second = (line for line in at.text.splitlines() if "Ctrl+N" in line)
        assert first.endswith(words("paper tickets"))
        assert second.endswith(words("paper tickets"))

    assert snap_compare(app, terminal_size=SIZE, run_before=_played(app, counter, steps))
