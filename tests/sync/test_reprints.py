"""A paper ticket that was printed once more is named in the node's own records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.records import NodeNotice
from sync.reprints import REPRINTED, read_reprint, reprint_notice
from sync.ticket import check_digit
from sync.values import MunicipalityCode, TicketNumber

TOWN = MunicipalityCode("141305")
NUMBER = TicketNumber("101123456789" + check_digit("101123456789"))


def test_a_notice_names_the_ticket_and_its_town() -> None:
    assert read_reprint(reprint_notice(TOWN, NUMBER)) == (TOWN, NUMBER)


@pytest.mark.parametrize(
    "notice",
    [
        NodeNotice(what="rebuilt", detail=f"{TOWN} {NUMBER}"),
        NodeNotice(what=REPRINTED, detail=NUMBER),
        NodeNotice(what=REPRINTED, detail=f"{TOWN} {NUMBER} twice"),
    ],
)
def test_another_notice_names_none(notice: NodeNotice) -> None:
    assert read_reprint(notice) is None


@given(st.text(max_size=40))
def test_whatever_a_node_writes_there_is_read_or_left_alone(detail: str) -> None:
    found = read_reprint(NodeNotice(what=REPRINTED, detail=detail))

    assert found is None or detail == f"{found[0]} {found[1]}"
