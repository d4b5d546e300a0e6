"""``machikado node join``: another card for a MyKey ID, from the shell."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import shell
from node.outcome import JoinedCard, Refused
from node.shell import as_json, card, folder, options, secret, show
from sync.errors import Malformed

if TYPE_CHECKING:
    from node.counter import Counter

EARLIER_PIN = "MACHIKADO_EARLIER_PIN"
_STATES = {
    "joined": "the card opens what {mykey_id} has",
    "waiting": "the card {fingerprint} waits: the hub's desk joins it to {mykey_id} with evidence",
    "refused": "the hub's desk did not join the card {fingerprint} to {mykey_id}",
}


@click.command()
@options(folder, secret, card, shell.pin, as_json)
@click.option("--earlier", metavar="CARD", help="The earlier card, which vouches for this one.")
@click.option("--earlier-pin-file", metavar="F", help=f"Its PIN; else {EARLIER_PIN}.")
@click.option("--keep-earlier", is_flag=True, help="The earlier card stays in use as well.")
@click.option("--mykey-id", metavar="M", help="Without the earlier card: whose card it was.")
def join(
    *,
    folder: Path,
    secret_file: Path | None,
    card: str,
    pin_file: str | None,
    as_json: bool,
    earlier: str | None,
    earlier_pin_file: str | None,
    keep_earlier: bool,
    mykey_id: str | None,
) -> None:
    """Join a new card to a MyKey ID: by the earlier card, or by the ID once the desk agrees.

    Without the earlier card the same command asks again what became of it.
    """
    if (earlier is None) == (mykey_id is None):
        raise click.UsageError("give --earlier with the earlier card, or --mykey-id without it")
    if earlier is None and (keep_earlier or earlier_pin_file):
        raise click.UsageError("--keep-earlier and --earlier-pin-file need --earlier")
    with shell.opened(folder, secret_file) as counter:
        done: JoinedCard | Refused
        pin = shell.pin_for(counter, card, pin_file)
        if earlier is None:
            done = counter.join(card, pin, str(mykey_id))
        else:
            new = counter.look_up(card).card
            its_pin = _pin_of(counter, earlier, earlier_pin_file)
            voucher = counter.vouch(earlier, its_pin, new, keep=keep_earlier)
            done = voucher if isinstance(voucher, Refused) else counter.join(card, pin, voucher)
        if isinstance(done, Refused):
            shell.refuse(counter, done, as_json=as_json)
    line = {"mykey_id": done.mykey_id, "state": done.state, "fingerprint": done.fingerprint}
    words = _STATES[done.state].format(mykey_id=done.mykey_id, fingerprint=done.fingerprint)
    show([line], as_json=as_json, words=words)
    if done.state == "refused":
        shell.leave(shell.REFUSED)


def _pin_of(counter: "Counter", earlier: str, file: str | None) -> bytearray:
    """The earlier card's PIN. A card is never given the PIN of another one."""
    typed = shell.read_secret(file) if file is not None else os.environ.get(EARLIER_PIN, "")
    found = shell.given_or_on_pad(counter, earlier, bytearray(typed.encode()) if typed else None)
    if found is None:
        raise Malformed(
            f"this needs the earlier card's PIN: --earlier-pin-file F, or {EARLIER_PIN}"
        )
    return found
