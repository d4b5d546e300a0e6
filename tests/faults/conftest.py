"""A shop at a hub in memory, as the node's tests have it."""

from tests.node.conftest import blank_card, resident_key, shop

__all__ = ["blank_card", "resident_key", "shop"]
