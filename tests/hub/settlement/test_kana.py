"""A shop's name on its way into the bank's letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.settlement import kana
from hub.settlement.errors import NameRefused
from hub.settlement.findings import Fault


def holder(name: str) -> str:
    return kana.convert(name, width=30, what="account holder")


@pytest.mark.parametrize(
    ("written", "in_the_file"),
    [
        ("さかなや うおはる", "ｻｶﾅﾔ ｳｵﾊﾙ"),
        ("キャッツ　アイ", "ｷﾔﾂﾂ ｱｲ"),
        ("ぱーらーﾍﾞﾙ", "ﾊﾟ-ﾗ-ﾍﾞﾙ"),
        ("ヴァイオリンがっきてん", "ｳﾞｱｲｵﾘﾝｶﾞﾂｷﾃﾝ"),
        ("か゛らす", "ｶﾞﾗｽ"),
        ("カ\u3099ラス", "ｶﾞﾗｽ"),
        ("かすみヶせき", "ｶｽﾐｹｾｷ"),
        ("クヮルテット", "ｸﾜﾙﾃﾂﾄ"),
        ("ａｂｃ　１２３．", "ABC 123."),
        ("ナンバー−ワン", "ﾅﾝﾊﾞ--ﾜﾝ"),
        ("  ミナト   ショップ ", "ﾐﾅﾄ ｼﾖﾂﾌﾟ"),
    ],
)
def test_a_name_as_people_write_it_becomes_the_banks_letters(
    written: str,
    in_the_file: str,
) -> None:
    assert holder(written) == in_the_file


@pytest.mark.parametrize(
    ("written", "in_the_file"),
    [
        ("カブシキガイシャ うおはる", "ｶ)ｳｵﾊﾙ"),
        ("うおはる カブシキガイシャ", "ｳｵﾊﾙ(ｶ"),
        ("うおはる カブシキガイシャ みなとてん", "ｳｵﾊﾙ(ｶ)ﾐﾅﾄﾃﾝ"),
        ("ユウゲンガイシャ べる", "ﾕ)ﾍﾞﾙ"),
        ("べる（ユウゲンガイシャ）", "ﾍﾞﾙ(ﾕ"),
        ("ゴウドウガイシャ ミナト エイギョウショ", "ﾄﾞ)ﾐﾅﾄ(ｴｲ"),
        ("トクテイヒエイリカツドウホウジン まちかど", "ﾄｸﾋ)ﾏﾁｶﾄﾞ"),
        ("イッパンザイダンホウジン みなと", "ｻﾞｲ)ﾐﾅﾄ"),
        ("イリョウホウジンシャダン みなと", "ｲ)ﾐﾅﾄ"),
        ("シャカイイリョウホウジン みなと", "ｲ)ﾐﾅﾄ"),
        ("みなと しょうてんかい きょうどうくみあい", "ﾐﾅﾄ ｼﾖｳﾃﾝｶｲ ｷﾖｳｸﾐ"),
        ("ノウギョウキョウドウクミアイ レンゴウカイ", "ﾉｳｷﾖｳ ﾚﾝ"),
        ("(カ) うおはる", "ｶ)ｳｵﾊﾙ"),
        ("うおはる(カ)", "ｳｵﾊﾙ(ｶ"),
    ],
)
def test_legal_forms_are_abbreviated_as_the_banks_do(written: str, in_the_file: str) -> None:
    assert holder(written) == in_the_file


@pytest.mark.parametrize(
    ("written", "position", "character", "hint"),
    [
        ("ウオハル商店", 5, "商", "kanji"),
        ("㈱ウオハル", 1, "㈱", "kanji"),
        ("サ々キ", 2, "々", "kanji"),
        ("ｶﾞ ヲダ", 4, "ヲ", "オ"),
        ("かをる", 2, "を", "オ"),
        ("A,B", 2, ",", "space or a full stop"),
        ("パーラー・ベル", 5, "・", "space or a full stop"),
        ("あ゛", 2, "゛", "voicing mark"),
        ("カ゜", 2, "゜", "voicing mark"),
        ("ミナト&コ", 4, "&", "use kana"),
        ("straße", 5, "ß", "use kana"),
        ("ア\tイ", 2, "\t", "use kana"),
    ],
)
def test_what_the_bank_does_not_know_is_refused_with_its_place(
    written: str,
    position: int,
    character: str,
    hint: str,
) -> None:
    with pytest.raises(NameRefused, match=hint) as refused:
        holder(written)

    assert (refused.value.position, refused.value.character) == (position, character)
    assert str(refused.value).startswith("account holder: ")


def test_a_name_one_letter_too_long_is_refused_and_not_cut() -> None:
    assert holder("ガ" * 15) == "ｶﾞ" * 15

    with pytest.raises(NameRefused, match="31 letters long") as refused:
        holder("ガ" * 15 + "ア")

    assert (refused.value.position, refused.value.character) == (31, "ｱ")


@pytest.mark.parametrize("nothing", ["", " ", "　"])
def test_no_name_is_no_name(nothing: str) -> None:
    with pytest.raises(NameRefused, match="no name"):
        holder(nothing)


def test_a_cut_never_parts_a_kana_from_its_mark() -> None:
    assert kana.cut("ｱｶﾞ", 3) == "ｱｶﾞ"
    assert kana.cut("ｱｶﾞ", 2) == "ｱ"
    assert kana.cut("ｱﾊﾟｲ", 2) == "ｱ"
    assert kana.cut("ｱ ｲ", 2) == "ｱ"


@pytest.mark.parametrize(
    ("letters", "flaw"),
    [
        ("ﾊﾟ-ﾗ-", None),
        ("ﾊﾟｰﾗ", (2, Fault.LONG_MARK)),
        ("ｼｮｳﾃﾝ", (1, Fault.SMALL_KANA)),
        ("ｦﾀﾞ", (0, Fault.FORBIDDEN_CHARACTER)),
        ("ﾞ", (0, Fault.LOOSE_MARK)),
        ("ｶﾟ", (1, Fault.LOOSE_MARK)),
        ("abc", (0, Fault.FORBIDDEN_CHARACTER)),
    ],
)
def test_letters_already_in_a_file_are_judged_one_by_one(
    letters: str,
    flaw: tuple[int, Fault] | None,
) -> None:
    assert kana.flaw(letters) == flaw


def test_a_kana_and_its_mark_are_a_byte_each() -> None:
    assert kana.encode("ｶﾞ)A") == b"\xb6\xde)A"
    assert kana.decode(b"\xb6\xde)A") == "ｶﾞ)A"


def test_bytes_that_shift_jis_would_join_stay_apart() -> None:
    assert kana.decode("漢".encode("shift_jis") + b"\xb0") == "\ufffdｿｰ"


@given(st.text(alphabet=sorted(kana.ALLOWED)))
def test_every_allowed_letter_comes_back_from_its_byte(letters: str) -> None:
    raw = kana.encode(letters)

    assert len(raw) == len(letters)
    assert kana.decode(raw) == letters


JAPANESE = st.characters(min_codepoint=0x3040, max_codepoint=0x30FF)
PIECES = st.sampled_from(
    [*kana.LEGAL_FORMS, *kana.TRADE_WORDS, "(カ)", "(ド", "シ)", " ", "ﾞ", "ｰ", "(", ")"],
)
NAMES = st.lists(st.text() | st.text(JAPANESE, max_size=6) | PIECES, max_size=6).map("".join)


@given(NAMES)
def test_any_text_is_converted_for_good_or_refused_by_name(text: str) -> None:
    try:
        name = holder(text)
    except NameRefused:
        return

    assert kana.flaw(name) is None
    assert 0 < len(name) <= 30
    assert holder(name) == name


SOUND = st.lists(st.sampled_from(["ｱ", "ｶﾞ", "ﾊﾟ", "ｳﾞ", "-", "A"]), min_size=1).map("".join)


@given(SOUND, st.integers(1, 20))
def test_a_cut_name_is_the_longest_sound_beginning_of_the_whole(letters: str, width: int) -> None:
    short = kana.cut(letters, width)
    rest = letters[len(short) :]

    assert letters.startswith(short)
    assert len(short) <= width
    assert not rest.startswith((kana.VOICED, kana.HALF_VOICED))
    assert not rest or len(short) >= width - 1
