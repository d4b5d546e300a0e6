"""Commands that need no key: look at a node beside whoever has it, set where paper goes."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from node.audit import findings
from node.identity import Language, Settings, Width, identity_of, keep_settings, settings_of
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


def set_printer(
    folder: Path,
    destination: str,
    *,
    width: Width | None = None,
    language: Language | None = None,
) -> Settings:
    """Set where paper goes, how wide it is and how it speaks; what is not named stays.

    What was sold while there was no printer is not printed now. Raises Malformed, InUse.
    """
    from node.paper import pass_slips_over
    from printer.destinations import parse_destination
    from printer.errors import BadDestination
    from sync.errors import Malformed

    try:
        parse_destination(destination)
    except BadDestination as error:
        raise Malformed(str(error)) from None
    with closing(Store.open(folder, "machikado node printer")) as store, store.transaction():
        before = settings_of(store)
        if not before.prints:
            pass_slips_over(store)
        after = Settings(
            second_path=before.second_path,
            printer=destination.strip(),
            language=language or before.language,
            width=width or before.width,
        )
        keep_settings(store, after)
        return after
