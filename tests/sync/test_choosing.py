"""S2: three taken candidates, then one that is made; one is made at once for no candidate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.choosing import MOST_WISHES, Offer, Wishes, offer
from sync.errors import Malformed
from sync.values import MyKeyId
from sync.wire import read, write

MADE = MyKeyId("QX7K2M9P")
TAKEN = [MyKeyId(f"TAKEN00{place}") for place in range(MOST_WISHES)]
FREE = MyKeyId("HANAKO01")

wish = st.sampled_from([*TAKEN, FREE, MyKeyId("HANAKO02")])


def chosen(*wishes: MyKeyId) -> Offer:
    """What is said of these wishes."""
    return offer(wishes, TAKEN.__contains__, lambda: MADE)


def test_a_free_candidate_is_the_residents() -> None:
    assert chosen(FREE) == Offer(FREE, generated=False, taken=())


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_taken_candidates_are_told_and_nothing_is_made(count: int) -> None:
    assert chosen(*TAKEN[:count]) == Offer("", generated=False, taken=tuple(TAKEN[:count]))


def test_after_three_taken_candidates_one_is_made() -> None:
    assert chosen(*TAKEN) == Offer(MADE, generated=True, taken=tuple(TAKEN))


def test_for_no_candidate_one_is_made_at_once() -> None:
    assert chosen() == Offer(MADE, generated=True, taken=())


@given(st.lists(wish, max_size=MOST_WISHES))
def test_what_is_offered_is_nobodys_and_was_wished_or_made(wishes: list[MyKeyId]) -> None:
    found = chosen(*wishes)

    assert found.mykey_id not in TAKEN
    assert (found.mykey_id == MADE) == found.generated
    assert found.generated or not found.mykey_id or found.mykey_id in wishes
    assert bool(found.mykey_id) or 0 < len(found.taken) < MOST_WISHES
    assert set(found.taken) <= set(TAKEN)


@pytest.mark.parametrize("wishes", [("abc12345",), ("ABC1234",), ("ABC123456",), (FREE,) * 4])
def test_what_cannot_be_asked_is_refused_at_the_door(wishes: tuple[str, ...]) -> None:
    with pytest.raises(Malformed):
        read(write(Wishes(wishes)), Wishes)
