"""What people at a desk ask costs a server no more beside thousands of others.

Lists are counted in :mod:`tests.hub.api.test_lists_on_server`; this is about what is not a list.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from hub.bodies import ExceptionDecided, ReserveFunded
from hub.desk import enact
from hub.forms import InviteForm, ReserveForm
from hub.store import schema
from sync.values import MunicipalityCode, Points
from tests.doubles import databases
from tests.hub.api.test_lists_on_server import FEW, MANY, Stage
from tests.hub.townhall import GREENGROCER, KAWASAKI

SLACK = 200
"""Rows and entries more: what was done before is counted a moment later, too."""
_REQUESTS = f"SELECT count(*) FROM pending WHERE id LIKE '{KAWASAKI}-%'"
FIRST = 1_000_000
"""The first exception of a crowd."""


class Desk:
    """A town hall beside so many of everything, half of its exceptions decided."""

    def __init__(self, folder: Path, server: databases.Server, count: int) -> None:
        self._stage = Stage(folder, server, count)
        self.hall = self._stage.hall
        town = MunicipalityCode(KAWASAKI)
        with self.hall.hub.core.database.write() as tx:
            for number in range(FIRST, FIRST + count // 2):
                enact(
                    self.hall.hub.core,
                    tx,
                    ExceptionDecided(town, number, "noted", "seen"),
                    ("Sato",),
                )
            self._requests = int(tx.scalar(_REQUESTS)) + count
            body = msgspec.msgpack.encode(ReserveFunded(town, Points(1), "まつり"))
            tx.insert_many(
                schema.pending,
                [
                    (town, f"{town}-{number}", "hub.reserve-funded", "Sato", 1, body, "declined")
                    for number in range(self._requests - count + 1, self._requests + 1)
                ],
            )
        self._stage.look()

    def read_by(self, ask: Callable[[], object]) -> int:
        """What a question reads."""
        return self._stage.read_by(ask)

    def exception(self) -> None:
        """Look at an exception that somebody has decided."""
        seen = self.hall.hub.treasury.exception(self.hall.sato, f"{KAWASAKI}-{FIRST}")
        assert [each.why for each in seen.decided] == ["seen"]

    def request(self) -> None:
        """Ask for what a second person has to approve."""
        self._requests += 1
        form = ReserveForm(points=500, why="まつり")
        asked = self.hall.hub.office.fund_reserve(self.hall.sato, KAWASAKI, form)
        assert asked.pending == f"{KAWASAKI}-{self._requests}"

    def invite(self) -> None:
        """Invite a shop's terminal."""
        form = InviteForm(organisation=GREENGROCER)
        assert self.hall.hub.office.invite(self.hall.sato, form).node == f"{GREENGROCER}-1111"


def test_a_question_of_the_desk_reads_no_more_beside_thousands(
    tmp_path: Path, server: databases.Server
) -> None:
    few, many = (Desk(tmp_path / str(count), server, count) for count in (FEW, MANY))
    read = {
        name: (few.read_by(getattr(few, name)), many.read_by(getattr(many, name)))
        for name in ("exception", "invite", "request")
    }
    server.sweep()

    assert {name: counts for name, counts in read.items() if counts[1] > counts[0] + SLACK} == {}
