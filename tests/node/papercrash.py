"""A program that prints what waits and is killed at a named point. Run by test_paper_crash.

python -m tests.node.papercrash FOLDER NOW POINT
"""

import sys
from pathlib import Path
from typing import Any

from node.opening import Ports, open_counter
from node.paper import JobStore
from node.reach import Straight
from printer.spool import Job, State
from printer.status import Conversation
from printer.transports import Network
from sync.values import Millis
from tests.doubles.ports import CountedRandomness, HandClock
from tests.node.crash import Silence, die

POINTS = (
    "before-sent",
    "after-sent",
    "half-way",
    "before-done",
    "before-confirmed",
    "after-confirmed",
)


def plant(point: str) -> None:
    """Make the program die there, at its first sheet."""
    mark, send = JobStore.mark, Network.send
    sent: list[int] = []

    def marking(store: JobStore, job: Job, state: State, reason: str) -> None:
        if point == f"before-{state}":
            die()
        mark(store, job, state, reason)
        if point == f"after-{state}":
            die()

    def sending(network: Network, data: bytes, wait: float) -> None:
        send(network, data, wait)
        sent.append(len(data))
        if point == "half-way" and sum(sent) > 1_000:
            die()

    patches: list[tuple[type, str, Any]] = [(JobStore, "mark", marking), (Network, "send", sending)]
    if point == "before-done":
        patches.append((Conversation, "done", die))
    for where, name, instead in patches:
        setattr(where, name, instead)


def main() -> None:
    folder, now, point = sys.argv[1:]
    ports = Ports(
        clock=HandClock(Millis(int(now))),
        randomness=CountedRandomness("crash"),
        door=lambda _: Silence(),
        patience=Straight(),
    )
    counter = open_counter(Path(folder), ports)
    plant(point)
    counter.print_waiting()


if __name__ == "__main__":
    main()
