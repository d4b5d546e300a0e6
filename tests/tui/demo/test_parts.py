"""The demo's own parts: the bank's reading, the comparison, the clock, the switch, the words."""

import ast
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.views import AccountRow, FlowRow
from node.outcome import Refused
from sync.errors import Damaged, Unreachable
from sync.request import Request, Response
from sync.values import MunicipalityCode, OrganisationId
from tests.tui.demo.programs import ROOT
from tui.demo import cast, story
from tui.demo.bank import all_paid, read_order
from tui.demo.clockwork import Clockwork, in_tokyo, millis
from tui.demo.monthend import HEADINGS, ResidentBalance, csv_of
from tui.demo.network import Switch, SwitchedDoor
from tui.demo.telling import Teller
from tui.demo.totals import Mismatch, TownTotals, compare, town_totals
from tui.wording.po import read_po

OCTOBER = (ROOT / "tests/hub/settlement/golden/october.zengin").read_bytes()
DEMO = ROOT / "tui" / "demo"
_HOLES = re.compile(r"\{\w+\}")
_ASK = Request("GET", "/v1/time", "", b"")


# -- the bank


def test_the_bank_reads_a_file_without_the_hubs_help() -> None:
    order = read_order(OCTOBER)
    assert [payment.line for payment in order.payments] == list(range(1, len(order.payments) + 1))
    assert all_paid(order).splitlines()[:2] == ["line,outcome,reason", "1,paid,"]


@given(st.integers(0, len(OCTOBER) - 1))
def test_a_file_that_was_cut_short_is_not_paid(kept: int) -> None:
    with pytest.raises(Damaged):
        read_order(OCTOBER[:kept])


@given(st.data())
def test_an_amount_that_was_changed_is_not_paid(data: st.DataObject) -> None:
    changed = bytearray(OCTOBER)
    at = data.draw(st.sampled_from(range(122 + 80, 122 + 90)))  # the first payment's amount
    digit = data.draw(st.sampled_from([n for n in b"0123456789" if n != changed[at]]))
    changed[at] = digit
    with pytest.raises(Damaged, match="does not add up"):
        read_order(bytes(changed))


# -- the comparison

_points = st.integers(0, 10**9)
SHOP, BOOTH = OrganisationId("141305-B2108"), OrganisationId("141305-B2110")


@st.composite
def _months(draw: st.DrawFn) -> TownTotals:
    on_cards, in_tickets, earned, lapsed = (draw(_points) for _ in range(4))
    from_reserve = draw(st.integers(0, earned))
    return TownTotals(
        town=MunicipalityCode("141305"),
        granted=on_cards + in_tickets + earned + lapsed - from_reserve,
        on_cards=on_cards,
        in_tickets=in_tickets,
        earned=earned,
        lapsed=lapsed,
        from_reserve=from_reserve,
    )


@given(_months(), _points)
def test_a_month_that_adds_up_has_no_mismatch(month: TownTotals, taken: int) -> None:
    assert compare((month,), {SHOP: taken}, {SHOP: taken}) == ()


def test_a_shop_that_is_paid_another_sum_or_not_at_all_is_named() -> None:
    found = compare((), {SHOP: 100, BOOTH: 50}, {SHOP: 99})
    assert [(each.what, each.one, each.other) for each in found] == [
        (SHOP, 100, 99),
        (BOOTH, 50, 0),
    ]


@given(_months(), st.sampled_from(["granted", "on_cards", "in_tickets", "earned", "lapsed"]))
def test_a_point_more_or_less_anywhere_is_found(month: TownTotals, where: str) -> None:
    figures = {name: getattr(month, name) for name in TownTotals.__slots__}
    wrong = TownTotals(**(figures | {where: figures[where] + 1}))
    assert [each.what for each in compare((wrong,), {}, {})] == ["141305"]


_WAYS = (
    ("issuer", "wallet"),
    ("wallet", "hold"),
    ("wallet", "payable:x"),
    ("hold", "outstanding:101"),
    ("outstanding:101", "payable:x"),
    ("outstanding:101", "lapsed"),
    ("wallet", "lapsed"),
    ("lapsed", "payable:x"),
    ("lapsed", "treasury"),
    ("treasury", "reserve"),
    ("reserve", "payable:x"),
    ("deficit", "payable:x"),
    ("wallet", "deficit"),
    ("reserve", "deficit"),
    ("deficit", "reserve"),
)


@given(st.lists(_points, min_size=len(_WAYS), max_size=len(_WAYS)), _points)
def test_whatever_went_where_the_towns_figures_add_up_and_a_lost_point_is_found(
    went: list[int], lost: int
) -> None:
    held: dict[str, int] = dict.fromkeys(("issuer", "treasury"), 0)
    for (source, target), points in zip(_WAYS, went, strict=True):
        held[source] = held.get(source, 0) - points
        held[target] = held.get(target, 0) + points
    granted, earned = -held["issuer"], held.pop("payable:x")
    held["treasury"] += earned  # the bank has paid
    town = MunicipalityCode("141305")

    def mismatches() -> tuple[Mismatch, ...]:
        totals = town_totals(
            town,
            granted=granted,
            earned=earned,
            accounts=[
                AccountRow(municipality=town, account=name, count=1, points=points)
                for name, points in held.items()
            ],
            flows=[
                FlowRow(
                    municipality=town,
                    source=source.partition(":")[0],
                    target=target.partition(":")[0],
                    count=1,
                    points=points,
                )
                for (source, target), points in zip(_WAYS, went, strict=True)
            ],
        )
        return compare((totals,), {}, {})

    assert mismatches() == ()
    held["wallet"] -= lost
    assert [each.one - each.other for each in mismatches()] == [lost] * bool(lost)


