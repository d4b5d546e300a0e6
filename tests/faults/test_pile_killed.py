"""A ticket counter whose program is killed, again and again, while it clears a pile."""

from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from sync.errors import Unreachable
from sync.request import Request, Response
from sync.values import Millis
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import NOW
from tests.faults.programs import READY, Moments, start
from tests.node.office import FISH_PAYABLE, office

LIVES, OF_A_LIFE = 8, 7
COUNT, POINTS = LIVES * OF_A_LIFE + 4, 500


class Cut:
    """A line that is down."""

    def send(self, request: Request) -> Response:
        """Nobody answers."""
        raise Unreachable(f"the line is cut: {request.method}")


def clears(says: Connection, folder: Path, papers: list[str], now: Millis) -> None:
    """Go on with the fish shop's pile; say each number that was cleared."""
    from node.opening import Ports, open_counter
    from node.outcome import Approved
    from node.pile import Pile

    counter = open_counter(folder, Ports(clock=TurnedClock(now), door=lambda _: Cut()))
    assert isinstance(counter.open_pile("B2109"), Pile)
    says.send(READY)
    for paper in papers:
        done = counter.clear(paper)
        if isinstance(done, Approved):
            says.send(done.number)
    counter.close()


@pytest.mark.processes
def test_a_pile_killed_at_any_moment_goes_on_with_what_it_said(tmp_path: Path) -> None:
    moments = Moments("pile")
    told: list[str] = []
    with office(tmp_path) as desk:
        papers = desk.tickets(COUNT, POINTS)
        desk.counter.payees()
        desk.close()
        for life in range(LIVES):
            some = papers[life * OF_A_LIFE :][:OF_A_LIFE]
            program = start(clears, desk.folder, some, NOW)
            program.until_ready()
            told += [str(number) for number in program.hear(1 + moments.below(5))]
            program.kill_after(moments.seconds(0.02))
            told += [str(number) for number in program.heard()]
        desk.reopen()
        found = desk.pile().count

        for paper in papers:
            desk.counter.clear(paper)
        pile = desk.pile()
        desk.counter.close_pile()
        desk.sync()

        assert 0 < found < COUNT
        assert len(set(told)) == len(told) <= found <= len(told) + LIVES
        assert (pile.count, pile.points) == (COUNT, COUNT * POINTS)
        assert desk.balance(FISH_PAYABLE) == COUNT * POINTS
        assert desk.audited()
