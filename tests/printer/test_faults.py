"""Two hundred sheets on a printer to which everything happens that happens to printers.

Each is printed once, or shown as in doubt and then decided by somebody who looked. What nobody can
see is left out here: bytes lost among letters, and a printer that confirms what it did not print.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import pytest

import printer.device
import printer.sheet
from printer.device import ReceiptPrinter
from printer.errors import Trouble
from printer.profiles import UNKNOWN, Profile, profile_of
from printer.spool import Drained, State, drain, looked
from tests.printer import samples
from tests.printer.doubles import MemoryJobs
from tests.printer.mechanism import Mechanism, Port, on_network

if TYPE_CHECKING:
    from printer.documents import Document

JOBS = 200
WIDTH = 384
OFTEN = 5
"""Every so many connections something happens."""

Misfortune = Callable[[Port], None]


def on_mechanism(**state: object) -> Misfortune:
    def happen(port: Port) -> None:
        for name, value in state.items():
            setattr(port.mechanism, name, value)

    return happen


def at_port(**state: object) -> Misfortune:
    def happen(port: Port) -> None:
        for name, value in state.items():
            setattr(port, name, value)

    return happen


ANYWHERE: tuple[Misfortune, ...] = (
    on_mechanism(paper=0),
    on_mechanism(paper=1),
    on_mechanism(paper=2),
    on_mechanism(cover_open=True),
    on_mechanism(cutter_stuck=True),
    on_mechanism(too_hot=True),
    on_mechanism(broken=True),
    on_mechanism(offline=True),
    on_mechanism(near_end=True),
    on_mechanism(answers=False),
    on_mechanism(reports=b"\x80\x00\x00\x03"),
    on_mechanism(lies=True, paper=2),
    at_port(gone=True),
    at_port(slow=0.02),
    at_port(hang_up_after=500),
    at_port(hang_up_after=15_000),
)
WHERE_JOBS_ARE_CONFIRMED: tuple[Misfortune, ...] = (
    on_mechanism(mixes_up=True),
    on_mechanism(knows_jobs=False),
)


def mend(port: Port) -> None:
    """A person puts everything right."""
    port.gone, port.slow, port.hang_up_after = False, 0.0, None
    for name in ("near_end", "lies", "mixes_up"):
        setattr(port.mechanism, name, False)
    port.mechanism.answers = port.mechanism.knows_jobs = True
    port.mechanism.put_paper_in()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "misfortunes"),
    [
        (replace(UNKNOWN, cutter="partial"), ANYWHERE),
        (
            replace(profile_of("epson-tm-t20"), kanji=False, qr=False),
            (*ANYWHERE, *WHERE_JOBS_ARE_CONFIRMED),
        ),
        (profile_of("epson-tm-m30"), ANYWHERE),
    ],
)
def test_two_hundred_sheets_come_out_once_each_whatever_happens(
    profile: Profile, misfortunes: tuple[Misfortune, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = lru_cache(maxsize=JOBS)(printer.sheet.sheet)  # each is drawn once here
    monkeypatch.setattr(printer.device, "sheet", sheet)
    documents: list[Document] = [
        msgspec.structs.replace(samples.slip(), seq=number) for number in range(1, JOBS + 1)
    ]
    expected = [b"".join(sheet(document, WIDTH, profile)) for document in documents]
    port = Port(Mechanism())
    connections, troubles, doubts = 0, set[Trouble | None](), 0

    def before() -> None:
        nonlocal connections
        connections += 1
        if connections % OFTEN == 0:
            misfortunes[connections // OFTEN % len(misfortunes)](port)

    def nothing_twice() -> None:
        assert len(set(port.mechanism.sheets)) == len(port.mechanism.sheets)

    port.before = before
    jobs = MemoryJobs(*documents)
    with on_network(port) as at:
        device = ReceiptPrinter(destination=at, width=WIDTH, profile=profile, timeout=0.25)
        while any(job.state is not State.CONFIRMED for job in jobs.rows.values()):
            drained: Drained = drain(jobs, device)
            troubles.add(drained.trouble)
            nothing_twice()
            mend(port)
            nothing_twice()
            for job in drained.look:  # the person looks at what lies there
                if drained.trouble is Trouble.CUT_OFF and profile.answers != "jobs":
                    port.mechanism.switch_off_and_on()  # as the manual says
                looked(jobs, jobs.rows[job.id], paper=expected[job.id - 1] in port.mechanism.sheets)
                doubts += 1
            assert connections < 10 * JOBS

    assert sorted(port.mechanism.sheets) == sorted(expected)
    assert doubts
    assert {
        *(Trouble.PAPER_OUT, Trouble.COVER_OPEN, Trouble.CUTTER_STUCK, Trouble.OVERHEATED),
        *(Trouble.DEVICE_ERROR, Trouble.OFFLINE, Trouble.SILENT, Trouble.CUT_OFF),
    } <= troubles
