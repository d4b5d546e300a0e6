"""Where paper comes out, as a person writes it and as a value.

The words and what they mean::

    none                     no printer here
    file:PATH                append to a file, or write to a device such as /dev/usb/lp0
    tcp:HOST:PORT            a network printer (usually port 9100) that answers when asked
    tcp:HOST:PORT,mute       one that never answers: what it took counts as printed

"""

from dataclasses import dataclass
from pathlib import Path

from printer.errors import BadDestination


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No printer here."""


@dataclass(frozen=True, slots=True)
class ToFile:
    """A file that grows, or a device file."""

    path: Path


@dataclass(frozen=True, slots=True)
class ToNetwork:
    """A network printer. ``mute``: it never answers."""

    host: str
    port: int
    mute: bool = False


Destination = Nowhere | ToFile | ToNetwork


def parse_destination(text: str) -> Destination:
    """Read a destination as a person wrote it; raises :class:`BadDestination` in words."""
    way, _, rest = text.strip().partition(":")
    if way == "none" and not rest:
        return Nowhere()
    if way == "file" and rest:
        return ToFile(Path(rest))
    if way == "tcp":
        address, _, manner = rest.partition(",")
        host, _, port = address.rpartition(":")
        good_port = port.isascii() and port.isdecimal() and 0 < int(port) <= 65535  # noqa: PLR2004  16 bits
        if host and good_port and manner in ("", "mute"):
            return ToNetwork(host.strip("[]"), int(port), mute=manner == "mute")
    raise BadDestination(
        f'"{text}" names no printer. Write none, file:PATH, tcp:HOST:PORT (network printers '
        "mostly listen on 9100), or tcp:HOST:PORT,mute for a printer that never answers."
    )
