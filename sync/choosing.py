"""Choosing a MyKey ID before the PIN: which candidate is free, and when one is made instead.

The rule of the platform's own form (マイキーID登録, ③ マイキーID作成画面): a candidate that is
somebody's is told at once and another one is typed; after three the hub makes one that nobody has,
and it makes one at once for whoever types none. So the card signs once, for an ID that was free
a moment ago.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.values import MyKeyId

MOST_WISHES = 3
"""Candidates that may be taken before one is made."""


class Wishes(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A node asks for an ID: what the resident has typed so far, in that order."""

    wishes: Annotated[
        tuple[Annotated[str, Meta(pattern=r"\A[A-Z0-9]{8}\Z")], ...], Meta(max_length=MOST_WISHES)
    ]


class Offer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An ID that nobody has; it is nobody's until a card registers it."""

    mykey_id: str
    """Empty where each wish is taken and another one may be typed."""
    generated: bool
    """The hub made it."""
    taken: tuple[str, ...]
    """The wishes before it that are somebody's."""


def offer(
    wishes: Sequence[MyKeyId], is_taken: Callable[[MyKeyId], bool], make: Callable[[], MyKeyId]
) -> Offer:
    """The first wish that is free; an ID that is made for no wish and after three taken ones."""
    taken: list[MyKeyId] = []
    for wish in wishes[:MOST_WISHES]:
        if not is_taken(wish):
            return Offer(wish, generated=False, taken=tuple(taken))
        taken.append(wish)
    if len(taken) in (0, MOST_WISHES):
        return Offer(make(), generated=True, taken=tuple(taken))
    return Offer("", generated=False, taken=tuple(taken))
