"""Whatever a scanner types: a whole ticket is found, and nothing else ever is."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.scan import NoTicket, looks_like_ticket, scanned_ticket
from sync.ticket import to_qr
from tests.doubles.codes import CODE, ONE, OTHER_CODE, full_width


def why(text: str) -> str:
    with pytest.raises(NoTicket) as told:
        scanned_ticket(text)
    return told.value.reason


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        full_width(CODE),
        full_width(CODE.lower()),
        f"  {CODE}\r\n",
        f"{CODE}\t",
        f"]Q1{CODE}",
        f"]q3{CODE.lower()}",
        f"[Q1{CODE}",
        full_width(f"]Q1{CODE}"),
        f"{CODE[:90]} {CODE[90:]}",
    ],
    ids=[
        "as it is",
        "caps lock the other way",
        "full-width",
        "full-width and small",
        "with spaces and a line end",
        "with a tab",
        "with the scanner's identifier",
        "the same in small letters",
        "the identifier on another keyboard layout",
        "the identifier full-width",
        "wrapped",
    ],
)
def test_a_whole_ticket_is_found(text: str) -> None:
    assert scanned_ticket(text) == ONE
    assert looks_like_ticket(text)


@pytest.mark.parametrize(
    "text",
    [
        CODE + OTHER_CODE,
        CODE + CODE,
        CODE[:70] + OTHER_CODE,
        CODE[200:] + OTHER_CODE,
        CODE + OTHER_CODE[:70],
        CODE + OTHER_CODE[:12],
        f"]Q1{CODE}]Q1{OTHER_CODE}",
        full_width(CODE + OTHER_CODE).lower(),
        CODE + OTHER_CODE + CODE,
    ],
)
def test_of_two_codes_in_one_line_neither_is_taken(text: str) -> None:
    assert why(text) == "scans-run-together"


@pytest.mark.parametrize("cut", [8, 12, 40, 100, len(CODE) - 8, len(CODE) - 1])
def test_the_beginning_of_a_ticket_was_read_only_in_part(cut: int) -> None:
    assert why(CODE[:cut]) == "scan-incomplete"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HELLO",
        "https://www.example.jp/?id=123&x=" + "A" * 200,
        "4901234567894",
        "WIFI:S:machikado;T:WPA;P:secret;;",
        "BEGIN:VCARD\nFN:山田\nEND:VCARD",
        "\x00\x1b[A\x7f",
        "A" * 10_000,
        "MFRGGZDFMZTWQ2LK",
        CODE[100:],
    ],
)
def test_what_is_another_code_is_called_so(text: str) -> None:
    assert why(text) in {"not-a-ticket", "scan-in-kana"}


def test_an_input_method_that_makes_kana_of_it_is_told() -> None:
    assert why("２ｋせ３いｑべ４せ") == "scan-in-kana"


REASONS = {"not-a-ticket", "scan-incomplete", "scans-run-together", "scan-in-kana"}
ANY = st.one_of(
    st.text(max_size=400),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", max_size=400),
    st.binary(max_size=400).map(lambda data: data.decode("latin-1")),
    st.builds(lambda a, b: CODE[a:b], st.integers(0, len(CODE)), st.integers(0, len(CODE))),
)


@given(ANY)
@example("]Q1")
@example("\u0130")
def test_any_text_at_all_is_a_ticket_or_has_a_reason(text: str) -> None:
    found = _found(text)
    if isinstance(found, str):
        assert found in REASONS
    else:
        assert to_qr(found) in "".join(unicodedata.normalize("NFKC", text).split()).upper()


@given(ANY, ANY)
def test_beside_anything_else_in_its_line_a_ticket_is_itself_or_nothing(
    before: str, after: str
) -> None:
    assert _found(before + CODE + after) in {ONE, *REASONS}


def _found(text: str) -> bytes | str:
    try:
        return scanned_ticket(text)
    except NoTicket as told:
        return told.reason
