"""The manual of printers: every message, profile and destination stands in it."""

import pytest

from printer import destinations
from printer.errors import Trouble
from printer.profiles import PROFILES, Profile
from printer.words import trouble_in_words
from tests.architecture.source import ROOT

MANUAL = (ROOT / "docs/printers.md").read_text(encoding="utf-8")
MESSAGES = MANUAL.partition("## Messages")[2].partition("\n## ")[0]
MODELS = MANUAL.partition("## Which model")[2].partition("\n## ")[0]
_SAYS = {"never": "never", "status": "when asked in turn", "jobs": "of each job"}


def _in_both(trouble: Trouble) -> str:
    return f"{trouble_in_words(trouble, 'ja')} / {trouble_in_words(trouble, 'en')}"


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_message_of_a_printer_is_explained(trouble: Trouble) -> None:
    assert f"| {_in_both(trouble)} |" in MESSAGES


def test_the_manual_explains_no_message_that_nobody_sees() -> None:
    said = {_in_both(trouble) for trouble in Trouble}
    explained = {
        line.split("|")[1].strip() for line in MESSAGES.splitlines() if line.startswith("| ")
    }
    assert explained - said == {"on the screen"}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_profile_stands_in_the_manual_as_it_is(profile: Profile) -> None:
    row = next(line for line in MODELS.splitlines() if line.startswith(f"| `{profile.name}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]

    assert cells[2:] == [
        str(profile.dots),
        "its own" if profile.kanji else "drawn",
        "its own" if profile.qr else "drawn",
        profile.cutter,
        _SAYS[profile.answers],
    ]


@pytest.mark.parametrize("way", sorted(destinations._WAYS))
def test_every_destination_stands_in_the_manual(way: str) -> None:
    assert f"| `{way}" in MANUAL
