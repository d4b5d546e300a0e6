"""Commands that need no key: look at a node beside whoever has it, set where paper goes."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from node.audit import findings
from node.identity import identity_of, keep_settings, settings_of
from node.keys import is_sealed
from node.opening import clock_for
from node.outcome import Finding, Status
from node.reporting import from_outside, status
from node.store import Store


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


def set_printer(folder: Path, destination: str) -> None:
    """Set where paper goes. Raises Malformed, InUse."""
    import msgspec

    from printer.errors import BadDestination
    from printer.escpos import parse_destination
    from sync.errors import Malformed

    try:
        parse_destination(destination)
    except BadDestination as error:
        raise Malformed(str(error)) from None
    with closing(Store.open(folder, "machikado node printer")) as store:
        keep_settings(store, msgspec.structs.replace(settings_of(store), printer=destination))
