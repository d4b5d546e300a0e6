"""Any record a node could write, for properties over all of them."""

from hypothesis import strategies as st

from sync.clock import At, ClockState
from sync.records import (
    Basis,
    Expiring,
    Genesis,
    NodeNotice,
    PileClosed,
    PileOpened,
    Record,
    Ref,
    Refunded,
    Reversed,
    ShiftClosed,
    ShiftOpened,
    ShiftSum,
    Spend,
    Ticket,
    TicketCleared,
    TicketIssued,
    TicketRedeemed,
    TicketVoided,
    Tier,
)
from sync.values import MOST_POINTS

counters = st.integers(0, 2**53 - 1)
positions = st.integers(1, 2**53 - 1)
amounts = st.integers(1, MOST_POINTS)
digests = st.binary(min_size=32, max_size=32)
short_digests = st.binary(max_size=32)
towns = st.from_regex(r"\A[0-9]{6}\Z")
accounts = st.from_regex(r"\A[0-9a-f]{16}\Z")
epochs = st.from_regex(r"\A[1-9][0-9]{0,8}-[0-9a-f]{16}\Z")
nodes = st.from_regex(r"\A[0-9]{6}-[A-Z][A-Z0-9]{0,11}-[A-Z0-9]{1,8}\Z")
organisations = st.from_regex(r"\A[0-9]{6}-[A-Z][A-Z0-9]{0,11}\Z")
numbers = st.from_regex(r"\A[0-9]{13}\Z")
days = st.dates().map(lambda day: f"{day:%Y-%m-%d}".rjust(10, "0"))
names = st.text(st.characters(codec="utf-8"), max_size=64)
tiers = st.sampled_from(Tier)
moments = st.builds(At, counters, st.sampled_from(ClockState), counters)

lots = st.builds(Expiring, counters, amounts)
bases = st.builds(
    Basis,
    policy=short_digests,
    incarnation=st.integers(0, 2**31),
    feed=counters,
    as_of=counters,
    available=counters,
    expiring=st.lists(lots, max_size=4).map(tuple),
    included=counters,
    receipted=counters,
    silent_since=counters,
)
tickets = st.builds(Ticket, numbers, amounts, days, days)
sums = st.builds(ShiftSum, towns, names, counters, st.integers(-(2**53), 2**53 - 1))
bodies = st.one_of(
    st.builds(Genesis, names, digests, digests, names.map(lambda n: n[:32]), counters, digests),
    st.builds(ShiftOpened, names, names, st.binary(max_size=256)),
    st.builds(ShiftClosed, positions, st.lists(sums, max_size=4).map(tuple)),
    st.builds(Spend, towns, accounts, amounts, tiers, digests, counters, bases),
    st.builds(Reversed, towns, st.builds(Ref, epochs, positions, digests), amounts),
    st.builds(Refunded, towns, st.builds(Ref, epochs, positions, digests), amounts, counters),
    st.builds(
        TicketIssued,
        towns,
        accounts,
        digests,
        positions,
        st.from_regex(r"\A[0-9]{3}\Z"),
        st.lists(tickets, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        TicketRedeemed,
        towns,
        numbers,
        amounts,
        tiers,
        counters,
        st.binary(max_size=300),
        bases,
    ),
    st.builds(PileOpened, towns, organisations),
    st.builds(
        TicketCleared,
        towns,
        numbers,
        amounts,
        organisations,
        positions,
        tiers,
        counters,
        st.binary(max_size=300),
        bases,
    ),
    st.builds(PileClosed, positions, counters, counters),
    st.builds(
        TicketVoided,
        towns,
        numbers,
        amounts,
        accounts | st.just(""),
        short_digests,
        counters,
        st.binary(max_size=300),
    ),
    st.builds(NodeNotice, names, names),
)
records = st.builds(Record, st.just(1), nodes, epochs, positions, short_digests, moments, bodies)
