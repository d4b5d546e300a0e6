"""A hub in its folder with one shop, its node and Hanako's card, to be served and killed."""

import shutil
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit
from hub.forms import InviteForm
from hub.hub import Hub, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from node.card.demo import new_card
from node.card.tap import Tap
from node.enrol import enrol
from node.opening import Ports, open_counter
from node.outcome import SyncResult
from sync.democa import new_key
from sync.errors import Unreachable
from sync.invitation import read_invitation
from sync.request import Request, Response
from sync.values import EpochId, Millis
from tests.bench.street import found
from tests.doubles.clocks import TurnedClock, at
from tests.faults.programs import PIN, Program, Sold, sell, serve_hub, start
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner

NOW = at("2026-11-02 10:00")
GRANTED = 1_000_000


@dataclass
class Wire:
    """A line to the hub that may be cut."""

    hub: Hub
    cut: bool = False

    def send(self, request: Request) -> Response:
        """Carry a request to the hub's door; raises Unreachable while it is cut."""
        if self.cut:
            raise Unreachable("the line is cut")
        return self.hub.door.send(request)


def free_port() -> int:
    """A port on loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Books:
    """What a hub says in the end."""

    wallet: int
    owed: int
    held: int
    total: int
    spends: dict[tuple[EpochId, int], bytes]
    """Digests of the spends that were applied."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The folders of hub and node, the card, and where the hub is served."""

    hub: Path
    node: Path
    card: Path
    port: int

    def serve(self) -> Program:
        """Start the hub, and wait until it listens."""
        program = start(serve_hub, self.hub, self.port, NOW)
        program.until_ready()
        return program

    def sell(self, life: int) -> Program:
        """Start the node: it sells until it is killed.

        Each life sees the card as it was: a tap that is cut off costs one of its three tries.
        """
        card = shutil.copy(self.card, self.card.with_name(f"hanako-{life}.card"))
        return start(sell, self.node, Path(card), NOW)

    def hand_in(self) -> SyncResult:
        """Open the node once more, beside a hub in this process, and hand in what is left."""
        hub = _open(self.hub)
        counter = open_counter(self.node, Ports(clock=TurnedClock(NOW), door=lambda _: hub.door))
        try:
            counter.sync_now()
            last = counter.sync_now()
            assert not counter.audit()
            assert not counter.status().waiting
            return last
        finally:
            counter.close()
            hub.close()

    def records(self) -> dict[tuple[EpochId, int], tuple[str, bytes]]:
        """Kind and digest of everything that the node holds."""
        from node.store import Store

        store = Store.look(self.node)
        try:
            rows = store.rows("SELECT epoch, seq, kind, digest FROM record")
        finally:
            store.close()
        return {(epoch, seq): (kind, digest) for epoch, seq, kind, digest in rows}

    def books(self) -> Books:
        """What the hub's books say, after it has audited itself."""
        hub = _open(self.hub)
        try:
            assert audit(hub.core, hub.mykey, InlineVerifier()) == []
            return _books(hub)
        finally:
            hub.close()


@cache
def _keys() -> tuple[RSAPrivateKey, RSAPrivateKey]:
    """The authority's and Hanako's; corners never meet, and such keys are slow to make."""
    return new_key(), new_key()


def open_shop(folder: Path) -> Shop:
    """Make a hub with a town and a shop, enrol the shop's node, give Hanako a card and points."""
    port = free_port()
    clock = TurnedClock(NOW)
    card = folder / "hanako.card"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.democa.new_key", iter(_keys()).__next__)
        init_hub(folder / "hub", origin=f"http://127.0.0.1:{port}", demo=True, clock=clock)
        new_card(card, folder / "hub" / "ca", bytearray(PIN), at=NOW)
    hub = _open(folder / "hub")
    corner = Corner(clock, hub.core, hub.mykey)
    found(corner)
    with Tap(f"soft:{card}") as tap:
        believed = hub.mykey.check(tap.certificate)
    hanako = hub.mykey.register(believed, "", consent_points=True)
    _grant(corner, hanako.mykey_id)
    person = hub.office.sign_in((folder / "hub" / "operator-1.token").read_text().strip())
    invitation = hub.office.invite(person, InviteForm(organisation=GREENGROCER)).invitation
    new = enrol(
        folder / "node",
        read_invitation(invitation),
        Ports(clock=clock, door=lambda _: hub.door),
        second_path=folder / "second",
        door=hub.door,
    )
    hub.office.confirm(person, new.node, new.fingerprint)
    assert new.counter.sync_now().reached
    new.counter.close()
    hub.close()
    return Shop(folder / "hub", folder / "node", card, port)


def sold_by(shop: Shop, told: list[Sold]) -> int:
    """Check that all that was said is there as it was said; how many sales there are in all."""
    records = shop.records()
    assert all(records[one.epoch, one.seq] == ("spend", one.digest) for one in told)
    return sum(kind == "spend" for kind, _ in records.values())


def _grant(corner: Corner, name: str) -> None:
    from hub.bodies import Granted
    from sync.values import MyKeyId, Points

    account = corner.mykey.account_for(MyKeyId(name), KAWASAKI)
    corner.enact(Granted(KAWASAKI, account, Points(GRANTED), "101", "cleaning"))


def _open(folder: Path) -> Hub:
    return open_hub(folder, TurnedClock(Millis(NOW)))


def _books(hub: Hub) -> Books:
    with hub.core.database.read() as tx:
        balances = dict(
            tx.rows("SELECT account, points FROM balance WHERE municipality=?", [KAWASAKI])
        )
        spends = tx.rows("SELECT epoch, seq, digest FROM record WHERE kind='spend'")
        ((odd,),) = tx.rows("SELECT count(*) FROM record WHERE outcome<>'applied'")
    assert odd == 0

    def of(kind: str) -> int:
        return sum(points for account, points in balances.items() if account.startswith(kind))

    return Books(
        wallet=of("wallet:"),
        owed=of("payable:"),
        held=of("hold:"),
        total=sum(balances.values()),
        spends={(EpochId(epoch), seq): digest for epoch, seq, digest in spends},
    )
