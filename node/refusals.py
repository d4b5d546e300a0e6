"""A rule's no, as the answer of a use case: the stable reason and the same in English words."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from node.card.errors import PinLocked, WrongPin
from node.card.tap import Tap
from node.outcome import Refused
from sync.certificate import validity
from sync.clock import At
from sync.errors import Malformed, NotAuthentic, RefusedByRule, Unreachable
from sync.policy import Reason
from sync.refund import NoRefund
from sync.values import KeyDigest, Millis, MunicipalityCode, Points, TicketNumber

P = ParamSpec("P")
T = TypeVar("T")
WORDS = {
    Reason.CLOCK_UNTRUSTED: "this PC's clock cannot be trusted: set it, or let it sync",
    Reason.NO_LISTS: "this node has never had the hub's lists: it has to sync once",
    Reason.LISTS_TOO_OLD: "the lists here are too old to take points without the hub",
    Reason.REVOCATION_TOO_OLD: "the hub's list of revoked cards has been out of date for too long"
    " to take points without it",
    Reason.NO_STANDING: "nothing is known here of this card's points",
    Reason.NOT_ACTIVE: "this resident's MyKey ID is suspended: a counter or the office resumes it",
    Reason.ID_CANCELLED: "the MyKey ID of this card was cancelled: the card may register anew",
    Reason.CARD_REVOKED: "this card's certificate was revoked: its municipality helps",
    Reason.CARD_REPLACED: "this card was replaced by a newer one: use that",
    Reason.OPEN_DEFICIT: "an earlier overspend has to be settled first",
    Reason.OVER_SPEND_LIMIT: "that is more than one spend may be while the hub is silent",
    Reason.TOO_MANY_SPENDS: "too many spends here within a day while the hub is silent",
    Reason.OVER_DAY_LIMIT: "more than a day's limit while the hub is silent",
    Reason.TOO_FEW_POINTS: "there are not enough points",
    Reason.FLOAT_USED_UP: "this node has taken all it may without the hub: let it sync",
    Reason.TICKET_ONLINE_ONLY: "this ticket can only be taken while the hub answers",
    Reason.TICKET_NOT_YET: "this ticket is not valid yet",
    Reason.TICKET_PAST: "this ticket's last day is over",
    Reason.TICKET_DATE_EDGE: "this PC's clock is too unsure so near to the ticket's end",
    Reason.TICKET_USED: "this ticket was used before",
    Reason.TICKET_VOIDED: "this ticket was voided: handed back before, or said to be lost",
    Reason.TICKET_SEEN_HERE: "this ticket was taken here before",
    Reason.TICKET_OTHER_TOWN: "this organisation does not take this town's points",
    Reason.TICKET_OTHER_ZONE: "this ticket is not for this place",
    Reason.CLEARING_OVER: "the programme's last day for clearing this ticket is over",
}
OTHER_WORDS: dict[str, str] = {
    "ticket-not-live": "this ticket is redeemed, voided or past: there is nothing to give back",
    "ticket-of-another": "this ticket was made of somebody else's points",
    "hub-silent": "the hub does not answer, and this works only with it; nothing is lost",
    "answer-lost": "the hub's answer did not come: perhaps it is done; look before doing it again",
    "attempt-over": "this was given up before: begin again",
    "same-card": "the new card and the earlier one are the same card: put the other one on",
    "other-card": "this is another card than the one it was prepared for: begin again",
    "only-issuing-online": "this node cannot issue tickets of that town now",
    "not-a-ticket": "this code is not a point ticket",
    "scan-incomplete": "the code was not read to its end: scan it again",
    "scans-run-together": "two codes ran together: scan one after the other",
    "scan-in-kana": "an input method is on: turn it off and scan again",
    "ticket-not-authentic": "no key that is known here signed this ticket",
    "scan-needed": "a typed number is not enough here: scan the ticket",
    "number-mistyped": "a ticket's number has 13 digits, and one of these is wrong: read it again",
    "not-a-counter": "only a ticket counter clears what shops bring",
    "payee-unknown": "the town has accepted no organisation of this ID",
    "pile-open": "another organisation's pile is open: close it first",
    "pile-empty": "nothing of this pile is cleared",
    "no-pile": "no pile is open: name the organisation first",
    "in-this-shift": "this sale belongs to the open shift: take it back instead",
    NoRefund.NO_SUCH_RECORD: "there is no such record here: another counter gives back what it"
    " sold",
    NoRefund.NOT_REFUNDABLE: "points are given back for a sale or a taken ticket only",
    NoRefund.ALREADY_REVERSED: "this was taken back already",
    NoRefund.WAITS: "the office has still to decide about this sale: nothing was paid for it yet",
    NoRefund.TOO_LATE: "points are given back within 30 days",
    NoRefund.NOTHING_LEFT: "all that this sale brought has been given back",
    NoRefund.TOO_MUCH: "that is more than this sale brought",
    "no-accepted-town": "this card has no points that can be used here",
}


def no(
    reason: str,
    *,
    points: Points | None = None,
    municipality: MunicipalityCode | None = None,
    number: TicketNumber | None = None,
    seq: int | None = None,
    limit: int | None = None,
    taken_at: Millis | None = None,
) -> Refused:
    """A refusal by its reason."""
    known = reason in set(Reason)
    detail = WORDS[Reason(reason)] if known else OTHER_WORDS.get(reason, f"the hub says: {reason}")
    if limit is not None:
        detail += f" (at most {limit:,})"
    return Refused(
        reason=reason,
        detail=detail,
        points=points,
        municipality=municipality,
        number=number,
        seq=seq,
        limit=limit,
        taken_at=taken_at,
    )


def rule(reason: str) -> RefusedByRule:
    """The same, to be raised where a record is made: nothing of it is kept then."""
    said = no(reason)
    return RefusedByRule(said.reason, said.detail)


def nothing_known(*, silent: bool) -> str:
    """Why a card cannot pay here: nobody can be asked about it, or the hub knows no points."""
    return Reason.NO_STANDING if silent else "no-accepted-town"


def said_by_hub(reason: str) -> str:
    """The hub's reason for a refused hold; where it knows no points, nothing is silent."""
    return nothing_known(silent=False) if reason == Reason.NO_STANDING else reason


