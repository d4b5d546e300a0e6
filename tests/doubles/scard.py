# ruff: noqa: N802  the names of the PC/SC API
"""The PC/SC service of a PC that tests plug readers into, as ``smartcard.scard`` shows it.

Cards are anything with ``transmit``, powered while a connection holds them. The service can be
killed, readers unplugged, and any function made to fail with a code of one's choice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition

from node.card.pcsc import (
    PROTOCOL_T1,
    SHARE_EXCLUSIVE,
    UNPOWER_CARD,
    Code,
    Status,
)
from node.card.pinpad import VERIFY_PIN_DIRECT
from node.card.tap import Connection
from node.card.watch import CHANGED, EMPTY, MUTE, PLUG_AND_PLAY, PRESENT, UNKNOWN

PAD = 0x42330006
"""The control code under which the fake's keypads take a PIN."""

_ASK_FEATURES = 0x42000000 + 3400


@dataclass
class Slot:
    """One reader. ``card`` powers what lies on it; None is nothing."""

    card: Callable[[], Connection] | None = None
    mute: bool = False
    count: int = 0
    holder: int | None = None
    """The handle of who connected, exclusively."""
    pad: Callable[[bytes], bytes] | None = None
    """Takes the PIN_VERIFY_STRUCTURE and gives the card's answer."""


