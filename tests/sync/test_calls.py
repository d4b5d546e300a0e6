"""A node's calls: signed on the way up, believed on the way down only from the hub's own key."""

from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest

from sync import batch as batches
from sync.calls import (
    MESSAGE,
    Balance,
    Balances,
    CardSigned,
    Challenge,
    Doorstep,
    Enrolled,
    EnrolmentRequest,
    EpochGranted,
    HeldRecords,
    HubCalls,
    HubTime,
    Invited,
    Joined,
    JoinState,
    MemberSeen,
    Registered,
    keyid_of,
)
from sync.choosing import Offer, Wishes
from sync.errors import Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.feed import Page
from sync.holds import HoldAnswer, HoldRequest, Purpose
from sync.owntickets import OwnTicket, OwnTickets
from sync.papers import TicketQuestion, TicketSeen
from sync.payees import Payee, Payees
from sync.receipt import Answer
from sync.request import Request, Response, problem_response, verify_request
from sync.services import CardNumber, NumberQuestion
from sync.signing import SigningKey, seal_with
from sync.standing import Asof, LoneStanding
from sync.ticket import check_digit, check_number
from sync.values import Millis, Points, organisation_of
from sync.wire import write
from tests.vectors.examples import (
    CARD,
    EPOCH,
    HUB_KEY,
    LAST,
    NODE,
    NODE_KEY,
    NOON,
    ORIGIN,
    TOWN,
)

STRANGER = SigningKey(bytes(32))


class Stopped:
    """A clock that stands at noon."""

    def now(self) -> Millis:
        return NOON

    def running(self) -> Millis:
        return NOON

    def boot(self) -> str:
        return "test"


class Hub:
    """Checks every request's signature, remembers it, and says one thing."""

    def __init__(self, says: Response) -> None:
        self.says = says
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return self.says


def said(what: str, message: msgspec.Struct, key: SigningKey = HUB_KEY) -> Response:
    return Response(200, MESSAGE, write(seal_with(key, what, write(message))))


def calls(hub: Hub) -> HubCalls:
    return HubCalls(
        hub,
        origin=ORIGIN,
        node=NODE,
        epoch=EPOCH,
        key=NODE_KEY,
        clock=Stopped(),
        trusted=(HUB_KEY.public,),
    )


ASOF = Asof(1, 42, NOON, ((EPOCH, 3),))
WANTED = HoldRequest(TOWN, Purpose.SPEND, Points(300), "0" * 16, CARD, b"", None, ())
SIGNED_BY_CARD = CardSigned(b"request", "RS256", bytes(256))
HOME = f"/v1/nodes/{NODE}"
LIBRARY = organisation_of(NODE)
PAPER = check_number("101123456789" + check_digit("101123456789"))
CALLS: list[tuple[str, Callable[[HubCalls], object], str, msgspec.Struct]] = [
    (
        f"PUT {HOME}/epochs/{EPOCH}/holds/4",
        lambda hub: hub.hold(4, WANTED),
        "hold",
        HoldAnswer("1-ab", NODE, EPOCH, 4, False, "too-few-points", 4, (), None),
    ),
    (
        f"POST {HOME}/standings",
        lambda hub: hub.standing(CARD),
        "standing",
        LoneStanding("2026-03", bytes(16), b"", ASOF),
    ),
    (
        f"GET {HOME}/feed?after=41&incarnation=1-ab",
        lambda hub: hub.feed("1-ab", 41),
        "page",
        Page("1-ab", NODE, 41, 42, True, ASOF, ()),
    ),
    (
        f"POST {HOME}/epochs",
        lambda hub: hub.ask_epoch(bytes(32)),
        "epoch",
        EpochGranted("1-ab", EPOCH, EPOCH, 3, LAST, ((EPOCH, 3, LAST),)),
    ),
    (
        f"GET {HOME}/epochs/{EPOCH}/records/2",
        lambda hub: hub.held_records(EPOCH, 2),
        "records",
        HeldRecords(EPOCH, 2, b"", LAST),
    ),
    (
        f"POST {HOME}/challenges",
        lambda hub: hub.challenge(),
        "challenge",
        Challenge(bytes(32)),
    ),
    (
        f"POST {HOME}/registrations",
        lambda hub: hub.register(SIGNED_BY_CARD),
        "registered",
        Registered("SAKURA12", False, False),
    ),
    (
        f"POST {HOME}/looks",
        lambda hub: hub.look(SIGNED_BY_CARD),
        "balances",
        Balances(NOON, (Balance(TOWN, "かわさきポイント", 1_000, 0),)),
    ),
    (
        f"POST {HOME}/mykey-ids",
        lambda hub: hub.choose(Wishes(("SAKURA12",))),
        "offer",
        Offer("MOMIJI34", True, ("SAKURA12",)),
    ),
    (
        f"POST {HOME}/numbers",
        lambda hub: hub.number(NumberQuestion(CARD)),
        "number",
        CardNumber(True, LIBRARY, "A-1024"),
    ),
    (
        f"POST {HOME}/number-changes",
        lambda hub: hub.change_number(SIGNED_BY_CARD),
        "number",
        CardNumber(True, LIBRARY, ""),
    ),
    (
        f"POST {HOME}/members",
        lambda hub: hub.member(SIGNED_BY_CARD),
        "member",
        MemberSeen("SAKURA12", "active", False, False, 1, ("points",), ()),
    ),
    (
        f"POST {HOME}/own-tickets",
        lambda hub: hub.own_tickets(SIGNED_BY_CARD),
        "own-tickets",
        OwnTickets(NOON, (OwnTicket(TOWN, PAPER, Points(500), "2026-03-29", "2026-04-30", False),)),
    ),
    (
        f"POST {HOME}/joins",
        lambda hub: hub.join(SIGNED_BY_CARD),
        "joined",
        Joined(CARD, "SAKURA12", JoinState.WAITING),
    ),
    (
        f"GET {HOME}/payees",
        lambda hub: hub.payees(),
        "payees",
        Payees((Payee(LIBRARY, "図書館", "2階"),)),
    ),
    (
        f"POST {HOME}/tickets",
        lambda hub: hub.find_ticket(TicketQuestion(TOWN, PAPER, Purpose.CLEAR)),
        "ticket",
        TicketSeen(TOWN, PAPER, Points(500), "2026-03-29", "2026-04-30", "ticket-used"),
    ),
]
each_call = pytest.mark.parametrize(
    ("line", "call", "what", "message"), CALLS, ids=[call[0].rsplit("/", 1)[1] for call in CALLS]
)


