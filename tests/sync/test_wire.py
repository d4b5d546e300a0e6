"""Messages up and down: each reads back as itself, and foreign bytes are refused in words."""

import subprocess
import sys
from typing import TypeGuard

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import calls
from sync.batch import Batch, EvidenceBook
from sync.errors import Malformed
from sync.feed import (
    AnyItem,
    Item,
    LimitItem,
    Page,
    PaymentDayItem,
    PolicyItem,
    ProgrammeItem,
    RevocationItem,
    SealingKeyItem,
    SettledItem,
    StandingItem,
    TicketKeyItem,
    TownItem,
    UsedTicketItem,
    ZoneKeyItem,
    item_kind,
)
from sync.holds import HoldAnswer, HoldRequest, Purpose, StandingRequest, Wanted
from sync.invitation import Invitation
from sync.receipt import Answer, Bearer, Custody, Outcome, Receipt, Verdict
from sync.records import Ticket
from sync.signing import Head, Signed, seal_with
from sync.standing import Asof, LoneStanding, Standing
from sync.values import Digest, KeyDigest, Millis, MunicipalityCode, Points
from sync.wire import read, write
from tests.vectors.examples import CARD, EPOCH, HUB_KEY, LAST, NODE, NOON, NUMBER, TOWN

ASOF = Asof(1, 42, NOON, ((EPOCH, 3),))
LONE = LoneStanding("2026-03", bytes(16), b"sealed", ASOF)
ITEMS: tuple[AnyItem, ...] = (
    PolicyItem(TOWN, b"policy"),
    LimitItem(20_000),
    TownItem(TOWN, "川崎市", "かわさきポイント", True),
    ProgrammeItem(TOWN, "101", "祭り", "2026-08-01", "2026-08-31"),
    TicketKeyItem(TOWN, bytes(32)),
    UsedTicketItem(bytes(16)),
    ZoneKeyItem("2026-03", bytes(32)),
    SealingKeyItem("2026-03", bytes(32)),
    StandingItem("2026-03", bytes(16), b"sealed"),
    SettledItem(TOWN, 7, NOON),
    PaymentDayItem(TOWN, "2026-04-27"),
    RevocationItem(NOON),
)
TICKET = Ticket(NUMBER, Points(500), "2026-04-01", "2026-06-30")
WANTED = Wanted("101", Points(500), 2, "2026-04-01", 90)
SIGNED = seal_with(HUB_KEY, "receipt", b"body")
VERDICT = Verdict(3, LAST, Outcome.EXCEPTION, "float-used-up", Bearer.RESERVE, 300, 9)
MESSAGES: tuple[msgspec.Struct, ...] = (
    Page("1-ab", NODE, 0, 42, True, ASOF, ITEMS),
    Page("1-ab", NODE, 42, 42, True, ASOF, ()),
    LONE,
    HoldRequest(TOWN, Purpose.SPEND, Points(300), "0" * 16, CARD, b"", None, ((EPOCH, 3),)),
    HoldRequest(TOWN, Purpose.ISSUE, Points(1_000), "0" * 16, CARD, b"", WANTED, ()),
    HoldRequest(TOWN, Purpose.REDEEM, Points(500), "", b"", b"ticket", None, ()),
    HoldAnswer("1-ab", NODE, EPOCH, 4, True, "", 4, (TICKET,), LONE),
    HoldAnswer("1-ab", NODE, EPOCH, 4, False, "too-few-points", 9, (), None),
    StandingRequest(EPOCH, CARD),
    Custody("1-ab", NODE, EPOCH, 3, LAST, NOON),
    Receipt("1-ab", NODE, EPOCH, NOON, (VERDICT,), 0),
    Answer(SIGNED, (SIGNED, SIGNED), (Digest(CARD),), 4, "open"),
    SIGNED,
)
KINDS = (
    Page,
    HoldRequest,
    HoldAnswer,
    Answer,
    Receipt,
    Batch,
    EvidenceBook,
    Signed,
    Head,
    Standing,
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_reads_back_as_itself(message: msgspec.Struct) -> None:
    assert read(write(message), type(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_with_one_element_more_is_refused(message: msgspec.Struct) -> None:
    name = type(message).__name__
    whole = msgspec.msgpack.decode(write(message))
    with pytest.raises(Malformed, match=f"^{name}:"):
        read(msgspec.msgpack.encode([*whole, 0]), type(message))
    with pytest.raises(Malformed, match=f"^{name}:"):
        read(write(message) + b"\0", type(message))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=200))
def test_foreign_bytes_are_refused_in_words(kind: type[msgspec.Struct], data: bytes) -> None:
    try:
        message = read(data, kind)
    except Malformed as refusal:
        words = str(refusal)
        assert words.startswith(f"{kind.__name__}:")
    else:
        assert isinstance(message, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("poison", [b"\x91" * 5000, b"\xdd\xff\xff\xff\xff", b"\x81\xc0" * 5000])
def test_bytes_made_to_hurt_a_reader_are_refused(kind: type[msgspec.Struct], poison: bytes) -> None:
    with pytest.raises(Malformed):
        read(poison, kind)


def test_every_kind_of_item_can_come_down() -> None:
    kinds = [item_kind(item) for item in ITEMS]
    assert sorted(kinds) == sorted(kind.__struct_config__.tag for kind in AnyItem.__args__)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ITEMS[0], PolicyItem(MunicipalityCode("131164"), b"policy")),
        (ITEMS[2], TownItem(MunicipalityCode("131164"), "", "", False)),
        (ITEMS[3], ProgrammeItem(TOWN, "102", "", "", "")),
        (ITEMS[4], TicketKeyItem(TOWN, bytes(31) + b"\1")),
        (ITEMS[5], UsedTicketItem(bytes(15) + b"\1")),
        (ITEMS[6], ZoneKeyItem("2026-04", bytes(32))),
        (ITEMS[7], SealingKeyItem("2026-04", bytes(32))),
        (ITEMS[8], StandingItem("2026-04", bytes(16), b"")),
        (ITEMS[9], SettledItem(TOWN, 8, Millis(0))),
        (ITEMS[10], PaymentDayItem(MunicipalityCode("131164"), "2026-04-27")),
    ],
)
def test_items_about_different_things_are_filed_apart(one: Item, other: Item) -> None:
    assert item_kind(one) == item_kind(other)
    assert one.key != other.key


