"""Where a line of Japanese or English may end.

The rules are those of JIS X 4051 and of W3C's "Requirements for Japanese Text Layout" (JLREQ),
as far as paper of 24 to 48 letters needs them:

* no line starts with a closing bracket, a full stop, a comma, a small kana, a long-vowel mark or
  an iteration mark (行頭禁則, JLREQ 3.1.7);
* no line ends with an opening bracket (行末禁則, JLREQ 3.1.8);
* no line ends inside a Latin word, a run of kanji or of katakana, between either and the kana
  that inflect it, or between a number and what counts it ("1,000ポイント", "2017年12月15日"):
  a broken amount is a misread amount, and short lines read by phrases (文節).

Only a piece that is wider than the whole paper is cut, because the alternative is to lose it.
Pure: how wide a text is, is asked of the caller.
"""

import re
import unicodedata
from collections.abc import Callable

NO_START = frozenset(
    "、。，．・：；？！‼⁇⁈⁉）］｝〕〉》」』】〙〗〟’”»…‥‐–〜～゠ー々〻ヽヾゝゞ"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ゛゜｡｣､･ｧｨｩｪｫｬｭｮｯｰﾞﾟ,.:;?!)]}%％"
)
NO_END = frozenset("（［｛〔〈《「『【〘〖〝‘“«｢([{￥＄¥$")

_SPACE = r"[ \t\r\n\f\v\u3000]+"
_WIDE = (
    r"\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    r"\uff01-\uff60\uffe0-\uffe6\U0001f000-\U0003ffff"
)
_NARROW = rf"[^ \t\r\n\f\v{_WIDE}]"
_COUNTER = r"(?:ポイント|[年月日時分秒円件枚点回人個])"
_TAIL = "[ぁ-ゖ]{0,5}"  # endings and particles; a longer run of hiragana may break anywhere
_TOKEN = re.compile(
    rf"(?P<space>{_SPACE})"
    rf"|(?:{_NARROW}*\d{_COUNTER})+{_TAIL}"  # an amount or a date with what counts it
    rf"|{_NARROW}+"  # a Latin word, a number
    rf"|[ァ-ヺー]+{_TAIL}"  # a katakana word
    rf"|[おご]?[一-鿿々〆]+{_TAIL}"  # a kanji word, with its polite prefix
    r"|[ぁ-ゖ]{1,8}"  # a word in hiragana, such as a town's "としまる"
    r"|[０-９Ａ-Ｚａ-ｚ，．]+"  # a word or number in full-width letters
    r"|.",
    re.DOTALL,
)


def wrap(text: str, width: int, measure: Callable[[str], int]) -> list[str]:
    """Break a text into lines that are at most ``width`` wide, as ``measure`` sees them.

    White space at a break is dropped, and so are line ends inside the text. An empty text gives no
    line.
    """
    lines: list[str] = []
    line = ""
    for space, piece in _pieces(text):
        longer = line + space + piece if line else piece
        if measure(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while measure(piece) > width and len(piece) > 1:
            cut = _cut(piece, width, measure)
            lines.append(piece[:cut])
            piece = piece[cut:]  # noqa: PLW2901  what is left of the piece is the next line
        line = piece
    return [*lines, line] if line else lines


def _pieces(text: str) -> list[tuple[str, str]]:
    """The text as (white space before, piece), where no piece may be broken."""
    pieces: list[tuple[str, str]] = []
    space = ""
    for token in _TOKEN.finditer(text):
        if token["space"]:
            space = " "
        elif pieces and _stay_together(pieces[-1][1][-1], token[0][0]):
            before, piece = pieces[-1]
            pieces[-1] = before, piece + space + token[0]
            space = ""
        else:
            pieces.append((space, token[0]))
            space = ""
    return pieces


def _stay_together(last: str, first: str) -> bool:
    """Whether a line may not end between these two letters."""
    return last in NO_END or first in NO_START or unicodedata.category(first).startswith("M")


def _cut(piece: str, width: int, measure: Callable[[str], int]) -> int:
    """Where to cut a piece that is wider than the line: as late, and as decently, as possible."""
    fitting = [end for end in range(1, len(piece)) if measure(piece[:end]) <= width] or [1]
    decent = [end for end in fitting if not _stay_together(piece[end - 1], piece[end])]
    return max(decent or fitting)
