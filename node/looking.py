"""Commands that need no key: look at a node beside whoever has it, set where paper goes."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from node.audit import findings
from node.identity import Language, Settings, Width, identity_of, settings_of
from node.keys import is_sealed
from node.opening import clock_for
from node.outcome import Finding, Status
from node.reporting import from_outside, status
from node.store import Store

if TYPE_CHECKING:
    from node.printerchoice import Trial


def status_of(folder: Path) -> Status:
    """The banner's facts of a node, also while another program has it. Raises Damaged."""
    with closing(Store.look(folder)) as store:
        store.require_present_form()
        now = clock_for(demo=identity_of(store).demo).now()
        live = replace(from_outside(store, now), unsealed_keys=not is_sealed(folder))
        return status(store, live)


def audit_of(folder: Path) -> tuple[Finding, ...]:
    """What does not add up in a node's folder, also while another program has it."""
    with closing(Store.look(folder)) as store:
        store.require_present_form()
        return findings(store)


def set_printer(
    folder: Path,
    destination: str | None = None,
    *,
    profile: str | None = None,
    width: Width | None = None,
    drawer: bool | None = None,
    language: Language | None = None,
) -> Settings:
    """Set where paper goes, what printer it is and how it speaks; what is not named stays.

    Another profile brings its own width. What was sold while there was no printer is not printed
    now. Raises Malformed, InUse.
    """
    from node.printerchoice import PrinterChoice
    from node.printers import chosen, keep

    with closing(Store.open(folder, "machikado node printer")) as store:
        before = settings_of(store)
        choice = PrinterChoice(
            destination=before.printer if destination is None else destination,
            profile=profile or before.profile,
            width=width or (None if profile else before.width),
            drawer=before.drawer if drawer is None else drawer,
        )
        after = chosen(before, choice, language)
        keep(store, after)
        return after


def printer_settings(folder: Path) -> Settings:
    """Where paper goes now, also while another program has the node."""
    with closing(Store.look(folder)) as store:
        return settings_of(store)


def try_printer(folder: Path) -> "Trial":
    """Print a test sheet by what is set. Raises InUse."""
    import threading

    from node.printers import try_out
    from node.sheets import aware

    with closing(Store.open(folder, "machikado node printer")) as store:
        identity = identity_of(store)
        now = aware(clock_for(demo=identity.demo).now())
        return try_out(settings_of(store), identity, now, threading.Lock())
