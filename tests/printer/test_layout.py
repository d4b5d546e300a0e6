"""What stands on each document, and that all of it fits."""

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.compose import compose, lay_out
from printer.documents import Document, Slip, Ticket
from printer.errors import Trouble
from printer.layout import (
    NORMAL,
    QR,
    ROW_GAP,
    Block,
    Figure,
    Row,
    Stamps,
    Text,
)
from printer.raster import measure
from printer.words import Word, aloud, amount, day, grouped, minute, trouble_in_words
from tests.printer import samples

NAMES = st.text(st.sampled_from("豊島区としまるポイントー（）「」、。ABCabc 0123,"), max_size=40)
ROOM = st.sampled_from([372, 500, 564])


def words_on(document: Document) -> list[str]:
    return words_of(compose(document))


def words_of(blocks: tuple[Block, ...]) -> list[str]:
    words = []
    for block in blocks:
        match block:
            case Text():
                words.append(block.text)
            case Row():
                words.append(f"{block.left}: {block.right}")
            case Figure():
                words.append(f"{block.number} {block.unit}")
            case Stamps():
                words += words_of(block.aside)
            case _:
                pass
    return words


def dots_across(block: Block) -> int:
    match block:
        case Text():
            return measure(block.text, block.size, block.bold)
        case Row():
            ends = (measure(end, block.size, block.bold) for end in (block.left, block.right))
            return sum(ends) + ROW_GAP
        case Figure():
            number = measure(block.number, block.size, True)
            return number + block.size // 6 + measure(block.unit, block.unit_size, True)
        case _:
            return 0


def test_a_ticket_says_all_that_a_shop_has_to_know() -> None:
    assert words_on(samples.ticket()) == [
        "豊島区",
        "ポイント券",
        "としまるポイント",
        "1,000 ポイント",
        "有効期間",
        "2017年12月15日から",
        "2018年3月31日まで",
        "（最初の日と最後の日も使えます）",
        "発券番号",
        "123\u00a0456\u00a0789\u00a0012\u00a08",
        "使えるところ",
        "豊島区が認めたすべてのお店",
        "・1回かぎり。おつりは出ません。",
        "・換金・売買はできません。",
        "・コピーは使えません。",
        "・なくしたら、カードを券の窓口へ。",
        "発行元",
        "大塚商店街事務局",
        "大塚駅前窓口",
        "発行日: 2017年12月15日",
        "照合番号: 9f2c01d2",
    ]


def test_a_ticket_has_its_code_and_a_place_for_two_stamps() -> None:
    blocks = compose(samples.ticket())

    assert QR(text=samples.QR_TEXT) in blocks
    stamps = next(block for block in blocks if isinstance(block, Stamps))
    assert (stamps.issuer, stamps.shop) == ("＜発行認印＞", "＜利用店舗印＞")


def test_a_ticket_for_some_places_names_them_instead_of_all() -> None:
    ticket = msgspec.structs.replace(samples.ticket(), places=("大塚", "池袋"))

    words = words_on(ticket)

    assert words[words.index("使えるところ") :][1:3] == ["大塚", "池袋"]
    assert not any("すべてのお店" in line for line in words)


def test_many_places_stand_behind_each_other() -> None:
    places = tuple(f"大塚{number}丁目" for number in range(1, 6))

    words = words_on(msgspec.structs.replace(samples.ticket(), places=places))

    assert "大塚1丁目、大塚2丁目、大塚3丁目、大塚4丁目、大塚5丁目" in words


def test_a_ticket_that_is_taken_only_online_says_so() -> None:
    offline = samples.ticket("ja")
    online = msgspec.structs.replace(offline, online_only=True)

    assert "お店がオンラインのときだけ使えます。" in words_on(online)
    assert "お店がオンラインのときだけ使えます。" not in words_on(offline)
    assert "Accepted only where the shop is online." in words_on(samples.ticket("en"))


def test_a_ticket_of_one_day_says_that_day_once() -> None:
    ticket = msgspec.structs.replace(samples.ticket(), valid_until=date(2017, 12, 15))

    assert "2017年12月15日かぎり" in words_on(ticket)
    assert not any("から" in line for line in words_on(ticket))


