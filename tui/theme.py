"""Colours of high contrast, and no sign whose width a Japanese console could take for two."""

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.theme import Theme

CONTRAST = Theme(
    name="contrast",
    primary="#003a75",
    secondary="#003a75",
    accent="#ffe14d",
    warning="#ffb000",
    error="#b00020",
    success="#006b2e",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    dark=True,
    text_alpha=1.0,
    variables={
        "good": "#006b2e",
        "good-text": "#ffffff",
        "look": "#ffb000",
        "look-text": "#000000",
        "no": "#b00020",
        "no-text": "#ffffff",
        "field": "#ffffff",
        "field-text": "#000000",
        "title-text": "#ffffff",
        "footer-key-foreground": "#ffe14d",
        "footer-description-foreground": "#ffffff",
        "input-cursor-background": "#000000",
        "input-cursor-foreground": "#ffffff",
        "block-cursor-background": "#ffe14d",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "bold",
    },
)
"""White on black at 21 : 1; each light at 4.5 : 1 or better (WCAG 2.2, 1.4.3)."""


class BlankScrollBar(ScrollBarRender):
    """A scroll bar whose ends are blanks: eighth blocks are of ambiguous width (UAX #11)."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def draw_plain_scroll_bars() -> None:
    """Textual has one renderer for all scroll bars of a process."""
    ScrollBar.renderer = BlankScrollBar
