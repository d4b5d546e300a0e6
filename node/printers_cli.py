"""``machikado node printer``: where paper comes out, what printer it is, and a test print."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from node import shell
from node.shell import as_json, folder, leave, options, say, show

if TYPE_CHECKING:
    from node.identity import Language, Settings, Width


@click.command()
@options(folder, as_json)
@click.argument("destination", required=False)
@click.option("--profile", metavar="P", help="What model it is; --list names them.")
@click.option("--width", type=click.Choice([384, 512, 576]), help="In dots: 384 for 58 mm.")
@click.option("--drawer/--no-drawer", default=None, help="Open the cash drawer at each sale.")
@click.option("--language", type=click.Choice(["ja", "en"]), help="In which paper speaks.")
@click.option("--test", "tries", is_flag=True, help="Then print a test sheet.")
@click.option("--list", "lists", is_flag=True, help="Show what is found at this PC, and profiles.")
def printer(
    *,
    folder: Path,
    as_json: bool,
    destination: str | None,
    profile: str | None,
    width: "Width | None",
    drawer: bool | None,
    language: "Language | None",
    tries: bool,
    lists: bool,
) -> None:
    """Where paper comes out: none, file:PATH, tcp:HOST:PORT, usb, serial:DEVICE, cups:QUEUE, pdf:.

    Without DESTINATION and options it shows what is set.
    """
    from node.looking import printer_settings, set_printer

    if lists:
        _list(as_json=as_json)
        return
    told = (destination, profile, width, drawer, language)
    if any(one is not None for one in told):
        now = set_printer(
            folder, destination, profile=profile, width=width, drawer=drawer, language=language
        )
    else:
        now = printer_settings(folder)
    line: dict[str, object] = {
        "destination": now.printer,
        "profile": now.profile,
        "width": now.width,
        "drawer": now.drawer,
        "language": now.language,
    }
    if not tries:
        show([line], as_json=as_json, words=_in_words(now))
        return
    _try(folder, line, _in_words(now), as_json=as_json)


def _in_words(now: "Settings") -> str:
    drawer = ", with a drawer" if now.drawer else ""
    return (
        f"paper goes to {now.printer}: {now.profile}, {now.width} dots wide, in {now.language}"
        f"{drawer}"
    )


def _try(folder: Path, line: dict[str, object], words: str, *, as_json: bool) -> None:
    """Print a test sheet; what went wrong decides the exit code."""
    from node.looking import try_printer

    trial = try_printer(folder)
    shown = {**line, "outcome": trial.outcome, "trouble": trial.trouble}
    said = {
        "printed": "a test sheet came out",
        "look": f"look whether a test sheet came out: {trial.detail}",
        "not-printed": f"no test sheet: {trial.detail}",
    }[trial.outcome]
    show([shown], as_json=as_json, words=f"{words}\n{said}")
    if trial.outcome != "printed":
        if as_json:
            say(said)
        leave(shell.UNREACHABLE)


def _list(*, as_json: bool) -> None:
    from node.printers import found
    from printer.profiles import PROFILES

    lines: list[dict[str, object]] = [
        {"found": one.destination, "shown": one.shown} for one in found()
    ]
    lines += [{"profile": one.name, "shown": one.shown, "width": one.dots} for one in PROFILES]
    words = "\n".join(f"{line.get('found') or line['profile']}\t{line['shown']}" for line in lines)
    show(lines, as_json=as_json, words=words)
