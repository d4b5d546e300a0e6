"""A card out of its mind at a real counter: no record, no open attempt, no second PIN, and words.

The same twisted answers as in ``tests/node/card/test_fuzz.py``, here below the use cases and below
the command line.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.card import softcard
from node.card.softcard import SoftCard
from node.card.tap import SoftAddress, Tap, card_address
from node.outcome import Approved, Choose, ChosenId, Prepared, Refused, RegisteredCard
from sync.errors import MachikadoError
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.doubles.twisted import Twist, Twisted, plans
from tests.node.conftest import Shop, pin
from tests.node.test_cli import Run
from tests.node.test_cli import hub as hub  # noqa: PLC0414  fixtures of the command line
from tests.node.test_cli import run as run  # noqa: PLC0414
from tui import exits

MOST = 2_000
"""Far above the bound of one tap that is proved at the tap itself."""
wild = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(wild, max_examples=40)


class Reader:
    """What lies on it answers as planned; the last cards that were powered are remembered."""

    def __init__(self) -> None:
        self.plan: dict[int, Twist] = {}
        self.cards: list[Twisted] = []

    def tap(self, card: str) -> Tap:
        def connect(address: object) -> Twisted:
            assert isinstance(address, SoftAddress)
            self.cards.append(Twisted(SoftCard(address.path), self.plan, most=MOST))
            return self.cards[-1]

        return Tap(card_address(card), connect=connect)

    def twist(self, plan: dict[int, Twist]) -> None:
        self.plan, self.cards = plan, []

    @property
    def pins(self) -> list[int]:
        return [card.pins for card in self.cards]


@pytest.fixture
def reader(shop: Shop) -> Reader:
    reader = Reader()
    shop.ports = replace(shop.ports, tap=reader.tap)
    shop.restart()
    return reader


def said(use: Callable[[], object]) -> object:
    """What a use case answers, or the error in words that it ends with."""
    try:
        return use()
    except MachikadoError as told:
        return told


def attempts_in_flight(shop: Shop) -> int:
    return shop.counter.parts.store.number(
        "SELECT count(*) FROM attempt WHERE state IN ('open', 'granted')"
    )


def records(shop: Shop) -> int:
    return shop.counter.status().seq


@few
@given(preparing=plans(16), taking=plans(18))
def test_a_spend_is_done_whole_or_leaves_nothing(
    shop: Shop, reader: Reader, preparing: dict[int, Twist], taking: dict[int, Twist]
) -> None:
    shop.counter.open_shift("花子")
    before = records(shop)
    reader.twist(preparing)
    prepared = said(lambda: shop.counter.prepare(shop.card, KAWASAKI, Points(1)))
    assert isinstance(prepared, (Prepared, Choose, Refused, MachikadoError))
    assert sum(reader.pins) == 0
    if not isinstance(prepared, Prepared):
        reader.twist({})
        good = shop.counter.prepare(shop.card, KAWASAKI, Points(1))
        assert isinstance(good, Prepared)
        prepared = good

    reader.twist(taking)
    typed = pin()
    done = said(lambda: shop.counter.take(prepared, shop.card, typed))

    assert max(reader.pins, default=0) <= 1
    assert len(reader.cards) <= 1
    assert not any(typed)
    assert not any(card.powered for card in reader.cards)
    if isinstance(done, Approved):
        assert records(shop) == before + 1
    else:
        assert isinstance(done, (Refused, MachikadoError))
        assert str(done)
        assert records(shop) == before
        shop.counter.drop(prepared)
    assert attempts_in_flight(shop) == 0
    assert shop.counter.audit() == ()


@few
@given(plan=plans(18), consent=st.booleans())
def test_a_registration_ends_in_an_id_or_in_words(
    shop: Shop, reader: Reader, plan: dict[int, Twist], *, consent: bool
) -> None:
    shop.hub.certificates.clear()
    chosen = shop.counter.choose_id(())
    assert isinstance(chosen, ChosenId)
    reader.twist(plan)
    typed = pin()

    made = said(lambda: shop.counter.register(shop.card, typed, chosen, consent=consent))

    assert isinstance(made, (RegisteredCard, Refused, MachikadoError))
    assert max(reader.pins, default=0) <= 1
    assert not any(typed)
    assert attempts_in_flight(shop) == 0


@few
@given(plan=plans(18), with_pin=st.booleans())
def test_a_look_at_the_points_ends_in_rows_or_in_words(
    shop: Shop, reader: Reader, plan: dict[int, Twist], *, with_pin: bool
) -> None:
    reader.twist(plan)
    typed = pin() if with_pin else None

    rows = said(lambda: shop.counter.balances(shop.card, typed))

    assert isinstance(rows, (tuple, Refused, MachikadoError))
    assert max(reader.pins, default=0) <= 1
    assert typed is None or not any(typed)


def test_after_all_that_the_card_is_spent_from_as_ever(shop: Shop, reader: Reader) -> None:
    for at in range(1, 17):
        reader.twist({at: lambda _: b"\x6f\x00"})
        said(lambda: shop.counter.spend(shop.card, KAWASAKI, Points(1), pin()))
        assert attempts_in_flight(shop) == 0, f"after command {at}"
    reader.twist({})

    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(1), pin()), Approved)
    assert attempts_in_flight(shop) == 0
    assert shop.counter.audit() == ()


# -- the command line

COMMANDS = {
    "spend": ("--municipality", "141305", "--points", "1"),
    "balance": (),
    "register": (),
}


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Twists what the command line's own cards answer."""
    reader, good = Reader(), softcard.SoftCard

    def powered(path: Path) -> Twisted:
        reader.cards.append(Twisted(good(path), reader.plan, most=MOST))
        return reader.cards[-1]

    monkeypatch.setattr(softcard, "SoftCard", powered)
    yield reader
    assert not any(card.powered for card in reader.cards)


@pytest.fixture
def front_door(
    run: Run, tmp_path: Path, blank_card: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    """Gives a command with a card; its exit code, and all that it says and logs."""

    def give(command: str) -> tuple[int, str]:
        where, log = str(tmp_path / "node"), tmp_path / "log"
        words = (command, where, *COMMANDS[command], "--card", f"soft:{blank_card}")
        said: list[str] = []

        def typed() -> None:
            result = run(*words)
            said.append(result.output)
            if result.exception is not None:
                raise result.exception

        code = exits.run(typed, ("node", *words), log)
        told = capsys.readouterr()
        return code, "".join((*said, told.out, told.err, log.read_text() if log.exists() else ""))

    return give


@settings(wild, max_examples=12)
@given(plan=plans(16))
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_command_line_ends_in_words_and_an_exit_code(
    front_door: Callable[[str], tuple[int, str]],
    cards: Reader,
    command: str,
    plan: dict[int, Twist],
) -> None:
    cards.twist(plan)

    code, told = front_door(command)

    assert code in {exits.DONE, exits.REFUSED, exits.UNREACHABLE, exits.DAMAGED}
    assert "Traceback" not in told
    assert max(cards.pins, default=0) <= 1
