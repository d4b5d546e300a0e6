"""The street corner, running: a hub program, its two operators, terminals, residents with cards.

Everything is the real thing on a small scale: the hub is a process of its own and is reached over
HTTP with tokens, each terminal is a node in a folder of its own, each card is a software card of
the demo's own certificate authority. What the demo owns are the clock and the network's switches.

    DIR/clock  DIR/hub/  DIR/hub.log  DIR/nodes/NODE/  DIR/sticks/NODE/  DIR/cards/*.card
    DIR/papers/  DIR/bank/  DIR/lists/        what the story leaves for people to look at
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hub.client import HubClient
from hub.forms import BankForm, InviteForm
from node.card.demo import new_card
from node.counter import Counter
from node.enrol import enrol, look
from node.identity import Identity, keep_settings, settings_of
from node.opening import HTTP_TIMEOUT, Ports, http_door
from node.outcome import TicketPaper
from node.reach import Patience
from sync.errors import Damaged
from sync.http import HttpDoor
from sync.invitation import read_invitation
from sync.ports import SystemRandomness
from sync.request import Door
from sync.values import organisation_of
from tui.demo.cast import BEGIN, Account, Organisation, Resident
from tui.demo.clockwork import Clockwork
from tui.demo.hubprogram import HubProgram, Made
from tui.demo.network import Switch, SwitchedDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """One counter of the corner: its use cases, and the switch of its network."""

    counter: Counter
    switch: Switch
    organisation: Organisation
    place: str
    fingerprint: str

    def cut(self) -> None:
        """Pull the cable."""
        self.switch.up = False

    def mend(self) -> None:
        """Plug it in again, and let the node find out and exchange everything."""
        self.switch.up = True
        self.counter.probe()
        self.counter.sync_now()


@dataclass(slots=True)
class Corner:
    """Everything that runs. ``first`` and ``second`` are the two operators' calls."""

    folder: Path
    clock: Clockwork
    hub: HubProgram
    first: HubClient
    second: HubClient
    ca: Path
    secret: bytes
    patience: Patience
    at_end: ExitStack
    terminals: list[Terminal] = field(default_factory=list)

    def asked(self, pending: str) -> None:
        """What the first operator asked for is approved by the second."""
        if not pending:
            raise Damaged("this needed no second person, though it should")
        self.second.approve(pending)

    def terminal(self, organisation: Organisation, place: str) -> Terminal:
        """Set a terminal up: invitation, "register with this?", fingerprint compared, confirmed."""
        form = InviteForm(organisation=organisation.id, kind=organisation.kind, place=place)
        invitation = read_invitation(self.first.invite(form).invitation)
        switch = Switch()
        ports = Ports(
            secret=self.secret,
            clock=self.clock.clock,
            door=_switched(switch),
            patience=self.patience,
        )
        with closing(_door(invitation.hub)) as door:
            invited = look(invitation, door)
            made = enrol(
                self.folder / "nodes" / invited.node,
                invitation,
                ports,
                second_path=self.folder / "sticks" / invited.node,
                program="machikado demo",
                door=door,
            )
        self.at_end.callback(made.counter.close)
        store = made.counter.parts.store
        printer = f"file:{self.made('papers', f'{made.node}.escpos')}"
        keep_settings(store, msgspec.structs.replace(settings_of(store), printer=printer))
        self.first.confirm(made.node, made.fingerprint)
        made.counter.sync_now()
        terminal = Terminal(
            counter=made.counter,
            switch=switch,
            organisation=organisation,
            place=invited.place,
            fingerprint=made.fingerprint,
        )
        self.terminals.append(terminal)
        return terminal

    def of(self, organisation: Organisation, terminal: int = 0) -> Terminal:
        """A terminal of an organisation, in the order they were set up."""
        own = [
            each
            for each in self.terminals
            if organisation_of(each.counter.parts.identity.node) == organisation.id
        ]
        return own[terminal]

    def issue_card(self, resident: Resident) -> None:
        """Give a resident a card of the demo's authority."""
        file = self._card(resident)
        file.parent.mkdir(exist_ok=True)
        new_card(file, self.ca, pin(resident), at=self.clock.now)

    def card(self, resident: Resident) -> str:
        """The address of a resident's card."""
        return f"soft:{self._card(resident)}"

    def morning(self, moment: str) -> None:
        """Turn the clock; terminals whose network is up exchange everything, as they do by day."""
        self.clock.turn_to(moment)
        for terminal in self.terminals:
            if terminal.switch.up:
                terminal.counter.sync_now()

    def papers(self) -> tuple[TicketPaper, ...]:
        """Every paper ticket that was issued at the corner."""
        return tuple(
            paper
            for terminal in self.terminals
            for row in terminal.counter.history()
            if row.kind == "ticket.issued"
            for paper in terminal.counter.parts.paper.of_record(row.epoch, row.seq)
        )

    def made(self, *steps: str) -> Path:
        """Where to put a file for people; its folder is there afterwards."""
        file = self.folder.joinpath(*steps)
        file.parent.mkdir(exist_ok=True)
        return file

    def _card(self, resident: Resident) -> Path:
        return self.folder / "cards" / f"{resident.card}.card"


@contextmanager
def opened(folder: Path, patience: Patience) -> Iterator[Corner]:
    """Make a hub in an empty folder and run it until the end, whatever the end is.

    ``patience`` is the counters': how long they wait for the hub before policy decides.
    """
    clock = Clockwork(folder / "clock", BEGIN)
    hub = HubProgram(folder / "hub", clock.file)
    made = hub.make()
    with ExitStack() as at_end:
        at_end.callback(hub.stop)
        hub.start()
        first, second = (_client(made, place, at_end) for place in (0, 1))
        yield Corner(
            folder=folder,
            clock=clock,
            hub=hub,
            first=first,
            second=second,
            ca=Path(made.demo_ca),
            secret=SystemRandomness().bytes(32).hex().encode(),
            patience=patience,
            at_end=at_end,
        )


def pin(resident: Resident) -> bytearray:
    """A resident types the PIN; whoever gets it overwrites it."""
    return bytearray(resident.pin.encode())


def bank_form(account: Account) -> BankForm:
    """An ordinary account (普通預金) as the hub asks for it."""
    return BankForm(
        bank=account.bank,
        branch=account.branch,
        account_type="1",
        account=account.number,
        holder=account.holder,
    )


def _client(made: Made, place: int, at_end: ExitStack) -> HubClient:
    door = _door(made.origin)
    at_end.callback(door.close)
    return HubClient(door, Path(made.operators[place].token_file).read_text("ascii"))


def _door(origin: str) -> HttpDoor:
    """To a hub on this PC, where nobody stands in between."""
    return HttpDoor(origin, pin=None, timeout=HTTP_TIMEOUT)


def _switched(switch: Switch) -> Callable[[Identity], Door]:
    return lambda identity: SwitchedDoor(http_door(identity), switch)
