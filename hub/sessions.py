"""The session of whoever sits at this PC: a file that only they may read, one a hub.

It stands where the system keeps what programs remember (``~/.local/state/machikado/sessions``) and
holds the session's token, which is good for a day at most.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from sync.errors import Damaged
from sync.values import Millis
from sync.wire import laid_out


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in at which hub."""

    hub: str
    name: str
    token: str
    ends_at: Millis


def kept(hub: str) -> Session | None:
    """The session at a hub; None where nobody has signed in, or the file is another program's."""
    with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(_file(hub).read_bytes(), type=laid_out(Session))
    return None


def keep(session: Session) -> None:
    """Remember a session in place of the one before; raises Damaged."""
    path = _file(session.hub)
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(session))
        fresh.replace(path)
    except OSError as error:
        raise Damaged(f"{path} cannot be written: {error.strerror}") from None


def forget(hub: str) -> None:
    """Remember nothing of a hub any more."""
    _file(hub).unlink(missing_ok=True)


def _file(hub: str) -> Path:
    from platformdirs import user_state_path

    name = hashlib.sha256(hub.encode()).hexdigest()[:16]
    return user_state_path("machikado", appauthor=False) / "sessions" / f"{name}.json"
