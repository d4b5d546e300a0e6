"""No sheet is forgotten, and none is printed twice unseen."""

from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.documents import Document
from printer.errors import BadDocument, MayHavePrinted, NotPrinted, Trouble
from printer.spool import State, drain, looked
from tests.printer import samples
from tests.printer.doubles import MemoryJobs, PaperTray, PowerCut

SHEETS: list[Document] = [samples.ticket(), samples.slip(), samples.z_report()]


def states(jobs: MemoryJobs) -> list[str]:
    return [job.state.value for job in jobs.rows.values()]


def test_what_waits_is_printed_in_its_order() -> None:
    jobs, tray = MemoryJobs(*SHEETS), PaperTray()

    drained = drain(jobs, tray)

    assert tray.paper == SHEETS
    assert [job.id for job in drained.printed] == [1, 2, 3]
    assert (drained.look, drained.waiting, drained.trouble) == ((), (), None)
    assert drain(jobs, tray).printed == ()


def test_a_printer_without_paper_leaves_every_job_waiting_for_the_next_pass() -> None:
    jobs, tray = MemoryJobs(*SHEETS), PaperTray()
    tray.failures = [None, NotPrinted(Trouble.PAPER_OUT, "no paper")]

    drained = drain(jobs, tray)

    assert states(jobs) == ["confirmed", "failed", "queued"]
    assert jobs.rows[2].reason == "paper-out"
    assert [job.id for job in drained.waiting] == [2, 3]
    assert drained.trouble is Trouble.PAPER_OUT

    assert [job.id for job in drain(jobs, tray).printed] == [2, 3]
    assert tray.paper == SHEETS
    assert jobs.rows[2].reason == ""


def test_a_sheet_in_doubt_waits_for_a_look_and_not_for_the_printer() -> None:
    jobs, tray = MemoryJobs(*SHEETS), PaperTray()
    tray.failures = [MayHavePrinted(Trouble.CUT_OFF, "cut off")]

    drained = drain(jobs, tray)

    assert [job.id for job in drained.look] == [1]
    assert drained.trouble is Trouble.CUT_OFF
    assert states(jobs) == ["sent", "queued", "queued"]

    again = drain(jobs, tray)

    assert [job.id for job in again.look] == [1]
    assert [job.id for job in again.printed] == [2, 3]
    assert tray.paper == SHEETS[1:]


@pytest.mark.parametrize(("paper", "sheets"), [(True, 0), (False, 1)])
def test_a_person_who_looked_decides(paper: bool, sheets: int) -> None:
    jobs, tray = MemoryJobs(SHEETS[0]), PaperTray()
    tray.failures = [MayHavePrinted(Trouble.CUT_OFF, "cut off")]
    drain(jobs, tray)

    looked(jobs, jobs.rows[1], paper=paper)
    drain(jobs, tray)

    assert len(tray.paper) == sheets
    assert states(jobs) == ["confirmed"]


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.CONFIRMED])
def test_only_a_sheet_in_doubt_can_be_decided_by_a_look(state: State) -> None:
    jobs = MemoryJobs(SHEETS[0])
    jobs.rows[1] = replace(jobs.rows[1], state=state)

    with pytest.raises(ValueError, match="only a sent one"):
        looked(jobs, jobs.rows[1], paper=False)


def test_a_job_that_cannot_be_read_does_not_block_those_behind_it() -> None:
    jobs, tray = MemoryJobs(*SHEETS), PaperTray()
    jobs.rows[1] = replace(jobs.rows[1], document=b"\xc3\x28 of a later version")

    drained = drain(jobs, tray)

    assert states(jobs) == ["failed", "confirmed", "confirmed"]
    assert jobs.rows[1].reason == "unreadable"
    assert [job.id for job in drained.waiting] == [1]
    assert drained.trouble is None


def test_a_job_that_fits_no_paper_does_not_block_those_behind_it() -> None:
    jobs, tray = MemoryJobs(*SHEETS), PaperTray()
    tray.failures = [BadDocument("a code too fine for this paper")]

    drain(jobs, tray)

    assert states(jobs) == ["failed", "confirmed", "confirmed"]


def test_a_sheet_is_stored_as_sent_before_its_first_dot() -> None:
    jobs = MemoryJobs(SHEETS[0])

    class Watching:
        def print(self, document: Document) -> None:
            assert document == SHEETS[0]
            assert states(jobs) == ["sent"]

    drain(jobs, Watching())

    assert states(jobs) == ["confirmed"]


FAILURES = st.sampled_from(
    [
        None,
        NotPrinted(Trouble.COVER_OPEN, "cover"),
        MayHavePrinted(Trouble.UNCONFIRMED, "silence"),
    ]
)


@given(
    passes=st.lists(
        st.tuples(
            st.none() | st.integers(min_value=0, max_value=6), st.lists(FAILURES, max_size=4)
        ),
        max_size=6,
    )
)
def test_nothing_prints_twice_unseen_whenever_the_power_goes(
    passes: list[tuple[int | None, list[Exception | None]]],
) -> None:
    sheets: list[Document] = [
        msgspec.structs.replace(samples.slip(), seq=number) for number in range(1, 5)
    ]
    jobs, tray = MemoryJobs(*sheets), PaperTray()

    for marks, failures in passes:
        jobs.marks_until_power_cut = marks
        tray.failures = list(failures)
        with suppress(PowerCut):
            drain(jobs, tray)
        assert all(tray.paper.count(sheet) <= 1 for sheet in sheets)
    jobs.marks_until_power_cut = None
    tray.failures = []

    # People look at what is in doubt and say what they see; then every sheet is there once.
    for job in drain(jobs, tray).look:
        looked(jobs, job, paper=sheets[job.id - 1] in tray.paper)
    drain(jobs, tray)
    assert sorted(sheet.seq for sheet in tray.paper if hasattr(sheet, "seq")) == [1, 2, 3, 4]
    assert states(jobs) == ["confirmed"] * 4
