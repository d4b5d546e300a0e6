"""What is wrong with a value is said by its field's name, without patterns and places."""

import re
from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from msgspec import inspect

from hub import forms
from hub.bodies import AnyHubBody, MunicipalityAdded, ProgrammeAdded
from hub.commands import make
from hub.forms import GrantForm, InviteForm, OrganisationForm
from hub.shapes import PATTERNS, in_words
from hub.signin_forms import JoinForm
from sync.errors import Malformed
from tests.hub.corner import BANK, KAWASAKI


def wrong(data: str, kind: type) -> str:
    with pytest.raises(msgspec.MsgspecError) as caught:
        msgspec.json.decode(data, type=kind)
    return in_words(str(caught.value))


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ("", GrantForm, "this is not JSON: it ends too early"),
        ("{x", GrantForm, "this is not JSON: object keys must be strings (byte 1)"),
        ("[]", GrantForm, "it must be an object with named members, not a list"),
        ('{"mykey_id": 5}', GrantForm, "mykey id: it must be text, not a whole number"),
        ('{"mykey_id": "A"}', GrantForm, "municipality is missing"),
        ('{"points": -1}', GrantForm, "points: it must be at least 1"),
        ('{"points": 10000000}', GrantForm, "points: it must be at most 9,999,999"),
        ('{"programm": "1"}', GrantForm, "there is no member called programm"),
        ('{"token_digest": "x"}', JoinForm, "token digest: it must be 64 hexadecimal digits"),
        (
            '{"account": {"bank": 1}}',
            OrganisationForm,
            "account bank: it must be text, not a whole number",
        ),
        (
            f'{{"name": "{"x" * 201}"}}',
            OrganisationForm,
            "name: it has at most 200 characters",
        ),
        *(
            (
                f'{{"name": "八百{letter}屋"}}',
                OrganisationForm,
                "name: it must be one line without control characters",
            )
            for letter in ("\\u0000", "\\n", "\\u001b[2J", "\\u2028", "\\u202e")
        ),
        ('{"zone": "../a"}', InviteForm, "zone: it must be letters, digits and -, at most 20"),
    ],
)
def test_a_form_is_refused_in_words(data: str, kind: type, said: str) -> None:
    assert wrong(data, kind) == said


def test_a_command_names_the_field_and_what_it_must_look_like() -> None:
    town = {"town": KAWASAKI, "name": "川崎市", "point_name": "x", "account": BANK}
    with pytest.raises(Malformed, match=r"\Arequester: it must be ten digits\Z"):
        make(MunicipalityAdded, **town, requester="12", ticket_key=b"")
    days = dict.fromkeys(("give_until", "issue_until", "use_until", "clear_until"), "2027-03-31")
    of = {"town": KAWASAKI, "name": "清掃", "department": "", "budget": 0, "zones": ()}
    with pytest.raises(Malformed, match=r"\Aprogramme: it must be three digits\Z"):
        make(ProgrammeAdded, **of, **days, programme="1")


def test_what_nobody_foresaw_is_said_as_it_is() -> None:
    assert in_words("Something new") == "Something new"


def test_every_pattern_has_words() -> None:
    kinds = [
        *get_args(AnyHubBody),
        *(each for each in vars(forms).values() if isinstance(each, type)),
    ]
    structs = [each for each in kinds if issubclass(each, msgspec.Struct)]
    patterns = {found for each in structs for found in patterns_of(inspect.type_info(each))}

    assert len(patterns) > 5
    assert patterns <= PATTERNS.keys()
    assert all(re.compile(each) for each in PATTERNS)


def patterns_of(kind: object) -> Iterator[str]:
    if isinstance(kind, inspect.StrType) and kind.pattern:
        yield kind.pattern
    for field in getattr(kind, "fields", ()):
        yield from patterns_of(field.type)
