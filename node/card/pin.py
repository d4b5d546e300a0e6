"""The PIN on its way to the card: bytes that are overwritten after use, or a promise of them.

A PIN is a ``bytearray`` of 4 ASCII digits. Whoever is given one hands it on or overwrites it, on
every way out; :meth:`node.card.tap.Tap.verify` overwrites what it presents.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class OnPad(bytearray):
    """The PIN that is typed on the reader's own keys: no digit of it ever comes here.

    It is handed on, and overwritten, as any other PIN; only the tap, which presents it, looks at
    what it is. A copy of it is an empty PIN, which no card is asked about.
    """


def wipe(pin: bytearray | None) -> None:
    """Overwrite a PIN with zeros."""
    if pin is not None:
        pin[:] = bytes(len(pin))


@contextmanager
def wiped(pin: bytearray | None) -> Iterator[None]:
    """Overwrite a PIN at the end of the block, however that ends."""
    try:
        yield
    finally:
        wipe(pin)
