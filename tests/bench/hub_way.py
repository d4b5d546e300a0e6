"""The hub's whole way without HTTP, on both databases: receive, verify, judge and post, receipt.

Everything is on: chains, signed heads, sealed evidence, the second question, durable commits. A
round of the hub follows what came in, as it does in the served hub.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hub.serve import settle
from sync.batch import unpack
from sync.receipt import Answer, Outcome
from tests.bench.figures import Better, Figure, against, median, must, seconds
from tests.bench.street import GRANTED, OFTEN, PRICE, Street, alone, build, only_asking
from tests.bench.walls import verifies_a_second
from tests.doubles.databases import running
from tests.hub.corner import KAWASAKI

_PARTS = 6
"""The shops hand in by turns, so that cost growth would show; the first turn warms the hub up."""


class Turn(NamedTuple):
    """Some of the shops have handed in."""

    records: int
    seconds: float
    wall: float
    """RSA verifications a second, right after it."""

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


def measure(folder: Path, *, shops: int, residents: int, cores: int) -> Iterator[Figure]:
    """Records a second, and bytes a record; raises SumsDoNotHold.

    What counts is the best turn beside the best wall: others on the machine only add to a time.
    The median is told too.
    """
    street = partial(build, shops=shops, residents=residents, cores=cores)
    yield from _figures("SQLite", street(folder / "file"), cores, target=0.45)
    with running(durable=True) as server:
        on_server = street(folder / "server", database=server.fresh_database())
        yield from _figures("PostgreSQL", on_server, cores, target=0.33)


def _figures(name: str, street: Street, cores: int, *, target: float) -> Iterator[Figure]:
    settle(street.hub)
    street.hub.judging.beside(lambda: None)  # its rounds follow below
    try:
        with ProcessPoolExecutor(cores) as pool, alone() as judged_alone:
            _, *turns = measure_turns(street, lambda: verifies_a_second(pool, cores, 0.25))
        check(street)
    finally:
        street.hub.close()
    wall = max(turn.wall for turn in turns)
    yield against(
        f"hub, whole way without HTTP, {name}",
        max(turn.rate for turn in turns),
        "records/s",
        limit=wall,
        target=target,
        better=Better.HIGHER,
    )
    yield against(
        "hub, the same, the median turn",
        median([turn.rate for turn in turns]),
        "records/s",
        limit=wall,
        target=None,
        better=Better.HIGHER,
    )
    yield against(
        "hub, the same, spends judged one by one",
        100 * judged_alone.spends / street.spends,
        "%",
        limit=100,
        target=None,
        better=Better.LOWER,
    )
    yield against(
        f"hub, cost growth, {name}: a record of the last turns",
        _least(turns[-2:]),
        "us",
        limit=_least(turns[:2]),
        target=1.2,
        better=Better.LOWER,
    )
    if name == "SQLite":
        yield from _bytes(street)


def measure_turns(street: Street, wall: Callable[[], float]) -> list[Turn]:
    """Every shop hands in; raises SumsDoNotHold unless every record is applied."""
    shops = range(len(street.pens))
    return [Turn(*_turn(street, shops[turn::_PARTS]), wall()) for turn in range(_PARTS)]


def _least(turns: Sequence[Turn]) -> float:
    """Microseconds a record of the best of some turns."""
    return 1e6 / max(turn.rate for turn in turns)


def _turn(street: Street, shops: Sequence[int]) -> tuple[int, float]:
    """Records and seconds. What the nodes do with their answers is not the hub's time."""
    count = sum(street.pens[shop].seq for shop in shops)
    answers: list[Answer] = []
    taken = seconds(lambda: answers.extend(_answers(street, shops)))
    verdicts = [one for answer in answers for one in street.corner.verdicts(answer).values()]
    must([one.outcome for one in verdicts] == [Outcome.APPLIED] * count, "every record is applied")
    return count, taken


def _answers(street: Street, shops: Sequence[int]) -> list[Answer]:
    """Hand in, let the hub's round follow, and ask for the receipts."""
    judging = street.hub.judging
    for shop in shops:
        pen = street.pens[shop]
        judging.hand_in(pen.node, pen.epoch, 1, street.bodies[shop])
    judging.round()
    return [
        judging.hand_in(pen.node, pen.epoch, pen.seq + 1, only_asking())
        for pen in (street.pens[shop] for shop in shops)
    ]


def check(street: Street) -> None:
    """The books add up, nobody is overdrawn, and what comes again posts nothing."""
    before = _sums(street)
    transfers, balances, lowest, sold = before
    must(balances == 0, "debits equal credits")
    must(lowest >= 0, "no wallet is overdrawn")
    must(sold == street.spends * PRICE, "the shops are owed what they sold")
    must(transfers == street.spends + len(street.residents), "one transfer a spend and a grant")
    left = GRANTED - PRICE * OFTEN * len(street.pens)
    must(all(street.corner.wallet(who) == left for who in street.residents), "wallets pay once")
    for pen, body in zip(street.pens, street.bodies, strict=True):
        street.hub.judging.hand_in(pen.node, pen.epoch, 1, body)
    street.hub.judging.round()
    must(_sums(street) == before, "replayed batches post nothing")


def _sums(street: Street) -> tuple[int, int, int, int]:
    """Transfers, the sum of all balances, the lowest wallet, what shops are owed."""
    with street.hub.core.database.read() as tx:
        ((transfers,),) = tx.rows("SELECT count(*) FROM transfer WHERE municipality=?", [KAWASAKI])
        ((balances, lowest, sold),) = tx.rows(
            "SELECT sum(points), min(CASE WHEN account LIKE 'wallet:%' THEN points END),"
            " sum(CASE WHEN account LIKE 'payable:%' THEN points ELSE 0 END)"
            " FROM balance WHERE municipality=?",
            [KAWASAKI],
        )
    return transfers, balances, lowest, sold


def _bytes(street: Street) -> list[Figure]:
    """What a record costs on the line."""
    bare = [_without_evidence(body) for body in street.bodies]
    return [
        against(
            "bytes a record, with its sealed evidence",
            sum(map(len, street.bodies)) / street.records,
            "bytes",
            limit=256,
            target=290 / 256,
            better=Better.LOWER,
        ),
        against(
            "bytes a record, without evidence",
            sum(bare) / street.records,
            "bytes",
            target=15,
            better=Better.LOWER,
        ),
    ]


def _without_evidence(body: bytes) -> int:
    import msgspec

    from sync.batch import pack

    return len(pack(msgspec.structs.replace(unpack(body), evidence=b"")))
