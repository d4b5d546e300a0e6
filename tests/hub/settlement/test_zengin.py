"""The 総合振込 file, byte by byte: what we write, what we read back."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.settlement.banks import AccountType
from hub.settlement.errors import FileRefused, NameRefused
from hub.settlement.examine import examine
from hub.settlement.findings import Fault
from hub.settlement.layout import TABLES
from hub.settlement.zengin import Header, MonthDay, Transfer, TransferFile, make_file, read_file
from tests.hub.settlement.parts import (
    BAKERY,
    FISH_SHOP,
    PAY_ON,
    TOWN,
    good_file,
    header,
    transfer,
    transfers,
)

GOLDEN = Path(__file__).parent / "golden"


def test_octobers_file_is_the_golden_one_to_the_byte() -> None:
    assert good_file() == (GOLDEN / "october.zengin").read_bytes()


def test_the_golden_file_is_what_its_listing_says() -> None:
    """The listing is for people; here it shows that it tells the truth, gaps and all."""
    records: list[str] = []
    for line in (GOLDEN / "october.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            records.append("")
        elif field := re.fullmatch(r" *(\d+)\+(\d+) +[^|]*\|(.*)\|", line):
            offset, width, value = int(field[1]), int(field[2]), field[3]
            assert (len(records[-1]), len(value)) == (offset, width), line
            records[-1] += value

    written = "".join(record + "\r\n" for record in records).encode("shift_jis")

    assert written == (GOLDEN / "october.zengin").read_bytes()


def test_a_reader_that_knows_only_the_banks_table_reads_the_same() -> None:
    """Offsets written out here once more, so that a slip in our tables cannot hide."""
    head, fish, bakery, association, trailer, end = good_file().split(b"\r\n")[:-1]

    assert {len(record) for record in (head, fish, bakery, association, trailer, end)} == {120}
    assert head[:14] == b"1" + b"21" + b"0" + b"1413050001"
    assert head[14:54].decode("shift_jis").rstrip() == "ｶﾜｻｷｼ"
    assert head[54:62] == b"1026" + b"0138"
    assert head[62:77].decode("shift_jis").rstrip() == "ﾖｺﾊﾏ"
    assert head[77:80] == b"810"
    assert head[80:95].decode("shift_jis").rstrip() == "ｶﾜｻｷ"
    assert head[95:] == b"1" + b"0123456" + b" " * 17

    assert fish[:5] == b"2" + b"0001"
    assert fish[5:20] == b"\xd0\xbd\xde\xce" + b" " * 11  # ﾐｽﾞﾎ
    assert fish[20:23] == b"004"
    assert fish[38:50] == b"0000" + b"1" + b"7654321"
    assert fish[50:80] == b"\xb6)\xb3\xb5\xca\xd9" + b" " * 24  # ｶ)ｳｵﾊﾙ
    assert fish[80:] == b"0000128400" + b"0" + b"0000000001" + b"0000002108" + b"7" + b" " * 8

    paid = [int(record[80:90]) for record in (fish, bakery, association)]
    assert paid == [128_400, 6_384, 1_203_000]
    assert trailer == b"8" + b"000003" + b"%012d" % sum(paid) + b" " * 101
    assert end == b"9" + b" " * 119


def test_every_table_covers_its_record_without_gap_or_overlap() -> None:
    for table in TABLES.values():
        at = 0
        for field in table:
            assert field.offset == at
            assert all(len(value) <= field.width for value in field.only)
            at += field.width
        assert at == 120


def test_the_file_is_read_back_whole() -> None:
    read = read_file(good_file())

    assert read == TransferFile(header=header(), transfers=tuple(transfers()))
    assert read.total == 1_337_784
    assert read.header.payment_day == MonthDay(PAY_ON.month, PAY_ON.day)


def test_a_bank_with_a_long_name_is_cut_between_letters() -> None:
    long = replace(FISH_SHOP.bank, kana="ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｶﾞﾊﾞﾝｸ")

    paid = transfer(1, replace(FISH_SHOP, bank=long), 1)

    assert paid.bank_name == "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾ"


def refused(*payments: Transfer, repeats: dict[int, str] | None = None) -> Fault:
    with pytest.raises(FileRefused) as refusal:
        make_file(header(), payments, repeats=repeats)
    return refusal.value.finding.fault


def test_a_file_that_pays_nobody_is_not_made() -> None:
    assert refused() is Fault.NO_TRANSFERS


def test_the_same_payment_twice_needs_a_reason() -> None:
    twice = [transfer(1, BAKERY, 500), transfer(2, BAKERY, 500)]

    assert refused(*twice) is Fault.DUPLICATE
    assert refused(*twice, repeats={2: " "}) is Fault.DUPLICATE
    assert refused(*twice, repeats={1: "two market days"}) is Fault.DUPLICATE
    assert read_file(make_file(header(), twice, repeats={2: "two market days"})).total == 1000


def test_the_same_account_under_another_name_is_the_same_payee() -> None:
    other_name = replace(transfer(2, BAKERY, 500), holder="ﾍﾞﾂﾉﾅﾏｴ")

    assert refused(transfer(1, BAKERY, 500), other_name) is Fault.DUPLICATE


def test_an_ordinary_and_a_current_account_of_one_number_are_two_payees() -> None:
    ordinary = replace(transfer(2, BAKERY, 500), account_type=AccountType.ORDINARY)

    assert make_file(header(), [transfer(1, BAKERY, 500), ordinary])


def test_lines_are_numbered_from_one() -> None:
    assert refused(transfer(2, BAKERY, 500)) is Fault.WRONG_LINE
    assert refused(transfer(1, BAKERY, 1), transfer(1, BAKERY, 2)) is Fault.WRONG_LINE


def test_more_than_the_trailer_can_count_is_to_be_split() -> None:
    assert refused(*[transfer(1, BAKERY, 1)] * 1_000_000) is Fault.TOO_MANY_LINES


def test_more_yen_than_the_trailer_can_hold_are_to_be_split() -> None:
    largest = [transfer(n, BAKERY, 9_999_999_999 - n) for n in range(1, 102)]

    assert refused(*largest) is Fault.TOTAL_TOO_LARGE


@pytest.mark.parametrize(
    ("amount", "fault"),
    [
        (0, Fault.AMOUNT_ZERO),
        (10_000_000_000, Fault.AMOUNT_TOO_LARGE),
        (-5, Fault.BAD_VALUE),
    ],
)
def test_an_amount_is_one_to_ten_digits_of_yen(amount: int, fault: Fault) -> None:
    with pytest.raises(FileRefused) as refusal:
        transfer(1, BAKERY, amount)

    finding = refusal.value.finding
    assert (finding.fault, finding.field, finding.offset) == (fault, "amount", 80)


def test_the_largest_amount_fits() -> None:
    paid = [transfer(1, BAKERY, 9_999_999_999)]

    assert read_file(make_file(header(), paid)).total == 9_999_999_999


@pytest.mark.parametrize(
    ("field", "value", "fault", "offset"),
    [
        ("holder", "", Fault.EMPTY_NAME, 50),
        ("holder", "ﾊﾟｰﾗ", Fault.LONG_MARK, 52),
        ("holder", "ｼｮｳﾃﾝ", Fault.SMALL_KANA, 51),
        ("holder", "ｶﾞﾞ", Fault.LOOSE_MARK, 52),
        ("holder", "ウオハル", Fault.FORBIDDEN_CHARACTER, 50),
        ("holder", " ｱ", Fault.BAD_VALUE, 50),
        ("holder", "ｱ" * 31, Fault.BAD_VALUE, 80),
        ("bank_code", "138", Fault.BAD_VALUE, 1),
        ("branch_code", "８１０", Fault.BAD_VALUE, 20),
        ("account_number", "12345678", Fault.BAD_VALUE, 43),
        ("new", "3", Fault.BAD_VALUE, 90),
        ("how", "9", Fault.BAD_VALUE, 111),
    ],
)
def test_a_transfer_that_would_not_fit_its_record_cannot_be_made(
    field: str,
    value: str,
    fault: Fault,
    offset: int,
) -> None:
    wrong: dict[str, Any] = {field: value}

    with pytest.raises(FileRefused) as refusal:
        replace(transfer(1, BAKERY, 1), **wrong)

    assert (refusal.value.finding.fault, refusal.value.finding.offset) == (fault, offset)


def test_a_town_cannot_pay_from_a_savings_account() -> None:
    with pytest.raises(FileRefused, match="'4' is not 1 or 2 or 9"):
        replace(header(), account_type=AccountType.SAVINGS)


def test_a_header_is_refused_with_words() -> None:
    with pytest.raises(FileRefused, match=r"0230.*a month and a day"):
        replace(header(), payment_day=MonthDay(2, 30))
    with pytest.raises(NameRefused, match="requester name"):
        Header.of(TOWN, requester_code="1", requester_name="川崎市", pay_on=PAY_ON)


def test_a_file_that_was_cut_off_is_refused_with_its_record() -> None:
    with pytest.raises(FileRefused, match=r"^record 3: the record has 56 bytes") as refusal:
        read_file(good_file()[:300])

    assert refusal.value.finding.record == 3


LETTERS = st.lists(
    st.sampled_from(["ｱ", "ｶﾞ", "ﾊﾟ", "ﾝ", "A", "9", "(", ")", "-", "."]),
    max_size=7,
).map("".join)


def digits(width: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=width, max_size=width)


PAYMENTS = st.lists(
    st.builds(
        Transfer,
        line=st.just(1),
        bank_code=digits(4),
        bank_name=LETTERS,
        branch_code=digits(3),
        branch_name=LETTERS,
        account_type=st.sampled_from(AccountType),
        account_number=digits(7),
        holder=LETTERS.filter(bool),
        amount=st.integers(1, 9_999_999_999),
        new=st.sampled_from("012"),
        customer_code=digits(10),
        how=st.sampled_from("78"),
    ),
    min_size=1,
    max_size=6,
).map(lambda payments: [replace(paid, line=line) for line, paid in enumerate(payments, 1)])
HEADERS = st.builds(
    Header,
    requester_code=digits(10),
    requester_name=LETTERS.filter(bool),
    payment_day=st.dates().map(lambda day: MonthDay(day.month, day.day)),
    bank_code=digits(4),
    bank_name=LETTERS,
    branch_code=digits(3),
    branch_name=LETTERS,
    account_type=st.sampled_from(
        [AccountType.ORDINARY, AccountType.CURRENT, AccountType.OTHER],
    ),
    account_number=digits(7),
)


@given(HEADERS, PAYMENTS)
def test_whatever_is_written_is_read_back_the_same(head: Header, paid: list[Transfer]) -> None:
    reasons = dict.fromkeys(range(1, len(paid) + 1), "on purpose")

    data = make_file(head, paid, repeats=reasons)

    assert len(data) == 122 * (len(paid) + 3)
    assert read_file(data) == TransferFile(header=head, transfers=tuple(paid))


LINES = st.lists(
    st.sampled_from(good_file().splitlines(keepends=True)) | st.binary(max_size=130),
    max_size=8,
).map(b"".join)


@given(st.binary(max_size=400) | LINES)
@example(b"")
@example(b"\r\n" * 4)
@example(b"1" * 120 + b"\n")
def test_foreign_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    findings = examine(data).findings
    if not findings:
        assert read_file(data).transfers
        return

    with pytest.raises(FileRefused) as refusal:
        read_file(data)
    assert refusal.value.finding == findings[0]


@given(st.data())
def test_one_changed_byte_is_never_read_as_something_it_is_not(data: st.DataObject) -> None:
    """A changed byte is refused, or it stands in the values that were read."""
    good = good_file()
    at = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[at]))
    try:
        read = read_file(good[:at] + bytes([byte]) + good[at + 1 :])
    except FileRefused:
        return

    assert read != read_file(good)
