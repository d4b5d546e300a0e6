"""A PIN is overwritten on every way out, and whoever stands there is warned before the last try."""

from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from node.card import pcsc
from node.card.cardfile import CardFile
from node.card.errors import NoCard
from node.card.softcard import SoftCard
from node.card.tap import CardAddress, Connection, Tap
from node.counter import Counter
from node.outcome import ChosenId, Prepared, Refused
from sync.errors import Malformed
from sync.members import MemberStep
from sync.values import KeyDigest, MunicipalityCode, Points
from tests.doubles.hub import FakeHub
from tests.doubles.keypad import CANCEL, Keypad
from tests.doubles.scard import FakeScard
from tests.node.conftest import PIN, Shop, pin
from tests.node.test_cli import Run, said
from tests.node.test_cli import hub as hub  # noqa: PLC0414  fixtures of the command line
from tests.node.test_cli import run as run  # noqa: PLC0414

KAWASAKI = MunicipalityCode("141305")
CHOSEN = ChosenId(mykey_id="HANAKO01", generated=False, taken=())
OTHER = KeyDigest(b"o" * 32)
READER = "REINER SCT cyberJack 00 00"
Use = Callable[[Counter, str, bytearray], object]
USES: dict[str, Use] = {
    "spend": lambda counter, card, pin: counter.spend(card, KAWASAKI, Points(100), pin),
    "register": lambda counter, card, pin: counter.register(card, pin, CHOSEN, consent=True),
    "balances": lambda counter, card, pin: counter.balances(card, pin),
    "set a number": lambda counter, card, pin: counter.set_number(card, pin, "12345"),
    "see": lambda counter, card, pin: counter.member(card, pin, MemberStep.SEE),
    "vouch": lambda counter, card, pin: counter.vouch(card, pin, OTHER, keep=False),
    "join": lambda counter, card, pin: counter.join(card, pin, "HANAKO01"),
    "issue": lambda counter, card, pin: counter.issue_tickets(
        card, KAWASAKI, Points(100), days=1, count=1, programme=None, pin=pin
    ),
}


def gone(_: CardAddress) -> Connection:
    raise NoCard(READER)


@pytest.mark.parametrize("use", USES)
def test_a_pin_is_overwritten_where_no_card_lies(shop: Shop, use: str) -> None:
    typed = pin()
    with pytest.raises(NoCard):
        USES[use](without_a_card(shop), shop.card, typed)
    assert typed == bytes(4)


def without_a_card(shop: Shop) -> Counter:
    from dataclasses import replace

    return Counter(replace(shop.counter.parts, tap=lambda card: Tap(card, connect=gone)))


def test_a_pin_is_overwritten_where_the_card_left_after_it_was_prepared(shop: Shop) -> None:
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(100))
    assert isinstance(prepared, Prepared)
    typed = pin()
    with pytest.raises(NoCard):
        without_a_card(shop).take(prepared, shop.card, typed)
    assert typed == bytes(4)


@pytest.mark.parametrize(
    "use",
    [
        lambda counter, card, pin: counter.set_number(card, pin, " "),
        lambda counter, card, pin: counter.join(card, pin, "HANAKO1"),
        lambda counter, card, pin: counter.member(card, pin, MemberStep.CHANGE, "HANAKO1"),
    ],
    ids=["number", "earlier ID", "new ID"],
)
def test_a_pin_is_overwritten_where_what_was_typed_beside_it_can_be_none(
    shop: Shop, use: Use
) -> None:
    typed = pin()
    with pytest.raises(Malformed):
        use(shop.counter, shop.card, typed)
    assert typed == bytes(4)


SHOWN: dict[str, Use] = {
    "register": lambda counter, card, pin: counter.register(
        card, pin, CHOSEN, consent=True, shown=OTHER
    ),
    "balances": lambda counter, card, pin: counter.balances(card, pin, shown=OTHER),
    "set a number": lambda counter, card, pin: counter.set_number(card, pin, "12345", shown=OTHER),
    "see": lambda counter, card, pin: counter.member(card, pin, MemberStep.SEE, shown=OTHER),
    "join": lambda counter, card, pin: counter.join(card, pin, "HANAKO01", shown=OTHER),
    "issue": lambda counter, card, pin: counter.issue_tickets(
        card, KAWASAKI, Points(100), days=1, count=1, programme=None, pin=pin, shown=OTHER
    ),
}


@pytest.mark.parametrize("use", SHOWN)
def test_no_pin_is_given_to_another_card_than_the_one_that_was_shown(shop: Shop, use: str) -> None:
    wrong = bytearray(b"9999")

    answer = SHOWN[use](shop.counter, shop.card, wrong)

    assert isinstance(answer, Refused)
    assert answer.reason == "other-card"
    assert wrong == bytes(4)
    assert shop.counter.look_up(shop.card).tries_left == 3


# -- the command line


SPEND = ("--municipality", "141305", "--points", "300", "--json")


def test_the_command_line_warns_before_the_last_try(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    with closing(CardFile(blank_card)) as held:
        held.tries = 1

    done = run("spend", str(tmp_path / "node"), *SPEND, "--card", f"soft:{blank_card}")

    assert "this is the last try" in done.stderr
    assert said(done)["outcome"] == "approved"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, blank_card: Path) -> Keypad:
    """This PC has a reader with keys, and the card lies on it."""
    pc = FakeScard()
    keys = Keypad(pc)
    pc.plug(READER, lambda: SoftCard(blank_card)).pad = keys
    monkeypatch.setattr(pcsc, "scard", lambda: pc)
    monkeypatch.delenv("MACHIKADO_PIN", raising=False)
    return keys


def test_a_reader_with_keys_needs_no_pin_on_the_command_line(
    run: Run, hub: FakeHub, keys: Keypad, tmp_path: Path
) -> None:
    keys.fingers = deque([CANCEL, PIN])
    where = str(tmp_path / "node")

    cancelled = run("spend", where, *SPEND, "--card", "pcsc")
    done = run("spend", where, *SPEND, "--card", f"pcsc:{READER}")

    assert (cancelled.exit_code, said(cancelled)["reason"]) == (3, "pin-not-entered")
    assert "type the PIN on the card reader's keys" in done.stderr
    assert said(done)["points"] == 300
    assert hub.ended


def test_a_pin_from_a_file_is_taken_before_the_keys(run: Run, keys: Keypad, tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_bytes(PIN)

    done = run("spend", str(tmp_path / "node"), *SPEND, "--card", "pcsc", "--pin-file", str(file))

    assert said(done)["outcome"] == "approved"
    assert keys.asked == 0


def test_an_earlier_card_is_never_given_the_pin_of_the_new_one(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    soft = f"soft:{blank_card}"

    done = run("join", str(tmp_path / "node"), "--card", soft, "--earlier", soft)

    assert isinstance(done.exception, Malformed)
    assert "MACHIKADO_EARLIER_PIN" in str(done.exception)
    with closing(CardFile(blank_card)) as held:
        assert held.tries == 3
