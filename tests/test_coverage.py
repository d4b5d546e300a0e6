"""Where coverage is measured, stories are watched and properties are not.

An interpreter that has its own way of watching (PEP 669), by which coverage goes from Python 3.14
on, needs no tracer: then none is there to be seen, and none slows a property down.
"""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_a_story_is_watched_where_coverage_is_measured(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--cov") and sys.version_info < (3, 14):
        assert sys.gettrace() is not None


@given(example=st.booleans())
def test_a_property_is_not(example: bool) -> None:
    assert sys.gettrace() is None, example


def test_a_story_after_a_property_is_watched_again(request: pytest.FixtureRequest) -> None:
    test_a_story_is_watched_where_coverage_is_measured(request)
