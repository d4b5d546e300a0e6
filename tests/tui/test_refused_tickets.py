"""A ticket that is not taken: each reason has words, colour and bells of its own."""

from collections.abc import Callable

import pytest

from printer.words import aloud
from tests.doubles.counter import shop
from tests.doubles.counter_tickets import NUMBER, UNREAD, refused_ticket
from tests.tui.conftest import Staged
from tui.widgets.answer import BELLS, Answer
from tui.wording import Language, Words
from tui.wording.advice import ADVICE, Light

REASONS: dict[str, Light] = {
    # of the scan
    "not-a-ticket": "look",
    "scan-incomplete": "look",
    "scans-run-together": "look",
    "scan-in-kana": "look",
    "scan-needed": "look",
    # of the paper
    "ticket-not-authentic": "no",
    "ticket-forged": "no",
    "ticket-unknown": "no",
    "ticket-other-town": "no",
    "ticket-other-zone": "no",
    "ticket-not-yet": "no",
    "ticket-past": "no",
    "ticket-used": "no",
    "ticket-voided": "no",
    "ticket-seen-here": "no",
    # of this counter and the network
    "ticket-online-only": "look",
    "ticket-date-edge": "look",
    "float-used-up": "look",
    "lists-too-old": "look",
    "no-lists": "look",
    "clock-untrusted": "look",
    "stopped": "look",
    "attempt-over": "look",
    "too-many-holds": "look",
    "epoch-closed": "look",
    "node-revoked": "look",
}
"""Everything that a scan may be answered with, and whether it is the paper's fault (no)."""


def test_no_two_reasons_have_the_same_words() -> None:
    assert len({ADVICE[reason].what for reason in REASONS}) == len(REASONS)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("reason", REASONS)
async def test_it_says_what_happened_and_what_to_do_and_which_ticket_it_was(
    stage: Staged, monkeypatch: pytest.MonkeyPatch, reason: str, language: Language
) -> None:
    def at_once(_: Answer, _delay: float, callback: Callable[[], None]) -> None:
        callback()

    words, advice = Words(language), ADVICE[reason]
    rung: list[str] = []
    async with stage(shop(refusals={"QR-103": refused_ticket(reason)}), language) as at:
        await at.press("f3")
        monkeypatch.setattr(Answer, "set_timer", at_once)
        monkeypatch.setattr(at.app, "bell", lambda: rung.append("bell"))
        await at.scan("QR-103")

        assert at.light == advice.light == REASONS[reason]
        assert len(rung) == BELLS[advice.light]
        assert words(advice.what) in at.answer
        assert words(advice.todo) in at.answer
        assert words("No points were moved.") in at.answer
        assert (aloud(NUMBER) in at.answer) is (reason not in UNREAD)


async def test_a_ticket_that_was_taken_here_says_when_and_where_to_look(stage: Staged) -> None:
    async with stage(shop(refusals={"QR-103": refused_ticket("ticket-seen-here")})) as at:
        await at.press("f3")
        await at.scan("QR-103")
        assert "It was taken here on 11/21 13:57." in at.answer
        assert "See no. 12 in the history." in at.answer


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("float-used-up", "At most 30,000 points at this PC until the network is back."),
        ("ticket-online-only", "At most 1,000 points a ticket without the network."),
    ],
)
async def test_a_limit_is_told_with_its_number(stage: Staged, reason: str, said: str) -> None:
    async with stage(shop(refusals={"QR-103": refused_ticket(reason)})) as at:
        await at.press("f3")
        await at.scan("QR-103")
        assert said in at.answer
