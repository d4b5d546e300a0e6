"""Read a translator's .po file, so that a fresh clone speaks Japanese without a build step.

Only what .po files of this project hold is read: comments, ``msgctxt`` free entries, plural forms
and the header (GNU gettext manual, "The Format of PO Files"). The entries become a .mo image in
memory ("The Format of GNU MO Files"), because the standard library reads that one.
"""

import json
import struct
from collections.abc import Iterator, Mapping

from sync.errors import Damaged

_MAGIC = 0x950412DE


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


def write_mo(entries: Mapping[str, str]) -> bytes:
    """The same entries as the bytes of a .mo file: keys sorted, no hash table."""
    pairs = sorted((key.encode(), words.encode()) for key, words in entries.items())
    header = struct.pack("<7I", _MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    at = len(header) + 16 * len(pairs)
    tables, strings = b"", b""
    for column in (0, 1):
        for pair in pairs:
            tables += struct.pack("<2I", len(pair[column]), at + len(strings))
            strings += pair[column] + b"\0"
    return header + tables + strings


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
            try:
                entry[name] = entry.get(name, "") + json.loads(plain)
            except (ValueError, TypeError) as problem:
                raise Damaged(f"the translation cannot be read in line {number}") from problem
