"""Ten copies of one ticket at ten booths, each a program of its own, while no hub is served.

What runs is the command line: `node ticket redeem`, then `hub serve` and `node sync`.
"""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.audit import audit
from hub.bodies import Granted, ProgrammeAdded
from hub.forms import InviteForm
from hub.hub import Hub, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from node.card.demo import new_card
from node.card.tap import Tap
from node.enrol import enrol
from node.opening import Ports
from node.outcome import Issued
from sync.invitation import read_invitation
from sync.ports import SystemClock
from sync.values import MyKeyId, OrganisationId, Points
from tests.bench.street import found
from tests.faults.corner import free_port
from tests.faults.programs import PIN
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner

ROOT = Path(__file__).parents[2]
BOOTHS, WORTH = 10, 500
FAR = ("2099-03-31",) * 4
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Festival:
    """The folders of hub and booths, the paper's code, and where the hub is served."""

    hub: Path
    booths: list[Path]
    code: str
    port: int

    def each(self, *command: str, after: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Run one command of `node` at every booth at once; what each says as JSON."""
        running = [
            _program("node", *command, str(booth), *after, "--json") for booth in self.booths
        ]
        told = [program.communicate(timeout=PATIENCE) for program in running]
        assert [program.returncode for program in running] == [0] * BOOTHS, told
        return [msgspec.json.decode(out.splitlines()[-1]) for out, _ in told]


def _program(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "from tui.cli import main; main()", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "LANG": "C.UTF-8"},
    )


@pytest.fixture
def festival(tmp_path: Path) -> Festival:
    """A hub in its folder, ten booths of two shops that have its lists, and a ticket on paper."""
    port, clock = free_port(), SystemClock()
    init_hub(tmp_path / "hub", origin=f"http://127.0.0.1:{port}", demo=True, clock=clock)
    hub = open_hub(tmp_path / "hub", clock)
    corner = Corner(clock, hub.core, hub.mykey)  # type: ignore[arg-type]  # nobody turns it here
    found(corner)
    corner.enact(ProgrammeAdded(KAWASAKI, "202", "祭り", "商工課", 0, *FAR))
    card = _hanako(tmp_path, hub, corner)
    booths, code = [], ""
    for place in range(BOOTHS):
        booths.append(tmp_path / f"booth-{place}")
        code = _open_booth(hub, booths[-1], (GREENGROCER, FISH_SHOP)[place % 2], card, code)
    hub.close()
    return Festival(tmp_path / "hub", booths, code, port)


def _hanako(folder: Path, hub: Hub, corner: Corner) -> str:
    card = folder / "hanako.card"
    new_card(card, folder / "hub" / "ca", bytearray(PIN), at=hub.core.clock.now())
    with Tap(f"soft:{card}") as tap:
        believed = hub.mykey.check(tap.certificate)
    name = hub.mykey.register(believed, "", consent_points=True).mykey_id
    account = corner.mykey.account_for(MyKeyId(name), KAWASAKI)
    corner.enact(Granted(KAWASAKI, account, Points(WORTH), "202", "festival"))
    return f"soft:{card}"


def _open_booth(hub: Hub, folder: Path, shop: OrganisationId, card: str, code: str) -> str:
    """Enrol a booth; the first one issues the ticket, whose code comes back."""
    person = hub.office.sign_in((folder.parent / "hub" / "operator-1.token").read_text().strip())
    invitation = hub.office.invite(person, InviteForm(organisation=shop)).invitation
    new = enrol(
        folder,
        read_invitation(invitation),
        Ports(clock=SystemClock(), door=lambda _: hub.door),
        second_path=folder.with_suffix(".second"),
        door=hub.door,
    )
    hub.office.confirm(person, new.node, new.fingerprint)
    assert new.counter.sync_now().reached
    if not code:
        made = new.counter.issue_tickets(
            card, KAWASAKI, Points(WORTH), days=3, count=1, programme="202", pin=bytearray(PIN)
        )
        assert isinstance(made, Issued), made
        code = made.papers[0].qr
    new.counter.close()
    return code


@pytest.mark.processes
@pytest.mark.slow
def test_one_is_applied_nine_are_incidents_and_whoever_asks_sees_both_sides(
    festival: Festival,
) -> None:
    taken = festival.each("ticket", "redeem", after=(festival.code,))
    assert [(done["outcome"], done["points"]) for done in taken] == [("approved", WORTH)] * BOOTHS

    hub = _program("hub", "serve", str(festival.hub), "--listen", f"127.0.0.1:{festival.port}")
    try:
        assert hub.stdout is not None
        assert hub.stdout.readline()
        festival.each("sync")
        festival.each("sync")
        rows = _asked(festival, "list")
        sides = [_asked(festival, "show", str(row["id"]))[0]["sides"] for row in rows[:2]]
    finally:
        hub.terminate()
        hub.communicate(timeout=PATIENCE)

    told = Counter((row["reason"], row["bearer"]) for row in rows)
    assert told == {("second-redemption", "reserve"): BOOTHS - 1}
    for about, other in sides:
        assert (about["reason"], other["outcome"]) == ("second-redemption", "applied")
        assert about["ticket"] == other["ticket"]
    _books_add_up(festival)


def _asked(festival: Festival, *command: str) -> list[dict[str, Any]]:
    """What `hub exception` says to somebody who signs in, a line each."""
    token = festival.hub / "operator-1.token"
    who = ("--hub", f"http://127.0.0.1:{festival.port}", "--token-file", str(token))
    program = _program("hub", "exception", *command, *who, "--json")
    out, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, err
    return [msgspec.json.decode(line) for line in out.splitlines()]


def _books_add_up(festival: Festival) -> None:
    hub = open_hub(festival.hub, SystemClock())
    try:
        assert audit(hub.core, hub.mykey, InlineVerifier()) == []
        with hub.core.database.read() as tx:
            books = dict(
                tx.rows("SELECT account, points FROM balance WHERE municipality=?", [KAWASAKI])
            )
            [(applied,)] = tx.rows(
                "SELECT count(*) FROM record WHERE kind='ticket.redeemed' AND outcome='applied'"
            )
    finally:
        hub.close()
    assert applied == 1
    assert sum(books.values()) == 0
    owed = sum(points for account, points in books.items() if account.startswith("payable:"))
    assert (owed, books["reserve"]) == (BOOTHS * WORTH, -(BOOTHS - 1) * WORTH)
