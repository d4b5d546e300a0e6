"""What left for the bank, written down outside the database.

    journal/released.jsonl       a signed line per released file, oldest first
    journal/141305-shops-3.txt   the file itself

The line is on the disk before anybody gets the file. A hub whose database was brought back to
before a journalled release would pay the same money again: so it settles nothing until it knows
every release of its journal. A line without its line end was cut off by a power loss before its
answer left, and counts as not written.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from hub.findings import Finding
from hub.settlement.windows import FILE_MADE, WindowName
from hub.store.database import Tx
from hub.store.files import sync_names, write_whole
from sync.errors import Damaged, MachikadoError, NotAuthentic, RefusedByRule
from sync.signing import SigningKey, verify
from sync.values import Millis, OrganisationId
from sync.wire import laid_out

_PURPOSE = "release"


class ReleasedLine(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an organisation got of a window; ``line`` is 0 where the file does not name it."""

    line: int
    organisation: OrganisationId
    points: int
    netted: int
    paid: int


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file that left for the bank."""

    window: str
    pay_on: str
    released_at: Millis
    total: int
    sha256: str
    lines: tuple[ReleasedLine, ...]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    release: Release
    key: bytes
    signature: bytes


class Left(NamedTuple):
    """A file that left for the bank, without what each organisation got."""

    window: str
    pay_on: str
    total: int
    sha256: str

    @property
    def name(self) -> tuple[str, str]:
        """Which file of which window; a window has one."""
        return self.window, self.sha256


class Journal:
    """The released files of a hub, in a folder that no restore of the database touches."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self.folder = folder
        self._path = folder / "released.jsonl"
        self._key = key
        self._lock = threading.Lock()
        self._verified: dict[bytes, Left] = {}
        """What a line says whose signature was found good, by the digest of its bytes."""

    def keep(self, release: Release, file: bytes) -> None:
        """Put a file and its line on the disk; a release that stands there stays as it is."""
        with self._lock:
            if (release.window, release.sha256) in {one.name for one in self._left()}:
                return
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.folder / f"{release.window}.txt", file)
            body = msgspec.json.encode(release)
            signature = self._key.sign(_PURPOSE, body)
            line = msgspec.json.encode(_Entry(release, self._key.public, signature)) + b"\n"
            self._append(line)

    def releases(self) -> list[Release]:
        """Every release in the order in which they left; raises Damaged."""
        with self._lock:
            return [self._read(line, number) for number, line in self._lines()]

    def left(self) -> list[Left]:
        """Every file that left, in order; raises Damaged.

        All bytes are read again each time, and a signature is checked once: what it was found to
        be good for is found by these very bytes and no others.
        """
        with self._lock:
            return self._left()

    def check(self, tx: Tx) -> None:
        """Refuse to settle with ``journal-ahead`` while the database lacks a release."""
        known = _released(tx)
        for release in self.left():
            if release.name not in known:
                raise RefusedByRule(
                    "journal-ahead",
                    f"the file of {release.window} ({release.total} yen, to be paid on"
                    f" {release.pay_on}) left for the bank, but this database does not know it:"
                    " it is older than the journal. Nothing is settled until it is brought up to"
                    " that release",
                )

    def audit(self, tx: Tx) -> Iterator[Finding]:
        """What journal and database do not agree on: each file that left stands in both."""
        try:
            releases = self.releases()
        except Damaged as error:
            yield Finding("journal", str(self._path), "lines that this hub signed", str(error))
            return
        known = _released(tx)
        for release in releases:
            where = f"journal {release.window}"
            if (release.window, release.sha256) not in known:
                yield Finding("journal-ahead", where, release.sha256[:16], "not in the database")
            elif _digest_of(self.folder / f"{release.window}.txt") != release.sha256:
                yield Finding("journal-file", where, release.sha256[:16], "another file, or none")
        left = {(release.window, release.sha256) for release in releases}
        for name, sha256 in known:
            if (name, sha256) not in left:
                yield Finding("journal-missing", f"journal {name}", "a line", "none")

    def _left(self) -> list[Left]:
        return [self._known(line, number) for number, line in self._lines()]

    def _known(self, line: bytes, number: int) -> Left:
        digest = hashlib.sha256(line).digest()
        known = self._verified.get(digest)
        if known is None:
            release = self._read(line, number)
            known = Left(release.window, release.pay_on, release.total, release.sha256)
            self._verified[digest] = known
        return known

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Each whole line and its number, one in memory at a time."""
        if self._path.exists():
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.endswith(b"\n"):
                        yield number, line[:-1]

    def _read(self, line: bytes, number: int) -> Release:
        try:
            entry = msgspec.json.decode(line, type=laid_out(_Entry))
            if entry.key != self._key.public:
                raise NotAuthentic("signed by a key that is not this hub's")
            verify(entry.key, entry.signature, _PURPOSE, msgspec.json.encode(entry.release))
        except (msgspec.MsgspecError, MachikadoError) as error:
            raise Damaged(
                f"{self._path}, line {number} is none that this hub wrote: {error}"
            ) from None
        return entry.release

    def _append(self, line: bytes) -> None:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            whole = file.read()
            file.seek(whole.rfind(b"\n") + 1)
            file.truncate()  # a line that was cut off
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        sync_names(self.folder)


def _released(tx: Tx) -> dict[tuple[str, str], None]:
    """(window, digest of its file) of each window whose file was handed out, in order."""
    states = sorted(map(str, FILE_MADE))
    rows = tx.rows(
        'SELECT municipality, kind, "window", file_digest FROM settlement_window'
        f" WHERE state IN ({','.join('?' * len(states))}) ORDER BY 1, 2, 3",
        states,
    )
    return dict.fromkeys((str(WindowName(*name)), sha256) for *name, sha256 in rows)


def _digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
