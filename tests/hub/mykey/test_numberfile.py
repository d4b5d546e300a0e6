"""A file of service numbers: whoever saved it, it is read, and each wrong line is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mykey.numberfile import BadLine, NumberFile, Row, read_numbers
from sync.errors import Malformed
from sync.services import ServiceNumber
from sync.values import MyKeyId

HANA, JIRO = MyKeyId("MY123456"), MyKeyId("MY654321")
LINES = f"{HANA},789145\r\n{JIRO},456578\r\n"


def rows(*numbers: tuple[int, MyKeyId, str]) -> NumberFile:
    """A file without a bad line."""
    made = tuple(Row(line, name, ServiceNumber(number)) for line, name, number in numbers)
    return NumberFile(rows=made, bad=())


PLAIN = rows((1, HANA, "789145"), (2, JIRO, "456578"))
BELOW = rows((2, HANA, "789145"), (3, JIRO, "456578"))


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (LINES.encode(), PLAIN),
        (LINES.encode("utf-8-sig"), PLAIN),
        (f"マイキーID,利用者番号\r\n{LINES}".encode("cp932"), BELOW),
        (f"ﾏｲｷｰID,番号\n{LINES}".encode("cp932"), BELOW),
        (f"\ufeffMyKey ID,number\n{LINES}".encode(), BELOW),
        (f"mykey_id,number\n{LINES}".encode(), BELOW),
        (f'"{HANA}","789145",,\n\n {JIRO} ,４５６５７８\n'.encode(), rows(
            (1, HANA, "789145"), (3, JIRO, "456578")
        )),
    ],
    ids=["plain", "bom", "shift-jis", "half-width kana", "bom and heading", "english", "excel"],
)  # fmt: skip
def test_files_are_read_as_people_save_them(data: bytes, read: NumberFile) -> None:
    assert read_numbers(data) == read


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("my123456,1", "capital letters"),
        ("MY12345,1", "exactly 8"),
        ("MY1234567,1", "exactly 8"),
        ("ＭＹ１２３４５６,1", "half-width"),
        (",1", "exactly 8"),
        ("NEW00001,", "1 to 20"),
        ("NEW00001,7 8", "no spaces"),
        ("NEW00001,山田", "letters, digits or signs"),
        (f"NEW00001,{'9' * 21}", "1 to 20"),
        ("NEW00001", "1 columns"),
        ("NEW00001,1,2", "3 columns"),
        (f"{HANA},999", f"{HANA} stood in line 2 already"),
        ("NEW00001,789145", "789145 stood in line 2 already"),
        ('NEW00001,"1', "this is not CSV"),
    ],
)
def test_each_wrong_line_is_named_with_what_is_wrong(line: str, told: str) -> None:
    read = read_numbers(f"MyKey ID,number\n{LINES}{line}\n".encode())

    [bad] = read.bad
    assert bad.line == 4
    assert told in bad.what
    assert len(read.rows) == 2


def test_all_that_is_wrong_is_told_at_once() -> None:
    read = read_numbers(b"abc,1\nMY123456,1\nMY654321,1\n")

    assert [bad.line for bad in read.bad] == [1, 3]
    assert read.rows == (Row(2, HANA, ServiceNumber("1")),)


@pytest.mark.parametrize("data", [b"", b"\n \n", b"MyKey ID,number\n", b"\xef\xbb\xbf"])
def test_a_file_with_nothing_in_it_is_none(data: bytes) -> None:
    with pytest.raises(Malformed, match="no number in this file"):
        read_numbers(data)


def test_a_file_that_is_no_text_is_none() -> None:
    with pytest.raises(Malformed, match="save it as CSV"):
        read_numbers(b"MY123456,\x81")


@given(st.binary(max_size=400))
def test_whatever_is_in_a_file_it_is_read_or_refused_in_words(data: bytes) -> None:
    try:
        read = read_numbers(data)
    except Malformed:
        return
    assert all(isinstance(bad, BadLine) and bad.what for bad in read.bad)
    assert len({row.mykey_id for row in read.rows}) == len(read.rows)
    assert len({row.number for row in read.rows}) == len(read.rows)
