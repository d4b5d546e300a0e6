"""The manual of card readers: every message and check stands in it, every claim has its source."""

import inspect
import re

import pytest

from node import readercheck
from node.card import errors
from node.card.errors import CardError, CardRefusal
from node.readercheck import INSTALL
from tests.architecture.source import ROOT
from tests.architecture.test_docs import COMMANDS, typed, wrong_with
from tui.wording import Words
from tui.wording.advice import ADVICE, ERRORS, Advice

MANUAL = (ROOT / "docs/readers.md").read_text(encoding="utf-8")
LEADING_NOWHERE = {CardError, CardRefusal}
"""Bases that nobody meets by themselves."""


def kinds() -> list[type[CardError]]:
    """Every error of a card or its reader that a person may meet."""
    found = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    return [
        each
        for each in found
        if issubclass(each, CardError)
        and each.__module__ == errors.__name__
        and each not in LEADING_NOWHERE
    ]


def advice_of(kind: type[CardError]) -> Advice:
    return ADVICE[kind.REASON] if issubclass(kind, CardRefusal) else ERRORS[kind.__name__]


def section(title: str, text: str = MANUAL) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level, rest = re.split(rf"^(#+) {re.escape(title)}\n", text, maxsplit=1, flags=re.MULTILINE)[1:]
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(table: str) -> list[list[str]]:
    """The cells of each row below the head."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def untold(text: str) -> list[str]:
    """The errors whose words in either language no row of the messages' table begins with."""
    told = {cells[0]: cells[1:] for cells in rows(section("Messages", text))}
    japanese = Words("ja")
    return [
        kind.__name__
        for kind in kinds()
        if not all(told.get(f"{japanese(advice_of(kind).what)} / {advice_of(kind).what}", [""]))
    ]


def test_every_message_of_a_card_or_reader_is_explained_in_both_languages() -> None:
    assert len(kinds()) > 15
    assert untold(MANUAL) == []


def test_the_reading_finds_a_message_that_lacks_or_says_nothing() -> None:
    gone = MANUAL.replace("This is not a My Number card.", "No.")
    empty = re.sub(r"(/ The PIN is wrong\. \|)[^|]*\|", r"\1 |", MANUAL)

    assert untold(gone) == ["NotThisCard"]
    assert untold(empty) == ["WrongPin"]


def test_every_check_of_the_readers_is_explained() -> None:
    named = set(
        re.findall(r"\"(reader(?:-[a-z]+)?|card-on-reader)\"", inspect.getsource(readercheck))
    )

    told = {cells[0].strip("`") for cells in rows(section("What the doctor looks at"))}

    assert len(named) == 4
    assert named == told


def test_what_the_doctor_says_to_install_or_unload_is_in_the_manual() -> None:
    for command in re.findall(r"sudo (?:apt|dnf) install [a-z -]+[a-z]", INSTALL):
        assert f"`{command}`" in MANUAL
    for driver in readercheck._HOLDERS:
        assert f"`{driver}`" in MANUAL
    assert "systemctl enable --now pcscd.socket" in MANUAL


def test_the_polkit_rule_opens_service_and_card() -> None:
    (rule,) = re.findall(r"^```js\n(.*?)^```", MANUAL, re.DOTALL | re.MULTILINE)

    for action in ("access_pcsc", "access_card"):
        assert f'action.id == "org.debian.pcsc-lite.{action}"' in rule
    assert rule.count("(") == rule.count(")")
    assert rule.count("{") == rule.count("}")
    assert "polkit.Result.YES" in rule


def test_every_reader_has_a_source_and_every_source_an_address() -> None:
    sources = dict(re.findall(r"^\[(\d+)\]: (https?://\S+)$", MANUAL, re.MULTILINE))
    used = set(re.findall(r"\[(\d+)\](?!:)", MANUAL))

    table = rows(section("Which reader"))
    assert len(table) > 5
    assert [cells[0] for cells in table if not re.search(r"\[\d+\]", cells[-1])] == []
    assert used == set(sources)
    assert len(set(sources.values())) == len(sources)


@pytest.mark.parametrize("line", typed(MANUAL))
def test_every_command_line_is_one_that_the_program_knows(line: str) -> None:
    assert wrong_with(line) == ""


def test_every_command_named_is_there() -> None:
    named = re.findall(r"`(machikado [a-z]+ [a-z]+)", MANUAL)

    assert named
    assert set(named) <= set(COMMANDS)


def test_it_says_that_nothing_was_tried_and_warns_of_the_virtual_reader() -> None:
    assert "We have not tried a single reader" in MANUAL
    assert "Never leave vpcd on a" in section("A virtual reader, for training")
    assert "all network addresses" in section("A virtual reader, for training")
