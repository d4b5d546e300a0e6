"""Clear the stamped tickets that a shop brings: the shop, then scan after scan, then its receipt.

The pile that is open is found again, whatever became of the screen or the PC: it goes on with its
sums and with what goes back. Scans that come while one is being asked wait in line
(:mod:`tui.scanqueue`). What is not cleared stays in the list below until the pile is closed.
"""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static

from node.outcome import Approved, FoundTicket, Outcome, Refused
from node.pile import Pile
from node.pile_words import REASONS, why_back
from sync.payees import Payee
from sync.records import Tier
from sync.scan import looks_like_ticket
from tui.asking import Trouble
from tui.scanqueue import ScanQueue
from tui.screens.base import CounterScreen
from tui.screens.confirm import Confirm
from tui.screens.found import ask_to_compare
from tui.widgets.answer import Answer
from tui.widgets.choices import Choices
from tui.widgets.figures import BigAmount, BigNumber
from tui.widgets.line import Line
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text
from tui.wording.piles import clearing_advice

_MOST_ROWS = 100
"""Shops in the list at once; whoever looks for another one types a part of its name."""


class Clear(CounterScreen):
    """First whose pile; then the field always has the focus."""

    HEADING = N_("Clear a pile of tickets")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "close_pile", N_("Close pile"), key_display="F12"),
        Binding("f9", "undo", N_("Undo last"), key_display="F9"),
        Binding("down", "list", show=False),
        Binding("pagedown", "returned('down')", show=False),
        Binding("pageup", "returned('up')", show=False),
    ]
    DEFAULT_CSS = """
    Clear Horizontal, Clear #who, Clear #pile { height: auto; }
    Clear #sums { height: 1fr; }
    Clear .label { width: auto; padding: 0 1; text-style: bold; color: $accent; }
    Clear #payees { max-height: 12; }
    Clear #whose { height: 1; padding: 0 1; text-style: bold; }
    Clear #figures { height: 5; margin: 1 1 0 1; }
    Clear BigNumber { width: 28; color: $foreground; }
    Clear #sum { height: 1; padding: 0 1; text-style: bold; }
    Clear #last { height: auto; max-height: 3; padding: 0 1; }
    Clear #back { height: 1fr; padding: 0 1; color: $look; }
    """

    def __init__(self) -> None:
        """No pile yet."""
        super().__init__()
        self._payees: tuple[Payee, ...] = ()
        self._listed: tuple[Payee, ...] = ()
        self._pile: Pile | None = None
        self._scans = ScanQueue()

    def body(self) -> ComposeResult:
        """The shop's field and list; then the pile's, one of them shown."""
        words = self.desk.words
        with Vertical(id="who"):
            with Horizontal():
                yield Static(words("The shop's ID, or a part of its name:"), classes="label")
                yield Line(name="shop")
            yield Choices(name="payees", numbered=False)
        with Vertical(id="pile"):
            yield Static("", id="whose", markup=False)
            with Horizontal():
                yield Static(words("Scan the ticket, or type its number:"), classes="label")
                yield Line(name="scan")
        yield Answer()
        with Vertical(id="sums"):
            with Horizontal(id="figures"):
                yield BigNumber()
                yield BigAmount()
            yield Static("", id="sum", markup=False)
            yield Static("", id="last", markup=False)
            with VerticalScroll(id="back", can_focus=False):
                yield Static("", id="returned", markup=False)

    def on_mount(self) -> None:
        """Go on with the pile that is open; else ask whose the next one is."""
        super().on_mount()
        self._show_stage()
        self.answer.note(self.desk.words("One moment, please."))
        self.ask(self.counter.pile, self._begun)

    # -- whose pile

    def _begun(self, pile: Pile | None) -> None:
        if pile is not None:
            self._go_on(pile)
            return
        self.ask(self.counter.payees, self._choose)

    def _choose(self, payees: tuple[Payee, ...] | Refused) -> None:
        if isinstance(payees, Refused):
            self.show_refusal(payees)
            return
        self._payees = payees
        self._list("")
        self.query_one("#shop", Line).focus()
        words = self.desk.words
        self.answer.note(words("Who brought the tickets? Type and Enter, or choose below."))

    def _choose_next(self, payees: tuple[Payee, ...] | Refused) -> None:
        """Whose pile is next; what was said of the last one stays."""
        self._payees = () if isinstance(payees, Refused) else payees
        self._list("")
        self.query_one("#shop", Line).focus()

    def _list(self, part: str) -> None:
        """The shops in whose name, place or ID a text stands."""
        wanted = part.casefold()
        self._listed = tuple(
            one
            for one in self._payees
            if wanted in f"{one.organisation} {one.name} {one.place}".casefold()
        )
        rows = [_row(one) for one in self._listed[:_MOST_ROWS]]
        self.query_one("#payees", Choices).show(rows)

    @on(Line.Entered, "#shop")
    def named(self, event: Line.Entered) -> None:
        """An ID, or a part of a name: where it means one shop it is that one."""
        if not event.text:
            return
        if looks_like_ticket(event.text):
            self.desk.advise_reason(self.answer, "shop-first")
            return
        self._list(event.text)
        if len(self._listed) == 1:
            self._open(self._listed[0].organisation)
        elif self._listed:
            self.query_one("#payees", Choices).focus()
            self.answer.note(
                self.desk.words("Several shops. Choose with the arrow keys and Enter.")
            )
        else:
            self._list("")
            self._open(event.text)  # the list may be older than the shop

    @on(OptionList.OptionSelected, "#payees")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """One of the list."""
        self._open(self._listed[event.option_index].organisation)

    def action_list(self) -> None:
        """From the field down into the list."""
        if self._pile is None and self._listed:
            self.query_one("#payees", Choices).focus()

    def _open(self, organisation: str) -> None:
        self.ask(partial(self.counter.open_pile, organisation), self._opened, money=True)

    def _opened(self, pile: Pile | Refused) -> None:
        if isinstance(pile, Refused):
            self.show_refusal(pile)
            return
        self._go_on(pile)

    # -- the pile

    def _go_on(self, pile: Pile) -> None:
        words = self.desk.words
        self._paint(pile)
        self._show_stage()
        self.query_one("#scan", Line).focus()
        if pile.count or pile.returned:
            self.answer.note(words("This pile was begun before. Go on with the next ticket."))
        else:
            self.answer.note(words("Scan one ticket after the other. F12 closes the pile."))

    def _show_stage(self) -> None:
        """Show what is for now: whose pile, or the pile."""
        chosen = self._pile is not None
        self.query_one("#who").display = not chosen
        for part in ("#pile", "#sums"):
            self.query_one(part).display = chosen
        self.refresh_bindings()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's signature
    ) -> bool | None:
        """Without a pile there is nothing to close or take back, and no key for it."""
        return self._pile is not None or action not in {"close_pile", "undo"}

    @on(Line.Entered, "#scan")
    def scanned(self, event: Line.Entered) -> None:
        """One scan, a number, or Enter for the number that was compared."""
        self._scans.hear(event.text, event.at)
        self._next()

    def _next(self) -> None:
        scan = self._scans.next()
        if scan is None:
            return
        self.answer.note(self.desk.words("Asking. One moment, please."))
        if scan.to_compare:
            self.ask(partial(self.counter.find_for_pile, scan.text), self._compare)
        else:
            self.ask(partial(self.counter.clear, scan.text), self._show, money=True)

    def _compare(self, found: FoundTicket | Refused) -> None:
        if isinstance(found, Refused):
            self._scans.answered()
            self._refused(found)
        else:
            self._scans.answered(found)
            ask_to_compare(self.answer, self.desk.words, found)
        self._refresh()

    def _show(self, outcome: Outcome) -> None:
        self._scans.answered()
        if isinstance(outcome, Approved):
            self._cleared(outcome)
        else:
            self._refused(outcome)
        self._refresh()

    def _cleared(self, done: Approved) -> None:
        words = self.desk.words
        named = words.ticket(done.number)
        ticket = words("Ticket {number}, no. {seq}", number=named, seq=done.seq)
        if done.kind == "reversed":
            taken = words("{points} taken back.", points=words.points(done.points))
            self.answer.say("look", words, taken, ticket)
        elif done.ended_on is not None:
            stamp = words(
                "Its last day was {day}. Is the shop's stamp of that day or before? If not: F9.",
                day=done.ended_on,
            )
            self.answer.say("look", words, words("Cleared."), ticket, stamp)
        else:
            offline = words("Taken offline.") if done.tier is Tier.T2 else ""
            cleared = words("{points} cleared.", points=words.points(done.points))
            self.answer.say("good", words, cleared, ticket, offline)

    def _refused(self, refused: Refused) -> None:
        words = self.desk.words
        number = ""
        if refused.number and refused.reason in REASONS:
            number = words("Ticket {number}", number=words.ticket(refused.number))
        self.answer.advise(clearing_advice(refused.reason), words, number)

    def _refresh(self) -> None:
        """Read the pile again, then go on with what waits."""
        self.read_again(self.counter.pile, self._repaint)
        self._next()

    def _repaint(self, pile: Pile | None) -> None:
        if pile is not None and self._pile is not None:
            self._paint(pile)

    def _paint(self, pile: Pile) -> None:
        self._pile, words = pile, self.desk.words
        self.query_one("#whose", Static).update(f"{pile.name}  ({pile.organisation})")
        self.query_one(BigNumber).number = str(pile.count)
        self.query_one(BigAmount).points = pile.points
        tickets = words.many("{count} ticket", "{count} tickets", pile.count)
        back = words.many("{count} goes back", "{count} go back", len(pile.returned))
        self.query_one("#sum", Static).update(
            words(
                "Cleared: {tickets}, {points}. {back}",
                tickets=tickets,
                points=words.points(pile.points),
                back=back if pile.returned else "",
            )
        )
        self.query_one("#last", Static).update(
            "\n".join(
                f"{words.ticket(one.number)}  {words.points(one.points)}" for one in pile.last[:3]
            )
        )
        self.query_one("#returned", Static).update(
            "\n".join(
                f"{words.ticket(each.number)}  {why_back(each.reason, words.language)}"
                for each in reversed(pile.returned)
            )
        )

    def show_trouble(self, trouble: Trouble) -> None:
        """Say it; the scans behind it go on."""
        self._scans.answered()
        super().show_trouble(trouble)
        self._next()

    def action_returned(self, way: str) -> None:
        """More of what goes back; the field keeps the focus for the next scan."""
        back = self.query_one("#back", VerticalScroll)
        move = back.scroll_page_down if way == "down" else back.scroll_page_up
        move(animate=False)

    # -- undo and close

    def action_undo(self) -> None:
        """The last one was a mistake."""
        if not self.desk.busy() and not self._scans.asking:
            self._scans.hold()
            self.ask(self.counter.undo_clearing, self._show, money=True)

    def action_close_pile(self) -> None:
        """Ask first, with the sums to be compared with the paper."""
        if self.desk.busy() or self._pile is None:
            return
        words, pile = self.desk.words, self._pile
        question = words(
            "Close the pile of {shop}? {tickets}, {points}. Paper that goes back: {back}.",
            shop=pile.name,
            tickets=words.many("{count} ticket", "{count} tickets", pile.count),
            points=words.points(pile.points),
            back=len(pile.returned),
        )
        self.desk.push_screen(Confirm(question), self._sure)

    def _sure(self, sure: bool | None) -> None:
        if sure:
            self._scans.hold()
            self.answer.note(self.desk.words("One moment, please."))
            self.ask(self.counter.close_pile, self._done, money=True)

    def _done(self, pile: Pile | Refused) -> None:
        self._scans.answered()
        if isinstance(pile, Refused):
            self.show_refusal(pile)
            self._next()
            return
        words = self.desk.words
        # What was scanned meanwhile is of no pile; it is seen, and scanned, with the next one.
        self._pile, self._scans = None, ScanQueue()
        self._show_stage()
        self.ask(self.counter.payees, self._choose_next)
        paper = (
            words("There is no printer: write these sums down for the shop.")
            if self.without_printer
            else words("The receipt for the shop is printed.")
        )
        self.answer.say(
            "good",
            words,
            words("The pile of {shop} is closed.", shop=pile.name),
            words(
                "{tickets}, {points}",
                tickets=words.many("{count} ticket", "{count} tickets", pile.count),
                points=words.points(pile.points),
            ),
            paper,
        )


def _row(payee: Payee) -> str:
    """A shop in the list: its name, where it is, and the ID without the town."""
    place = f"  {payee.place}" if payee.place else ""
    return f"{payee.name}{place}  {payee.organisation}"
