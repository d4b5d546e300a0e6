"""An exception in plain words, on one screen: what happened, what each side knew, who bears it.

What is told is what the view has; nothing is asked or judged here.
"""

from collections.abc import Iterator

from hub.views import ExceptionView, Side
from sync.clock import tokyo
from sync.receipt import Bearer
from sync.records import Tier
from sync.values import Millis

_REASONS = {
    "second-redemption": "the ticket was redeemed before; this shop kept the rules and was paid",
    "second-redemption-rule-broken": "the ticket was redeemed before, and this shop broke a rule",
    "second-redemption-beyond-float": "the ticket was redeemed before; more than this node's word"
    " is good for",
    "second-clearing": "the ticket was paid before its paper came to be cleared",
    "clearing-over": "the paper came after the programme's last day of clearing",
    "ticket-past": "the ticket's last day was over",
    "not-a-counter": "a clearing by a terminal that is no ticket counter",
    "number-without-hold": "a typed number, and the hub had not said yes to it",
    "too-many-numbers": "this terminal typed more ticket numbers than anybody reads from paper",
    "copy-of-voided": "the ticket's paper was handed in and voided before",
    "redeemed-after-return": "the ticket was said to be lost, and its points had gone back",
    "lost-ticket-redeemed": "the ticket was said to be lost; its own points paid it",
    "redeemed-meanwhile": "the ticket was voided as lost, and somebody had its paper: its points"
    " paid a shop and did not go back",
    "copy-turned-up": "the ticket was voided with its paper, and a copy was redeemed elsewhere",
    "ticket-not-live": "a void of a ticket that was redeemed, voided or past: nothing moved",
    "ticket-of-another": "a void of a ticket that was somebody else's: nothing moved",
    "ticket-voided": "the ticket was voided before",
    "overspend": "the wallet did not reach; this shop kept the rules and was paid",
    "beyond-float": "the wallet did not reach; more than this node's word is good for",
    "ticket-used": "the lists that this node had said that the ticket was used",
    "ticket-seen-here": "this node itself had taken the ticket before",
    "lists-too-old": "the node's lists were too old to take anything alone",
    "float-used-up": "the node had taken all that it may take alone",
}
_BEARERS = {
    Bearer.NOBODY: "nobody",
    Bearer.RESERVE: "the town's reserve",
    Bearer.ORGANISATION: "the shop: what is unpaid stays unpaid",
    Bearer.RESIDENT: "the resident, by a deficit that the next points settle",
    Bearer.UNDECIDED: "nobody yet: it waits for people",
}
_DECISIONS = {
    "apply": "take it as good; what no wallet and no ticket gives, the reserve pays",
    "refuse": "nothing moves; the shop bears what is unpaid",
    "pay": "the reserve pays the shop what is unpaid",
    "recover": "the holder of the ticket owes it; the reserve gets it back",
    "write-off": "the reserve bears it for good",
    "noted": "seen; nothing moves, and another decision may follow",
}
_TIERS = {
    Tier.T0: "the hub had said yes first",
    Tier.T2: "the hub was silent: the node decided alone, by the policy",
}
_HOLDS = {True: "holds", False: "DOES NOT HOLD"}


def tell(view: ExceptionView) -> str:
    """All of an exception that people need to decide it."""
    return "\n".join(_lines(view))


def _lines(view: ExceptionView) -> Iterator[str]:
    decided = f", decided: {view.decision}" if view.decision else ""
    yield f"{view.id}  {view.reason} ({view.kind}, {view.state}{decided})  {view.points:,} points"
    yield _REASONS.get(view.reason, f"the hub's reason: {view.reason}")
    later = view.reason in {"redeemed-meanwhile", "copy-turned-up"}
    names = ("this one", "the other one, which came " + ("later" if later else "first"))
    for name, side in zip(names, view.sides, strict=False):
        yield ""
        yield from _side(name, side)
    yield ""
    yield f"who bears it:   {_BEARERS.get(Bearer(view.bearer), view.bearer)}"
    for place, decision in enumerate(view.may):
        label = "may be decided: " if place == 0 else " " * 16
        yield f"{label}{decision} - {_DECISIONS.get(decision, '')}"
    if not view.may:
        yield "may be decided: nothing any more"
    for one in view.decided:
        yield f"decided {_minute(one.at)}: {one.decision} by {', '.join(one.persons)}: {one.why}"


def _side(name: str, side: Side) -> Iterator[str]:
    pays = f", for {side.pays}" if side.pays else ""
    yield f"{name}: {side.name or side.organisation}, {side.place or 'no place named'}{pays}"
    paper = f" {side.ticket}" if side.ticket else ""
    yield f"  {side.record}: {side.kind or 'not readable'}{paper}, {side.points:,} points"
    yield f"  at {_minute(side.at)} by its clock, here {_minute(side.received_at)}"
    if side.tier:
        yield f"  {side.tier}: {_TIERS[Tier(side.tier)]}"
    if side.basis:
        yield f"  it knew: {_knew(side)}"
    yield f"  signatures: of its node {_HOLDS[side.head_holds]}, {side.proof}"
    told = f", {side.reason}" if side.reason else ""
    yield f"  verdict: {side.outcome or 'none yet'}{told}; paid {side.paid:,}"


def _knew(side: Side) -> str:
    """What a node goes by, out of its basis."""
    basis = side.basis
    as_of, silent = int(basis["as_of"]), int(basis["silent_since"])
    minutes = max(0, side.at - as_of) // 60_000
    lists = f"lists of {_minute(Millis(as_of))}, {minutes // 60} h {minutes % 60} min old"
    hub = f"the hub silent since {_minute(Millis(silent))}" if silent else "the hub answered"
    receipts = f"receipts up to its record {basis['receipted']}"
    return f"{lists}; {hub}; {receipts}" if as_of else f"no lists; {hub}; {receipts}"


def _minute(at: Millis) -> str:
    return f"{tokyo(at):%Y-%m-%d %H:%M}"
