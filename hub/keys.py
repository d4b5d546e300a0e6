"""The hub's keys, each in a file of its own that only the hub's user may read.

A key is made once, when what it belongs to begins: the hub, a town, a month. Asking for a key never
makes one, so a name from outside leaves no file behind, and a file that is gone is missed instead
of being replaced by another key. Shredding a month's evidence is deleting that month's sealing key.
"""

import re
from collections.abc import Hashable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hub.store.files import damaged, read_whole, write_first
from sync.errors import Malformed
from sync.ports import Randomness
from sync.signing import SigningKey
from sync.standing import ZoneKey
from sync.values import MunicipalityCode

_NOWHERE = Path("/nonexistent")
"""Where the keys in memory would be looked for."""
LENGTH = 32
"""Bytes in a key's file."""
_REMEMBERED = 8_192
"""Content keys: more shifts than are open in a prefecture on one day."""
_MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])", re.ASCII)
_ZONE = re.compile(r"[0-9A-Za-z-]{1,20}", re.ASCII)


class KeyRing:
    """Keys by name; kept in ``folder``, or without one those of a new hub, in memory.

    What is asked for and is not there, or is no key, raises Damaged.
    """

    def __init__(self, folder: Path | None, randomness: Randomness) -> None:
        self._folder = folder
        self._randomness = randomness
        self._seeds: dict[str, bytes] = {}
        self._pairs: dict[str, SigningKey] = {}
        """Made once: a signature costs as much as its key."""
        if folder is None:
            self.begin_hub()

    # -- beginning: a key that is there already stays as it is

    def begin_hub(self) -> SigningKey:
        """Make the key of a new hub."""
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        self._begin("signing")
        self._begin("marks")
        return self.signing

    def begin_town(self, town: MunicipalityCode) -> SigningKey:
        """Make the keys of a town that joins; gives the one that signs its tickets."""
        self._begin(f"numbers-{town}")
        self._begin(f"tickets-{town}")
        return self.tickets(town)

    def begin_month(self, month: str) -> bytes:
        """Make the sealing key of a month (``2026-11``); its public half (X25519, 32 bytes)."""
        private = X25519PrivateKey.from_private_bytes(self._begin(_sealing(month)))
        return private.public_key().public_bytes_raw()

    def begin_zone(self, zone: str, month: str) -> bytes:
        """Make a zone's key of a month; 32 bytes, as the zone's nodes receive it."""
        return self._begin(_zone(zone, month))

    # -- asking

    @property
    def marks(self) -> bytes:
        """Marks the serial numbers of cards (:mod:`hub.mykey.revocation`); never leaves the hub."""
        return self._seed("marks")

    @property
    def sign_in(self) -> bytes:
        """Seals what people sign in with (:mod:`hub.signin`); 32 bytes, never leaves the hub.

        It is derived (HKDF, RFC 5869) from the key that a hub has had from its first day.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=b"machikado/sign-in/1")
        return derived.derive(self._seed("signing"))

    @property
    def signing(self) -> SigningKey:
        """Signs receipts, custody, feed and time."""
        return self._pair("signing")

    def tickets(self, town: MunicipalityCode) -> SigningKey:
        """Signs a town's tickets."""
        return self._pair(f"tickets-{town}")

    def public_tickets(self, towns: Iterable[MunicipalityCode]) -> dict[MunicipalityCode, bytes]:
        """The public ticket keys (Ed25519) of those of these towns that have joined."""
        return {
            town: self.tickets(town).public for town in towns if self._is_there(f"tickets-{town}")
        }

    def numbers(self, town: MunicipalityCode) -> bytes:
        """Permutes a town's ticket numbers; never leaves the hub."""
        return self._seed(f"numbers-{town}")

    def sealing(self, month: str) -> X25519PrivateKey:
        """Opens the evidence of a month; raises Malformed for one that has none, or no more."""
        name = _sealing(month)
        if not self._is_there(name):
            raise Malformed(f"there is no sealing key of {month}")
        return X25519PrivateKey.from_private_bytes(self._seed(name))

    def zone(self, zone: str, month: str) -> ZoneKey:
        """Files and seals a zone's standings of a month."""
        return ZoneKey(month, self._seed(_zone(zone, month)))

    def check(
        self,
        *,
        towns: Iterable[MunicipalityCode],
        months: Iterable[str],
        zones: Iterable[tuple[str, str]],
    ) -> None:
        """Read every key that a hub with these towns, months and zones has made."""
        names = ["signing", "marks"]
        for town in towns:
            names += [f"tickets-{town}", f"numbers-{town}"]
        names += [_sealing(month) for month in months]
        names += [_zone(zone, month) for zone, month in zones]
        for name in names:
            self._seed(name)

    def _is_there(self, name: str) -> bool:
        return name in self._seeds or (self._folder is not None and self._path(name).exists())

    def _path(self, name: str) -> Path:
        return (self._folder or _NOWHERE) / f"{name}.key"

    def _pair(self, name: str) -> SigningKey:
        if name not in self._pairs:
            self._pairs[name] = SigningKey(self._seed(name))
        return self._pairs[name]

    def _seed(self, name: str) -> bytes:
        if name not in self._seeds:
            self._seeds[name] = self._load(name)
        return self._seeds[name]

    def _load(self, name: str) -> bytes:
        path = self._path(name)
        seed = read_whole(path)
        if len(seed) != LENGTH:
            raise damaged(path, f"is no key ({len(seed)} bytes instead of {LENGTH})")
        return seed

    def _begin(self, name: str) -> bytes:
        if not self._is_there(name):
            seed = self._randomness.bytes(LENGTH)
            if self._folder is None or write_first(self._path(name), seed):
                self._seeds[name] = seed
        return self._seed(name)


class ContentKeys:
    """Content keys of shifts that were opened lately, by where the shift began.

    A shift's key stands in its first record, and each batch of the day names it: without this, each
    would have that record's batch read again.
    """

    def __init__(self) -> None:
        self._keys: dict[Hashable, bytes] = {}

    def get(self, shift: Hashable) -> bytes | None:
        """The key (32 bytes), if it is still known."""
        return self._keys.get(shift)

    def keep(self, shift: Hashable, key: bytes) -> None:
        """Remember a key for a while."""
        if len(self._keys) >= _REMEMBERED:
            self._keys.clear()
        self._keys[shift] = key


def _sealing(month: str) -> str:
    return f"sealing-{_month(month)}"


def _zone(zone: str, month: str) -> str:
    if not _ZONE.fullmatch(zone):
        raise Malformed(f"{zone!r} names no zone: letters, digits and -, 20 at most")
    return f"zone-{zone}-{_month(month)}"


def _month(month: str) -> str:
    if not _MONTH.fullmatch(month):
        raise Malformed(f"{month!r} names no key: they are named by month, 2026-11")
    return month
