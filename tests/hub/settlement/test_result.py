"""The bank's word on each line comes home, or is refused with its row."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.settlement.errors import ResultRefused
from hub.settlement.result import ColumnMap, LineResult, Outcome, read_result

RESULT = "line,outcome,reason\n1,paid,\n2,returned,口座解約\n3,paid,\n".encode()


def test_two_shops_are_paid_and_one_account_was_closed() -> None:
    assert read_result(RESULT, lines=3) == (
        LineResult(line=1, outcome=Outcome.PAID, reason=""),
        LineResult(line=2, outcome=Outcome.RETURNED, reason="口座解約"),
        LineResult(line=3, outcome=Outcome.PAID, reason=""),
    )


@pytest.mark.parametrize(
    "variant",
    [
        b"\xef\xbb\xbf" + RESULT,
        RESULT.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + RESULT.replace(b"\n", b"\r\n"),
        RESULT.rstrip(b"\n"),
        RESULT + b"\n,,\n\n",
        RESULT.replace(b"2,returned", b"0000000002 , returned "),
        b"outcome,line,reason\npaid,3,\nreturned,2," + "口座解約".encode() + b"\npaid,1,\n",
        b"line,note,outcome,reason\n1,x,paid,\n2,x,returned,"
        + '"口座解約"'.encode()
        + b"\n3,x,paid,",
    ],
)
def test_spreadsheets_may_save_it_in_their_own_way(variant: bytes) -> None:
    assert read_result(variant, lines=3) == read_result(RESULT, lines=3)


@pytest.mark.parametrize(
    ("file", "row", "words"),
    [
        ("line,outcome,reason\n1,paid,\n2,done,\n3,paid,\n", 3, "'done' is none of: paid, ret"),
        ("line,outcome,reason\n1,paid,\n2,PAID,\n3,paid,\n", 3, "'PAID'"),
        ("line,outcome,reason\n1,paid,\n2,,\n3,paid,\n", 3, "''"),
        ("line,outcome,reason\n1,paid,\n2,paid,\n\n1,paid,\n", 5, "stood in row 2 already"),
        ("line,outcome,reason\n1,paid,\n2,paid,\n4,paid,\n", 4, "another file's result"),
        ("line,outcome,reason\n0,paid,\n", 2, "another file's result"),
        ("line,outcome,reason\none,paid,\n", 2, "'one' is not a number"),
        ("line,outcome,reason\n１,paid,\n", 2, "is not a number"),
        ("line,outcome,reason\n-1,paid,\n", 2, "is not a number"),
        ("line,outcome,reason\n1,paid\n", 2, "2 columns where the heading has 3"),
        ('line,outcome,reason\n1,"paid"x,\n', 2, "not CSV"),
        ("line,outcome\n1,paid\n", 1, "'reason' must stand there once, not 0"),
        ("line,line,outcome,reason\n1,1,paid,\n", 1, "'line' must stand there once, not 2"),
        ("", 1, "it has nothing"),
    ],
)
def test_what_cannot_be_believed_is_refused_with_its_row(file: str, row: int, words: str) -> None:
    with pytest.raises(ResultRefused, match=words) as refused:
        read_result(file.encode(), lines=3)

    assert refused.value.row == row
    assert str(refused.value).startswith(f"row {row}: ")


def test_a_line_that_the_bank_forgot_is_asked_for() -> None:
    with pytest.raises(ResultRefused, match=r"nothing about 1 of 3 lines \(3\)"):
        read_result(RESULT.removesuffix(b"3,paid,\n"), lines=3)
    with pytest.raises(ResultRefused, match=r"12 of 15 lines \(4, 5, .*, 13 \.\.\.\)"):
        read_result(RESULT, lines=15)


YOKOHAMA = ColumnMap(
    line="顧客コード１",
    outcome="処理結果",
    reason="不能理由",
    paid=frozenset({"振込済", "組戻不要"}),
    returned=frozenset({"振込不能"}),
    encodings=("cp932",),
)


def test_another_banks_file_is_read_through_its_column_map() -> None:
    file = (
        "受付日,顧客コード１,処理結果,不能理由\r\n"
        "1026,0000000001,振込済,\r\n"
        "1026,0000000002,振込不能,口座なし\r\n"
    )

    first, second = read_result(file.encode("cp932"), lines=2, columns=YOKOHAMA)

    assert first == LineResult(line=1, outcome=Outcome.PAID, reason="")
    assert second == LineResult(line=2, outcome=Outcome.RETURNED, reason="口座なし")


def test_a_bank_that_gives_no_reasons_needs_no_column_for_them() -> None:
    (only,) = read_result(b"line,outcome\n1,paid\n", lines=1, columns=ColumnMap(reason=None))

    assert only.reason == ""


def test_a_map_that_says_both_is_refused() -> None:
    with pytest.raises(ResultRefused, match="both paid and returned"):
        ColumnMap(paid=frozenset({"ok"}), returned=frozenset({"ok"}))


def test_a_file_saved_by_excel_in_japan_is_read() -> None:
    """CP932, with CRLF and the letters that Windows has of its own."""
    told = RESULT.decode().replace("口座解約", "①髙橋様 口座解約～")
    saved = told.replace("\n", "\r\n").encode("cp932")
    assert read_result(saved, lines=3) == read_result(told.encode(), lines=3)


def test_what_is_no_text_is_said_in_words() -> None:
    with pytest.raises(ResultRefused, match=r"no text in UTF-8 or CP932: save the bank's result"):
        read_result(b"line,outcome,reason\n1,paid,\xff\xfe\x81\n", lines=1)
    with pytest.raises(ResultRefused, match="no text in CP932"):
        read_result(b"\x81", lines=1, columns=ColumnMap(encodings=("cp932",)))


@given(st.binary(max_size=200) | st.text('line,outcmerasp123"\n\r', max_size=60).map(str.encode))
def test_foreign_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    for file in (data, b"line,outcome,reason\n" + data):
        try:
            results = read_result(file, lines=2)
        except ResultRefused:
            continue
        assert [result.line for result in results] == [1, 2]


REASONS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]),
    max_size=12,
).map(str.strip)
OUTCOMES = st.lists(st.tuples(st.sampled_from(Outcome), REASONS), min_size=1, max_size=8)


@given(OUTCOMES, st.data())
def test_every_line_comes_back_with_its_own_outcome(
    outcomes: list[tuple[Outcome, str]],
    order: st.DataObject,
) -> None:
    sent = [
        LineResult(line=line, outcome=outcome, reason=reason)
        for line, (outcome, reason) in enumerate(outcomes, 1)
    ]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["line", "outcome", "reason"])
    shuffled = order.draw(st.permutations(sent))
    table.writerows([result.line, result.outcome, result.reason] for result in shuffled)

    assert read_result(written.getvalue().encode(), lines=len(sent)) == tuple(sent)