@pytest.mark.parametrize(
    "document", [samples.ticket(), samples.slip(), samples.z_report()], ids=["ticket", "slip", "z"]
)
def test_a_reprint_and_training_are_said_before_anything_else(document: Document) -> None:
    marked = msgspec.structs.replace(document, reprints=3, training=True)

    assert words_on(marked)[:2] == ["練習用（使えません）", "再発行 3回目"]
    assert [line for line in words_on(marked)[2:] if "再発行" not in line] == words_on(document)


def test_a_slip_says_what_was_used_where_and_what_is_left() -> None:
    assert words_on(samples.slip("en")) == [
        "Uomasa Fish",
        "Otsuka street",
        "Points Used",
        "Toshima City Toshimaru Points",
        "300 points",
        "Balance: 3,450\u00a0points",
        "as of 15\u00a0Dec\u00a02017 12:00",
        "Checked: offline, will be settled",
        "Time: 15\u00a0Dec\u00a02017 14:05",
        "Node: B2108-1111",
        "Record no.: 42",
        "Record digest: 9f2c01d2",
    ]


def test_a_slip_never_guesses_a_balance() -> None:
    slip = msgspec.structs.replace(samples.slip(), balance=None)

    assert not any("残り" in line for line in words_on(slip))


def test_a_balance_that_is_known_only_from_below_says_so() -> None:
    slip = samples.slip("en")
    assert slip.balance is not None
    capped = msgspec.structs.replace(slip.balance, at_least=True)

    words = words_on(msgspec.structs.replace(slip, balance=capped))

    assert "Balance: 3,450\u00a0points or more" in words


def test_a_redemption_names_its_ticket() -> None:
    slip = msgspec.structs.replace(samples.slip("en"), kind="redemption", number="1230000000017")

    assert f"Ticket number: {aloud('1230000000017')}" in words_on(slip)


def test_an_undoing_names_its_record_and_claims_no_word_of_the_hub() -> None:
    slip = msgspec.structs.replace(samples.slip("en"), kind="reversal", settled=None, undoes=41)

    words = words_on(slip)

    assert "Cancels record no.: 41" in words
    assert "It is undone once the hub has received this." in words
    assert not any(line.startswith("Checked") for line in words)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("reversal", "取り消したポイント"),
        ("refund", "お返ししたポイント"),
        ("void", "残高にもどるポイント"),
    ],
)
def test_a_slip_of_an_undoing_says_which_way_the_points_went(kind: str, said: str) -> None:
    slip: Slip = msgspec.structs.replace(samples.slip(), kind=kind)

    assert said in words_on(slip)
    assert said not in words_on(samples.slip())


def test_a_void_says_when_its_points_return() -> None:
    void = msgspec.structs.replace(samples.slip("en"), kind="void", number="1234567890128")
    later = Word.VOID_LATER.say("en")

    assert later not in words_on(msgspec.structs.replace(void, settled="online"))
    assert later in words_on(msgspec.structs.replace(void, settled=None))


def test_a_clearing_receipt_can_be_counted_against_the_pile() -> None:
    words = words_on(samples.clearing_receipt())

    assert words[:10] == [
        "消込受領書",
        "魚屋 うおまさ 様",
        "豊島区 としまるポイント",
        "82,250 ポイント",
        "136枚",
        "お預かりしたポイント券",
        "500ポイント券 × 112枚: 56,000",
        "1,000ポイント券 × 23枚: 23,000",
        "3,250ポイント券 × 1枚: 3,250",
        "お返しした紙（2枚）",
    ]
    assert words[10:16] == [
        aloud("1234567890128"),
        "すでに使われた券",
        "（読めない紙）",
        "ほかの町のポイント券",
        "この紙のポイントは支払われません。",
        "次の支払日",
    ]


def test_a_receipt_for_a_pile_of_which_nothing_was_cleared_says_so() -> None:
    receipt = msgspec.structs.replace(samples.clearing_receipt("en"), lines=(), returned=())

    words = words_on(receipt)

    assert words[3:5] == ["0 points", "0 tickets"]
    assert "No ticket was cleared." in words


