"""What to say of a ticket that is not cleared: what it is, and where it goes."""

from dataclasses import replace

from node.pile_words import REASONS
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.advice import Advice, advice_for

_ASIDE = N_("Put it aside: it goes back to the shop.")


def clearing_advice(reason: str) -> Advice:
    """As anywhere, but for what to do with paper that goes back."""
    advice = advice_for(reason)
    return replace(advice, todo=_ASIDE, light="no") if reason in REASONS else advice
