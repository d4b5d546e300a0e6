"""What an audit says: what does not add up, where, what was expected and what was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

Key = tuple[object, ...]
Rows = Mapping[Key, Mapping[str, object]]
"""Rows of a table by their key."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not add up."""

    finding: str
    where: str
    expected: str
    found: str


def as_json(finding: Finding) -> bytes:
    """One line for scripts."""
    return msgspec.json.encode(finding)


def in_words(finding: Finding) -> str:
    """One line for people."""
    return (
        f"{finding.finding}: {finding.where}: expected {finding.expected or 'nothing'},"
        f" found {finding.found or 'nothing'}"
    )


def differences(table: str, keys: Sequence[str], expected: Rows, found: Rows) -> Iterator[Finding]:
    """How the rows of a table differ from what they should be."""
    for key in sorted(expected.keys() | found.keys(), key=str):
        where = f"{table} {' '.join(map(_text, key))}"
        if key not in found:
            yield Finding(f"{table}-missing", where, "there", "not there")
        elif key not in expected:
            yield Finding(f"{table}-unexplained", where, "not there", "there")
        else:
            for column in sorted(expected[key].keys() - set(keys)):
                one, other = expected[key][column], found[key][column]
                if one != other:
                    yield Finding(table, f"{where} {column}", _text(one), _text(other))


def _text(value: object) -> str:
    return bytes(value).hex()[:32] if isinstance(value, bytes | memoryview) else str(value)
