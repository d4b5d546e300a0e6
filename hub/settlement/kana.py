"""What a name looks like in a bank file: half-width katakana of JIS X 0201, one byte a mark.

The bank compares the account holder letter by letter, and a letter that it does not know
sends the money back. So a name is either turned into the bank's own letters here, step by
step in this order, or refused with the place where it cannot be:

    NFKC -> katakana -> small kana to large -> long mark to ``-`` -> upper case -> half-width
    -> legal forms to the banks' abbreviations (カブシキガイシャ to カ), (カ) or (カ)

Allowed afterwards: katakana without the small ones and without ヲ, ﾞ and ﾟ behind a kana that
carries them, 0-9 A-Z space ( ) - and the full stop. Kanji are refused: only people know how a
name is read.
"""

import re
import string
import unicodedata
from functools import lru_cache

import jaconv

from hub.settlement.errors import NameRefused
from hub.settlement.findings import Fault

VOICED, HALF_VOICED = "ﾞ", "ﾟ"  # U+FF9E dakuten, U+FF9F handakuten
_CARRY_VOICED = frozenset("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ")
_CARRY_HALF_VOICED = frozenset("ﾊﾋﾌﾍﾎ")
_KANA = frozenset(map(chr, range(ord("ｱ"), ord("ﾝ") + 1)))
ALLOWED = _KANA | frozenset(VOICED + HALF_VOICED + string.digits + string.ascii_uppercase + " ()-.")
"""Every character that may stand in a text field (JIS X 0201)."""

_SMALL = frozenset("ｧｨｩｪｫｬｭｮｯ")
_LONG_MARK = "ｰ"  # U+FF70, byte 0xB0: the banks write a hyphen

_SPACING_TO_COMBINING = str.maketrans({"゛": "\u3099", "゜": "\u309a"})  # NFKC adds a space to them
_LEFT_BY_LIBRARY = str.maketrans("ヮ", "ワ")  # small too, though seldom
_DASHES = str.maketrans(dict.fromkeys("ー‐‒–—―−─", "-"))  # each typed for a long mark somewhere
_COMBINING_TO_HALF = str.maketrans({"\u3099": VOICED, "\u309a": HALF_VOICED})

LEGAL_FORMS = {
    "カブシキガイシヤ": "カ",
    "カブシキカイシヤ": "カ",
    "ユウゲンガイシヤ": "ユ",
    "ユウゲンカイシヤ": "ユ",
    "ゴウメイガイシヤ": "メ",
    "ゴウメイカイシヤ": "メ",
    "ゴウシガイシヤ": "シ",
    "ゴウシカイシヤ": "シ",
    "ゴウドウガイシヤ": "ド",
    "ゴウドウカイシヤ": "ド",
    "ソウゴガイシヤ": "ソ",
    "イリヨウホウジン": "イ",
    "イリヨウホウジンシヤダン": "イ",
    "イリヨウホウジンザイダン": "イ",
    "シヤカイイリヨウホウジン": "イ",
    "ザイダンホウジン": "ザイ",
    "イツパンザイダンホウジン": "ザイ",
    "コウエキザイダンホウジン": "ザイ",
    "シヤダンホウジン": "シヤ",
    "イツパンシヤダンホウジン": "シヤ",
    "コウエキシヤダンホウジン": "シヤ",
    "シユウキヨウホウジン": "シユウ",
    "ガツコウホウジン": "ガク",
    "シヤカイフクシホウジン": "フク",
    "コウセイホゴホウジン": "ホゴ",
    "トクテイヒエイリカツドウホウジン": "トクヒ",
    "ドクリツギヨウセイホウジン": "ドク",
    "チホウドクリツギヨウセイホウジン": "チドク",
    "コクリツダイガクホウジン": "ダイ",
    "コウリツダイガクホウジン": "ダイ",
    "ノウジクミアイホウジン": "ノウ",
    "カンリクミアイホウジン": "カンリ",
    "ベンゴシホウジン": "ベン",
    "シホウシヨシホウジン": "シホウ",
    "ギヨウセイシヨシホウジン": "ギヨ",
    "ゼイリシホウジン": "ゼイ",
    "シヤカイホケンロウムシホウジン": "ロウム",
    "エイギヨウシヨ": "エイ",
    "シユツチヨウジヨ": "シユツ",
}
"""法人略語 and 営業所略語: written ``カ)`` at the head, ``(カ)`` inside, ``(カ`` at the tail."""

TRADE_WORDS = {
    "キヨウドウクミアイ": "キヨウクミ",
    "セイカツキヨウドウクミアイ": "セイキヨウ",
    "ノウギヨウキヨウドウクミアイ": "ノウキヨウ",
    "ギヨギヨウキヨウドウクミアイ": "ギヨキヨウ",
    "シヤカイフクシキヨウギカイ": "シヤキヨウ",
    "キヨウサイクミアイ": "キヨウサイ",
    "ロウドウクミアイ": "ロウクミ",
    "レンゴウカイ": "レン",
}
"""事業略語: written without brackets wherever they stand."""


def convert(text: str, *, width: int, what: str) -> str:
    """Turn a name as people write it into what a bank file carries, legal forms abbreviated.

    ``width`` is the field's width in bytes (a byte a letter), ``what`` names the field in
    the message. Converting a converted name changes nothing. Raises NameRefused.
    """
    name = _abbreviated(letters(text, what=what))
    check_width(name, width=width, what=what)
    return name


