"""The sheet that a printer is tried with, before it is kept.

A person sees on it whether the width is right, whether letters and amounts come out whole, and a
scanner whether a code of a ticket's length can be read.
"""

from collections.abc import Iterator

from printer.documents import TrialSheet
from printer.layout import LARGE, NORMAL, QR, SMALL, TITLE, Block, Figure, Row, Rule, Space, Text
from printer.words import Word, grouped, minute, unit

TRIAL_CODE = "MACHIKADO TEST " * 20
"""As long as a ticket's: what reads this one reads a ticket."""


def trial_sheet(trial: TrialSheet) -> Iterator[Block]:
    """Edges, letters of every size, an amount and a code."""
    language = trial.language
    yield Text(text=trial.organisation, size=LARGE, align="centre", bold=True)
    yield Text(text=Word.TRIAL.say(language), size=TITLE, align="centre", bold=True)
    yield Space(dots=8)
    yield Rule()
    yield Row(left="|←", right="→|")
    yield Text(text=Word.TRIAL_EDGES.say(language), align="centre")
    yield Space(dots=12)
    yield Text(text=Word.TRIAL_LETTERS.say(language), align="centre", bold=True, inverse=True)
    for size in (SMALL, NORMAL, LARGE):
        yield Text(text="商店街 ポイント券 あいう ABC 0123", size=size)
    yield Text(text=trial.place, size=LARGE, align="centre")
    yield Figure(number=grouped(1_000), unit=unit(1_000, language))
    yield QR(text=TRIAL_CODE)
    yield Text(text=Word.TRIAL_CODE.say(language), align="centre")
    yield Space(dots=12)
    yield Rule(dashed=True)
    yield Row(left=Word.TRIAL_MODEL.say(language), right=trial.model, size=SMALL)
    yield Row(left=Word.TRIAL_PLACE.say(language), right=trial.printer, size=SMALL)
    yield Row(left=Word.TRIAL_DOTS.say(language), right=str(trial.dots), size=SMALL)
    yield Row(left=Word.AT.say(language), right=minute(trial.at, language), size=SMALL)
