"""What may stand on paper, and the bytes a job keeps it as."""

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.documents import Balance, Document, Slip, decode, encode, kind, reprinted
from printer.errors import BadDocument
from printer.words import title
from tests.printer import samples

ALL: list[Document] = [
    samples.ticket("ja"),
    samples.ticket("en"),
    samples.slip("ja"),
    samples.slip("en"),
    samples.z_report("ja"),
    samples.z_report("en"),
    samples.clearing_receipt("ja"),
    samples.clearing_receipt("en"),
]


@pytest.mark.parametrize("document", ALL, ids=title)
def test_a_document_comes_back_from_its_bytes(document: Document) -> None:
    assert decode(encode(document)) == document


@given(
    points=st.integers(min_value=1, max_value=9_999_999),
    organisation=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    balance=st.none() | st.integers(min_value=-9_999_999, max_value=9_999_999),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_any_slip_comes_back_from_its_bytes(
    points: int, organisation: str, balance: int | None, at: datetime
) -> None:
    slip: Slip = msgspec.structs.replace(
        samples.slip(),
        points=points,
        organisation=organisation,
        at=at,
        balance=None if balance is None else Balance(points=balance, as_of=at),
    )

    assert decode(encode(slip)) == slip


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(BadDocument, match="no document that can be printed"):
        decode(data)


@given(st.data())
def test_a_damaged_document_never_comes_back_as_something_impossible(data: st.DataObject) -> None:
    whole = encode(samples.ticket("en"))
    at = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + 1 :]

    try:
        document = decode(damaged)
    except BadDocument:
        return

    assert decode(encode(document)) == document


def test_a_field_of_a_later_version_is_not_dropped_in_silence() -> None:
    later = encode(samples.slip()).replace(b'"seq":42', b'"seq":42,"tip":5')

    with pytest.raises(BadDocument, match="tip"):
        decode(later)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": 0}, "at least 1 point"),
        ({"valid_until": date(2017, 12, 14)}, "cannot end before it begins"),
        ({"number": "123456789012"}, "13 digits"),
        ({"number": "123456789012３"}, "13 digits"),
        ({"qr": "abc"}, "base32"),
        ({"qr": ""}, "base32"),
        ({"digest": "9F2C01D2"}, "8 hexadecimal"),
        ({"reprints": -1}, "below zero"),
    ],
)
def test_a_ticket_that_could_not_be_true_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        msgspec.structs.replace(samples.ticket(), **change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": -300}, "at least 1 point"),
        ({"seq": 0}, "counted from 1"),
        ({"at": datetime(2017, 12, 15)}, "time zone"),  # noqa: DTZ001  that it is naive is the story
        ({"digest": "9f2c01d"}, "8 hexadecimal"),
        ({"number": "123"}, "13 digits"),
        ({"undoes": 42}, "earlier one"),
    ],
)
def test_a_slip_that_could_not_be_true_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        msgspec.structs.replace(samples.slip(), **change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"closed": datetime(2017, 12, 14, tzinfo=UTC)}, "cannot close before"),
        ({"waiting": 3}, "more digests than waiting"),
        ({"synced": -1}, "below zero"),
        ({"waiting_digests": ("9f2c",)}, "8 hexadecimal"),
    ],
)
def test_a_z_report_that_could_not_be_true_is_refused(
    change: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        msgspec.structs.replace(samples.z_report(), **change)


def test_the_total_is_what_stays_in_the_drawer() -> None:
    assert samples.z_report().total == 12_450 + 6_500 + 800 - 300


def test_each_reprint_is_counted() -> None:
    assert reprinted(reprinted(samples.ticket())).reprints == 2


def test_documents_are_named_for_the_list_of_jobs() -> None:
    assert [kind(document) for document in ALL[::2]] == [
        "ticket",
        "slip",
        "z-report",
        "clearing-receipt",
    ]
    assert [title(document) for document in ALL] == [
        "ポイント券 1,000ポイント",
        "Point Ticket 1,000\u00a0points",
        "ポイント利用控え 300ポイント",
        "Points Used 300\u00a0points",
        "日計 19,450ポイント",
        "Z-Report 19,450\u00a0points",
        "消込受領書 82,250ポイント",
        "Clearing Receipt 82,250\u00a0points",
    ]
