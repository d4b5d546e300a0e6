"""Mistakes where points are given back: refunds and voids, at the hub and at the counter."""

from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

import hub.points.redeem
import hub.points.refund
import hub.points.void
import hub.voids
import node.refunding
import node.reporting
from hub.points.accounts import outstanding, payable, wallet
from hub.points.bearers import payers, repay
from hub.points.seconds import set_ticket
from sync.refund import NoRefund, why_not
from sync.values import organisation_of

Plant = AbstractContextManager[Any]


def refunds_without_bound() -> Plant:
    """Counter and hub alike forget what was given back before."""

    def forgetful(*facts: Any) -> Any:
        found = why_not(*facts)
        return None if found in {NoRefund.NOTHING_LEFT, NoRefund.TOO_MUCH} else found

    stack = ExitStack()
    for module in (hub.points.refund, node.refunding, node.reporting):
        stack.enter_context(patch.object(module, "why_not", forgetful))
    forgotten = "move.kind, move.at, move.points, reversed_by, outcome, paid, 0"
    find = node.refunding._FIND.replace(node.refunding.EARLIER, forgotten)
    stack.enter_context(patch.object(node.refunding, "_FIND", find))
    stack.enter_context(patch.object(node.reporting, "EARLIER", forgotten))
    return stack


def refund_to_paper() -> Plant:
    """What a ticket paid goes back among the live tickets; its paper lives no more."""

    def to_paper(books: Any, debit: str, _number: str, points: int, **names: Any) -> None:
        books.move(debit, outstanding("500"), points, source=names["source"], at=names["at"])

    return patch.object(hub.points.refund, "to_holder", to_paper)


def refund_out_of_a_paid_window() -> Plant:
    """A shop gives back out of what it was paid long ago, as if it were still to be paid."""
    return patch.object(hub.points.refund, "payers", lambda moves, _window: payers(moves, 0))


def refund_without_name() -> Plant:
    """Transfers of a refund do not say which record they are for."""

    def of_itself(books: Any, payer: str, bearer: str, points: int, **names: Any) -> None:
        repay(books, payer, bearer, points, **{**names, "of": names["source"]})

    return patch.object(hub.points.refund, "repay", of_itself)


def void_gives_back_again() -> Plant:
    """A lost ticket's points come back each time that everybody is found to know."""

    def unless_voided(books: Any, number: str, state: str, **names: Any) -> None:
        if state != "voided":
            set_ticket(books, number, state, **names)

    return patch.object(hub.points.void, "set_ticket", unless_voided)


def lost_ticket_paid_at_once() -> Plant:
    """The points of a lost ticket are back at once, though a counter may still take it."""
    true = hub.points.void._lost

    def lost(till: Any, case: Any, body: Any, ticket: Any) -> Any:
        judgement = true(till, case, body, ticket)
        if judgement.reason == "":
            pool, to = outstanding(ticket.programme), wallet(ticket.account)
            till.books.move(pool, to, ticket.points, source=case.source, at=case.at)
        return judgement

    return patch.object(hub.points.void, "_lost", lost)


def copy_of_voided_unpaid() -> Plant:
    """The shop hears that it is paid for a copy, and nobody pays."""
    true = hub.points.redeem._second

    def second(till: Any, case: Any, paper: Any) -> Any:
        to = payable(organisation_of(case.line.node))
        move = till.books.move

        def nothing(debit: str, credit: str, points: int, **names: Any) -> None:
            if (debit, credit) != ("reserve", to):
                move(debit, credit, points, **names)

        with patch.object(till.books, "move", nothing):
            return true(till, case, paper)

    return patch.object(hub.points.redeem, "_second", second)


def void_ends_before_all_know() -> Plant:
    """A lost ticket's points come back though a counter that is offline may still take it."""
    return patch.object(hub.voids, "_knows", lambda *_: True)
