"""What the screens say, in the language of the person: Japanese or English, by gettext.

English sentences are the keys; ``ja.po`` beside this file holds the Japanese ones. A screen asks
its app's :class:`Words`; there is no global language, so that two may stand side by side in one
process. Texts that are kept in tables before anybody knows the language are marked by
:func:`marked`.
"""

from collections.abc import Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Literal

from sync.values import DAY, HOUR, Millis
from tui.wording.po import Catalogue, read_po

Language = Literal["ja", "en"]

MINUTE = 60_000
# A fixed offset on purpose: Japan keeps UTC+9 without summer time, and a Windows PC has no time
# zone database to ask.


def marked(text: str) -> str:
    """The text itself; it is translated where it is shown."""
    return text


def language_of(environment: Mapping[str, str]) -> Language:
    """The person's language: MACHIKADO_LANG, else the system's; Japanese unless it is English."""
    for name in ("MACHIKADO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "ja"
    return "ja"


class Words:
    """One language: ``words("Left on the card: {points}", points="500")``."""

    def __init__(self, language: Language) -> None:
        """Load the language; raises Damaged when its file cannot be read."""
        self.language = language
        self._catalogue = _catalogue(language)

    def __call__(self, text: str, /, **values: object) -> str:
        """The sentence in this language, with the values set in."""
        words = self._catalogue.gettext(text) if text else ""
        return words.format(**values) if values else words

    def many(self, one: str, other: str, count: int, /, **values: object) -> str:
        """The sentence for this count; ``{count}`` is set in with separators."""
        words = self._catalogue.ngettext(one, other, count)
        return words.format(count=number(count), **values)

    def points(self, points: int, *, at_least: bool = False) -> str:
        """An amount with its unit: ``1,500 points``, at a standing's cap ``6,000 or more``."""
        if at_least:
            return self("{points} points or more", points=number(points))
        return self.many("{count} point", "{count} points", points)

    def ticket(self, number: str | None) -> str:
        """A paper ticket's number in the groups that stand on the paper."""
        from printer.words import aloud

        return aloud(number or "")

    def age(self, span: int) -> str:
        """A span of milliseconds in its largest unit, rounded down."""
        if span < MINUTE:
            return self("less than a minute")
        if span < HOUR:
            return self.many("{count} minute", "{count} minutes", span // MINUTE)
        if span < DAY:
            return self.many("{count} hour", "{count} hours", span // HOUR)
        return self.many("{count} day", "{count} days", span // DAY)

    def moment(self, at: Millis) -> str:
        """Month, day and minute in Asia/Tokyo: ``11/21 14:05``."""
        from sync.clock import tokyo

        moment = tokyo(at)
        return f"{moment.month}/{moment.day} {moment:%H:%M}"


def number(count: int) -> str:
    """A number with separators: ``30,000``."""
    return f"{count:,}"


def in_fours(mykey_id: str) -> str:
    """A MyKey ID as people read it out and write it down: ``MY12 3456``."""
    return f"{mykey_id[:4]} {mykey_id[4:]}"


def _catalogue(language: Language) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    return Catalogue(read_po(Path(__file__).with_name(f"{language}.po").read_text("utf-8")))
