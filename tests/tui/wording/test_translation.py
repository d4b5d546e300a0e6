"""Both languages say everything, and say it in signs that every console draws alike."""

import re
import unicodedata

import pytest

from node.card import errors as card_errors
from node.card.errors import CardError, CardRefusal
from node.outcome import Refused
from sync import errors as sync_errors
from sync.policy import Reason
from sync.refund import NoRefund
from tests.tui.wording.reasons import ELSEWHERE, given, reasons
from tests.tui.wording.sentences import TUI, sentences
from tui.wording import Words
from tui.wording.advice import ADVICE, ERRORS, STOPPED, advice_about, advice_for
from tui.wording.po import read_po

JAPANESE = read_po((TUI / "wording" / "ja.po").read_text(encoding="utf-8"))
_HOLES = re.compile(r"\{\w+\}")


def _reasons() -> set[str]:
    """Policy's, refund's and card's, what the outcome names, what hub and node code gives."""
    named = re.findall(r"``([a-z-]+)``", _docstring_of_reason())
    of_card = {kind.REASON for kind in CardRefusal.__subclasses__()}
    return {*Reason, *NoRefund, *of_card, *named, *reasons()}


def _docstring_of_reason() -> str:
    """The text under ``Refused.reason``, where its keys are listed."""
    source = (TUI.parent / "node" / "outcome.py").read_text(encoding="utf-8")
    return source.split(f"class {Refused.__name__}")[1].split("reason: str")[1].split("detail")[0]


def test_there_are_reasons_to_speak_of() -> None:
    assert {"wrong-pin", "hub-silent", "float-used-up", "not-a-ticket"} <= _reasons()
    assert {"card-unknown", "invitation-used", "node-revoked", "no-such-day"} <= reasons()
    assert set(ELSEWHERE) <= given()


def test_every_reason_says_what_happened_and_what_to_do_in_both_languages() -> None:
    assert {reason for reason in _reasons() if not _said(reason)} == set()


def _said(reason: str) -> bool:
    advice = ADVICE.get(reason)
    return advice is not None and all(
        text and JAPANESE.get(text) for text in (advice.what, advice.todo)
    )


def test_every_error_of_a_card_or_of_the_agreement_has_words() -> None:
    kinds = {
        kind.__name__
        for module in (card_errors, sync_errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    bases = {"MachikadoError", CardError.__name__, CardRefusal.__name__}
    by_reason = {kind.__name__ for kind in CardRefusal.__subclasses__()}
    assert kinds - bases - by_reason <= set(ERRORS)


def test_a_reason_from_a_newer_hub_still_gets_words() -> None:
    assert advice_for("never-heard-of").what == "The centre says no."


def test_an_error_gets_the_words_of_its_own_kind() -> None:
    assert advice_about(card_errors.CardRemoved()) is ERRORS["CardRemoved"]
    assert advice_about(card_errors.WrongPin(2)) is ADVICE["wrong-pin"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (sync_errors.RefusedByRule("node-revoked", "no"), "node-revoked"),
        (sync_errors.RefusedByRule("never-heard-of", "no"), "never-heard-of"),
        (sync_errors.NotAuthentic("who?"), "not-authentic"),
        (sync_errors.Garbled("junk"), "malformed"),
    ],
)
def test_an_exchange_that_ended_early_gets_the_words_of_its_reason(
    error: Exception, reason: str
) -> None:
    assert advice_about(error) == advice_for(reason)


def test_every_sentence_of_the_code_stands_in_the_catalogue_and_nothing_else() -> None:
    catalogue = set(JAPANESE) - {""}
    assert sentences() - catalogue == set()
    assert catalogue - sentences() == set()


def test_a_translation_has_the_same_holes_to_fill() -> None:
    said = {key: text for key, text in JAPANESE.items() if key}
    assert [key for key, text in said.items() if _holes(key) != _holes(text)] == []


def _holes(text: str) -> set[str]:
    return set(_HOLES.findall(text))


def test_no_sentence_has_a_sign_that_a_japanese_console_draws_two_wide() -> None:
    texts = sentences() | set(JAPANESE.values())
    signs = {sign for text in texts for sign in text if sign not in "\0\n"}
    assert {sign for sign in signs if unicodedata.east_asian_width(sign) == "A"} == set()
    assert {sign for sign in signs if unicodedata.category(sign) == "So"} == set()


def test_why_a_node_stopped_is_said_for_every_key_of_its_status() -> None:
    source = (TUI.parent / "node" / "outcome.py").read_text(encoding="utf-8")
    listed = source.split("stopped: str | None")[1].split('"""')[1]
    assert set(re.findall(r"``([a-z-]+)``", listed)) == set(STOPPED)


def test_amounts_have_separators_and_units() -> None:
    assert Words("ja").points(12_000) == "12,000ポイント"
    assert Words("en").points(1) == "1 point"
    assert Words("en").points(6_000, at_least=True) == "6,000 points or more"


def test_an_age_is_told_in_its_largest_unit() -> None:
    words = Words("ja")
    minute = 60_000
    assert [words.age(span * minute) for span in (0, 12, 125, 3_000)] == [
        "1分未満",
        "12分",
        "2時間",
        "2日",
    ]
