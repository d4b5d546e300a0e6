"""What is wrong with a value from outside, in words that name the field and say what it must be.

msgspec says where and what in a sentence for programmers, with a pattern and ``$[4]`` for a place.
People get ``requester: it must be ten digits``. Never what was sent, which may be a secret.
"""

import re
from collections.abc import Callable, Sequence

PATTERNS = {
    r"\A[0-9]{3}\Z": "three digits",
    r"\A[0-9]{4}\Z": "four digits",
    r"\A[0-9]{6}\Z": "six digits, for example 141305",
    r"\A[0-9]{7}\Z": "seven digits",
    r"\A[0-9]{10}\Z": "ten digits",
    r"\A[0-9]{13}\Z": "13 digits",
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z": "a day, written as 2026-03-31",
    r"\A[0-9a-f]{16}\Z": "16 hexadecimal digits",
    r"\A[0-9a-f]{64}\Z": "64 hexadecimal digits",
    r"\A[1-9][0-9]{0,8}-[0-9a-f]{16}\Z": "an epoch, as 3-9f2c01d2e3f4a5b6",
    r"\A[0-9A-Za-z-]{0,20}\Z": "letters, digits and -, at most 20",
    r"\A[0-9A-Za-z-]{1,20}\Z": "letters, digits and -, from 1 to 20",
    r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\Z": (
        "one line without control characters"
    ),
}
"""What each pattern of a form or a command means."""

_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "an object with named members",
}
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"Expected `str` matching regex '(?P<one>.*)'"),
        lambda said: f"it must be {PATTERNS.get(_plain(said['one']), 'written otherwise')}",
    ),
    (
        re.compile(r"Expected `(?P<one>\w+)`, got `(?P<two>\w+)`"),
        lambda said: f"it must be {_kind(said['one'])}, not {_kind(said['two'])}",
    ),
    (
        re.compile(r"Expected `(?:str|array|bytes)` of length (?P<one>[<>=]+) (?P<two>\d+)"),
        lambda said: f"it has {_bound(said['one'])} {int(said['two']):,} characters",
    ),
    (
        re.compile(r"Expected `\w+` (?P<one>[<>]=?) (?P<two>-?\d+)"),
        lambda said: f"it must be {_bound(said['one'])} {int(said['two']):,}",
    ),
    (
        re.compile(r"Object missing required field `(?P<one>\w+)`"),
        lambda said: f"{said['one']} is missing",
    ),
    (
        re.compile(r"Object contains unknown field `(?P<one>\w+)`"),
        lambda said: f"there is no member called {said['one']}",
    ),
    (re.compile(r"Input data was truncated"), lambda _: "this is not JSON: it ends too early"),
    (
        re.compile(r"JSON is malformed: (?P<one>.*)"),
        lambda said: f"this is not JSON: {said['one']}",
    ),
)
_AT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def in_words(error: str, names: Sequence[str] = ()) -> str:
    """A sentence for people from one of msgspec's.

    ``names`` are the members of a struct that is kept as a list.
    """
    found = _AT.fullmatch(error)
    what, path = (error, "") if found is None else (found["what"], found["path"] or "")
    steps = [
        name or (names[int(place)] if place and int(place) < len(names) else "")
        for name, place in _STEP.findall(path)
    ]
    where = " ".join(step.replace("_", " ") for step in steps if step)
    said = next((say(match) for rule, say in _RULES if (match := rule.fullmatch(what))), what)
    return f"{where}: {said}" if where else said


def _plain(written: str) -> str:
    """A pattern out of its quotes."""
    return written.replace("\\\\", "\\")


def _kind(name: str) -> str:
    return _KINDS.get(name, name)


def _bound(sign: str) -> str:
    return {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}[sign]
