"""Checks for a shop on the telephone: what is well at this counter, and what to do where it is not.

    folder      there, and may be written          second-path  there; on a disk of its own
    database    whole, a node's, of this version   printer      set up, answering
    keys        there, readable                    hub          answering
    clock       trusted                            cards        a folder that can be read
    disk        room for what is still to come

and what stands between this PC and a card on a reader (:mod:`node.readercheck`).

Each check stands alone: one that fails hides no other. Nothing is changed, and a program that has
the folder may go on working.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

from node.card.pcsc import Scard, scard
from node.identity import NO_PRINTER, identity_of, settings_of
from node.keys import is_sealed
from node.line import Closing
from node.opening import OpenDoor, clock_for, http_door
from node.outcome import Check, Level
from node.readercheck import Pc, check_readers, pc_here
from node.reporting import from_outside
from node.secondpath import SecondPath, same_disk
from node.store import Store
from printer.errors import PrinterError
from sync.calls import Doorstep
from sync.clock import ClockState
from sync.errors import MachikadoError

LEAST_ROOM = 64 * 1024 * 1024
"""Bytes: weeks of records, and the room that a busy hour takes at once."""

_Seen = TypeVar("_Seen")
CARDS = "cards"
"""The folder of software cards inside a counter's own."""


class _Unwell(Exception):
    """Found, and not as it should be."""


def examine(
    folder: Path,
    door: OpenDoor = http_door,
    *,
    functions: Callable[[], Scard] = scard,
    pc: Callable[[], Pc] = pc_here,
) -> tuple[Check, ...]:
    """Every check of a counter's folder and of this PC's card readers."""
    demo = _is_demo(folder)
    at = clock_for(demo=demo).now()
    return (
        _check("folder", partial(_folder, folder)),
        _check("disk", partial(_disk, folder)),
        _check("keys", partial(_keys, folder)),
        _check("cards", partial(_cards, folder / CARDS)),
        _check("database", partial(_in_database, folder, _database)),
        _check("clock", partial(_in_database, folder, _clock)),
        _check("second-path", partial(_in_database, folder, _second_path)),
        _check("printer", partial(_in_database, folder, _printer)),
        _check("hub", partial(_in_database, folder, partial(_hub, door))),
        *check_readers(wanted=not demo, at=at, functions=functions, pc=pc),
    )


def _is_demo(folder: Path) -> bool:
    """Whether this counter takes software cards of a demo; one that cannot be read is none."""
    try:
        return _in_database(folder, lambda store: identity_of(store).demo)
    except (MachikadoError, OSError):
        return False


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(check=name, level=Level.WELL, detail=look())
    except (_Unwell, MachikadoError, PrinterError, OSError) as error:
        return Check(check=name, level=Level.LOOK, detail=str(error))


def _in_database(folder: Path, look: Callable[[Store], _Seen]) -> _Seen:
    with closing(Store.look(folder)) as store:
        store.require_present_form()
        return look(store)


def _folder(folder: Path) -> str:
    if not folder.is_dir():
        raise _Unwell(f"{folder} is not there: is its disk plugged in?")
    if not os.access(folder, os.W_OK):
        raise _Unwell(f"{folder} may not be written: let this person write there")
    return str(folder)


def _disk(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    words = f"{free // 2**20:,} MiB free"
    if free < LEAST_ROOM:
        raise _Unwell(f"{words}: delete what is not needed")
    return words


def _keys(folder: Path) -> str:
    return "sealed" if is_sealed(folder) else "not sealed: this node has no secret"


def _cards(folder: Path) -> str:
    if not folder.exists():
        return f"none: {folder} is not there"
    return f"{sum(1 for _ in folder.iterdir())} in {folder}"


def _database(store: Store) -> str:
    identity = identity_of(store)
    return f"{identity.node}, {store.number('SELECT count(*) FROM record'):,} records"


def _clock(store: Store) -> str:
    now = clock_for(demo=identity_of(store).demo).now()
    state = from_outside(store, now).at.clock
    if state is ClockState.UNTRUSTED:
        raise _Unwell("this PC's clock cannot be trusted: set its date and time, or let it sync")
    return state.name.lower()


def _second_path(store: Store) -> str:
    folder = settings_of(store).second_path
    if not folder:
        raise _Unwell("there is none: what is not sent yet has only one copy")
    second = SecondPath(Path(folder), identity_of(store).node)
    if not second.exists():
        raise _Unwell(f"{second.file} is not there: plug the stick in")
    if same_disk(store.file.parent, second.file.parent):
        raise _Unwell(f"{folder} lies on the same disk: use a USB stick")
    return str(second.file)


def _printer(store: Store) -> str:
    from node.printers import printer_of
    from printer.words import trouble_in_words

    settings = settings_of(store)
    if settings.printer == NO_PRINTER:
        return "none is set up"
    warning = printer_of(settings).check()
    said = f"{settings.printer} as {settings.profile}, {settings.width} dots"
    return said if warning is None else f"{said}. {trouble_in_words(warning, 'en')}"


def _hub(door: OpenDoor, store: Store) -> str:
    identity = identity_of(store)
    opened = door(identity)
    try:
        Doorstep(opened, (identity.hub_key,)).time()
    finally:
        if isinstance(opened, Closing):
            opened.close()
    return identity.hub_origin
