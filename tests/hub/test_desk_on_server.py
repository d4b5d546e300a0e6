"""What people at a desk ask costs a server no more beside thousands of others.

Lists are counted in :mod:`tests.hub.api.test_lists_on_server`; this is about what is not a list.
"""

from collections.abc import Callable
from pathlib import Path

from hub.bodies import ExceptionDecided
from hub.desk import enact
from hub.forms import InviteForm
from sync.values import MunicipalityCode
from tests.doubles import databases
from tests.hub.api.test_lists_on_server import FEW, MANY, Stage
from tests.hub.townhall import GREENGROCER, KAWASAKI

SLACK = 200
"""Rows and entries more: what was done before is counted a moment later, too."""
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
        self._stage.look()

    def read_by(self, ask: Callable[[], object]) -> int:
        """What a question reads."""
        return self._stage.read_by(ask)

    def exception(self) -> None:
        """Look at an exception that somebody has decided."""
        seen = self.hall.hub.treasury.exception(self.hall.sato, f"{KAWASAKI}-{FIRST}")
        assert [each.why for each in seen.decided] == ["seen"]

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
        for name in ("exception", "invite")
    }
    server.sweep()

    assert {name: counts for name, counts in read.items() if counts[1] > counts[0] + SLACK} == {}
