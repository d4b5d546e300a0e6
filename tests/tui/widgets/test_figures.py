"""Large figures for the customer's line."""

from hypothesis import given
from hypothesis import strategies as st

from sync.values import MOST_POINTS
from tui.widgets.figures import HEIGHT, dots

_COLUMNS = 78


@given(st.integers(1, MOST_POINTS))
def test_every_amount_fits_a_terminal_of_eighty_columns(points: int) -> None:
    lines = dots(points)
    assert len(lines) == HEIGHT
    assert {len(line) for line in lines} == {len(lines[0])}
    assert 2 * len(lines[0]) <= _COLUMNS


@given(st.lists(st.integers(1, MOST_POINTS), min_size=2, max_size=2, unique=True))
def test_two_amounts_never_look_alike(amounts: list[int]) -> None:
    assert dots(amounts[0]) != dots(amounts[1])


def test_a_thousand_has_its_separator() -> None:
    assert dots(1_000) == (
        " #    ### ### ###",
        "##    # # # # # #",
        " #    # # # # # #",
        " #  # # # # # # #",
        "### # ### ### ###",
    )