@dataclass
class FakeScard:
    """A PC/SC service. ``codes`` says what a function returns instead of doing its work."""

    running: bool = True
    protocol: int = PROTOCOL_T1
    codes: dict[str, int] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    contexts: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    transmitted: list[bytes] = field(default_factory=list)
    unpowered: list[str] = field(default_factory=list)
    plug_and_play: bool = True
    """Whether the pseudo reader is known, as it is not on every system."""

    def __post_init__(self) -> None:
        self._last = 0
        self._cards: dict[int, tuple[str, Connection]] = {}
        self._cancelled: set[int] = set()
        self._moved = Condition()

    # -- what a test does to the PC

    def plug(self, name: str, card: Callable[[], Connection] | None = None) -> Slot:
        """Plug a reader in, with a card on it or none."""
        with self._moved:
            self.slots[name] = Slot(card=card)
            self._moved.notify_all()
            return self.slots[name]

    def unplug(self, name: str) -> None:
        with self._moved:
            del self.slots[name]
            self._moved.notify_all()

    def put(self, name: str, card: Callable[[], Connection], *, mute: bool = False) -> None:
        """Put a card on a reader."""
        with self._moved:
            slot = self.slots[name]
            slot.card, slot.mute, slot.count = card, mute, slot.count + 1
            self._moved.notify_all()

    def lift(self, name: str) -> None:
        with self._moved:
            slot = self.slots[name]
            slot.card, slot.mute, slot.count = None, False, slot.count + 1
            self._moved.notify_all()

    def kill(self) -> None:
        """The service dies: every context and every connection is gone."""
        with self._moved:
            self.running = False
            self.contexts.clear()
            for _, connection in self._cards.values():
                connection.close()
            self._cards.clear()
            for slot in self.slots.values():
                slot.holder = None
            self._moved.notify_all()

    def start(self) -> None:
        with self._moved:
            self.running = True
            self._moved.notify_all()

    # -- the functions

    def SCARD_CTL_CODE(self, code: int) -> int:
        return 0x42000000 + code

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:
        code = self._code("SCardEstablishContext")
        if code != Code.SUCCESS:
            return code, 0
        self.contexts.add(self._number())
        return code, self._last

    def SCardReleaseContext(self, context: int) -> int:
        self.contexts.discard(context)
        return self._code("SCardReleaseContext")

    def SCardListReaders(self, context: int, _groups: Sequence[str]) -> tuple[int, Sequence[str]]:
        code = self._code("SCardListReaders", context)
        if code == Code.SUCCESS and not self.slots:
            code = Code.NO_READERS_AVAILABLE
        return code, list(self.slots) if code == Code.SUCCESS else []

    def SCardConnect(
        self, context: int, reader: str, share: int, _protocols: int
    ) -> tuple[int, int, int]:
        assert share == SHARE_EXCLUSIVE
        code = self._code("SCardConnect", context)
        slot = self.slots.get(reader)
        if code == Code.SUCCESS:
            code = _connecting(slot)
        if code != Code.SUCCESS or slot is None or slot.card is None:
            return code, 0, 0
        slot.holder = self._number()
        self._cards[slot.holder] = (reader, slot.card())
        return code, slot.holder, self.protocol

    def SCardDisconnect(self, card: int, disposition: int) -> int:
        code = self._code("SCardDisconnect")
        if card not in self._cards:
            return Code.INVALID_HANDLE
        name, connection = self._cards.pop(card)
        connection.close()
        if name in self.slots:
            self.slots[name].holder = None
        if disposition == UNPOWER_CARD:
            self.unpowered.append(name)
        return code

    def SCardTransmit(
        self, card: int, protocol: int, command: Sequence[int]
    ) -> tuple[int, Sequence[int]]:
        assert protocol == self.protocol
        code = self._held("SCardTransmit", card)
        if code != Code.SUCCESS:
            return code, []
        self.transmitted.append(bytes(command))
        return code, list(self._cards[card][1].transmit(bytes(command)))

    def SCardControl(
        self, card: int, control_code: int, sent: Sequence[int]
    ) -> tuple[int, Sequence[int]]:
        code = self._held("SCardControl", card)
        if code != Code.SUCCESS:
            return code, []
        pad = self.slots[self._cards[card][0]].pad
        if control_code == PAD and pad is not None:
            return code, list(pad(bytes(sent)))
        if control_code == _ASK_FEATURES:
            return code, [VERIFY_PIN_DIRECT, 4, *PAD.to_bytes(4, "big")] if pad else []
        return Code.NOT_TRANSACTED, []

    def SCardGetStatusChange(
        self, context: int, timeout: int, states: Sequence[tuple[str, int]]
    ) -> tuple[int, list[Status]]:
        with self._moved:
            self._moved.wait_for(lambda: self._news(context, states), timeout / 1000)
            if context in self._cancelled:
                self._cancelled.discard(context)
                return Code.CANCELLED, []
            code = self._code("SCardGetStatusChange", context)
            if code != Code.SUCCESS:
                return code, []
            if any(name not in (*self.slots, PLUG_AND_PLAY) for name, _ in states):
                return Code.UNKNOWN_READER, []
            told: list[Status] = [(name, self._event(name, state), ()) for name, state in states]
            changed = any(state & CHANGED for _, state, _ in told)
            return Code.SUCCESS if changed else Code.TIMEOUT, told

    def SCardCancel(self, context: int) -> int:
        with self._moved:
            self._cancelled.add(context)
            self._moved.notify_all()
        return Code.SUCCESS

    # -- inside

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _code(self, function: str, context: int | None = None) -> int:
        self.asked.append(function)
        if function in self.codes:
            return self.codes[function]
        if not self.running:
            return Code.NO_SERVICE
        known = context is None or context in self.contexts
        return Code.SUCCESS if known else Code.INVALID_HANDLE

    def _held(self, function: str, card: int) -> int:
        code = self._code(function)
        if code != Code.SUCCESS:
            return code
        if card not in self._cards:
            return Code.INVALID_HANDLE
        slot = self.slots.get(self._cards[card][0])
        if slot is None:
            return Code.READER_UNAVAILABLE
        return Code.SUCCESS if slot.card is not None else Code.REMOVED_CARD

    def _news(self, context: int, states: Sequence[tuple[str, int]]) -> bool:
        return (
            context in self._cancelled
            or not self.running
            or context not in self.contexts
            or "SCardGetStatusChange" in self.codes
            or any(self._event(name, state) & CHANGED for name, state in states)
        )

    def _event(self, name: str, known: int) -> int:
        """A reader's state word: flags below, the count of events above (pcsc-lite, Windows)."""
        if name == PLUG_AND_PLAY:
            if not self.plug_and_play:
                return UNKNOWN | CHANGED
            now = len(self.slots) << 16
        elif name not in self.slots:
            return UNKNOWN | CHANGED
        else:
            slot = self.slots[name]
            now = (PRESENT if slot.card else EMPTY) | (MUTE if slot.mute else 0) | slot.count << 16
        return now | (CHANGED if now != known & ~CHANGED else 0)


def _connecting(slot: Slot | None) -> int:
    if slot is None:
        return Code.UNKNOWN_READER
    if slot.card is None:
        return Code.NO_SMARTCARD
    if slot.mute:
        return Code.UNRESPONSIVE_CARD
    return Code.SUCCESS if slot.holder is None else Code.SHARING_VIOLATION
