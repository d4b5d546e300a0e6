"""One day of load, from an empty folder to books that add up."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from hub.audit import audit
from hub.hub import Hub, open_hub
from hub.intake.verify import InlineVerifier
from sync.receipt import Outcome
from tests.bench.figures import must
from tests.bench.street import PRICE
from tests.hub.corner import KAWASAKI
from tests.load.festival import Told, hold_day
from tests.load.fleet import Fleet, Shape, build

_SERVE = [sys.executable, "-c", "from tui.cli import main; main()", "hub", "serve"]
_LOOK_EVERY = 0.25
"""Seconds between two looks at the hub's process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What became of a day."""

    told: Told
    seconds: float
    records: int
    memory: list[float]
    """Resident megabytes of the hub's process (workers not counted): once each crowd had been
    served, and at the end."""
    killed: bool
    """A process that checks signatures was killed in the middle of the first crowd."""


def spend_day(
    folder: Path,
    shape: Shape,
    seconds: float,
    *,
    cores: int,
    database: str = "",
    kills: bool = False,
) -> Day:
    """Run it; raises SumsDoNotHold. ``kills``: a verifier is killed in the first crowd."""
    fleet = build(folder / "hub", shape, cores=cores, database=database)
    memory: list[float] = []
    killed = False
    with serving(folder, verifiers=cores) as (process, address):

        async def watch(told: Told) -> None:
            nonlocal killed
            begun = perf_counter()
            while True:
                if told.crowds > len(memory):
                    memory.append(_resident(process.pid))
                await asyncio.sleep(_LOOK_EVERY)
                if kills and not killed and perf_counter() - begun > seconds / 2 + 1:
                    killed = _kill_worker(process.pid)

        begun = perf_counter()
        told = asyncio.run(hold_day(address, fleet, seconds, watch))
        took = perf_counter() - begun
        memory.append(_resident(process.pid))
    with closing(open_hub(folder / "hub")) as hub:
        records = check(hub, fleet, told)
    return Day(told=told, seconds=took, records=records, memory=memory, killed=killed)


@contextmanager
def serving(
    folder: Path, *, verifiers: int
) -> Iterator[tuple["subprocess.Popen[str]", tuple[str, int]]]:
    """The real program in a process of its own; its log lies beside the hub's folder."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MACHIKADO_")}
    words = [str(folder / "hub"), "--listen", "127.0.0.1:0", "--verifiers", str(verifiers)]
    with (
        (folder / "hub.log").open("w") as log,
        subprocess.Popen(
            [*_SERVE, *words], stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        ) as process,
    ):
        try:
            assert process.stdout is not None
            host, _, port = process.stdout.readline().split()[-1].rpartition(":")
            yield process, (host, int(port))
        finally:
            process.send_signal(signal.SIGTERM)
            must(process.wait(60) == 0, "the hub ends in order")


def check(hub: Hub, fleet: Fleet, told: Told) -> int:
    """Everything has its receipt, the books add up, and what comes again posts nothing."""
    records = sum(one.last for one in fleet.stalls) + sum(one.pen.seq for one in fleet.tills)
    spends = sum(one.sales for one in fleet.stalls) + told.sold
    must(told.verdicts == {Outcome.APPLIED: records}, f"all is applied, not {told.verdicts}")
    before = _sums(hub)
    transfers, kept, balances, lowest, sold, waiting = before
    must(waiting == 0, "nothing waits to be posted")
    must(kept == records, "every record is kept once")
    must(balances == 0, "debits equal credits")
    must(lowest >= 0, "no wallet and no hold is overdrawn")
    must(sold == spends * PRICE, "the shops are owed what they sold")
    grants = fleet.residents * fleet.grants_each
    must(transfers == spends + told.sold + grants, "one transfer a sale, a hold and a grant")
    for one in fleet.stalls[:50]:
        for first, body in one.batches:
            hub.judging.hand_in(one.node, one.epoch, first, body)
    hub.judging.round()
    must(_sums(hub) == before, "what comes again posts nothing")
    if len(fleet.stalls) <= _AUDITED:
        must(audit(hub.core, hub.mykey, InlineVerifier()) == [], "the audit finds nothing")
    return records


_AUDITED = 300
"""Stalls of a fleet that is audited in whole: an audit plays everything again."""


def _sums(hub: Hub) -> tuple[int, int, int, int, int, int]:
    """Transfers, records, the sum of balances, the lowest of people's, what shops are owed, lines
    that wait.
    """
    with hub.core.database.read() as tx:
        ((transfers,),) = tx.rows("SELECT count(*) FROM transfer WHERE municipality=?", [KAWASAKI])
        ((records,),) = tx.rows("SELECT count(*) FROM record WHERE municipality=?", [KAWASAKI])
        ((waiting,),) = tx.rows("SELECT count(*) FROM cursor WHERE posted<received")
        ((balances, lowest, sold),) = tx.rows(
            "SELECT sum(points), min(CASE WHEN account LIKE 'wallet:%' OR account LIKE 'hold:%'"
            " THEN points END), sum(CASE WHEN account LIKE 'payable:%' THEN points ELSE 0 END)"
            " FROM balance WHERE municipality=?",
            [KAWASAKI],
        )
    return transfers, records, balances, lowest, sold, waiting


def _resident(process: int) -> float:
    """Megabytes of memory that a process has (proc(5), statm)."""
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _kill_worker(hub: int) -> bool:
    """SIGKILL for one of the processes that check signatures; whether one was there."""
    for children in Path(f"/proc/{hub}/task").glob("*/children"):  # each thread lists its own
        for child in children.read_text("ascii").split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
                return True
    return False
