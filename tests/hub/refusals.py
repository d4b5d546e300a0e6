"""What a rule says no with."""

from collections.abc import Callable

import pytest

from sync.errors import RefusedByRule


def refused(ask: Callable[[], object]) -> str:
    """The reason with which something is refused."""
    with pytest.raises(RefusedByRule) as caught:
        ask()
    return caught.value.reason
