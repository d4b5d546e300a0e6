"""Mistakes with piles and with typed numbers, at the ticket counter and at the hub."""

from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec

import hub.points.asking
import hub.points.redeem
from hub.points.case import Judgement
from node.asking import NOT_ASKED, Asking, Attempted
from sync import policy
from sync.holds import HoldAnswer, Purpose
from sync.values import organisation_of

Plant = AbstractContextManager[Any]
_NEVER = "9999-12-31"


def clearing_pays_the_office() -> Plant:
    """The points go to whose counter it is, as at any other counter."""
    true = hub.points.redeem._paid

    def paid(till: Any, case: Any, paper: Any) -> Any:
        return true(till, case, paper._replace(shop=organisation_of(case.line.node)))

    return patch.object(hub.points.redeem, "_paid", paid)


def cleared_for_ever() -> Plant:
    """Counter and hub alike forget the programme's last day of clearing."""
    true = policy.decide_clearing
    stack = ExitStack()
    for module in (hub.points.asking, hub.points.redeem):
        stack.enter_context(patch.object(module, "last_day_of_clearing", lambda *_: _NEVER))
    endless = patch.object(
        policy,
        "decide_clearing",
        lambda rules, facts: true(rules, msgspec.structs.replace(facts, clear_until=_NEVER)),
    )
    stack.enter_context(endless)
    return stack


def typed_without_a_hold() -> Plant:
    """A typed number is taken as soon as the hub has said what is behind it."""
    ask = Asking.hold

    def hold(asking: Any, request: Any, patience: float) -> Attempted:
        if request.purpose in {Purpose.REDEEM, Purpose.CLEAR} and not request.ticket:
            return replace(NOT_ASKED, answer=_YES)
        return ask(asking, request, patience)

    true = hub.points.redeem._found

    def found(till: Any, case: Any, body: Any) -> Any:
        judged = true(till, case, body)
        if isinstance(judged, Judgement) and judged.reason == "number-without-hold":
            return till.books.tickets.row(body.number), None
        return judged

    stack = ExitStack()
    stack.enter_context(patch.object(Asking, "hold", hold))
    stack.enter_context(patch.object(hub.points.redeem, "_found", found))
    return stack


_YES = HoldAnswer("", "", "", 0, True, "", 0, (), None)  # type: ignore[arg-type]


def second_clearing_paid() -> Plant:
    """The reserve pays a second clearing as it pays a second redemption."""
    true = hub.points.redeem._second

    def second(till: Any, case: Any, paper: Any) -> Any:
        with patch.object(hub.points.redeem, "TicketCleared", ()):  # nothing is one here
            return true(till, case, paper)

    return patch.object(hub.points.redeem, "_second", second)
