"""What each terminal earned is netted while posting, and is what its transfers come to."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit import sums
from hub.points.books import Source, posting
from hub.points.earned import Earner, earnings
from sync.values import OrganisationId
from tests.hub.settlement.month import KAWASAKI, Month

FISH, BAKERY = OrganisationId("141305-B2108"), OrganisationId("141305-B2109")
TILL, OTHER_TILL = f"{FISH}-1111", f"{FISH}-1112"


def test_each_terminal_earns_what_it_took() -> None:
    sales = [
        (TILL, "wallet:a", f"payable:{FISH}", 300, ""),
        (OTHER_TILL, "wallet:a", f"payable:{FISH}", 50, ""),
        (TILL, "hold:x", f"payable:{FISH}", 20, ""),
        (TILL, f"payable:{FISH}", "wallet:a", 300, ""),
    ]

    assert earnings(sales) == {Earner(FISH, TILL): 20, Earner(FISH, OTHER_TILL): 50}


def test_what_comes_to_nothing_leaves_no_row() -> None:
    sale = (TILL, "wallet:a", f"payable:{FISH}", 300, "")
    taken_back = (TILL, f"payable:{FISH}", "wallet:a", 300, "")

    assert earnings([sale, taken_back]) == {}


def test_what_people_decided_belongs_to_the_record_that_they_named() -> None:
    decided = ("hub", "reserve", f"payable:{FISH}", 700, f"{OTHER_TILL}:1-9f2c:7")

    assert earnings([decided]) == {Earner(FISH, OTHER_TILL): 700}


def test_a_bank_file_and_a_netted_debt_take_nothing_from_it_and_a_return_adds() -> None:
    moves = [
        ("hub", f"payable:{FISH}", "transit:shops/1", 900, ""),
        ("hub", f"payable:{FISH}", f"receivable:{FISH}", 100, ""),
        ("hub", "transit:shops/1", f"payable:{BAKERY}", 60, ""),
    ]

    assert earnings(moves) == {Earner(BAKERY, ""): 60}


ACCOUNTS = [
    f"payable:{FISH}",
    f"payable:{BAKERY}",
    f"receivable:{FISH}",
    "transit:shops/1",
    "treasury",
    "issuer",
]
MOVES = st.lists(
    st.tuples(
        st.sampled_from([TILL, f"{BAKERY}-1111", "hub"]),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(ACCOUNTS),
        st.integers(1, 40),
        st.sampled_from(["", f"{OTHER_TILL}:1-9f2c:7"]),
    ).filter(lambda move: move[1] != move[2]),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(postings=st.lists(MOVES, max_size=5))
def test_the_netted_rows_are_the_sums_of_their_transfers(
    postings: Sequence[Sequence[tuple[str, str, str, int, str]]],
) -> None:
    with _month() as month:
        for number, moves in enumerate(postings, 1):
            _post(month, number, moves)
        with month.core.database.read() as tx:
            assert list(sums(tx)) == []


def _post(month: Month, number: int, moves: Sequence[tuple[str, str, str, int, str]]) -> None:
    """Those of the moves that the books allow, in one posting; each second one closes a window."""
    now = month.clock.now()
    with (
        month.core.database.write() as tx,
        posting(month.core, tx, KAWASAKI, now, ("batch", number)) as books,
    ):
        for seq, (source, debit, credit, points, of) in enumerate(moves):
            floor = debit in {"treasury", "issuer"} or debit.startswith("receivable:")
            owed = credit.startswith("receivable:")
            there = points if floor else min(points, books.balance(debit))
            part = min(there, -books.balance(credit)) if owed else there
            books.move(
                debit, credit, part, source=Source(source, "1-00", 10 * number + seq), at=now, of=of
            )
        if number % 2 == 0:
            tx.run('UPDATE municipality SET "window"="window"+1')


def _month() -> "closing[Month]":
    with TemporaryDirectory() as folder:
        return closing(Month(Path(folder)))
