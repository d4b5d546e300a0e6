"""A counter whose power goes in the middle of a ticket: its points lie in one place only."""

from collections import Counter as Tally
from contextlib import closing
from pathlib import Path

import pytest

from hub.audit import audit
from hub.intake.verify import InlineVerifier
from node.opening import Ports, open_counter
from sync.errors import Unreachable
from sync.request import Request, Response
from tests.doubles.clocks import TurnedClock
from tests.faults.corner import GRANTED, NOW, Shop, _open, open_shop
from tests.faults.programs import start
from tests.faults.tickets import AFTER, BEFORE, POINTS, do
from tests.hub.corner import KAWASAKI


class _Silence:
    def send(self, request: Request) -> Response:
        raise Unreachable(request.path_with_query)


def _killed(shop: Shop, what: str, point: str) -> None:
    hub = shop.serve()
    node = start(do, shop.node, shop.card, NOW, what, point)
    node.until_ready()
    node.process.join(60)
    assert node.process.exitcode == -9
    hub.stop()


def _waits(shop: Shop) -> int:
    """Tickets whose paper the counter misses at its next start, the network still down."""
    ports = Ports(clock=TurnedClock(NOW), door=lambda _: _Silence())
    with closing(open_counter(shop.node, ports)) as counter:
        counter.probe()
        return counter.status().paper_waiting


def _jobs(shop: Shop) -> int:
    """How many tickets the counter prints, or has printed."""
    with closing(open_counter(shop.node, Ports(clock=TurnedClock(NOW)))) as counter:
        assert counter.status().paper_waiting == 0
        assert counter.audit() == ()
        return counter.parts.store.number("SELECT count(*) FROM job WHERE kind = 'ticket'")


def _hub_says(shop: Shop) -> tuple[Tally[str], int, int]:
    """Tickets by state; what the wallet has; what lies in holds and live tickets."""
    with closing(_open(shop.hub)) as hub:
        assert audit(hub.core, hub.mykey, InlineVerifier()) == []
        with hub.core.database.read() as tx:
            states: Tally[str] = Tally()
            states.update(dict(tx.rows("SELECT state, count(*) FROM ticket GROUP BY state")))
            balances = dict(
                tx.rows("SELECT account, points FROM balance WHERE municipality=?", [KAWASAKI])
            )
    kinds: Tally[str] = Tally()
    for account, points in balances.items():
        kinds[account.split(":")[0]] += points
    assert kinds["hold"] == 0
    return states, kinds["wallet"], kinds["outstanding"]


@pytest.mark.processes
@pytest.mark.parametrize("point", [*BEFORE, *AFTER])
def test_an_issue_that_was_cut_off_is_found_at_the_next_start_and_printed(
    tmp_path: Path, point: str
) -> None:
    shop = open_shop(tmp_path)
    _killed(shop, "issue", point)

    waits = _waits(shop)
    assert waits == (0 if point in {*BEFORE, "receipt-here", "done"} else 1)
    assert shop.hand_in().reached

    issued = 0 if point in BEFORE else 1
    states, wallet, outstanding = _hub_says(shop)
    assert _jobs(shop) == states["issued"] == issued
    assert (wallet, outstanding) == (GRANTED - issued * POINTS, issued * POINTS)


@pytest.mark.processes
@pytest.mark.parametrize("point", [*BEFORE, *AFTER])
def test_a_void_that_was_cut_off_gives_the_points_back_once_or_leaves_the_ticket(
    tmp_path: Path, point: str
) -> None:
    shop = open_shop(tmp_path)
    _killed(shop, "void", point)

    assert shop.hand_in().reached

    done = point in AFTER
    states, wallet, outstanding = _hub_says(shop)
    assert states["voided" if done else "issued"] == 1
    assert wallet == GRANTED - (0 if done else POINTS)
    assert outstanding == (0 if done else POINTS)


@pytest.mark.processes
@pytest.mark.parametrize("point", ["before-commit", *AFTER])
def test_a_lost_ticket_that_was_cut_off_is_void_or_lives(tmp_path: Path, point: str) -> None:
    shop = open_shop(tmp_path)
    _killed(shop, "lose", point)

    assert shop.hand_in().reached

    done = point in AFTER
    states, wallet, _ = _hub_says(shop)
    assert states["voided" if done else "issued"] == 1
    assert wallet == GRANTED - (0 if done else POINTS)
