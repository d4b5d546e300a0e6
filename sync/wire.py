"""MessagePack in, typed values out; anything else is Malformed with the place that is wrong."""

from typing import TypeVar

import msgspec

from sync.errors import Malformed

T = TypeVar("T")


def write(value: msgspec.Struct) -> bytes:
    """The bytes of a message."""
    return msgspec.msgpack.encode(value)


def read(body: bytes, kind: type[T]) -> T:
    """Read a message of one kind; raises Malformed."""
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(f"{kind.__name__}: {error}") from None
