"""What to say when something did not go through: what happened, and what to do now.

Every stable reason that a counter, a card or the hub may give has its words here, and every error
that a use case may raise. That nothing was lost is said by the screen, in one sentence for all.
"""

import errno
from dataclasses import dataclass
from typing import Literal

from sync.errors import RefusedByRule
from tui.wording import marked as N_  # noqa: N812  gettext's own name for a marked text

Light = Literal["good", "look", "no"]
"""Green, amber, red: done; a person should look; not with this card or paper."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Words for a person at the counter. Both texts are keys of the translation."""

    what: str
    todo: str
    light: Light = "look"
    limit: str = ""
    """How the limit is named that says no, where one does."""


_ASK_TOWN = N_("Please send the customer to the town's counter.")
_WHEN_ONLINE = N_("It works again as soon as the network is back.")
_AGAIN = N_("Please try again.")
_IN_A_MOMENT = N_("Wait a moment, then try again.")
_CALL_OFFICE = N_("Please call the office.")

_OTHER_VERSION = Advice(N_("The centre runs another version of the program."), _CALL_OFFICE)

ADVICE: dict[str, Advice] = {
    # sync.policy.Reason
    "clock-untrusted": Advice(
        N_("The network is down and this PC's clock cannot be trusted."),
        N_("Set the PC's date and time, or wait for the network."),
    ),
    "no-lists": Advice(
        N_("The network is down, and this PC has not yet received today's lists."), _WHEN_ONLINE
    ),
    "lists-too-old": Advice(
        N_("The network has been down too long: the lists on this PC are too old."), _WHEN_ONLINE
    ),
    "revocation-too-old": Advice(
        N_("The network is down, and the centre's list of revoked cards is too old."),
        _WHEN_ONLINE,
    ),
    "no-standing": Advice(
        N_("The network is down, and this PC knows no points of this card."), _WHEN_ONLINE
    ),
    "resume-at-desk": Advice(
        N_("This MyKey ID was suspended because the card was stolen or misused."), _ASK_TOWN, "no"
    ),
    "answer-lost": Advice(
        N_("The centre's answer was lost: it is done already, or not at all."),
        N_("When the network is back, look at the MyKey ID before doing it again."),
    ),
    "not-active": Advice(
        N_("This card is suspended."),
        N_(
            "With card and PIN it can be used again here: F1, MyKey ID. Else at the town's counter."
        ),
        "no",
    ),
    "mykey-id-cancelled": Advice(
        N_("The MyKey ID of this card was cancelled."),
        N_("The customer can register anew (F5)."),
        "no",
    ),
    "card-revoked": Advice(
        N_("The certificate on this card was withdrawn."),
        N_("Please send the customer to the town's counter, with the card."),
        "no",
    ),
    "card-replaced": Advice(
        N_("This is an old card: its holder has a newer one."),
        N_("Please ask the customer for the new card."),
        "no",
    ),
    "open-deficit": Advice(
        N_("The network is down, and this card has points to settle first."), _WHEN_ONLINE
    ),
    "over-spend-limit": Advice(
        N_("The network is down, and this is more than may be taken at once."),
        N_("Type a smaller amount, or wait for the network."),
        limit=N_("At most {limit} points at once."),
    ),
    "too-many-spends": Advice(
        N_("The network is down, and this card was used here as often as is allowed in a day."),
        _WHEN_ONLINE,
        limit=N_("At most {limit} times a day."),
    ),
    "over-day-limit": Advice(
        N_("The network is down, and this is more than this card may use here in a day."),
        N_("Type a smaller amount, or wait for the network."),
        limit=N_("At most {limit} points a day."),
    ),
    "too-few-points": Advice(
        N_("There are not enough points on this card."),
        N_("Type a smaller amount, or take money for the rest."),
        "no",
    ),
    "float-used-up": Advice(
        N_("The network is down, and this PC's offline limit is used up."),
        _WHEN_ONLINE,
        limit=N_("At most {limit} points at this PC until the network is back."),
    ),
    "ticket-online-only": Advice(
        N_("This ticket can only be used while the network is up."),
        N_("Give it back. It can be used as soon as the network is back."),
        limit=N_("At most {limit} points a ticket without the network."),
    ),
    "ticket-not-yet": Advice(
        N_("This ticket is not valid yet."),
        N_("Give it back: its first day is printed on it."),
        "no",
    ),
    "ticket-past": Advice(
        N_("This ticket's last day is over."),
        N_("It is worth nothing any more: its last day is printed on it."),
        "no",
    ),
    "ticket-date-edge": Advice(
        N_("It is near midnight, and this PC is not sure of the date."),
        N_("Scan it again ten minutes after midnight, or when the network is back."),
    ),
    "ticket-used": Advice(
        N_("This ticket was used before, at another counter."),
        N_("Do not hand anything out for it. Write its number down, call the office."),
        "no",
    ),
    "ticket-voided": Advice(
        N_("This ticket was taken back: it is worth nothing any more."),
        N_("Do not hand anything out for it."),
        "no",
    ),
    "ticket-not-live": Advice(
        N_("This ticket cannot be taken back: it was used, or its days are over."),
        N_("Nothing was changed."),
        "no",
    ),
    "ticket-of-another": Advice(
        N_("This ticket was made with another card."),
        N_("Nothing was changed."),
        "no",
    ),
    "ticket-seen-here": Advice(
        N_("This ticket was already taken at this PC."),
        N_("Hand nothing out a second time. The history (F7) shows when it was taken."),
        "no",
    ),
    "ticket-other-town": Advice(
        N_("This shop does not take this town's tickets."),
        N_("The ticket stays valid; give it back."),
        "no",
    ),
    "ticket-other-zone": Advice(
        N_("This ticket is for another place."),
        N_("Where it can be used is printed on it; give it back."),
        "no",
    ),
    # node.outcome.Refused
    "stopped": Advice(N_("This PC takes no points at the moment."), _CALL_OFFICE),
    "no-shift": Advice(N_("No shift is open."), N_("Open a shift with F8.")),
    "shift-open": Advice(N_("A shift is open already."), N_("Close it first with F8.")),
    "no-accepted-town": Advice(
        N_("This card has no points that can be used here."), _ASK_TOWN, "no"
    ),
    "other-card": Advice(
        N_("This is not the card from before."), N_("Put the first card back, or start again.")
    ),
    "not-in-this-shift": Advice(
        N_("This sale is of a closed shift and can be given back no more here."), _CALL_OFFICE
    ),
    "reversed-already": Advice(
        N_("This was taken back already."), N_("There is nothing more to do.")
    ),
    "not-reversible": Advice(N_("This entry cannot be taken back."), N_("Choose a sale.")),
    "no-such-record": Advice(N_("There is no such entry on this PC."), N_("Open the list again.")),
    "in-this-shift": Advice(
        N_("This sale is of the open shift."), N_("Take it back: choose it with F7.")
    ),
    # sync.refund.NoRefund
    "not-refundable": Advice(
        N_("Points cannot be given back for this entry."), N_("Choose a sale.")
    ),
    "already-reversed": Advice(
        N_("This was taken back already."), N_("There is nothing more to do.")
    ),
    "refund-waits": Advice(N_("The office has still to decide about this sale."), _CALL_OFFICE),
    "refund-too-late": Advice(
        N_("Points can be given back within 30 days only."), _CALL_OFFICE, "no"
    ),
    "refunded-already": Advice(
        N_("All of this was given back already."), N_("There is nothing more to do.")
    ),
    "more-than-was-paid": Advice(
        N_("That is more than is left of this sale."), N_("Open the list again.")
    ),
    "hub-silent": Advice(N_("The centre does not answer."), _WHEN_ONLINE),
    "scan-needed": Advice(
        N_("A ticket has to be scanned."), N_("Hold its square code before the scanner.")
    ),
    "not-a-ticket": Advice(
        N_("This code is not a point ticket."),
        N_("Hold the square code of the point ticket before the scanner."),
    ),
    "scan-incomplete": Advice(
        N_("The ticket was read only in part."),
        N_("Lay it flat and scan it once more."),
    ),
    "scans-run-together": Advice(
        N_("Two tickets ran together into one scan; none of them was taken."),
        N_("Scan them again, one after the other."),
    ),
    "scan-in-kana": Advice(
        N_("Japanese input is on, so the ticket could not be read."),
        N_("Press the key Zenkaku/Hankaku once, then scan it again."),
    ),
    "scan-elsewhere": Advice(
        N_("A ticket was scanned, but here no ticket is taken."),
        N_('Go to "Take tickets" (F3) and scan it there.'),
    ),
    "ticket-not-authentic": Advice(
        N_("This ticket was not issued by the town."),
        N_("Do not hand anything out for it. Keep it if you can, call the office."),
        "no",
    ),
    "clearing-over": Advice(
        N_("The last day for clearing this ticket is over."),
        N_("It is not paid any more; give it back to the shop."),
        "no",
    ),
    "not-a-counter": Advice(
        N_("Only a ticket counter clears what shops bring."),
        N_("Please send the shop to the ticket counter, with its tickets."),
        "no",
    ),
    "number-mistyped": Advice(
        N_("A digit of this number is wrong."),
        N_("Please read all 13 digits again from the paper."),
    ),
    "too-many-numbers": Advice(
        N_("Too many ticket numbers were typed at this PC today."),
        N_("Please scan the tickets. The centre takes typed numbers again later."),
    ),
    "payee-unknown": Advice(
        N_("The town knows no shop of this ID."), N_("Type it again, or choose from the list.")
    ),
    "shop-first": Advice(
        N_("A ticket was scanned, but it is not known yet whose it is."),
        N_("First choose the shop that brought the tickets, then scan."),
    ),
    "pile-open": Advice(
        N_("The pile of another shop is open."), N_("Go on with it and close it first.")
    ),
    "pile-empty": Advice(
        N_("Nothing of this pile is cleared."), N_("There is nothing to take back.")
    ),
    "no-pile": Advice(N_("No pile is open."), N_("Choose the shop that brought the tickets.")),
    "attempt-over": Advice(N_("This took too long and was given up."), _AGAIN),
    "card-expired": Advice(
        N_("The certificate on this card has run out."),
        N_("The town's counter renews it: please send the customer there, with the card."),
        "no",
    ),
    "no-sealing-key": Advice(N_("This PC has not yet received the centre's keys."), _WHEN_ONLINE),
    "only-issuing-online": Advice(
        N_("Tickets can only be issued while the network is up."), _WHEN_ONLINE
    ),
    "name-a-programme": Advice(
        N_("There is more than one kind of ticket."), N_("Choose the kind of ticket.")
    ),
    "no-such-printer": Advice(
        N_("This is no printer that can be used."), N_("Choose it again from the list.")
    ),
    "no-such-job": Advice(N_("There is no such print."), N_("Open the list again.")),
    "secret-needed": Advice(N_("This PC's keys are locked."), N_("Type the node secret.")),
    "set-up-unfinished": Advice(
        N_("The set-up of this PC is not finished."),
        N_("Start machikado again: it goes on by itself."),
    ),
    # node.card
    "wrong-pin": Advice(N_("The PIN is wrong."), N_("Please type the 4 digits again.")),
    "pin-locked": Advice(
        N_("This card's PIN is locked."),
        N_(
            "The town's counter sets a new one: please tell the customer to bring the card and an "
            "identity document."
        ),
        "no",
    ),
    "pin-not-entered": Advice(
        N_("No PIN was typed on the card reader."),
        N_("Press Enter, then type the 4 digits on its keys."),
    ),
    "bad-pin": Advice(N_("A PIN has exactly 4 digits."), N_("Please type the 4 digits again.")),
    "pin-needed": Advice(
        N_("The card needs its PIN first."), N_("Please type the 4 digits again.")
    ),
    "tap-spent": Advice(N_("The card was on the reader too long."), N_("Lift it and put it back.")),
    "card-says-no": Advice(N_("The card refused."), N_("Lift it and put it back.")),
    # the hub's, where it is asked first
    "unknown-key": Advice(N_("The centre does not know this card."), _ASK_TOWN, "no"),
    "resident-unknown": Advice(N_("The centre does not know this card."), _ASK_TOWN, "no"),
    "other-account": Advice(N_("This card belongs to another account by now."), _AGAIN),
    "not-accepted": Advice(N_("This shop does not take this town's points."), _ASK_TOWN, "no"),
    "not-authentic": Advice(N_("The centre could not prove who it is."), _CALL_OFFICE, "no"),
    "disk-full": Advice(N_("The centre's disk is full."), _CALL_OFFICE),
    "too-many-requests": Advice(N_("The centre was asked too often from here."), _IN_A_MOMENT),
    "records-first": Advice(N_("The centre first needs what is still to send."), _AGAIN),
    "attempt-ended": Advice(N_("This took too long and was given up."), _AGAIN),
    "attempt-number-taken": Advice(N_("The centre has lost count with this PC."), _AGAIN),
    "too-many-holds": Advice(N_("Too many sales are open at this PC."), _AGAIN),
    "unknown-epoch": Advice(N_("The centre does not know this PC's books."), _CALL_OFFICE),
    "epoch-first": Advice(N_("The centre does not know this PC's books."), _CALL_OFFICE),
    "epoch-closed": Advice(N_("The centre has closed this PC's books."), _CALL_OFFICE),
    "invitation-used": Advice(
        N_("This invitation was used already."), N_("Ask the office for a new one.")
    ),
    "node-unknown": Advice(N_("The centre does not know this PC."), _CALL_OFFICE),
    "node-not-confirmed": Advice(
        N_("The office has not confirmed this PC yet."),
        N_("Call the office and compare the fingerprint."),
    ),
    "node-revoked": Advice(N_("The office has taken this PC out of use."), _CALL_OFFICE),
    "no-such-call": Advice(N_("The centre runs another version of the program."), _CALL_OFFICE),
    "malformed": _OTHER_VERSION,
    "too-long": _OTHER_VERSION,
    "card-unknown": Advice(
        N_("This card has no MyKey ID yet."), N_("Register the resident first (F5)."), "no"
    ),
    "ticket-unknown": Advice(
        N_("The centre does not know this ticket."), N_("Do not hand anything out for it."), "no"
    ),
    "ticket-forged": Advice(
        N_("The centre says that the town did not issue this ticket."),
        N_("Do not hand anything out for it. Keep it if you can, call the office."),
        "no",
    ),
    "unknown-programme": Advice(N_("The town issues no tickets of this kind."), _CALL_OFFICE, "no"),
    "programme-days": Advice(N_("These tickets are not issued on this day."), _CALL_OFFICE, "no"),
    "issue-ended": Advice(N_("These tickets are not issued on this day."), _CALL_OFFICE, "no"),
    "no-day-left": Advice(
        N_("The points run out before such a ticket could be used."),
        N_("Spend them at a shop instead."),
        "no",
    ),
    "sum-does-not-fit": Advice(
        N_("Points and number of tickets do not fit together."), N_("Please type them again.")
    ),
    "no-such-day": Advice(
        N_("No ticket can be made for so many days."), N_("Type another number of days.")
    ),
    "mykey-id-taken": Advice(
        N_("This MyKey ID is somebody's already."),
        N_("Type another one, or let the centre make one."),
    ),
    "number-taken": Advice(
        N_("This number is somebody else's here."), N_("Check the number and type it again.")
    ),
    "same-card": Advice(
        N_("The new card and the earlier one are the same card."),
        N_("Take it off and put the earlier card on."),
    ),
    "earlier-card-unknown": Advice(
        N_("The earlier card has no MyKey ID."),
        N_("Were the two cards mixed up? Start again with the new card."),
        "no",
    ),
    "card-has-an-id": Advice(
        N_("This card has a MyKey ID of its own already."),
        N_("It can be used as it is. If it is the earlier one, start again with the new card."),
        "no",
    ),
    "no-such-mykey-id": Advice(
        N_("Nobody has this MyKey ID."), N_("Please check it and type it again.")
    ),
    "too-many-joins": Advice(
        N_("Many new cards of this counter wait for the office already."), _CALL_OFFICE
    ),
    "voucher-for-another": Advice(N_("This is not the new card from before."), _AGAIN),
    "challenge-gone": Advice(N_("This took too long and was given up."), _AGAIN),
    "no-consent": Advice(
        N_("The resident has not agreed to use points."), N_("Register again, with the consent.")
    ),
}

