"""The line of scans: one asked at a time, a repetition is one, Enter takes what is in sight."""

from hypothesis import given
from hypothesis import strategies as st

from node.outcome import FoundTicket
from sync.values import MunicipalityCode, Points, TicketNumber
from tui.scanqueue import BOUNCE, Scan, ScanQueue

NUMBER = TicketNumber("1015551445076")
FOUND = FoundTicket(
    number=NUMBER,
    municipality=MunicipalityCode("141305"),
    town="川崎市",
    point_name="かわさきポイント",
    points=Points(500),
    valid_from="2025-11-21",
    valid_until="2025-11-24",
)


def looked_up() -> ScanQueue:
    """A number was typed, and the centre knows it."""
    scans = ScanQueue()
    scans.hear(NUMBER, 0.0)
    scans.next()
    scans.answered(FOUND)
    return scans


@given(st.lists(st.sampled_from(["A", "B", "C"]), max_size=20))
def test_each_scan_is_asked_once_and_in_its_order(texts: list[str]) -> None:
    scans = ScanQueue()
    for place, text in enumerate(texts):
        scans.hear(text, place * BOUNCE)
    asked = []
    while (scan := scans.next()) is not None:
        assert scans.next() is None
        asked.append(scan.text)
        scans.answered()
    assert asked == texts


def test_the_same_within_a_second_is_the_scanners_own_repetition() -> None:
    scans = ScanQueue("A", 10.0)
    scans.hear("A", 10.5)
    scans.hear("A", 11.5)
    assert scans.next() == Scan("A")
    scans.answered()
    assert scans.next() == Scan("A")
    scans.answered()
    assert scans.next() is None


def test_enter_takes_the_number_that_was_compared() -> None:
    scans = looked_up()
    scans.hear("", 1.0)
    scan = scans.next()
    assert scan == Scan(NUMBER, compared=True)
    assert not scan.to_compare


def test_a_number_that_came_twice_at_once_can_still_be_taken() -> None:
    scans = looked_up()
    scans.hear(NUMBER, 0.5)
    scans.hear("", 2.0)
    assert scans.next() == Scan(NUMBER, compared=True)


def test_enter_takes_no_number_that_another_answer_has_covered() -> None:
    scans = ScanQueue()
    scans.hear(NUMBER, 0.0)
    scans.next()
    scans.hear("QR", 0.1)
    scans.answered(FOUND)
    assert scans.next() == Scan("QR")
    scans.answered()
    scans.hear("", 2.0)
    assert scans.next() is None
