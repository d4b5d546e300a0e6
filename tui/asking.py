"""One question to the counter, asked in a thread, answered on the drawing thread.

A use case may take as long as a card or the hub takes. :func:`answered` runs it and turns every
error into words, so that a screen meets an answer or a :class:`Trouble` and nothing else.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from textual.message import Message

from sync.errors import MachikadoError, RefusedByRule

if TYPE_CHECKING:
    from tui.wording.advice import Advice

T = TypeVar("T")
log = logging.getLogger("machikado.tui")


@dataclass(frozen=True, slots=True)
class Trouble:
    """The question was not answered."""

    advice: "Advice"
    problem: Exception

    @property
    def about_secret(self) -> bool:
        """The keys need the node secret, or another one than was given."""
        reason = self.problem.reason if isinstance(self.problem, RefusedByRule) else ""
        return reason == "secret-needed" or type(self.problem).__name__ == "WrongSecret"

    @property
    def put_back(self) -> bool:
        """What was prepared still stands, for the card that is put down once more."""
        from node.card.errors import CardError

        return isinstance(self.problem, CardError) and self.problem.put_back

    @property
    def unexpected(self) -> bool:
        """Nobody foresaw it, so nobody can say what was done before it."""
        return not isinstance(self.problem, MachikadoError)


def is_refusal(answer: object) -> bool:
    """Whether nothing was done: refused, or a trouble that is known to move nothing."""
    if isinstance(answer, Trouble):
        return not answer.unexpected
    from node.outcome import Refused

    return isinstance(answer, Refused)


class Answered(Message):
    """An answer has come; whoever handles this on the drawing thread lets it be shown."""

    def __init__(self, deliver: Callable[[], None]) -> None:
        """``deliver`` paints; it is called once."""
        super().__init__()
        self.deliver = deliver


def answered(question: Callable[[], T]) -> T | Trouble:
    """Ask, and never raise: a counter with a queue before it must go on."""
    from tui.wording.advice import advice_about

    try:
        return question()
    except MachikadoError as problem:
        return Trouble(advice_about(problem), problem)
    except Exception as problem:  # the queue before the counter goes on; the log has the rest
        log.exception("unexpected")
        return Trouble(advice_about(problem), problem)
