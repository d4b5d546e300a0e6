"""An invitation: what an operator hands to a shop so that one PC becomes one node.

It is the only thing that a new node believes unseen, so everything else is measured by it: what
the hub says by the hub's signing key, the connection by the pin of the hub's TLS key. The code in
it works for one key, once. Whoever holds an invitation that was not used yet may use it: it goes
from hand to hand, and an operator still compares the fingerprint.
"""

import base64

import msgspec

from sync.errors import Malformed
from sync.values import half_width

_START = "MACHIKADO1-"
_KEY = 32
"""Bytes of an Ed25519 public key, and of a SHA-256."""


class Invitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hub is, its keys, and a one-time code."""

    hub: str
    """The hub's origin, ``https://hub.example:8443``."""
    key: str
    """The hub's public signing key, hexadecimal."""
    code: str
    tls_pin: str = ""
    """SHA-256 of the public key (SubjectPublicKeyInfo) of the hub's TLS certificate, hexadecimal;
    empty: the system's store decides which certificates are believed."""

    def signing_key(self) -> bytes:
        """The hub's public signing key, 32 bytes. Raises Malformed where it is not whole."""
        return _whole(self.key, "hub key")

    def pin(self) -> bytes | None:
        """The pin, 32 bytes, or None. Raises Malformed where it is not whole."""
        return _whole(self.tls_pin, "TLS pin") if self.tls_pin else None


def write_invitation(invitation: Invitation) -> str:
    """One line of text: ``MACHIKADO1-`` and base32, so that any keyboard layout can scan it."""
    packed = msgspec.msgpack.encode(msgspec.structs.astuple(invitation))
    return _START + base64.b32encode(packed).decode("ascii").rstrip("=")


def read_invitation(text: str) -> Invitation:
    """Read an invitation as pasted or scanned; raises Malformed."""
    line = "".join(half_width(text).split()).upper()
    if not line.startswith(_START):
        raise Malformed(f"this is not an invitation: it begins with {_START}")
    code = line.removeprefix(_START)
    try:
        packed = base64.b32decode(code + "=" * (-len(code) % 8))
        hub, key, once, pin = msgspec.msgpack.decode(packed, type=tuple[str, str, str, str])
    except (ValueError, msgspec.MsgspecError):
        raise Malformed("the invitation is not complete: copy all of it") from None
    return Invitation(hub=hub, key=key, code=once, tls_pin=pin)


def _whole(text: str, what: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY:
        raise Malformed(f"the invitation's {what} is not complete: copy all of it")
    return key