def test_a_z_report_can_be_counted_against_the_drawer() -> None:
    words = words_on(samples.z_report())

    assert words[3:20] == [
        "端末: B2108-1111",
        "シフト: 17",
        "開始: 2017年12月15日 09:55",
        "締め: 2017年12月15日 19:02",
        "川崎市: かわさきポイント",
        "ポイント利用（2件）: 800",
        "豊島区: としまるポイント",
        "ポイント利用（31件）: 12,450",
        "ポイント券（8件）: 6,500",
        "取消（1件）: −300",
        "受取（41件）: 19,750",
        "取消・返品（1件）: −300",
        "合計: 19,450ポイント",
        "記録",
        "センターへ送信済み: 38件",
        "送信待ち: 4件",
        "オフラインの枠",
    ]
    assert "9f2c01d2 03ab77e1 c4d50e9a 77f1b2c3" in words


def test_a_z_report_of_an_empty_shift_says_so() -> None:
    report = msgspec.structs.replace(
        samples.z_report("en"), takings=(), waiting=0, waiting_digests=(), next_payment=None
    )

    words = words_on(report)

    assert "Nothing was taken in this shift." in words
    assert "Total: 0\u00a0points" in words
    assert "not known yet" in words
    assert "Waiting records" not in words


@given(
    document=st.sampled_from(
        [samples.ticket("ja"), samples.ticket("en"), samples.slip("ja"), samples.slip("en")]
    ),
    name=NAMES,
    points=st.integers(min_value=1, max_value=9_999_999),
    room=ROOM,
)
def test_every_line_fits_the_paper_whatever_the_names(
    document: Ticket | Slip, name: str, points: int, room: int
) -> None:
    if isinstance(document, Ticket):
        document = msgspec.structs.replace(document, places=(name,))
    else:
        document = msgspec.structs.replace(document, organisation=name)
    document = msgspec.structs.replace(document, town=name, point_name=name, points=points)

    for block in lay_out(document, room, measure):
        assert dots_across(block) <= room


@given(points=st.integers(min_value=1, max_value=9_999_999), room=ROOM)
def test_an_amount_is_never_broken_and_always_the_largest(points: int, room: int) -> None:
    ticket = msgspec.structs.replace(samples.ticket(), points=points)

    lines = [
        block
        for block in lay_out(ticket, room, measure)
        if (isinstance(block, Figure) and block.number == grouped(points))
        or (isinstance(block, Text) and block.text == grouped(points))
    ]

    assert len(lines) == 1
    assert lines[0].size >= 2 * NORMAL - 2


def test_a_row_whose_ends_would_touch_becomes_two_lines() -> None:
    report = msgspec.structs.replace(
        samples.z_report(),
        takings=(
            msgspec.structs.replace(
                samples.z_report().takings[0], point_name="大塚南口ふれあい応援ポイント"
            ),
        ),
    )

    blocks = lay_out(report, 372, measure)

    name = next(b for b in blocks if isinstance(b, Text) and b.text.startswith("大塚南口"))
    assert name.align == "right"
    assert blocks[blocks.index(name) - 1] == Text(text="豊島区", bold=True)


def test_values_look_the_same_everywhere() -> None:
    midnight = datetime(2017, 12, 14, 15, 0, tzinfo=UTC)

    assert day(date(2018, 3, 1), "ja") == "2018年3月1日"
    assert day(date(2018, 3, 1), "en") == "1\u00a0Mar\u00a02018"
    assert minute(midnight, "ja") == "2017年12月15日 00:00"
    assert [grouped(n) for n in (0, 999, 1_000, -1_234_567)] == ["0", "999", "1,000", "−1,234,567"]
    assert [amount(n, "en") for n in (1, 2)] == ["1\u00a0point", "2\u00a0points"]
    assert aloud("1234567890128") == "123\u00a0456\u00a0789\u00a0012\u00a08"


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_its_words(trouble: Trouble) -> None:
    assert trouble_in_words(trouble, "ja").endswith("。")
    assert trouble_in_words(trouble, "en").endswith(".")
