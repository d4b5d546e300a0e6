"""One SQL for both databases: only the marks of values differ, and no text that looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.spelling import with_percents


@pytest.mark.parametrize(
    ("sql", "spelled"),
    [
        ("SELECT 1 FROM a WHERE b=? AND c=?", "SELECT 1 FROM a WHERE b=%s AND c=%s"),
        ("UPDATE a SET b=:b WHERE c=:town", "UPDATE a SET b=%(b)s WHERE c=%(town)s"),
        ("SELECT 'lapsed:ticket/?' WHERE a=?", "SELECT 'lapsed:ticket/?' WHERE a=%s"),
        ("SELECT 1 WHERE a LIKE 'transit:%'", "SELECT 1 WHERE a LIKE 'transit:%%'"),
        ("SELECT 'it''s 5%?', :at", "SELECT 'it''s 5%%?', %(at)s"),
        ('SELECT "of" FROM a WHERE "window"=?', 'SELECT "of" FROM a WHERE "window"=%s'),
        ("SELECT a::text, 7 % 2", "SELECT a::text, 7 %% 2"),
    ],
)
def test_marks_are_spelled_and_texts_stay(sql: str, spelled: str) -> None:
    assert with_percents(sql) == spelled


@given(st.lists(st.sampled_from(["?", "'a?b'", "' :c '", '"of"', " AND ", "%", "x=1"])))
def test_there_are_as_many_places_for_values_as_there_were(parts: list[str]) -> None:
    spelled = with_percents(" ".join(parts))

    assert spelled.replace("%%", "").count("%s") == parts.count("?")
    assert spelled.count("%%") == parts.count("%")
