"""What counters ask about paper: typed numbers, and whose piles they may clear.

A number of 13 digits can be guessed: with a million live tickets one guess in a thousand hits. So
each node has its tries: :data:`TRIES` to begin with and as many more a day; a number that no ticket
has costs :data:`WRONG` of them. That is some twenty guesses a day and terminal, and a hit every
fifty days of somebody who does nothing else and is on the list of incidents from the first day on.

The count is kept in memory: a hub that starts again forgives one day's tries, which nobody outside
can bring about, and nothing is stored of who asked for what. The incident is stored.
"""

import logging
import threading

from hub.core import Core
from hub.intake import incidents
from hub.nodes import node_named
from hub.points.asking import why_not
from hub.points.books import Source
from hub.points.clearing import COUNTER
from hub.points.reading import Look
from hub.store.database import Tx
from hub.throttle import Throttle
from sync.errors import RefusedByRule
from sync.holds import CLAIMS, HoldRequest
from sync.papers import TOO_MANY, TicketQuestion, TicketSeen
from sync.payees import Payee, Payees
from sync.ticket import check_number
from sync.values import DAY, Millis, MunicipalityCode, NodeId, Points, home_of, organisation_of

TRIES = 100
"""What a node may ask at once, and in a day."""
WRONG = 5
"""What a number costs that no ticket has."""
_REMEMBERED = Millis(600_000)
"""How long a number that was looked up here may be held without being looked up again."""

_log = logging.getLogger("machikado.hub")


class Papers:
    """The calls about paper."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tries = Throttle(core.clock, at_once=TRIES, each=Millis(DAY // TRIES))
        self._seen: dict[tuple[NodeId, str], int] = {}
        """When a number was looked up by a node, in the clock's running time."""
        self._lock = threading.Lock()

    def payees(self, node: NodeId) -> Payees:
        """Whose piles a ticket counter may clear; raises RefusedByRule (``not-a-counter``)."""
        with self._core.database.read() as tx:
            if node_named(tx, node).kind != COUNTER:
                raise RefusedByRule("not-a-counter", f"{node} is no ticket counter")
            rows = tx.rows(
                "SELECT o.organisation, o.name, o.place FROM acceptance a JOIN organisation o"
                " ON o.organisation=a.organisation WHERE a.municipality=? ORDER BY 1",
                [home_of(node)],
            )
        return Payees(tuple(Payee(*row) for row in rows))

    def find(self, node: NodeId, question: TicketQuestion) -> TicketSeen:
        """What is behind a typed number.

        Raises RefusedByRule (``ticket-unknown``, ``too-many-numbers``), Malformed for a wrong
        check digit, which costs nothing.
        """
        number = check_number(question.number)
        if self._tries.wait(node):
            self._tell(node)
            raise RefusedByRule(TOO_MANY, "too many numbers were typed here: scan, or wait")
        with self._core.database.read() as tx:
            found = self._found(tx, node, question)
        if found is None:
            self._tries.charge(node, WRONG - 1)
            raise RefusedByRule("ticket-unknown", f"no ticket {number} is known for this counter")
        with self._lock:
            now = self._core.clock.running()
            self._seen = {key: at for key, at in self._seen.items() if now - at < _REMEMBERED}
            self._seen[node, number] = now
        return found

    def let_hold(self, node: NodeId, request: HoldRequest) -> None:
        """Let a typed number be held that was looked up; another one counts as a look-up.

        Raises as :meth:`find` does.
        """
        if request.purpose not in CLAIMS or request.ticket:
            return
        with self._lock:
            at = self._seen.get((node, request.account))
        if at is None or self._core.clock.running() - at >= _REMEMBERED:
            number = check_number(request.account)
            self.find(node, TicketQuestion(request.municipality, number, request.purpose))

    def _found(self, tx: Tx, node: NodeId, question: TicketQuestion) -> TicketSeen | None:
        """The ticket of the town that is named, else of the node's own town before others."""
        for town in _towns(tx, node):
            if question.municipality not in ("", town):
                continue
            books = Look(tx, town, self._core.clock.now())
            ticket = books.tickets.row(question.number)
            if ticket is not None and ticket.state not in {"held", "dead"}:
                return TicketSeen(
                    town,
                    question.number,
                    Points(ticket.points),
                    ticket.valid_from,
                    ticket.valid_until,
                    why_not(books, question.number, ticket, question.purpose),
                )
        return None

    def _tell(self, node: NodeId) -> None:
        """Put the node on the list of its town, once a day."""
        _log.warning("%s types more ticket numbers than anybody reads from paper", node)
        day = self._core.clock.now() // DAY
        with self._core.database.write() as tx:
            incidents.enter(
                self._core,
                tx,
                kind=incidents.TYPED_NUMBERS,
                source=Source(node, "", day),
                town=home_of(node),
                reason=TOO_MANY,
            )


def _towns(tx: Tx, node: NodeId) -> list[MunicipalityCode]:
    """The towns that have accepted a node's organisation, its own first."""
    rows = tx.rows(
        "SELECT municipality FROM acceptance WHERE organisation=? ORDER BY municipality<>?, 1",
        [organisation_of(node), home_of(node)],
    )
    return [MunicipalityCode(town) for (town,) in rows]