def test_what_goes_another_way_than_the_story_needs_ends_it() -> None:
    no = Refused(reason="too-few-points", detail="there are not enough points")
    with pytest.raises(Damaged, match="too-few-points"):
        story.done(no)
    with pytest.raises(Damaged, match="float-used-up was due"):
        story.refused(no, "float-used-up")
    story.refused(no, "too-few-points")


# -- the lists


@pytest.mark.parametrize("kind", HEADINGS)
def test_every_column_of_a_list_has_a_heading_of_its_own(kind: type[msgspec.Struct]) -> None:
    headings = HEADINGS[kind]
    assert set(kind.__struct_fields__) - {"exact"} == set(headings)
    assert len(set(headings.values())) == len(headings)
    assert not any(heading.isascii() for heading in headings.values())


def test_a_list_tells_the_moment_by_the_clock_in_tokyo() -> None:
    row = ResidentBalance(
        name="ハナコ",
        municipality=cast.KAWASAKI,
        available=4_000,
        held=0,
        as_of=millis("2018-01-26 00:05"),
        exact=True,
    )
    assert csv_of(ResidentBalance, [row]).decode("utf-8-sig").split("\r\n") == [
        "氏名,自治体コード,使えるポイント,保留中のポイント,日時",
        "ハナコ,141305,4000,0,2018-01-26 00:05",
        "",
    ]


# -- clock and switch


def test_the_clock_is_turned_forwards_only(tmp_path: Path) -> None:
    clock = Clockwork(tmp_path / "clock", cast.BEGIN)
    clock.turn_to("2017-12-15 10:00")
    clock.turn_to("2017-12-01 10:00")
    assert clock.now == clock.clock.now() == millis("2017-12-15 10:00")
    assert f"{in_tokyo(clock.now):%m-%d %H:%M}" == "12-15 10:00"
    assert [file.name for file in tmp_path.iterdir()] == ["clock"]


class _Open:
    def send(self, request: Request) -> Response:
        return Response(200, "", request.body)


def test_nothing_passes_while_the_cable_is_out() -> None:
    switch = Switch()
    door = SwitchedDoor(_Open(), switch)
    assert door.send(_ASK).status == 200
    switch.up = False
    with pytest.raises(Unreachable, match="nothing is lost"):
        door.send(_ASK)
    switch.up = True
    assert door.send(_ASK).status == 200
    door.close()


# -- words


def _sentences() -> Iterator[str]:
    for file in DEMO.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if name in ("say", "named", "scene"):
                yield from (text for text in texts if isinstance(text, str) and text[:2] != "20")


_PO = {name: read_po((DEMO / f"{name}.po").read_text("utf-8")) for name in ("ja", "en")}


def test_every_sentence_of_the_story_is_told_in_japanese() -> None:
    assert set(_sentences()) - set(_PO["ja"]) == set()


def test_a_translated_sentence_has_the_same_holes() -> None:
    said = {key: text for key, text in _PO["ja"].items() if key}
    assert [key for key, text in said.items() if _holes(key) != _holes(text)] == []


def _holes(text: str) -> list[str]:
    return sorted(_HOLES.findall(text))


def test_english_readers_are_told_every_name_of_the_cast() -> None:
    names = {place for each in cast.ORGANISATIONS for place in each.places}
    names |= {town.point_name for town in cast.TOWNS} | {each.name for each in cast.PROGRAMMES}
    assert names <= set(_PO["en"])


def test_no_sign_of_the_story_is_drawn_two_wide_by_a_japanese_console() -> None:
    signs = {sign for texts in _PO.values() for text in texts.values() for sign in text}
    assert {sign for sign in signs if unicodedata.east_asian_width(sign) == "A"} == set()


def test_a_table_counts_wide_signs_as_two_columns(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "story.txt"
    tell = Teller("ja", [file])
    tell.table([("programme", "given"), ("清掃", 1_000), ("ABCD", 20)])
    assert capsys.readouterr().out.splitlines() == [
        "     事業   付与",
        "     清掃  1,000",
        "     ABCD     20",
    ]
    assert file.read_text("utf-8").startswith("     事業")


def test_a_refusal_is_told_in_the_screens_words(capsys: pytest.CaptureFixture[str]) -> None:
    Teller("ja").refusal("too-few-points")
    said = capsys.readouterr().out
    assert "ポイントが足りません。" in said
    assert "[too-few-points]" in said


def test_ordinary_days_come_from_the_seed() -> None:
    days = [[story._drawn(seed, str(day), "sum") for day in range(10)] for seed in (1, 1, 2)]
    assert days[0] == days[1] != days[2]
