"""Read a translator's .po file, so that a fresh clone speaks Japanese without a build step.

Only what .po files of this project hold is read: comments, ``msgctxt`` free entries, plural forms
and the header (GNU gettext manual, "The Format of PO Files"). It is read before the first screen,
so most lines go without a reader of escapes; the rule of plural forms is the standard library's.
"""

import gettext
import re
from collections.abc import Iterator, Mapping
from typing import Final

from sync.errors import Damaged

_PLURAL: Final = re.compile(r"^Plural-Forms:.*\bplural=([^;\n]+)", re.MULTILINE)
_PLAIN: Final = re.compile(r'"([^"\\]*)"')
"""A text without escapes: nearly all of them."""


def read_po(text: str) -> dict[str, str]:
    """Entries as .mo wants them: plural keys and plural forms joined by NUL.

    Entries without a translation are left out. Raises Damaged, naming the line.
    """
    entries: dict[str, str] = {}
    for entry in _entries(text):
        key = entry["msgid"]
        if "msgid_plural" in entry:
            key += "\0" + entry["msgid_plural"]
        forms = [words for name, words in sorted(entry.items()) if name.startswith("msgstr")]
        if key in entries:
            raise Damaged(f"the translation holds {key!r} twice")
        if all(forms):
            entries[key] = "\0".join(forms)
    return entries


class Catalogue(gettext.NullTranslations):
    """What gettext gives for these entries; a sentence without a translation stays as it is."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """``entries`` as :func:`read_po` gives them, the header among them."""
        super().__init__()
        self._entries = entries
        rule = _PLURAL.search(entries.get("", ""))
        self._form = gettext.c2py("n != 1" if rule is None else rule[1])

    def gettext(self, message: str) -> str:
        """The sentence in the catalogue's language."""
        return self._entries.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form of the sentence for this count."""
        forms = self._entries.get(f"{msgid1}\0{msgid2}")
        return super().ngettext(msgid1, msgid2, n) if forms is None else _nth(forms, self._form(n))


def _nth(forms: str, form: int) -> str:
    return forms.split("\0")[form]


def _entries(text: str) -> Iterator[dict[str, str]]:
    entry: dict[str, str] = {}
    name = ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        plain = line.strip()
        if not plain:
            if entry:
                yield entry
            entry, name = {}, ""
        elif not plain.startswith("#"):
            if not plain.startswith('"'):
                name, _, plain = plain.partition(" ")
            without = _PLAIN.fullmatch(plain)
            words = _escaped(plain, number) if without is None else without[1]
            entry[name] = entry.get(name, "") + words


def _escaped(text: str, line: int) -> str:
    """A text with escapes, which are those of JSON."""
    import json

    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, str):
        raise Damaged(f"the translation cannot be read in line {line}")
    return words
