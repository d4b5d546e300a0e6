"""The front door: ``machikado`` and its commands.

The one place that knows all rooms, by name only: a room's commands are imported when somebody asks
for them, so that ``machikado node status`` loads neither screens nor hub. A room whose commands are
not installed is not offered. Without arguments it is this PC's counter, the first time its set-up.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from tui import exits

ROOMS = {
    "hub": ("hub.cli", "hub", "Towns, points and settlement: the hub and its operators."),
    "node": ("node.cli", "node", "A counter from the shell."),
    "card": ("node.card_cli", "card", "Software cards of a demo."),
    "demo": ("tui.demo", "demo", "The street corner on this PC: hub, shops, residents."),
    "desk": ("tui.desk", "desk", "The hub operator's screens."),
}
"""Command, module, name in it, and the help line, which is shown without importing anything."""


class FrontDoor(click.Group):
    """Loads a room's commands by name, and only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The rooms that are here."""
        return [name for name, (module, _, _) in ROOMS.items() if _is_here(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of one room; None where the room is not here."""
        if cmd_name not in ROOMS or not _is_here(ROOMS[cmd_name][0]):
            return None
        module, name, _ = ROOMS[cmd_name]
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None

    def format_commands(
        self,
        ctx: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        """The list of commands, without importing them."""
        rows = [(name, ROOMS[name][2]) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(cls=FrontDoor, invoke_without_command=True)
@click.version_option(package_name="machikado")
@click.pass_context
def machikado(ctx: click.Context) -> None:
    """Points, point tickets and one card for a town, with or without the network.

    Without a command: this PC's counter; the first time, its set-up.
    """
    if ctx.invoked_subcommand is None:
        from tui.here import run_counter

        run_counter(folder(), dict(os.environ))


def folder() -> Path:
    """Where this PC's counter is: MACHIKADO_DIR, or the person's data folder."""
    named = os.environ.get("MACHIKADO_DIR", "")
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("machikado", appauthor=False)


def main() -> None:
    """The console script."""
    arguments = sys.argv[1:]
    log_file = folder() / "machikado.log"
    sys.exit(exits.run(lambda: _run(arguments), arguments, log_file))


def _run(arguments: list[str]) -> None:
    try:
        machikado.main(
            args=arguments, prog_name="machikado", standalone_mode=False, obj=exits.refusal
        )
    except click.exceptions.Exit as leaving:
        raise SystemExit(leaving.exit_code) from None
    except click.ClickException as problem:
        problem.show()
        raise SystemExit(exits.USAGE) from None
    except click.Abort:
        raise KeyboardInterrupt from None


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