_NO_ACCESS = Advice(
    N_("A folder of this PC cannot be read or written."),
    N_("Is the disk or the USB stick plugged in, and may it be written? Then try again."),
)

ERRORS: dict[str, Advice] = {
    "CardUnreadable": Advice(N_("The card cannot be read."), N_("Lift it and put it back.")),
    "NoCard": Advice(
        N_("No card lies on the card reader."), N_("Put the My Number card on the reader.")
    ),
    "CardSilent": Advice(
        N_("The card gives no answer."),
        N_("Is it the right way up, and a My Number card? Lift it, turn it over, put it back."),
    ),
    "CardRemoved": Advice(
        N_("The card was taken away too early."),
        N_("Put it back on the reader and leave it there."),
    ),
    "CardInUse": Advice(
        N_("Another program is using the card."), N_("Close that program, then try again.")
    ),
    "NoReader": Advice(
        N_("No card reader was found."), N_("Plug the card reader in, then try again.")
    ),
    "SeveralReaders": Advice(
        N_("Several card readers are plugged in."),
        N_("Unplug those that are not used, then try again."),
    ),
    "NoReaderService": Advice(
        N_("This PC's card service is not running."),
        N_("Plug the card reader in and restart the PC. If it stays so, call the office."),
    ),
    "ReaderForbidden": Advice(
        N_("This user may not use the card reader."),
        N_("Please call the office: it has to allow this user on this PC."),
    ),
    "NoReaderSupport": Advice(
        N_("This PC is not set up for card readers."),
        N_("Please call the office. Tickets can be scanned."),
    ),
    "NotThisCard": Advice(
        N_("This is not a My Number card."), N_("Please ask for the My Number card.")
    ),
    "BadAnswer": Advice(N_("The card gave a wrong answer."), N_("Lift it and put it back.")),
    "SignatureMismatch": Advice(N_("The card's signature is wrong."), _ASK_TOWN, "no"),
    "Malformed": Advice(N_("This could not be read."), N_("Please check it and try again.")),
    "Garbled": _OTHER_VERSION,
    "WrongSecret": Advice(
        N_("This is not the node secret of this PC."),
        N_("Type it again, or ask the office for it."),
    ),
    "NotAuthentic": Advice(N_("The centre could not prove who it is."), _CALL_OFFICE, "no"),
    "RefusedByRule": Advice(N_("The centre says no."), _CALL_OFFICE),
    "Unreachable": Advice(N_("The centre does not answer."), _WHEN_ONLINE),
    "DatabaseAway": Advice(
        N_("The hub's database does not answer, or lets nobody in."),
        N_("Is its server up, and the password in ~/.pgpass or in the file that PGPASSFILE names?"),
    ),
    "Busy": Advice(N_("The centre is busy."), _IN_A_MOMENT),
    "DatabaseBusy": Advice(N_("Another program is at work in the hub's database."), _IN_A_MOMENT),
    "TooMany": Advice(N_("The centre was asked too often from here."), _IN_A_MOMENT),
    "Damaged": Advice(N_("The data on this PC does not add up."), _CALL_OFFICE, "no"),
    "DiskFull": Advice(
        N_("This PC's disk is full."), N_("Delete what is not needed, then try again.")
    ),
    "NoAccess": _NO_ACCESS,
    "OSError": _NO_ACCESS,
    "InUse": Advice(
        N_("Another program on this PC is using the counter's data."),
        N_("Close the other machikado first."),
    ),
}

STOPPED: dict[str, str] = {
    "database-behind": N_("the data on this PC is an old copy"),
    "second-path-missing": N_("the second copy (USB stick) is missing"),
    "second-path-differs": N_("the second copy (USB stick) is from another PC"),
    "forked": N_("the data on this PC was copied and used twice"),
    "epoch-closed": N_("the centre has closed this PC's books"),
}
"""Why a node takes no money, to stand behind a colon."""

UNEXPECTED = Advice(
    N_("Something unexpected happened; it is written into the log."),
    N_("Look into the history (F7) before you try again."),
)


def advice_for(reason: str) -> Advice:
    """Words for a refusal; for a reason this program does not know, words that fit any."""
    return ADVICE.get(reason, Advice(N_("The centre says no."), _CALL_OFFICE))


def advice_about(problem: Exception) -> Advice:
    """Words for an error, by its reason or the nearest class that has some."""
    if isinstance(problem, RefusedByRule) and problem.reason in ADVICE:
        return ADVICE[problem.reason]
    if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
        return ERRORS["DiskFull"]
    named = (ERRORS[kind.__name__] for kind in type(problem).__mro__ if kind.__name__ in ERRORS)
    return next(named, UNEXPECTED)
