"""The hub's keys, each in a file of its own that only the hub's user may read.

Shredding a month's evidence is deleting that month's sealing key.
"""

import os
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.errors import Malformed
from sync.ports import Randomness
from sync.signing import SigningKey
from sync.standing import ZoneKey
from sync.values import MunicipalityCode

_MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])", re.ASCII)


class KeyRing:
    """Keys by name, made when first asked for; kept in ``folder``, or in memory without one."""

    def __init__(self, folder: Path | None, randomness: Randomness) -> None:
        self._folder = folder
        self._randomness = randomness
        self._seeds: dict[str, bytes] = {}
        if folder is not None:
            folder.mkdir(mode=0o700, exist_ok=True)

    @property
    def signing(self) -> SigningKey:
        """Signs receipts, custody, feed and time."""
        return SigningKey(self._seed("signing"))

    def tickets(self, town: MunicipalityCode) -> SigningKey:
        """Signs a town's tickets."""
        return SigningKey(self._seed(f"tickets-{town}"))

    def numbers(self, town: MunicipalityCode) -> bytes:
        """Permutes a town's ticket numbers; never leaves the hub."""
        return self._seed(f"numbers-{town}")

    def sealing(self, month: str) -> X25519PrivateKey:
        """Opens the evidence of a month (``2026-11``). Raises Malformed for what is no month."""
        if not _MONTH.fullmatch(month):
            raise Malformed(f"{month!r} names no sealing key: they are named by month, 2026-11")
        return X25519PrivateKey.from_private_bytes(self._seed(f"sealing-{month}"))

    def zone(self, zone: str, month: str) -> ZoneKey:
        """Files and seals a zone's standings of a month."""
        return ZoneKey(month, self.zone_seed(zone, month))

    def zone_seed(self, zone: str, month: str) -> bytes:
        """The zone's key as the zone's nodes receive it, 32 bytes."""
        return self._seed(f"zone-{zone}-{month}")

    def _seed(self, name: str) -> bytes:
        if name not in self._seeds:
            self._seeds[name] = self._load(name)
        return self._seeds[name]

    def _load(self, name: str) -> bytes:
        if self._folder is None:
            return self._randomness.bytes(32)
        path = self._folder / f"{name}.key"
        if not path.exists():
            fresh = path.with_suffix(".new")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(self._randomness.bytes(32))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        return path.read_bytes()
