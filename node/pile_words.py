"""Why paper goes back with a shop: a few words for its receipt, in the paper's language."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.identity import Language

_JA, _EN = 0, 1
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "clearing-over": ("消込期限切れ", "cleared too late"),
        "ticket-not-yet": ("有効期間前", "not valid yet"),
        "ticket-other-town": ("他の自治体の券", "another town's"),
        "ticket-seen-here": ("重複 (消込済み)", "a double"),
        "ticket-used": ("使用済み", "used before"),
        "ticket-forged": ("発行されていない券", "not issued by the town"),
        "ticket-not-authentic": ("発行されていない券", "not issued by the town"),
        "ticket-unknown": ("番号の該当なし", "no such ticket"),
        "ticket-voided": ("取り消された券", "voided"),
    }
)
"""By reason: Japanese, English."""


def why_back(reason: str, language: "Language") -> str:
    """A few words; the reason's own key where this program has none for it."""
    found = REASONS.get(reason)
    return reason if found is None else found[_JA if language == "ja" else _EN]
