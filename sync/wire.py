"""MessagePack in, typed values out; anything else is Malformed with the place that is wrong."""

import threading
from typing import TypeVar

import msgspec

from sync.errors import Malformed

T = TypeVar("T")
_one_at_a_time = threading.Lock()
_laid_out: set[object] = set()


def laid_out(kind: type[T]) -> type[T]:
    """The same kind of message, ready to be read by any thread.

    msgspec lays a message out when it is first asked for. It may change threads in the middle, and
    one that reads the same kind meanwhile takes what is half there, which ends the process.
    """
    if kind not in _laid_out:
        with _one_at_a_time:
            msgspec.msgpack.Decoder(kind)
            _laid_out.add(kind)
    return kind


def write(value: msgspec.Struct) -> bytes:
    """The bytes of a message."""
    return msgspec.msgpack.encode(value)


def read(body: bytes, kind: type[T]) -> T:
    """Read a message of one kind; raises Malformed."""
    try:
        return msgspec.msgpack.decode(body, type=laid_out(kind))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(f"{kind.__name__}: {error}") from None