def reason_of(error: RefusedByRule | NotAuthentic | Malformed) -> str:
    """The stable reason of an answer that is none."""
    if isinstance(error, RefusedByRule):
        return error.reason
    return "not-authentic" if isinstance(error, NotAuthentic) else "malformed"


def refused(
    error: RefusedByRule | NotAuthentic,
    *,
    points: Points | None = None,
    municipality: MunicipalityCode | None = None,
    number: TicketNumber | None = None,
) -> Refused:
    """A rule's no that was raised, as an answer."""
    return Refused(
        reason=reason_of(error),
        detail=str(error),
        points=points,
        municipality=municipality,
        number=number,
        tries_left=error.tries_left if isinstance(error, WrongPin) else None,
    )


def answers(use: Callable[P, T]) -> Callable[P, T | Refused]:
    """A use case that needs the hub: a rule's no and the hub's silence are answers of it as well.

    What concerns the card or what was typed is still raised (CardError, Malformed).
    """

    @wraps(use)
    def answer(*args: P.args, **named: P.kwargs) -> T | Refused:
        try:
            return use(*args, **named)
        except Unreachable:
            return no("hub-silent")
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error)

    return answer


def check_same(tap: Tap, key: KeyDigest | None) -> None:
    """Refuse another card than the one that was shown before, ahead of anybody's PIN.

    None: none was shown before. Raises RefusedByRule (``other-card``).
    """
    if key is not None and tap.key.digest != key:
        raise RefusedByRule("other-card", OTHER_WORDS["other-card"])


def check_usable(tap: Tap, at: At) -> None:
    """Refuse a card that cannot pay, before anybody types a PIN.

    Raises PinLocked and RefusedByRule (``card-expired``). The certificate is not believed by this:
    a card that the hub does not know has no account and no standing.
    """
    if tap.tries_left == 0:
        raise PinLocked
    _, until = validity(tap.certificate)
    if at.trusted and at.ms > until:
        raise RefusedByRule(
            "card-expired", "the card's certificate has expired; its municipality renews it"
        )
