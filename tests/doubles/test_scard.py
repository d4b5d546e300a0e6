"""The PC/SC service that is made up is as strict as the real one."""

from typing import TYPE_CHECKING

import pytest

from node.card.pcsc import SHARE_EXCLUSIVE, UNPOWER_CARD, Code
from node.card.watch import CHANGED, EMPTY, PRESENT
from tests.doubles.scard import FakeScard

if TYPE_CHECKING:
    from node.card.pcsc import Scard

    def _so_has_the_one_that_is_made_up(service: FakeScard) -> Scard:
        return service


READER = "Sony"


class _Card:
    """Answers each command with itself, while it has power."""

    def __init__(self) -> None:
        self.power = True

    def transmit(self, command: bytes | bytearray) -> bytes:
        assert self.power
        return bytes(command)

    def close(self) -> None:
        self.power = False


@pytest.fixture
def pc() -> FakeScard:
    service = FakeScard()
    service.plug(READER, _Card)
    return service


def connect(pc: FakeScard) -> tuple[int, int]:
    _, context = pc.SCardEstablishContext(0)
    code, card, _ = pc.SCardConnect(context, READER, SHARE_EXCLUSIVE, 3)
    return code, card


def test_a_card_is_one_programs_until_it_lets_go(pc: FakeScard) -> None:
    code, card = connect(pc)

    assert code == Code.SUCCESS
    assert connect(pc)[0] == Code.SHARING_VIOLATION
    assert pc.SCardTransmit(card, pc.protocol, [1, 2]) == (Code.SUCCESS, [1, 2])
    assert pc.SCardDisconnect(card, UNPOWER_CARD) == Code.SUCCESS
    assert pc.SCardTransmit(card, pc.protocol, [1, 2])[0] == Code.INVALID_HANDLE
    assert connect(pc)[0] == Code.SUCCESS


def test_what_leaves_is_missed_in_its_own_way(pc: FakeScard) -> None:
    _, card = connect(pc)
    pc.lift(READER)
    assert pc.SCardTransmit(card, pc.protocol, [1])[0] == Code.REMOVED_CARD
    pc.unplug(READER)
    assert pc.SCardTransmit(card, pc.protocol, [1])[0] == Code.READER_UNAVAILABLE
    pc.kill()
    assert pc.SCardTransmit(card, pc.protocol, [1])[0] == Code.NO_SERVICE
    pc.start()
    assert pc.SCardTransmit(card, pc.protocol, [1])[0] == Code.INVALID_HANDLE


def test_a_session_from_before_a_restart_is_worth_nothing(pc: FakeScard) -> None:
    _, context = pc.SCardEstablishContext(0)
    pc.kill()
    pc.start()

    assert pc.SCardListReaders(context, []) == (Code.INVALID_HANDLE, [])


def test_who_knows_the_state_waits_and_who_does_not_is_told(pc: FakeScard) -> None:
    _, context = pc.SCardEstablishContext(0)

    code, [(_, state, _)] = pc.SCardGetStatusChange(context, 0, [(READER, 0)])
    assert (code, state) == (Code.SUCCESS, PRESENT | CHANGED)
    assert pc.SCardGetStatusChange(context, 0, [(READER, PRESENT)])[0] == Code.TIMEOUT
    pc.lift(READER)
    code, [(_, state, _)] = pc.SCardGetStatusChange(context, 0, [(READER, PRESENT)])
    assert (code, state) == (Code.SUCCESS, EMPTY | CHANGED | 1 << 16)
    pc.SCardCancel(context)
    assert pc.SCardGetStatusChange(context, 0, [(READER, state)])[0] == Code.CANCELLED
    assert pc.SCardGetStatusChange(context, 0, [("none", 0)])[0] == Code.UNKNOWN_READER