def letters(text: str, *, what: str) -> str:
    """Turn text into the letters of a bank file, word for word, whatever its length.

    Raises NameRefused with the first character that cannot be turned, or without any text.
    """
    halves = [(half, at) for at, written in enumerate(text, 1) for half in _half_width(written)]
    name = "".join(half for half, _ in halves)
    if (found := flaw(name)) is not None:
        at = halves[found[0]][1]
        raise NameRefused(what, _reason(text[at - 1], at), position=at, character=text[at - 1])
    if not name.strip():
        raise NameRefused(what, "there is no name: write it in kana", position=0)
    return " ".join(name.split())


def check_width(name: str, *, width: int, what: str) -> None:
    """Refuse half-width text that its field cannot hold, with NameRefused."""
    if len(name) > width:
        raise NameRefused(
            what,
            f"{name} is {len(name)} letters long and the bank's field holds {width} (a mark "
            "counts as one): ask for the short form that the bank has on file",
            position=width + 1,
            character=name[width],
        )


def flaw(name: str) -> tuple[int, Fault] | None:
    """Say where (from 0) and how half-width text breaks the banks' rules, or None."""
    before = ""
    for at, letter in enumerate(name):
        if letter not in ALLOWED:
            return at, _fault(letter)
        if (letter == VOICED and before not in _CARRY_VOICED) or (
            letter == HALF_VOICED and before not in _CARRY_HALF_VOICED
        ):
            return at, Fault.LOOSE_MARK
        before = letter
    return None


def cut(name: str, width: int) -> str:
    """Shorten half-width text to ``width`` letters, never between a kana and its mark."""
    if name[width : width + 1] in (VOICED, HALF_VOICED):
        width -= 1
    return name[:width].rstrip()


def encode(text: str) -> bytes:
    """Half-width text as the single bytes that JIS X 0201 and Shift_JIS share."""
    return text.encode("shift_jis")


def decode(raw: bytes) -> str:
    """Read bytes as JIS X 0201, one character a byte, so that offsets stay the bank's.

    The reverse of ``encode``; a byte that the set does not have becomes U+FFFD. Decoding as
    Shift_JIS instead would join two bytes into a kanji and move everything behind it.
    """
    return "".join(map(_JIS_X_0201.__getitem__, raw))


def _jis_x_0201(byte: int) -> str:
    if byte < 0x80:  # noqa: PLR2004  JIS X 0201's Roman half, where the allowed set is ASCII's
        return chr(byte)
    if 0xA1 <= byte <= 0xDF:  # noqa: PLR2004  its katakana half
        return chr(ord("｡") + byte - 0xA1)
    return "\ufffd"


_JIS_X_0201 = tuple(map(_jis_x_0201, range(256)))


def _half_width(written: str) -> str:
    """One written character as the half-width ones it stands for, allowed or not."""
    wide = unicodedata.normalize("NFKC", written.translate(_SPACING_TO_COMBINING))
    wide = jaconv.enlarge_smallkana(jaconv.hira2kata(wide))
    wide = wide.translate(_LEFT_BY_LIBRARY).translate(_DASHES)
    if wide.isascii():  # upper case is for a-z: elsewhere it would make SS out of a letter
        wide = wide.upper()
    return jaconv.z2h(wide, kana=True, ascii=True, digit=True).translate(_COMBINING_TO_HALF)


def _fault(letter: str) -> Fault:
    if letter == _LONG_MARK:
        return Fault.LONG_MARK
    return Fault.SMALL_KANA if letter in _SMALL else Fault.FORBIDDEN_CHARACTER


def _reason(written: str, at: int) -> str:
    here = f"{written!r} at position {at}"
    decomposed = unicodedata.normalize("NFKC", written)
    if any(unicodedata.name(part, "").startswith("CJK") for part in decomposed) or written == "々":
        return f"{here} is kanji: write the name in kana, as the bank book shows it"
    if decomposed in ("ヲ", "を"):
        return f"{here} has no place in a bank file: write オ, as the bank book shows it"
    if decomposed in (",", "・", "、"):
        return f"{here} has no place in a bank file: write a space or a full stop"
    if flaw(_half_width(written)) == (0, Fault.LOOSE_MARK):
        return f"{here} is a voicing mark without a kana that can carry it"
    return f"{here} has no place in a bank file: use kana, 0-9, A-Z, space ( ) - and full stop"


@lru_cache(maxsize=1)
def _patterns() -> tuple[dict[str, str], re.Pattern[str], str]:
    """The half-width full forms, the pattern that finds them, and one for the bracketed ones."""
    short = {
        "".join(map(_half_width, full)): "".join(map(_half_width, abbreviation))
        for full, abbreviation in [
            *((full, f"({abbreviation})") for full, abbreviation in LEGAL_FORMS.items()),
            *TRADE_WORDS.items(),
        ]
    }
    fulls = "|".join(map(re.escape, sorted(short, key=len, reverse=True)))
    forms = {form.strip("()") for form in short.values() if form.startswith("(")}
    bracketed = "|".join(sorted(forms, key=len, reverse=True))
    return short, re.compile(rf"\(({fulls})\)|({fulls})"), bracketed


def _abbreviated(name: str) -> str:
    short, full, form = _patterns()
    name = full.sub(lambda found: short[found[1] or found[2]], name)
    name = re.sub(rf" ?\(({form})\) ?", r"(\1)", name)
    name = re.sub(rf"^\(?({form})\) ?", r"\1)", name)
    return re.sub(rf" ?\(({form})\)?$", r"(\1", name)
