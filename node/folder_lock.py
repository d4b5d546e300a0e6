"""One program at a time in a node's folder: the lock file names who has it.

The operating system holds the lock (it falls away with the process, also after ``kill -9``); the
words in the file only tell people who it is.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from sync.errors import InUse, NoAccess

NAME = "lock"


class FolderLock:
    """The lock of one folder, held from construction until :meth:`release`."""

    def __init__(self, folder: Path, program: str) -> None:
        """Take the lock. Raises InUse with the holder's name and process number, NoAccess."""
        self._path = folder / NAME
        try:
            self._file: BinaryIO | None = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise NoAccess(
                f"{folder} may not be written ({error.strerror}): let this person write there, or"
                " choose another folder"
            ) from None
        if not _lock(self._file):
            holder = _holder(self._file)
            self._file.close()
            self._file = None
            raise InUse(f"{folder} is in use by {holder}: stop it first, or use its screen")
        with suppress(OSError):  # a full disk: it is ours all the same, only its words are missing
            self._file.truncate(0)
            self._file.write(f"{program} (process {os.getpid()})".encode())

    def release(self) -> None:
        """Let another program in."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None


def _holder(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(200).decode("utf-8", "replace") or "another program"


if sys.platform == "win32":
    import msvcrt

    _BEYOND = 1 << 20
    """A locked byte cannot be read by others on Windows: lock one behind the words."""

    def _lock(file: BinaryIO) -> bool:
        file.seek(_BEYOND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
