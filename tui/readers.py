"""The card readers of this PC in the app: a thread watches and posts, the drawing thread keeps.

The app starts the watch when it is drawn and ends it with itself. What the watch tells comes as a
:class:`CardNews`; what it amounts to is :class:`node.card.readers.Readers`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from node.card.readers import WITHOUT_SUPPORT, Lies, Placed, Readers

if TYPE_CHECKING:
    from node.card.watch import Event


class Watching(Protocol):
    """Something that tells what happens at the readers until it is stopped."""

    def stop(self) -> None:
        """Tell nothing any more."""
        ...


StartWatch = Callable[[Callable[["Event"], None]], Watching]
"""Begins to tell, from a thread of its own. Raises NoReaderSupport."""


def watch_readers(report: Callable[["Event"], None]) -> Watching:
    """Watch all readers of this PC. Raises NoReaderSupport where pyscard is not installed."""
    from node.card.watch import Watch

    watch = Watch(report)
    watch.start()
    return watch


class CardNews(Message):
    """Something happened at a reader."""

    def __init__(self, event: "Event") -> None:
        """``event`` as the watch told it."""
        super().__init__()
        self.event = event


class ReaderDesk:
    """What the app knows of its readers, and the watch that tells it."""

    def __init__(self, start: StartWatch | None) -> None:
        """``start`` begins the watch; None: this app uses no readers."""
        self.readers = WITHOUT_SUPPORT if start is None else Readers()
        self._start = start
        self._watch: Watching | None = None

    def open(self, post: Callable[[CardNews], object]) -> None:
        """Begin to watch; ``post`` is called from the watch's thread."""
        if self._start is None:
            return
        from node.card.errors import NoReaderSupport

        def report(event: "Event") -> None:
            post(CardNews(event))

        try:
            self._watch = self._start(report)
        except NoReaderSupport:
            self.readers = WITHOUT_SUPPORT

    def close(self) -> None:
        """End the watch; also where none was begun."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()

    def hear(self, news: CardNews) -> None:
        """Keep what was told."""
        self.readers = self.readers.told(news.event)

    def mark(self, card: Placed, lies: Lies) -> None:
        """Keep what was found out about a card."""
        self.readers = self.readers.marked(card, lies)
