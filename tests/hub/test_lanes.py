"""No kind of call stands behind another's queue, and who finds no room is told when to come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.lanes import LEAST_WAIT, LONGEST_WAIT, Lane, Room, Width, lane_of, terminal_of
from hub.routes import ROUTES
from sync.errors import Busy, TooMany

NODE = "141305-B2108-1111"
SHOP, OTHER = ("192.0.2.1", NODE), ("192.0.2.2", NODE)


def test_every_call_of_the_door_has_a_lane_and_people_have_their_own() -> None:
    lanes = {
        (route.method, route.path): lane_of(route.method, route.path.format_map(Named()))
        for route in ROUTES
    }

    assert None not in lanes.values()
    others = {key: lane for key, lane in lanes.items() if lane is not Lane.COUNTER}
    records = "/v1/nodes/{node}/epochs/{epoch}/records/{first}"
    assert others == {
        ("PUT", records): Lane.HANDING_IN,
        ("GET", records): Lane.BACKGROUND,
        ("GET", "/v1/nodes/{node}/feed"): Lane.BACKGROUND,
        ("GET", "/v1/time"): Lane.BACKGROUND,
        ("GET", "/v1/keys"): Lane.BACKGROUND,
        ("GET", "/v1/invitations/{digest}"): Lane.BACKGROUND,
        ("POST", "/v1/enrolments"): Lane.BACKGROUND,
    }
    assert terminal_of(f"/v1/nodes/{NODE}/feed") == NODE
    assert terminal_of("/v1/time") == ""


class Named(dict[str, str]):
    """A path's places."""

    def __missing__(self, key: str) -> str:
        return NODE if key == "node" else "1"


@pytest.mark.parametrize("path", ["/v1/desk/grants", "/v1/openapi", "/metrics", "/", "", "/v1"])
def test_what_people_at_desks_ask_is_not_counted(path: str) -> None:
    assert lane_of("GET", path) is None


def test_a_noisy_terminal_has_its_share_and_no_more() -> None:
    room = Room(Width(threads=1, most=10, each=2))
    room.enter(SHOP, 0.0)
    room.enter(SHOP, 0.0)

    with pytest.raises(TooMany) as caught:
        room.enter(SHOP, 0.0)

    assert caught.value.retry_after == LEAST_WAIT
    room.enter(OTHER, 0.0)  # who only uses its name elsewhere has a share of his own
    room.leave(SHOP, 1.0)
    room.enter(SHOP, 1.0)


def test_calls_that_name_no_terminal_share_nothing_but_the_lane() -> None:
    room = Room(Width(threads=1, most=3, each=1))
    for _ in range(3):
        room.enter(("192.0.2.1", ""), 0.0)
    with pytest.raises(Busy):
        room.enter(("192.0.2.1", ""), 0.0)


def test_two_thousand_who_find_no_room_come_back_one_after_the_other() -> None:
    room = Room(Width(threads=1, most=1, each=1))
    room.enter(SHOP, 0.0)
    waits = [wait_of(room, 0.0) for _ in range(2_000)]

    assert waits == sorted(waits)
    assert waits[0] == LEAST_WAIT
    assert waits[-1] == pytest.approx(40.0)
    assert wait_of(room, 39.0) == pytest.approx(LEAST_WAIT, abs=0.1)


def wait_of(room: Room, now: float) -> float:
    with pytest.raises(Busy) as caught:
        room.enter(("192.0.2.9", "141305-B2108-9999"), now)
    assert caught.value.retry_after is not None
    return caught.value.retry_after


def entering(room: Room, caller: tuple[str, str], now: float) -> Busy | None:
    try:
        room.enter(caller, now)
    except Busy as busy:
        return busy
    return None


@given(
    st.lists(
        st.tuples(st.sampled_from(["enter", "leave"]), st.integers(0, 5), st.floats(0, 5)),
        max_size=80,
    )
)
def test_a_lane_never_has_more_under_way_than_it_may(steps: list[tuple[str, int, float]]) -> None:
    room, now = Room(Width(threads=1, most=4, each=2)), 0.0
    inside: list[tuple[str, str]] = []
    for what, who, later in steps:
        now += later
        caller = ("192.0.2.1", f"141305-B2108-{who}")
        if what == "enter":
            told = entering(room, caller, now)
            match told:
                case None:
                    inside.append(caller)
                case TooMany():
                    assert inside.count(caller) == 2
                case Busy(retry_after=float() as wait):
                    assert len(inside) == 4
                    assert LEAST_WAIT <= wait <= LONGEST_WAIT
        elif inside:
            room.leave(inside.pop(who % len(inside)), now)
        assert room.under_way == len(inside) <= 4
        assert all(inside.count(each) <= 2 for each in inside)
