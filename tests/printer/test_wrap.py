"""Where lines end."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.wrap import NO_END, NO_START, wrap

WORDS = [
    "豊島区",
    "としまる",
    "ポイント",
    "1,000ポイント",
    "2017年12月15日から",
    "3,450円",
    "12件",
    "Toshima",
    "15\u00a0Dec\u00a02017",
    "1,000\u00a0points",
    "お店",
    "使えます",
    "ｶﾞｿﾘﾝ",
    "１２３",
]
MARKS = ["、", "。", "）", "」", "・", "ー", "っ", "々", "！", "（", "「", " ", "\u3000", "\n"]
READY_TEXT = st.lists(st.sampled_from(WORDS + MARKS), max_size=25).map("".join)


def cells(text: str) -> int:
    """Widths of a Japanese terminal: 2 for full width, 1 for half width, 0 for what combines."""
    return sum(
        0
        if unicodedata.category(letter).startswith("M")
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def solid(text: str) -> str:
    return "".join(letter for letter in text if letter not in " \t\r\n\f\v\u3000")


@given(text=st.text(max_size=80) | READY_TEXT, width=st.integers(min_value=2, max_value=48))
def test_no_letter_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = wrap(text, width, cells)

    assert solid("".join(lines)) == solid(text)
    assert all(cells(line) <= width for line in lines)
    assert all(lines)


@given(words=st.lists(st.sampled_from(WORDS), max_size=25), width=st.integers(20, 48))
def test_no_line_ends_inside_a_word_or_an_amount(words: list[str], width: int) -> None:
    text = " ".join(words)

    lines = wrap(text, width, cells)

    assert " ".join(lines).split(" ") == text.split(" ")


@given(
    phrases=st.lists(
        st.tuples(
            st.sampled_from(["", "（", "「"]),
            st.sampled_from(WORDS),
            st.sampled_from(["", "、", "。", "）", "」。", "々", "っ", "ー"]),
        ),
        max_size=25,
    ),
    width=st.integers(26, 48),
)
def test_no_line_starts_or_ends_with_what_may_not(
    phrases: list[tuple[str, str, str]], width: int
) -> None:
    lines = wrap("".join(map("".join, phrases)), width, cells)

    assert not any(line[0] in NO_START for line in lines[1:])
    assert not any(line[-1] in NO_END for line in lines[:-1])


@given(text=READY_TEXT)
def test_what_fits_on_one_line_stays_on_it(text: str) -> None:
    assert len(wrap(text, 10_000, cells)) <= 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "送信が終わるまで、この紙を保管してください。",
            ["送信が終わるまで、", "この紙を", "保管してください。"],
        ),
        ("残りは1,000ポイントです", ["残りは", "1,000ポイントです"]),
        ("期限は2017年12月15日です", ["期限は", "2017年12月15日です"]),
        ("大塚銀座（豊島区南大塚）", ["大塚銀座", "（豊島区南大塚）"]),
        ("Every shop that Toshima has accepted", ["Every shop that", "Toshima has", "accepted"]),
        ("あああああああああ。", ["ああああああああ", "あ。"]),
    ],
)
def test_lines_as_a_typesetter_would_break_them(text: str, lines: list[str]) -> None:
    assert wrap(text, 18, cells) == lines


def test_only_what_is_wider_than_the_paper_is_cut() -> None:
    assert wrap("9f2c01d203ab77e1c4d50e9a", 10, cells) == ["9f2c01d203", "ab77e1c4d5", "0e9a"]


def test_a_cut_keeps_a_letter_with_its_mark() -> None:
    assert wrap("か\u3099か\u3099か\u3099", 4, cells) == ["か\u3099か\u3099", "か\u3099"]
