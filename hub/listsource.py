"""Where issuers' revocation lists come from: nowhere, a file, a folder, or the web.

A source is what an operator wrote, kept in the platform's chain:

    none            no lists: certificates are believed until they expire
    file:/PATH      one list
    dir:/PATH       every file of a folder: of each issuer the newest list counts
    https://...     one list; http:// as well, since a list is signed

A list is in DER, or in PEM as ``openssl`` writes it. What cannot be had or is no list is told with
its name and its reason, and stops nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hub.applying import Applier, body_of
from hub.bodies import HubBody, HubRecord, RevocationSourceSet
from hub.core import Core
from hub.store import schema
from hub.store.database import Tx
from sync.errors import Malformed, Unreachable
from sync.http import check_address, fetch
from sync.values import PLATFORM

NONE: Final = "none"
MOST_LIST: Final = 256 * 1024 * 1024
"""The longest list, in bytes: some millions of entries."""
PATIENCE: Final = 120.0
"""Seconds for a whole list from the web."""
MOST_FILES: Final = 100
"""Files of a folder that are looked at."""
_PEM: Final = b"-----BEGIN X509 CRL-----"

Fetch = Callable[[str, int, float], bytes]
"""Get an address: at most so many bytes, within so many seconds. Raises Unreachable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a source had under a name: bytes that may be a list, or why there are none."""

    name: str
    der: bytes | None = field(repr=False)
    trouble: str = ""


def check_source(written: str) -> str:
    """A source as people write it, in its one spelling; raises Malformed."""
    source = written.strip()
    kind, _, place = source.partition(":")
    if source == NONE:
        return source
    if kind in {"file", "dir"}:
        if not Path(place).is_absolute() or "\0" in place:
            raise Malformed(f"source {written!r}: a path begins with /, as in {kind}:/srv/lists")
        return source
    if kind in {"http", "https"}:
        check_address(source)
        return source
    raise Malformed(f"source {written!r}: none, file:/PATH, dir:/PATH or https://...")


def source_of(tx: Tx) -> str:
    """The source that was set last; none before that."""
    found = tx.scalar(
        "SELECT source FROM revocation_source WHERE municipality=:platform", platform=PLATFORM
    )
    return NONE if found is None else str(found)


def offered(source: str, get: Fetch = fetch) -> Iterator[Offered]:
    """What a source has now, one after the other."""
    kind, _, place = source.partition(":")
    if kind in {"http", "https"}:
        yield _from_web(source, get)
    elif kind == "file":
        yield _from_file(Path(place))
    elif kind == "dir":
        yield from _from_folder(Path(place))


def _from_web(address: str, get: Fetch) -> Offered:
    try:
        return _offer(address, get(address, MOST_LIST, PATIENCE))
    except Unreachable as error:
        return Offered(name=address, der=None, trouble=str(error))


def _from_folder(folder: Path) -> Iterator[Offered]:
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        yield Offered(name=str(folder), der=None, trouble=f"cannot be looked into ({_why(error)})")
        return
    if not files:
        yield Offered(name=str(folder), der=None, trouble="has no files")
    for path in files[:MOST_FILES]:
        yield _from_file(path)
    for path in files[MOST_FILES:]:
        yield Offered(
            name=str(path), der=None, trouble=f"was not looked at: more than {MOST_FILES} files"
        )


def _from_file(path: Path) -> Offered:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_LIST + 1)
    except OSError as error:
        return Offered(name=str(path), der=None, trouble=f"cannot be read ({_why(error)})")
    if len(data) > MOST_LIST:
        return Offered(name=str(path), der=None, trouble=f"is longer than {MOST_LIST:,} bytes")
    return _offer(str(path), data)


def _offer(name: str, data: bytes) -> Offered:
    """A list in DER; one in PEM is turned into that."""
    if not data.startswith(_PEM):
        return Offered(name=name, der=data)
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        return Offered(name=name, der=x509.load_pem_x509_crl(data).public_bytes(Encoding.DER))
    except ValueError:
        return Offered(name=name, der=None, trouble="cannot be read: it begins like a list in PEM")


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _set(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, RevocationSourceSet)
    tx.put(schema.revocation_source, {"municipality": record.chain}, source=body.source)


APPLIERS: Mapping[type[HubBody], Applier] = {RevocationSourceSet: _set}
"""What sets a source."""
