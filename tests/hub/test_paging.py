"""Long lists come page by page: nothing twice, nothing left out, and nobody else's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient

from hub import paging
from hub.api.app import make_app
from hub.client import HubClient
from hub.forms import InviteForm, OrganisationForm, ProgrammeForm
from hub.intake import incidents
from hub.paging import asked, cursor
from hub.people import Role
from hub.points.books import Source
from sync.errors import Malformed
from sync.values import Millis, MunicipalityCode
from tests.hub.shells import ClientDoor
from tests.hub.townhall import BANK, GREENGROCER, KAWASAKI, TOSHIMA, Townhall, townhall

SHOPS = [GREENGROCER, *(f"141305-C{number}" for number in range(1001, 1006)), "131164-C1001"]


@pytest.fixture
def hall(tmp_path: Path) -> Townhall:
    """Two towns with seven shops, nine terminals of the greengrocer's, seven exceptions."""
    hall = townhall(tmp_path)
    hall.join(TOSHIMA, "豊島区")
    office = hall.hub.office
    for name in SHOPS[1:]:
        form = OrganisationForm(organisation=name, name=name, account=BANK)
        office.approve(hall.suzuki, office.add_organisation(hall.sato, form).pending)
    for _ in range(9):
        office.invite(hall.sato, InviteForm(organisation=GREENGROCER))
    for number in range(7):
        exception(hall, number, KAWASAKI if number < 5 else TOSHIMA)
    return hall


def exception(hall: Townhall, number: int, town: str) -> None:
    """Something that people should see."""
    core = hall.hub.core
    with core.database.write() as tx:
        incidents.enter(
            core,
            tx,
            kind="operator",
            source=Source("hub", "1", number + 1),
            town=MunicipalityCode(town),
            reason="recovered",
            other=f"person {number}",
        )


@pytest.fixture
def http(hall: Townhall) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hall.hub)) as client:
        yield client


def pages(
    hall: Townhall, http: TestClient[Litestar], path: str, member: str, person: str = "Sato"
) -> list[list[str]]:
    """A member of each row, page by page, as a stranger follows the links."""
    found: list[list[str]] = []
    headers = {"Authorization": f"Bearer {hall.tokens[person]}"}
    ahead = f"/v1/desk/{path}?limit=3"
    while ahead and len(found) < 20:
        answer = http.get(ahead, headers=headers)
        assert answer.status_code == 200, answer.text
        found.append([row[member] for row in answer.json()])
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("link", ""))
        ahead = link[1] if link else ""
    return found


def test_a_stranger_follows_the_links(hall: Townhall, http: TestClient[Litestar]) -> None:
    shops = pages(hall, http, "organisations", "organisation")
    assert [len(each) for each in shops] == [3, 3, 1]
    assert sum(shops, []) == sorted(SHOPS)  # noqa: RUF017  three short lists
    terminals = pages(hall, http, "nodes", "node")
    assert [len(each) for each in terminals] == [3, 3, 3], "a full last page is the last"
    told = pages(hall, http, "exceptions", "other")
    assert [len(each) for each in told] == [3, 3, 1]
    assert len({name for each in told for name in each}) == 7


