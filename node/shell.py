"""What the node's commands share: options, secrets, output, exit codes.

``--json`` prints one object (one a line for lists) with stable English keys and nothing else on
standard output, moments as milliseconds since 1970; words go to standard error. Secrets come from a
file (``-``: standard input) or the environment, never from an argument. What is raised here is
turned into words and an exit code by the front door.
"""

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from sync.errors import Malformed

if TYPE_CHECKING:
    from node.counter import Counter
    from node.outcome import Approved, Refused
    from printer.documents import Document

PIN = "MACHIKADO_PIN"
REFUSED, DAMAGED, UNREACHABLE = 3, 5, 4
_NO_ANSWER = frozenset({"hub-silent", "answer-lost"})
_F = TypeVar("_F", bound=Callable[..., object])
Line = Mapping[str, object]


def options(*decorators: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Put several options on a command, in this order."""

    def decorate(command: _F) -> _F:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
secret = click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The node's secret; else MACHIKADO_NODE_SECRET.",
)
card = click.option("--card", required=True, metavar="CARD", help="soft:FILE or pcsc[:READER].")
pin = click.option("--pin-file", metavar="F", help="The card's PIN; - is standard input.")
png = click.option(
    "--png",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also draw what prints into a picture.",
)
municipality = click.option("--municipality", required=True, metavar="CODE")


@contextmanager
def opened(where: Path, secret_file: Path | None) -> Generator["Counter", None, None]:
    """The counter of a folder, ours until the end."""
    from node.opening import Ports, open_counter, secret_from

    counter = open_counter(where, Ports(secret=secret_from(secret_file)), program="machikado node")
    try:
        yield counter
    finally:
        counter.close()


def read_secret(file: str) -> str:
    """The one line of a file or of standard input. Raises Malformed."""
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"{file} cannot be read: {error}") from None
    return text.strip()


def pin_from(file: str | None) -> bytearray | None:
    """The PIN as bytes that can be overwritten, or None where none was given."""
    if file is not None:
        return bytearray(read_secret(file).encode())
    typed = os.environ.get(PIN, "")
    return bytearray(typed.encode()) if typed else None


def need_pin(file: str | None) -> bytearray:
    """The PIN. Raises Malformed when none was given."""
    given = pin_from(file)
    if given is None:
        raise Malformed(f"this needs the card's PIN: --pin-file F, or {PIN}")
    return given


def pin_for(counter: "Counter", card: str, file: str | None) -> bytearray:
    """The PIN for this card: as it was given, else typed on the reader's keys where it has some.

    Raises Malformed where there is neither, and CardError.
    """
    found = given_or_on_pad(counter, card, pin_from(file))
    return need_pin(file) if found is None else found


def given_or_on_pad(counter: "Counter", card: str, given: bytearray | None) -> bytearray | None:
    """What was given, else an OnPad where the card's reader has keys; None where it has none.

    Says where to type, and warns before the last try. Raises CardError.
    """
    from node.card.pin import OnPad, wipe

    try:
        with counter.parts.tap(card) as tap:
            tries, pad = tap.tries_left, tap.pad
    except BaseException:
        wipe(given)
        raise
    if tries == 1:
        say("careful: this is the last try before the card's PIN is locked")
    if given is not None or not pad:
        return given
    say("type the PIN on the card reader's keys; cancel there gives up")
    return OnPad()


def say(words: str) -> None:
    """Tell the person at the shell."""
    click.echo(words, err=True)


def show(lines: Sequence[Line], *, as_json: bool, words: str) -> None:
    """Print the answer: JSON lines, or words."""
    if not as_json:
        click.echo(words)
        return
    for line in lines:
        click.echo(json.dumps(line, ensure_ascii=False))


def leave(code: int) -> NoReturn:
    """End the command with an exit code."""
    sys.exit(code)


def approved(done: "Approved") -> Line:
    """A done thing's JSON."""
    return {
        "outcome": "approved",
        "reason": "",
        "tier": done.tier,
        "node": done.node,
        "epoch": done.epoch,
        "seq": done.seq,
        "municipality": done.municipality,
        "points": done.points,
        "balance_after": done.balance_after,
        "at_cap": done.at_cap,
        "number": done.number,
        "digest": done.digest.hex(),
    }


def refuse(counter: "Counter", answer: "Refused", *, as_json: bool) -> NoReturn:
    """Print a refusal and leave with 3.

    Where only the hub's answer was missing it is 4, as wherever the other side is not reached.
    The front door hands down, as click's object, who tells a reason in the person's language.
    """
    if as_json:
        show([refused(counter, answer)], as_json=True, words="")
    tell = click.get_current_context().find_root().obj
    plain = f"refused: {answer.detail} ({answer.reason})"
    say(tell(answer.reason, answer.detail) if callable(tell) else plain)
    leave(UNREACHABLE if answer.reason in _NO_ANSWER else REFUSED)


def refused(counter: "Counter", answer: "Refused") -> Line:
    """A refusal's JSON, with the keys that a done thing has."""
    return {
        "outcome": "refused",
        "reason": answer.reason,
        "tier": None,
        "node": counter.parts.identity.node,
        "epoch": counter.parts.writer.epoch,
        "seq": answer.seq,
        "municipality": answer.municipality,
        "points": answer.points,
        "balance_after": None,
        "at_cap": False,
        "number": answer.number,
        "digest": None,
        "tries_left": answer.tries_left,
    }


def bring_to_paper(
    counter: "Counter", png: Path | None, make: "Callable[[], Iterable[Document | None]]"
) -> None:
    """Draw and print what is done and told: what goes wrong with paper is only said.

    ``make`` gives the sheets; of several tickets each has its number behind the file's name.
    """

    def draw() -> None:
        if png is None:
            return
        sheets = [sheet for sheet in make() if sheet is not None]
        for sheet in sheets:
            number = getattr(sheet, "number", "") if len(sheets) > 1 else ""
            _draw(counter, sheet, png.with_stem(f"{png.stem}-{number}") if number else png)

    def print_it() -> None:
        trouble = counter.print_waiting().trouble
        if trouble:
            say(f"it is done; its paper waits: {_in_words(trouble)}")

    for step in (draw, print_it):
        try:
            step()
        except Exception as error:  # noqa: BLE001  it is done: nothing about paper calls it failed
            say(f"it is done, but not on paper: {error}")


def _draw(counter: "Counter", sheet: "Document", file: Path) -> None:
    from node.identity import settings_of
    from printer.raster import render_png

    file.write_bytes(render_png(sheet, settings_of(counter.parts.store).width))


def _in_words(trouble: str) -> str:
    from printer.errors import Trouble
    from printer.words import trouble_in_words

    return trouble_in_words(Trouble(trouble), "en") if trouble in set(Trouble) else trouble
