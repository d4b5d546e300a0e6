"""The way to the PIN on every screen that asks for one, over a counter that is made up."""

from dataclasses import dataclass

from tests.doubles.counter import FakeCounter, shop
from tests.tui.conftest import Stage

CARD = "card"
"""Stands among the keys for Hanako's card."""
HANAKO, PIN = "soft:hanako", "1234"
HER_ID = "HANAKO01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Keys to a screen's PIN, and what the counter is asked with it."""

    keys: tuple[str, ...]
    question: str
    mykey_id: str = HER_ID
    """What Hanako's card has before."""


WAYS = {
    "a sale": Way(keys=(*"500", "enter", CARD), question="take"),
    "tickets": Way(keys=("f4", CARD, *"1000", "enter", "enter"), question="issue_tickets"),
    "a resident": Way(
        keys=("f5", CARD, "1", "1", *"WISHED01", "enter"), question="register", mykey_id=""
    ),
    "the exact sum": Way(keys=("f6", CARD, "f12"), question="balances"),
    "the MyKey ID": Way(keys=("f1", *"mykey", "enter", "1", CARD), question="member see"),
    "a service number": Way(
        keys=("f1", *"service", "enter", CARD, *"789145", "enter"), question="set_number"
    ),
    "a new card": Way(
        keys=("f1", *"new card", "enter", CARD, "3", *"MYKEY001", "enter"),
        question="join",
        mykey_id="",
    ),
    "a look at lost tickets": Way(
        keys=("f1", *"ticket back", "enter", "f2", CARD), question="own_tickets"
    ),
    "a lost ticket": Way(
        keys=("f1", *"ticket back", "enter", "f2", CARD, *PIN, "1"), question="void_lost"
    ),
}
BY_ONE_PIN = tuple(name for name, way in WAYS.items() if PIN not in "".join(way.keys))
"""Those on which nobody types a PIN before the one that is meant."""


def before(way: str, **knobs: object) -> FakeCounter:
    """A counter on which one can go that way."""
    counter = shop(**knobs)
    counter.cards[HANAKO].mykey_id = WAYS[way].mykey_id
    counter.cards["soft:taro"].mykey_id = "MYKEY001"
    return counter


async def to_the_pin(at: Stage, way: str) -> None:
    """Go there, with Hanako's card."""
    for key in WAYS[way].keys:
        if key is CARD:
            await at.card(HANAKO)
        else:
            await at.press(key)