def test_a_newer_item_about_the_same_thing_takes_its_place() -> None:
    assert PolicyItem(TOWN, b"old").key == PolicyItem(TOWN, b"new").key
    assert LimitItem(1).key == LimitItem(2).key
    assert StandingItem("2026-03", bytes(16), b"old").key == ITEMS[8].key


@pytest.mark.parametrize(
    "wrong",
    [
        HoldRequest(TOWN, Purpose.SPEND, Points(0), "", b"", b"", None, ()),
        HoldRequest(TOWN, Purpose.SPEND, Points(1), "0" * 17, b"", b"", None, ()),
        HoldRequest(TOWN, Purpose.SPEND, Points(1), "", bytes(33), b"", None, ()),
        HoldRequest(TOWN, Purpose.SPEND, Points(1), "", b"", b"", None, ((EPOCH, 0),)),
        HoldRequest(MunicipalityCode("14130５"), Purpose.SPEND, Points(1), "", b"", b"", None, ()),
        HoldRequest(
            TOWN, Purpose.ISSUE, Points(1), "", b"", b"", Wanted("10", Points(1), 1, "", 1), ()
        ),
        HoldRequest(
            TOWN, Purpose.ISSUE, Points(1), "", b"", b"", Wanted("101", Points(1), 21, "", 1), ()
        ),
        StandingRequest(EPOCH, KeyDigest(bytes(31))),
    ],
)
def test_a_request_out_of_bounds_does_not_read(wrong: msgspec.Struct) -> None:
    with pytest.raises(Malformed):
        read(write(wrong), type(wrong))


def unbounded(kind: msgspec.inspect.Type, place: str, seen: set[type]) -> list[str]:
    """The places in a message where a whole number may be larger than any database holds."""
    match kind:
        case msgspec.inspect.IntType():
            ends = (kind.ge, kind.gt), (kind.le, kind.lt)
            return [] if all(end != (None, None) for end in ends) else [place]
        case msgspec.inspect.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            return [
                each
                for field in kind.fields
                for each in unbounded(field.type, f"{kind.cls.__name__}.{field.name}", seen)
            ]
        case msgspec.inspect.TupleType():
            return [each for item in kind.item_types for each in unbounded(item, place, seen)]
        case msgspec.inspect.VarTupleType():
            return unbounded(kind.item_type, place, seen)
        case msgspec.inspect.UnionType():
            return [each for item in kind.types for each in unbounded(item, place, seen)]
    return []


def test_no_message_carries_a_number_that_no_database_holds() -> None:
    kinds = {type(message) for message in (*MESSAGES, *ITEMS)} | {Batch, EvidenceBook, Invitation}
    kinds |= {each for each in vars(calls).values() if is_message(each)}
    found = {
        place
        for kind in kinds
        for place in unbounded(msgspec.inspect.type_info(kind), kind.__name__, set())
    }

    assert found == set()


def is_message(each: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(each, type) and issubclass(each, msgspec.Struct)


def test_threads_that_read_the_first_message_of_its_kind_do_not_end_the_process() -> None:
    """Two terminals hand in at the moment that a hub has started."""
    done = subprocess.run([sys.executable, "-m", "tests.sync.first_read"], check=False)
    assert done.returncode == 0
