"""The counter of this PC on its terminal: the app over the real use cases, and its set-up."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from node.plan import Plan, plan_in, unfinished
from sync.errors import RefusedByRule
from tui import exits
from tui.app import CounterApp
from tui.readers import watch_readers
from tui.widgets.cardslot import TrayCard
from tui.wording import Words, language_of

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

    from node.counter import Counter
    from node.opening import Ports
    from sync.calls import Invited

NOT_CONFIRMED = "node-not-confirmed"
"""The hub's reason until its operator has compared the fingerprint."""
CARDS = "cards"
"""A folder of software cards beside a demo's database: its tray."""


def run_counter(folder: Path, environment: Mapping[str, str]) -> None:
    """Show the counter until the person ends it; then raise what kept it from opening, if any."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise RefusedByRule(
            "no-terminal", "the counter's screens need a terminal; from a script use machikado node"
        )
    exits.log_into(folder / "machikado.log")
    opening = Opening(folder)
    app = CounterApp(
        opening.counter,
        Words(language_of(environment)),
        tray=tray_of(folder),
        watch=watch_readers,
        enrolment=opening if unfinished(folder) else None,
        unlock=opening.unlock,
    )
    try:
        app.run()
    finally:
        app.cards.close()  # a program that a bug ended had no time to
        opening.close()
    if app.problem is not None:
        raise app.problem


def tray_of(folder: Path) -> tuple[TrayCard, ...]:
    """The software cards that lie beside the database, by file name."""
    return tuple(
        TrayCard(name=file.stem, address=f"soft:{file}")
        for file in sorted((folder / CARDS).glob("*.card"))
    )


@dataclass(slots=True)
class Opening:
    """Opens this folder's counter and its rounds; before that it sets it up, or goes on with that.

    The heavy rooms are imported inside, when the first screen is there already.
    """

    folder: Path
    _secret: bytes | None = field(default=None, init=False, repr=False)
    _open: "Counter | None" = field(default=None, init=False)
    _rounds: "BackgroundScheduler | None" = field(default=None, init=False)

    def unlock(self, secret: str) -> None:
        """Open the keys with this node secret, before that of the environment; kept in memory."""
        self._secret = secret.encode() or None

    def counter(self) -> "Counter":
        """The counter, just enrolled or opened from the folder, with its rounds begun."""
        from node.opening import open_counter
        from node.schedule import start

        self._open = self._open or open_counter(self.folder, self._ports())
        self._rounds = start(self._open)
        return self._open

    def close(self) -> None:
        """End the rounds, then let go of the folder."""
        if self._rounds is not None:
            self._rounds.shutdown(wait=True)
        if self._open is not None:
            self._open.close()

    def known(self) -> Plan | None:
        """The set-up that was interrupted here."""
        return plan_in(self.folder)

    def resume(self, on_key: Callable[[str], None]) -> None:
        """Go on with it, by what was kept."""
        from node.enrol import resume

        self._let_go()
        self._open = resume(self.folder, self._ports(), on_key=on_key).counter

    def look(self, invitation: str) -> "Invited":
        """Whose counter the invitation makes of this PC."""
        from node.enrol import look
        from sync.invitation import read_invitation

        return look(read_invitation(invitation))

    def enrol(self, invitation: str, second_path: str, on_key: Callable[[str], None]) -> None:
        """Register with the hub; ``on_key`` hears the fingerprint before the hub does."""
        from node.enrol import enrol
        from sync.invitation import read_invitation

        self._let_go()
        made = enrol(
            self.folder,
            read_invitation(invitation),
            self._ports(),
            second_path=Path(second_path) if second_path else None,
            on_key=on_key,
        )
        self._open = made.counter

    def confirmed(self) -> bool:
        """Whether the hub talks to this node: it does once the office has confirmed it.

        Raises Unreachable, and RefusedByRule where the hub will never do so.
        """
        if self._open is None:
            return False
        if self._open.sync_now().reached:
            return True
        try:
            self._open.parts.line.patiently(lambda calls: calls.challenge())
        except RefusedByRule as refused:
            if refused.reason != NOT_CONFIRMED:
                raise
        return False

    def _ports(self) -> "Ports":
        from node.opening import Ports, secret_from

        return Ports(secret=self._secret or secret_from(None))

    def _let_go(self) -> None:
        """A counter that is set up once more is opened anew."""
        if self._open is not None:
            self._open.close()
            self._open = None
