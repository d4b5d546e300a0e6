"""What lies on the readers, from what the watch told: which card may be used, and what is said."""

from hypothesis import given
from hypothesis import strategies as st

from node.card.readers import Lies, Placed, Readers, Sight
from node.card.watch import CardGone, CardThere, Event, NoReaderThere, ReaderThere, ServiceDown
from tests.doubles.readers import ACS, SONY


def after(*events: Event) -> Readers:
    readers = Readers()
    for event in events:
        readers = readers.told(event)
    return readers


def lying(readers: Readers) -> Placed:
    assert readers.card is not None
    return readers.card


def test_before_anything_was_told_nobody_says_that_there_is_no_reader() -> None:
    assert Readers().sight is Sight.NOT_TOLD


def test_from_no_service_to_a_card_each_step_has_something_to_say() -> None:
    steps: list[Event] = [
        ServiceDown(),
        NoReaderThere(),
        ReaderThere(SONY),
        CardThere(SONY),
        CardGone(SONY),
    ]

    said = [after(*steps[: count + 1]).sight for count in range(len(steps))]

    assert said == [
        Sight.SERVICE_DOWN,
        Sight.NO_READER,
        Sight.EMPTY,
        Sight.CARD,
        Sight.EMPTY,
    ]


def test_a_card_is_named_by_its_readers_whole_name() -> None:
    assert lying(after(ReaderThere(SONY), CardThere(SONY))).address == f"pcsc:{SONY}"


def test_a_card_that_paid_is_not_used_again_until_it_was_put_down_again() -> None:
    readers = after(ReaderThere(SONY), CardThere(SONY))
    paid = readers.marked(lying(readers), Lies.USED)
    assert (paid.card, paid.sight) == (None, Sight.USED)

    again = paid.told(CardGone(SONY)).told(CardThere(SONY))

    assert lying(again).nth == 2
    assert again.sight is Sight.CARD


def test_what_is_found_out_late_is_not_held_against_the_next_card() -> None:
    first = after(ReaderThere(SONY), CardThere(SONY))
    second = first.told(CardGone(SONY)).told(CardThere(SONY))

    assert second.marked(lying(first), Lies.USED) == second
    assert not second.lies_still(lying(first))
    assert second.lies_still(lying(second))


def test_a_card_upside_down_is_told_and_not_used() -> None:
    readers = after(ReaderThere(SONY), CardThere(SONY, silent=True))

    assert (readers.card, readers.sight) == (None, Sight.SILENT)


def test_any_of_two_readers_may_be_used() -> None:
    both = after(ReaderThere(SONY), ReaderThere(ACS))

    assert lying(both.told(CardThere(ACS))).reader == ACS
    assert lying(both.told(CardThere(SONY))).reader == SONY


def test_of_two_cards_nobody_guesses() -> None:
    two = after(ReaderThere(SONY), ReaderThere(ACS), CardThere(SONY), CardThere(ACS))
    assert (two.card, two.sight) == (None, Sight.SEVERAL_CARDS)

    assert lying(two.told(CardGone(SONY))).reader == ACS


def test_a_staff_badge_that_always_lies_on_another_reader_does_not_stand_in_the_way() -> None:
    badge = after(ReaderThere(SONY), ReaderThere(ACS), CardThere(ACS))
    known = badge.marked(lying(badge), Lies.FOREIGN)
    assert known.sight is Sight.FOREIGN

    customer = known.told(CardThere(SONY))
    assert lying(customer).reader == SONY
    assert customer.told(CardGone(SONY)).sight is Sight.EMPTY


def test_a_service_that_dies_takes_all_cards_with_it() -> None:
    readers = after(ReaderThere(SONY), CardThere(SONY), CardGone(SONY), ServiceDown())
    assert (readers.card, readers.sight) == (None, Sight.SERVICE_DOWN)

    back = readers.told(ReaderThere(SONY)).told(CardThere(SONY))
    assert lying(back).nth == 2


READER = st.sampled_from([SONY, ACS])
EVENTS = st.lists(
    st.builds(ServiceDown)
    | st.builds(NoReaderThere)
    | st.builds(ReaderThere, READER)
    | st.builds(CardThere, READER, st.booleans())
    | st.builds(CardGone, READER)
)


@given(EVENTS)
def test_whatever_happens_at_most_one_card_is_offered_and_it_lies_there(
    events: list[Event],
) -> None:
    readers = after(*events)

    assert (readers.card is not None) == (readers.sight is Sight.CARD)
    assert readers.placements == sum(isinstance(event, CardThere) for event in events)
    if readers.card is not None:
        assert readers.lies_still(readers.card)
        assert readers.marked(readers.card, Lies.USED).card is None
