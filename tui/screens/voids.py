"""Taking a paper ticket back: with the paper, by a scan; or lost, by its holder's card and PIN.

With the paper a scan shows large what it is, and F12 takes it back: the paper stays here. A card on
the reader (or F2) says that the paper is lost: under the PIN its holder's live tickets are listed,
and a second PIN signs which of them nobody may use any more.
"""

from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static

from node.card.pin import wipe
from node.outcome import CardLook, Refused
from node.voided import LiveTicket, SeenTicket, Voided
from tui.screens.card import READING, CardScreen, Scene
from tui.widgets.answer import Answer
from tui.widgets.choices import Choices
from tui.widgets.figures import BigAmount
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text


class Step(Enum):
    """Where one is: with the paper SCAN and PAPER; without it CARD, LOOK, LIST and LOST."""

    SCAN = Scene(card="heard", uses=("#scanned",))
    PAPER = Scene(sees=("#ticket",))
    CARD = Scene(card="asked")
    LOOK = Scene(pin=True)
    LIST = Scene(uses=("#live",))
    LOST = Scene(sees=("#ticket",), pin=True)
    WAITING = Scene(waits=True)


class Voids(CardScreen):
    """Ticket after ticket."""

    FIRST, WAITING = Step.SCAN, Step.WAITING
    HEADING = N_("Take a ticket back")
    GIVEN_UP = N_("Nothing was changed.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "lost", N_("Paper is lost"), key_display="F2"),
        Binding("f12", "void", N_("Yes, take it back"), key_display="F12"),
    ]
    DEFAULT_CSS = """
    Voids BigAmount { margin: 1; }
    Voids #ticket { height: auto; padding: 0 1; text-style: bold; }
    Voids #live { max-height: 10; }
    """

    def __init__(self) -> None:
        """No ticket in hand."""
        super().__init__()
        self._qr = ""
        self._ticket: SeenTicket | None = None
        self._live: tuple[LiveTicket, ...] = ()

    def body(self) -> ComposeResult:
        """The field for the scan, the ticket large, the list, the PIN."""
        words = self.desk.words
        yield self.row(words("Scan the ticket:"), Line(name="scan"), name="scanned")
        yield self.slot()
        yield Static("", id="ticket", markup=False)
        yield BigAmount()
        yield Choices(name="live")
        yield self.secret()
        yield Answer()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """F12 is there where a scanned ticket is, F2 where one is asked for."""
        at = {"void": Step.PAPER, "lost": Step.SCAN}.get(action)
        return at is None or self.step is at

    def fresh(self) -> None:
        """The next ticket."""
        self.card, self._qr, self._live = "", "", ()
        self._show(None)
        self.enter(Step.SCAN)
        self.query_one("#scan", Line).focus()
        words = self.desk.words
        self.answer.note(
            words("Scan the ticket that the customer hands back.")
            + "\n"
            + words("Paper lost? Put the customer's card on the reader, or press F2.")
        )

    def _show(self, ticket: SeenTicket | None) -> None:
        words = self.desk.words
        self._ticket = ticket
        self.query_one(BigAmount).points = 0 if ticket is None else ticket.points
        self.query_one("#ticket", Static).update(
            ""
            if ticket is None
            else words(
                "{town}, {points} ({point_name}), valid until {day}.\nTicket {number}",
                town=ticket.town,
                points=words.points(ticket.points),
                point_name=ticket.point_name,
                day=ticket.valid_until,
                number=words.ticket(ticket.number),
            )
        )

    # -- with the paper

    @on(Line.Entered, "#scan")
    def scanned(self, event: Line.Entered) -> None:
        """One scan."""
        if event.text:
            self._qr = event.text
            self.wait(N_("Asking. One moment, please."))
            self.ask(partial(self.counter.seen_ticket, event.text), self._seen)

    def _seen(self, seen: SeenTicket | Refused) -> None:
        if isinstance(seen, Refused):
            self.turn_away(seen)
            return
        self._show(seen)
        self.enter(Step.PAPER)
        words = self.desk.words
        self.answer.say(
            "look",
            words,
            words("Take this ticket back?"),
            words("Its points go back to whom it was made for, and nobody can use it any more."),
            words("F12: yes, and keep the paper.      Esc: no"),
        )

    def action_void(self) -> None:
        """Yes."""
        if self.step is Step.PAPER:
            self.wait(N_("Asking. One moment, please."))
            self.ask(partial(self.counter.void_ticket, self._qr), self._voided, money=True)

    # -- the paper is lost

    def action_lost(self) -> None:
        """The card is asked for."""
        if self.step is Step.SCAN:
            self.enter(Step.CARD)
            self.answer.note(self.desk.words("Put the card on that the ticket was made with."))

    def laid(self, card: str) -> None:
        """A card says that the paper is lost."""
        self.card = card
        self.read(partial(self.counter.look_up, card), self._looked)

    def _looked(self, look: CardLook) -> None:
        self.know(look)
        status = self.desk.status
        if look.closed is not None:
            self.turn_away(look.closed)
        elif not look.tries_left:
            self.turn_away("pin-locked")
        elif status is not None and not status.hub_reachable:
            self.turn_away("hub-silent")  # no PIN for what nobody can answer
        else:
            note = self.desk.words("The PIN shows which tickets of this card are still to be used.")
            self.to_pin(Step.LOOK, note=note)

    def sign(self, pin: bytearray) -> None:
        """The look, or the void of the chosen ticket."""
        ticket = self._ticket
        if not self._live:
            self.working(pin, READING)
            own = partial(self.counter.own_tickets, self.card, pin, shown=self.key)
            self.ask(own, self._listed)
        elif isinstance(ticket, LiveTicket):
            self.working(pin, N_("Please leave the card on the reader."))
            lose = partial(self.counter.void_lost, self.card, pin, ticket, shown=self.key)
            self.ask(lose, self._voided, money=True)
        else:
            wipe(pin)

    def _listed(self, live: tuple[LiveTicket, ...] | Refused) -> None:
        words = self.desk.words
        if isinstance(live, Refused):
            if not self.wrong_pin(live):
                self.turn_away(live)
            return
        if not live:
            self.fresh()
            self.answer.say("look", words, words("This card has no ticket that can be used."))
            return
        self._live = live
        rows = [
            words(
                "{points}, valid until {day}. Ticket {number}",
                points=words.points(each.points),
                day=each.valid_until,
                number=words.ticket(each.number),
            )
            for each in live
        ]
        self.choose(Step.LIST, "#live", rows, words("Which ticket is lost? Choose, then Enter."))

    @on(OptionList.OptionSelected, "#live")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """The one that is lost."""
        words, ticket = self.desk.words, self._live[event.option_index]
        if ticket.voiding:
            self.answer.say(
                "look",
                words,
                words("This ticket was taken back before."),
                words("Its points come back on {day} at the latest.", day=ticket.back_by),
            )
            return
        self._show(ticket)
        self.to_pin(
            Step.LOST,
            note=words("With the PIN nobody can use this ticket any more.")
            + "\n"
            + words("Its points come back on {day} at the latest.", day=ticket.back_by),
        )

    # -- both

    def _voided(self, done: Voided | Refused) -> None:
        words = self.desk.words
        if isinstance(done, Refused):
            if not self.wrong_pin(done):
                self.turn_away(done)
            return
        self.fresh()
        record = done.record
        amount = words.points(record.points)
        said = {
            "now": words("{points} went back to the customer.", points=amount),
            "soon": words("The ticket is taken back: {points}.", points=amount),
            "later": words("Nobody can use the ticket any more: {points}.", points=amount),
        }[done.back]
        more = {
            "now": words("Please keep the paper, and give the customer the slip."),
            "soon": words("The points go back as soon as the network is there again."),
            "later": words("Its points come back on {day} at the latest.", day=done.back_by),
        }[done.back]
        named = words.ticket(record.number)
        number = words("Ticket {number}, no. {seq}", number=named, seq=record.seq)
        self.answer.say("look" if done.back == "soon" else "good", words, said, number, more)
