"""Reading a translator's file and handing it to the standard library."""

from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Damaged
from tui.wording import language_of
from tui.wording.po import Catalogue, read_po

_HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x04"), min_size=1)


def test_a_sentence_over_several_lines_is_one() -> None:
    assert read_po('# why\nmsgid ""\n"one "\n"two"\nmsgstr "一二"\n')["one two"] == "一二"


def test_a_sentence_without_a_translation_stays_english() -> None:
    entries = read_po(_HEADER + 'msgid "Back"\nmsgstr ""\n')
    assert Catalogue(entries).gettext("Back") == "Back"


def test_plural_forms_are_chosen_by_the_header() -> None:
    header = (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n'
        'Plural-Forms: nplurals=2; plural=n != 1;\\n"\n\n'
    )
    text = header + 'msgid "day"\nmsgid_plural "days"\nmsgstr[0] "Tag"\nmsgstr[1] "Tage"\n'
    catalogue = Catalogue(read_po(text))
    assert catalogue.ngettext("day", "days", 1) == "Tag"
    assert catalogue.ngettext("day", "days", 3) == "Tage"


def test_the_same_key_twice_is_told() -> None:
    with pytest.raises(Damaged, match="twice"):
        read_po('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n')


@pytest.mark.parametrize("line", ['msgid "open', "msgid", "msgid 5", "hello"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(Damaged, match="line 2"):
        read_po(f"\n{line}\n")


@given(st.dictionaries(_texts, _texts, max_size=20))
def test_whatever_stands_in_the_file_comes_out(entries: dict[str, str]) -> None:
    stand = (f"msgid {dumps(key)}\nmsgstr {dumps(words)}\n" for key, words in entries.items())
    catalogue = Catalogue(read_po("\n".join((_HEADER, *stand))))
    assert {key: catalogue.gettext(key) for key in entries} == entries


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "ja"),
        ({"LANG": "C.UTF-8"}, "ja"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "MACHIKADO_LANG": "en"}, "en"),
    ],
)
def test_the_language_is_the_persons(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
