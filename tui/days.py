"""How long a ticket can really be used: its days end with its programme, and with its points."""

from datetime import date, timedelta
from enum import Enum
from typing import NamedTuple

from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text


class Why(Enum):
    """Why a ticket ends before its days are over, in words that name the ``day``."""

    PROGRAMME = N_("Valid until {day} only: that is the last day of its programme.")
    POINTS = N_("Valid until {day} only: some of these points expire then.")


class Cut(NamedTuple):
    """A ticket that ends early."""

    day: str
    """Its last day, ``YYYY-MM-DD``."""
    why: Why


def cut_short(today: str, days: int, *, use_until: str, expires_on: str) -> Cut | None:
    """Whether ``days`` from today on go beyond what is known here; None where they do not.

    ``use_until`` and ``expires_on``: the last day of the programme, and the last full day of the
    points that a ticket takes first; empty where they are not known. The hub has the last word.
    """
    last = (date.fromisoformat(today) + timedelta(days=days - 1)).isoformat()
    ends = [Cut(use_until, Why.PROGRAMME), Cut(expires_on, Why.POINTS)]
    early = [cut for cut in ends if cut.day and cut.day < last]
    return min(early, key=lambda cut: cut.day, default=None)