@each_call
def test_a_call_is_signed_by_the_node_and_brings_what_the_hub_said(
    line: str, call: Callable[[HubCalls], object], what: str, message: msgspec.Struct
) -> None:
    hub = Hub(said(what, message))

    assert call(calls(hub)) == message

    (asked,) = hub.asked
    assert f"{asked.method} {asked.path_with_query}" == line
    keyid = verify_request(
        asked,
        origin=ORIGIN,
        find_key={keyid_of(NODE, EPOCH): NODE_KEY.public}.get,
        now=NOON,
        window_ms=1000,
    )
    assert keyid == f"{NODE}/{EPOCH}"


@each_call
def test_an_answer_that_the_hub_did_not_sign_for_this_is_not_believed(
    line: str, call: Callable[[HubCalls], object], what: str, message: msgspec.Struct
) -> None:
    assert line
    for forged in (said(what, message, STRANGER), said("other", message)):
        with pytest.raises(NotAuthentic):
            call(calls(Hub(forged)))
    with pytest.raises(Malformed):
        call(calls(Hub(Response(200, MESSAGE, b"<html>"))))


@each_call
def test_a_refusal_reaches_the_caller(
    line: str, call: Callable[[HubCalls], object], what: str, message: msgspec.Struct
) -> None:
    assert line
    assert what
    assert message
    with pytest.raises(RefusedByRule, match="this node was revoked"):
        call(calls(Hub(problem_response(403, "revoked", "this node was revoked"))))


def test_records_go_up_as_they_are() -> None:
    answer = Answer(seal_with(HUB_KEY, "custody", b""), (), (), 0, "open")
    hub = Hub(Response(200, MESSAGE, write(answer)))

    assert calls(hub).put_records(EPOCH, 7, b"a batch") == answer

    (asked,) = hub.asked
    assert asked.path_with_query == f"{HOME}/epochs/{EPOCH}/records/7"
    assert (asked.content_type, asked.body) == (batches.Coding.ROWS, b"a batch")


def test_a_batch_goes_in_the_coding_that_the_hub_reads() -> None:
    answer = write(Answer(seal_with(HUB_KEY, "custody", b""), (), (), 0, "open"))
    older = Response(200, MESSAGE, answer)
    newer = Response(200, MESSAGE, answer, (("accept", batches.READ),))
    busy = problem_response(503, "busy", "later")
    refused = problem_response(400, "malformed", "batch: not zstd")
    seen: list[batches.Coding] = []
    hub = Hub(older)
    node = calls(hub)
    for response in (older, newer, busy, newer, refused, newer, older):
        hub.says = response
        with suppress(Unreachable, Malformed):
            node.put_records(EPOCH, 1, b"")
        seen.append(node.coding)

    rows, columns = batches.Coding
    assert seen == [rows, columns, columns, columns, rows, columns, rows]


def test_somebody_on_the_doorstep_asks_unsigned_and_believes_the_invitation_s_key() -> None:
    trusted = (HUB_KEY.public,)

    assert Doorstep(Hub(said("time", HubTime(NOON))), trusted).time() == NOON
    invited = Invited(NODE, "shop", "さくら商店", "駅前", "川崎市")
    hub = Hub(said("invited", invited))
    assert Doorstep(hub, trusted).invited("CODE") == invited
    assert "CODE" not in hub.asked[0].path_with_query
    assert hub.asked[0].headers == ()
    enrolled = Enrolled(NODE, "shop", "さくら商店", "駅前", EPOCH, "141305-1", False)
    request = EnrolmentRequest("CODE", NODE_KEY.public)
    assert Doorstep(Hub(said("enrolled", enrolled)), trusted).enrol(request) == enrolled
    with pytest.raises(NotAuthentic):
        Doorstep(Hub(said("time", HubTime(NOON), STRANGER)), trusted).time()
