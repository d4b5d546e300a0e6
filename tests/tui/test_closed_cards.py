"""A card that opens nothing is told by its own word, and what to do, before anything is typed."""

import pytest

from sync.policy import closed
from sync.values import CardState
from tests.doubles.counter import shop
from tests.tui.conftest import Staged
from tui.wording.advice import ADVICE

CLOSED = [state for state in CardState if state is not CardState.ACTIVE]


@pytest.mark.parametrize("keys", [("f2",), ("f2", *"300", "enter"), ("f4",), ("f6",)])
@pytest.mark.parametrize("state", CLOSED)
async def test_a_closed_card_says_why_and_what_helps(
    stage: Staged, state: CardState, keys: tuple[str, ...]
) -> None:
    counter, why = shop(), closed(state)
    assert why is not None
    counter.cards["soft:hanako"].closed = why
    async with stage(counter) as at:
        await at.press(*keys)
        await at.card("soft:hanako")

        assert at.light == "no"
        assert ADVICE[why].what in at.answer
        said = " ".join(at.answer.split())
        assert " ".join(ADVICE[why].todo.split()) in said
        assert not at.counter.rows, "no points were moved"
