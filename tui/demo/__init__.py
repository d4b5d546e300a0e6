"""``machikado demo``: the street corner on this PC: a hub, shops, booths, residents with cards.

On a terminal the counter's app over a town that was made a moment ago; with ``--story``, or where
there is no terminal, a month of that town as text. Both go through the use cases that the screens
go through, over a real hub process on loopback and real node folders; only the clock is a file that
the demo turns. Everything it makes stays in one folder, which is told at the end.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

_BY_SIGNAL = 128  # as shells expect


@click.command()
@click.option("--story", is_flag=True, help="A month as text, also on a terminal.")
@click.option("--seed", default=1, type=click.IntRange(min=0), metavar="N", help="Other days.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder for everything; else one is made among the temporary files.",
)
@click.option("--lang", type=click.Choice(["ja", "en"]), help="Else as MACHIKADO_LANG, LANG say.")
def demo(*, story: bool, seed: int, folder: Path | None, lang: str | None) -> None:
    """The street corner on this PC: hub, shops, residents."""
    from node.reach import InTime, Straight
    from tui.demo.corner import opened
    from tui.demo.telling import Teller
    from tui.wording import Words, language_of

    language = language_of({"MACHIKADO_LANG": lang} if lang else dict(os.environ))
    for sign in (signal.SIGTERM, signal.SIGHUP):  # the hub is stopped however the demo ends
        signal.signal(sign, _leave)
    where = _new_folder(folder)
    on_screen = not story and all(stream.isatty() for stream in (sys.stdin, sys.stdout))
    teller = Teller(language, [] if on_screen else [where / "story.txt"])
    # A story waits for its hub on a slow PC as well, so that it always goes the same way.
    with opened(where, InTime() if on_screen else Straight()) as corner:
        if on_screen:
            from tui.demo.screen import show

            show(corner, teller, Words(language))
        else:
            from tui.demo.story import play

            play(corner, teller, seed)


def _new_folder(named: Path | None) -> Path:
    """The demo's folder, new or empty. Raises RefusedByRule where something lies in it."""
    from tempfile import mkdtemp

    from sync.errors import RefusedByRule

    if named is None:
        return Path(mkdtemp(prefix="machikado-demo-"))
    folder = named.absolute()
    if folder.is_dir() and any(folder.iterdir()):
        raise RefusedByRule(
            "folder-not-empty",
            f"{folder} is not empty, perhaps from an earlier demo; nothing was changed:"
            " name another folder, or remove this one",
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _leave(sign: int, _frame: FrameType | None) -> None:
    raise SystemExit(_BY_SIGNAL + sign)
