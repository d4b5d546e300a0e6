"""How the story is told: in Japanese or English, line by line, and kept in a file as it is told.

The English sentences are the keys, as on the screens; ``ja.po`` beside this file holds the Japanese
ones, ``en.po`` what Japanese names mean. What they do not hold is looked for among the screens' own
words, so that a refusal is told in the words a person at the counter reads.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from unicodedata import east_asian_width

import click

from tui.wording import Language, Words, number
from tui.wording.advice import Advice, advice_for
from tui.wording.po import Catalogue, read_po

Value = str | int
_WEEKDAYS = "月火水木金土日"


class Teller:
    """Tells to standard output and into files. Whole numbers get separators, words a language."""

    def __init__(self, language: Language, files: Sequence[Path] = ()) -> None:
        """Load the language; ``files`` begin empty."""
        self._language = language
        self._screens = Words(language)
        self._own = _catalogue(language)
        self._files = tuple(files)
        for file in self._files:
            file.write_text("", "utf-8")

    def scene(self, when: datetime, title: str) -> None:
        """A new day or hour: a heading, in Japanese with the English one behind it."""
        if self._language == "en":
            day, heading = f"{when:%a %d %b %Y %H:%M}", title
        else:
            weekday = _WEEKDAYS[when.weekday()]
            day = f"{when.year}年{when.month}月{when.day}日（{weekday}）{when:%H:%M}"
            heading = f"{self.word(title)} / {title}"
        self.gap()
        self._put(f"== {day}  {heading}")

    def say(self, sentence: str, **values: Value) -> None:
        """One sentence with its values set in."""
        self._put(f"   {self.phrase(sentence, **values)}")

    def gap(self) -> None:
        """An empty line."""
        self._put("")

    def refusal(self, reason: str, advice: Advice | None = None) -> None:
        """A refusal as the screen would say it, with its stable key; ``advice``: for its screen."""
        advice = advice or advice_for(reason)
        self._put(f"     >> {self.word(advice.what)} {self.word(advice.todo)} [{reason}]")

    def table(self, rows: Sequence[Sequence[Value]]) -> None:
        """Columns, the first row being their names; numbers to the right."""
        cells = [[number(c) if isinstance(c, int) else self.word(c) for c in row] for row in rows]
        widths = [max(_width(row[place]) for row in cells) for place in range(len(cells[0]))]
        right = [isinstance(cell, int) for cell in rows[-1]]
        for row in cells:
            columns = zip(row, widths, right, strict=True)
            self._put("     " + "  ".join(_padded(*column) for column in columns).rstrip())

    def phrase(self, sentence: str, **values: Value) -> str:
        """A sentence in the language of this telling."""
        told = {
            name: number(value) if isinstance(value, int) else self.word(value)
            for name, value in values.items()
        }
        return self.word(sentence).format(**told)

    def word(self, text: str) -> str:
        """A text in the language of this telling; itself where it is nobody's key."""
        found = self._own.gettext(text) if text else ""
        return self._screens(text) if found == text else found

    def _put(self, line: str) -> None:
        click.echo(line)
        for file in self._files:
            with file.open("a", encoding="utf-8") as told:
                told.write(line + "\n")


def _catalogue(language: Language) -> Catalogue:
    text = resources.files(__package__).joinpath(f"{language}.po").read_text(encoding="utf-8")
    return Catalogue(read_po(text))


def _width(text: str) -> int:
    """Columns on a terminal: wide signs take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
