"""One fault at a time in a good file, each found by its own name."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from hub.settlement.calendar import ANNOUNCED_UNTIL
from hub.settlement.findings import Fault, Finding
from hub.settlement.validate import findings
from hub.settlement.zengin import make_file
from tests.hub.settlement.parts import BAKERY, CALENDAR, PAY_ON, good_file, header, transfer

HEAD, FISH, BAKER, ASSOCIATION, TRAILER, END = range(6)

Mutation = Callable[[list[bytes]], list[bytes]]
"""Turns the records of a good file, line ends included, into those of a bad one."""


def found(data: bytes, pay_on: date = PAY_ON) -> list[Finding]:
    return findings(data, pay_on=pay_on, calendar=CALENDAR)


def put(record: int, offset: int, raw: bytes) -> Mutation:
    """Overwrite bytes of one record, which keeps its length."""

    def mutate(records: list[bytes]) -> list[bytes]:
        old = records[record]
        new = old[:offset] + raw + old[offset + len(raw) :]
        return [*records[:record], new, *records[record + 1 :]]

    return mutate


def change(record: int, old: bytes, new: bytes) -> Mutation:
    """Replace bytes of one record, whose length may change."""

    def mutate(records: list[bytes]) -> list[bytes]:
        assert old in records[record]
        changed = records[record].replace(old, new, 1)
        return [*records[:record], changed, *records[record + 1 :]]

    return mutate


def order(*kept: int) -> Mutation:
    """Keep these records, in this order."""
    return lambda records: [records[record] for record in kept]


def kana(letters: str) -> bytes:
    return letters.encode("shift_jis")


MUTANTS: dict[str, tuple[Mutation, list[Fault]]] = {
    "the total is one yen more": (put(TRAILER, 7, b"000001337785"), [Fault.WRONG_TOTAL]),
    "an amount is changed behind the total": (put(FISH, 80, b"0000128500"), [Fault.WRONG_TOTAL]),
    "the count is one more": (put(TRAILER, 1, b"000004"), [Fault.WRONG_COUNT]),
    "a transfer is lost": (
        order(HEAD, FISH, BAKER, TRAILER, END),
        [Fault.WRONG_COUNT, Fault.WRONG_TOTAL],
    ),
    "a long mark instead of the hyphen": (put(BAKER, 51, kana("ﾟｰ")), [Fault.LONG_MARK]),
    "a long mark in the bank's name": (put(ASSOCIATION, 11, b"\xb0"), [Fault.LONG_MARK]),
    "a small kana": (put(ASSOCIATION, 56, kana("ｼｮｳ")), [Fault.SMALL_KANA]),
    "a small tsu in the requester's name": (put(HEAD, 15, kana("ｯ")), [Fault.SMALL_KANA]),
    "ヲ in a name": (put(FISH, 52, kana("ｦ")), [Fault.FORBIDDEN_CHARACTER]),
    "a comma in a name": (put(FISH, 51, b","), [Fault.FORBIDDEN_CHARACTER]),
    "kanji in a name": (put(FISH, 50, "魚".encode("shift_jis")), [Fault.FORBIDDEN_CHARACTER]),
    "lower case in a name": (put(FISH, 50, b"a"), [Fault.FORBIDDEN_CHARACTER]),
    "a mark without its kana": (put(FISH, 50, kana("ｱﾞ")), [Fault.LOOSE_MARK]),
    "a name that does not begin at the left": (put(FISH, 50, b" "), [Fault.BAD_VALUE]),
    "no name": (put(FISH, 50, b" " * 30), [Fault.EMPTY_NAME]),
    "the end record is missing": (
        order(HEAD, FISH, BAKER, ASSOCIATION, TRAILER),
        [Fault.MISSING_END],
    ),
    "the trailer is missing": (
        order(HEAD, FISH, BAKER, ASSOCIATION, END),
        [Fault.MISSING_TRAILER],
    ),
    "the header is missing": (
        order(FISH, BAKER, ASSOCIATION, TRAILER, END),
        [Fault.MISSING_HEADER],
    ),
    "the header comes second": (
        order(FISH, HEAD, BAKER, ASSOCIATION, TRAILER, END),
        [Fault.WRONG_ORDER],
    ),
    "two end records": (
        order(HEAD, FISH, BAKER, ASSOCIATION, TRAILER, END, END),
        [Fault.WRONG_ORDER],
    ),
    "a record of no known kind": (put(BAKER, 0, b"7"), [Fault.UNKNOWN_RECORD]),
    "two lines have changed places": (
        order(HEAD, BAKER, FISH, ASSOCIATION, TRAILER, END),
        [Fault.WRONG_LINE],
    ),
    "a record lost its last byte": (change(BAKER, b" \r\n", b"\r\n"), [Fault.TRUNCATED]),
    "the end record is short": (change(END, b" " * 60, b""), [Fault.TRUNCATED]),
    "a blank line": (change(END, b"\r\n", b"\r\n\r\n"), [Fault.TRUNCATED]),
    "a record has a byte too many": (change(BAKER, b" \r\n", b"  \r\n"), [Fault.OVERLONG]),
    "a record ends with LF alone": (change(BAKER, b"\r\n", b"\n"), [Fault.BARE_LF]),
    "the last record ends with LF alone": (change(END, b"\r\n", b"\n"), [Fault.BARE_LF]),
    "the last line end is missing": (change(END, b"\r\n", b""), [Fault.NO_LINE_END]),
    "a record ends with CR alone": (
        change(TRAILER, b"\r\n", b"\r"),
        [Fault.OVERLONG, Fault.MISSING_END],
    ),
    "the bank is on no list": (put(FISH, 1, b"9998"), [Fault.UNKNOWN_BANK]),
    "the branch is on no list": (put(FISH, 20, b"998"), [Fault.UNKNOWN_BRANCH]),
    "our own bank is on no list": (put(HEAD, 58, b"9998"), [Fault.UNKNOWN_BANK]),
    "our own branch is on no list": (put(HEAD, 77, b"998"), [Fault.UNKNOWN_BRANCH]),
    "an amount of nothing": (put(BAKER, 80, b"0000000000"), [Fault.AMOUNT_ZERO]),
    "an amount of eleven digits": (
        change(BAKER, b"0000006384", b"10000006384"),
        [Fault.AMOUNT_TOO_LARGE],
    ),
    "an amount with a minus": (put(BAKER, 80, b"-"), [Fault.BAD_VALUE]),
    "a branch code of two digits": (put(BAKER, 20, b"03 "), [Fault.BAD_VALUE]),
    "an account type that does not exist": (put(BAKER, 42, b"3"), [Fault.BAD_VALUE]),
    "a letter in the account number": (put(BAKER, 43, b"O"), [Fault.BAD_VALUE]),
    "text in the blank": (put(BAKER, 119, b"X"), [Fault.BAD_VALUE]),
    "a day that no month has": (put(HEAD, 54, b"1032"), [Fault.BAD_VALUE]),
    "another day than the window's": (put(HEAD, 54, b"1027"), [Fault.WRONG_DATE]),
    "salary instead of transfers": (put(HEAD, 1, b"11"), [Fault.BAD_VALUE]),
    "another character code": (put(HEAD, 3, b"1"), [Fault.BAD_VALUE]),
}


def test_the_good_file_has_no_finding() -> None:
    assert found(good_file()) == []


@pytest.mark.parametrize("story", MUTANTS)
def test_each_mutant_is_found_by_its_own_name(story: str) -> None:
    mutate, expected = MUTANTS[story]
    records = good_file().splitlines(keepends=True)

    mutant = b"".join(mutate(records))

    assert mutant != good_file()
    assert [finding.fault for finding in found(mutant)] == expected


def test_the_mutants_leave_no_fault_unproved() -> None:
    elsewhere = {
        Fault.NO_TRANSFERS,
        Fault.TOO_MANY_LINES,
        Fault.TOTAL_TOO_LARGE,  # no trailer can say it; the writer refuses
        Fault.DUPLICATE,
        Fault.HOLIDAY,
        Fault.PAST_HORIZON,
    }
    proved = {fault for _, faults in MUTANTS.values() for fault in faults}

    assert proved | elsewhere == set(Fault)
    assert not proved & elsewhere


@pytest.mark.parametrize(
    ("pay_on", "fault", "words"),
    [
        (date(2026, 11, 3), Fault.HOLIDAY, "文化の日"),
        (date(2026, 9, 22), Fault.HOLIDAY, "国民の休日"),
        (date(2026, 10, 25), Fault.HOLIDAY, "a Sunday"),
        (date(2026, 12, 31), Fault.HOLIDAY, "year-end"),
        (ANNOUNCED_UNTIL + timedelta(days=5), Fault.PAST_HORIZON, "update the holiday data"),
    ],
)
def test_a_file_for_a_day_that_is_no_business_day_is_found(
    pay_on: date,
    fault: Fault,
    words: str,
) -> None:
    records = good_file().splitlines(keepends=True)
    file = b"".join(put(HEAD, 54, f"{pay_on:%m%d}".encode())(records))

    (finding,) = found(file, pay_on)

    assert finding.fault is fault
    assert words in finding.words


def test_paying_the_same_amount_twice_is_found_unless_it_has_a_reason() -> None:
    reasons = {2: "two market days"}
    twice = [transfer(1, BAKERY, 500), transfer(2, BAKERY, 500)]
    file = make_file(header(), twice, repeats=reasons)

    (finding,) = found(file)

    assert (finding.fault, finding.record) == (Fault.DUPLICATE, 3)
    assert "line 2 pays the same account the same amount as line 1" in finding.words
    assert findings(file, pay_on=PAY_ON, calendar=CALENDAR, repeats=reasons) == []


def test_a_file_that_pays_nobody_is_found() -> None:
    records = good_file().splitlines(keepends=True)
    records[TRAILER] = b"8" + b"0" * 18 + b" " * 101 + b"\r\n"

    assert [f.fault for f in found(b"".join([records[HEAD], *records[TRAILER:]]))] == [
        Fault.NO_TRANSFERS,
    ]


def test_a_file_longer_than_its_trailer_can_count_is_found_without_reading_it() -> None:
    records = good_file().splitlines(keepends=True)
    endless = records[HEAD] + records[FISH] * 1_000_000 + records[TRAILER] + records[END]

    (finding,) = found(endless)

    assert finding.fault is Fault.TOO_MANY_LINES
    assert "1000000 transfers" in finding.words


def test_an_empty_file_lacks_everything() -> None:
    assert [finding.fault for finding in found(b"")] == [
        Fault.MISSING_HEADER,
        Fault.NO_TRANSFERS,
        Fault.MISSING_TRAILER,
        Fault.MISSING_END,
    ]


def test_a_file_with_many_faults_names_them_all() -> None:
    records = good_file().splitlines(keepends=True)
    for mutation in (put(FISH, 50, kana("ｯ")), put(FISH, 1, b"9998"), put(TRAILER, 1, b"000009")):
        records = mutation(records)

    assert {finding.fault for finding in found(b"".join(records))} == {
        Fault.SMALL_KANA,
        Fault.UNKNOWN_BANK,
        Fault.WRONG_COUNT,
    }


def test_a_finding_says_where_it_stands_as_a_person_counts() -> None:
    records = good_file().splitlines(keepends=True)

    (finding,) = found(b"".join(put(ASSOCIATION, 56, kana("ｼｮｳ"))(records)))

    assert str(finding) == (
        "record 4, account holder (offset 57): 'ｮ' at position 8 is a small kana: "
        "the banks write the large one [small-kana]"
    )