def test_what_else_the_hub_lists_comes_in_pages_too(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    office, treasury = hall.hub.office, hall.hub.treasury
    for number in range(101, 108):
        form = ProgrammeForm(programme=str(number), municipality=KAWASAKI, name="清掃")
        treasury.add_programme(hall.sato, form)
    for name in ("141305-D1001", "141305-D1002", "141305-D1003", "131164-D1001"):
        form_of_shop = OrganisationForm(organisation=name, name=name, account=BANK)
        office.add_organisation(hall.sato, form_of_shop)
    for each, member, count in (
        ("programmes", "programme", 7),
        ("pending", "id", 4),
        ("municipalities", "municipality", 2),
        ("operators", "name", len(office.operators(hall.sato))),
    ):
        told = pages(hall, http, each, member)
        assert all(len(page) == 3 for page in told[:-1]), each
        assert len({row for page in told for row in page}) == count, each


def test_who_works_for_one_town_gets_its_pages_only(
    hall: Townhall, http: TestClient[Litestar]
) -> None:
    hall.person("Kato", Role.CLERK, KAWASAKI)
    hall.person("Mori", Role.CLERK, TOSHIMA)
    assert [len(each) for each in pages(hall, http, "exceptions", "id", "Kato")] == [3, 2]
    assert [len(each) for each in pages(hall, http, "exceptions", "id", "Mori")] == [2]
    assert pages(hall, http, "nodes", "node", "Mori") == [[]]


def test_the_client_reads_a_list_whole(
    hall: Townhall, http: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.client.MOST", 2)
    sato = HubClient(ClientDoor(http), hall.tokens["Sato"])
    assert [row.organisation for row in sato.organisations()] == sorted(SHOPS)
    assert len(sato.nodes()) == 9
    assert len(sato.exceptions()) == 7


def test_what_comes_in_between_is_told_where_it_stands(hall: Townhall) -> None:
    treasury = hall.hub.treasury
    first = treasury.exceptions(hall.sato, asked("", 5))
    exception(hall, 20, KAWASAKI)  # behind the page
    second = treasury.exceptions(hall.sato, asked(first.next, 5))
    assert [row.other for row in (*first, *second)].count("person 20") == 1
    assert len(first) + len(second) == 8
    assert second.next == ""


def test_a_page_that_there_cannot_be_is_refused(hall: Townhall, http: TestClient[Litestar]) -> None:
    headers = {"Authorization": f"Bearer {hall.tokens['Sato']}"}
    wrong = ("limit=0", "limit=1001", "limit=-1", "limit=x", "after=x", "after=%00", "after=gqA")
    for path in ("organisations", "nodes", "exceptions"):
        for query in wrong:
            answer = http.get(f"/v1/desk/{path}?{query}", headers=headers)
            assert answer.status_code == 400, (path, query, answer.text)


def test_the_cursor_of_another_list_is_refused(hall: Townhall) -> None:
    shops = hall.hub.office.organisations(hall.sato, asked("", 2)).next
    told = hall.hub.treasury.exceptions(hall.sato, asked("", 2)).next
    with pytest.raises(Malformed, match="another list"):
        hall.hub.treasury.exceptions(hall.sato, asked(shops, 2))
    with pytest.raises(Malformed, match="another list"):
        hall.hub.office.nodes(hall.sato, asked(told, 2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_is_refused(text: str) -> None:
    try:
        page = asked(text, 1)
    except Malformed:
        return
    assert page.after is None or asked(cursor(page.after), 1) == page


@given(st.lists(st.text() | st.integers(-(2**63) + 1, 2**63 - 1), min_size=1).map(tuple))
def test_a_cursor_is_read_as_it_was_written(key: paging.Key) -> None:
    assert asked(cursor(key), 1).after == key


rows = st.sets(st.tuples(st.sampled_from(["", "131164", "141305"]), st.integers(-9, 9)))


@given(rows, rows, st.integers(1, 4))
def test_what_is_read_page_by_page_is_what_was_there_all_along(
    there: set[tuple[str, int]], comes: set[tuple[str, int]], limit: int
) -> None:
    """What comes after the first page is told where its place is still ahead, and only there."""
    found = paging.part(there, asked("", limit), lambda row: row)
    seen = list(found)
    now = there | comes
    while found.next and len(seen) <= len(now):
        found = paging.part(now, asked(found.next, limit), lambda row: row)
        seen += found

    assert seen == sorted(set(seen))
    assert there <= set(seen) <= now


def test_a_part_goes_by_its_own_keys_only() -> None:
    ahead = paging.part("abc", asked("", 1), lambda row: ("", row)).next

    with pytest.raises(Malformed, match="another list"):
        paging.part(range(3), asked(ahead, 1), lambda row: ("", row))


@given(st.lists(st.tuples(st.integers(0, 2**53), st.text(max_size=3))))
def test_the_oldest_stand_first(told: list[tuple[int, str]]) -> None:
    assert sorted(told) == sorted(told, key=lambda row: paging.oldest_first(Millis(row[0]), row[1]))
