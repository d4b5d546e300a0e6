"""What a node says of itself: the banner's facts and the history. Reads only.

It works on an opened node and on a database that another program is writing (``node status``).
"""

from dataclasses import dataclass

import msgspec

from node.identity import Settings, identity_of, life_of, settings_of
from node.limits import float_used, share_of
from node.outcome import HistoryRow, Incident, PrinterState, Status
from node.paper import WAITING_NOTES
from node.projection import open_shift
from node.reach import Contact
from node.refunding import EARLIER, earlier_of
from node.reversing import REVERSIBLE
from node.store import Row, Store
from sync import chain
from sync.clock import At, ClockState
from sync.policy import Lists, Policy
from sync.refund import why_not
from sync.values import Digest, Millis, TicketNumber
from sync.wire import laid_out

_INCIDENTS = 50
PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What only the program that has the folder knows, or the best guess of one that only looks."""

    at: At
    lists: Lists
    policy: Policy
    float_limit: int
    silent: bool
    busy: bool
    only_copy: bool
    unsealed_keys: bool
    second_trouble: str


def status(store: Store, live: Live) -> Status:
    """The banner's facts."""
    identity, life, settings = identity_of(store), life_of(store), settings_of(store)
    tip = store.row(
        "SELECT seq, digest FROM record WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (life.epoch,)
    )
    seq, head = (0, chain.NOTHING) if tip is None else (tip[0], Digest(tip[1]))
    waiting = store.row(
        "SELECT count(*), min(at) FROM record JOIN epoch USING (epoch) WHERE seq > receipted"
    )
    contact = store.kept("contact", Contact) or Contact()
    limit = share_of(live.float_limit, live.policy, live.at, live.lists, card=True)
    used = float_used(store, "spend")
    tickets = share_of(live.policy.ticket_float, live.policy, live.at, live.lists)
    opened = open_shift(store, life.epoch)
    staff = store.row(
        "SELECT staff FROM shift WHERE epoch = ? AND opened = ?", (life.epoch, opened)
    )
    received = "SELECT received FROM epoch WHERE epoch = ?"
    return Status(
        node=identity.node,
        kind=identity.kind,
        organisation=identity.organisation,
        organisation_name=identity.organisation_name,
        place=identity.place,
        municipality=identity.municipality,
        demo=identity.demo,
        epoch=life.epoch,
        seq=seq,
        head=head,
        waiting=0 if waiting is None else waiting[0],
        acknowledged=store.number(received, (life.epoch,)),
        oldest_waiting=None if waiting is None else waiting[1],
        last_sync=Millis(contact.heard) if contact.heard else None,
        hub_reachable=not live.silent and not contact.silent_since and bool(contact.heard),
        silent_since=Millis(contact.silent_since) if contact.silent_since else None,
        busy=live.busy,
        lists_as_of=live.lists.as_of,
        offline_left=max(0, limit - used),
        offline_limit=limit,
        offline_warning=used * PERCENT >= live.policy.warn_at_percent * max(1, limit),
        ticket_float_left=max(0, tickets - float_used(store, "ticket.redeemed")),
        only_copy=live.only_copy,
        unsealed_keys=live.unsealed_keys,
        clock=live.at.clock,
        shift_open=bool(opened),
        shift_staff="" if staff is None else staff[0],
        stopped=life.stopped or None,
        paper_waiting=_paper_waiting(store),
        printer=printer_state(store, settings),
        incidents=_incidents(store, live),
        now=live.at.ms,
        revocation_since=_lapsed(live),
    )


def _lapsed(live: Live) -> Millis | None:
    """Since when the hub's revocation lists are out of date; None: they are in force, or none."""
    good_until = live.lists.good_until
    return good_until if good_until is not None and live.at.ms > good_until else None


class PrinterSaid(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the printer said with the last sheet that came out."""

    warning: str = ""
    """A stable key of the printer's, or empty."""


PRINTER_SAID = "printer-said"


def printer_state(store: Store, settings: Settings) -> PrinterState:
    """Where paper comes out, and what it waits for."""
    notes = WAITING_NOTES if settings.prints else "0"
    row = store.row(
        f"SELECT count(*) FILTER (WHERE state IN ('queued', 'failed')) + ({notes}),"
        " count(*) FILTER (WHERE state = 'sent'),"
        " coalesce((SELECT reason FROM job WHERE reason <> '' AND state <> 'confirmed'"
        "   ORDER BY id DESC LIMIT 1), '') FROM job"
    )
    waiting, unsure, trouble = row if row is not None else (0, 0, "")
    said = store.kept(PRINTER_SAID, PrinterSaid) if settings.prints else None
    return PrinterState(
        destination=settings.printer,
        waiting=waiting,
        unsure=unsure,
        trouble=trouble,
        warning="" if said is None else said.warning,
        profile=settings.profile,
        width=settings.width,
        drawer=settings.drawer,
    )


def history(store: Store, limit: int, now: Millis) -> tuple[HistoryRow, ...]:
    """The node's money records, newest first."""
    life = life_of(store)
    shift = open_shift(store, life.epoch)
    rows = store.rows(
        "SELECT epoch, seq, move.kind, move.at, municipality, points, tier, move.number, digest,"
        " reversed_by, outcome, coalesce(reason, ''), shift,"
        " CASE move.kind WHEN 'ticket.issued' THEN (SELECT group_concat(paper.number, ' ')"
        " FROM paper WHERE paper.epoch = move.epoch AND paper.seq = move.seq) END,"
        f" {EARLIER}"
        " FROM move JOIN record USING (epoch, seq) LEFT JOIN verdict USING (epoch, seq)"
        " JOIN epoch USING (epoch) ORDER BY epoch.number DESC, seq DESC LIMIT ?",
        (limit,),
    )
    return tuple(
        HistoryRow(
            epoch=row[0],
            seq=row[1],
            kind=row[2],
            at=row[3],
            municipality=row[4],
            points=row[5],
            tier=row[6] or None,
            number=TicketNumber(row[7]) if row[7] else None,
            digest=row[8],
            reversed_by=row[9],
            verdict=row[10],
            reason=row[11],
            reversible=(
                row[0] == life.epoch
                and row[2] in REVERSIBLE
                and row[9] is None
                and bool(shift)
                and row[12] == shift
                and not life.stopped
            ),
            refundable=0 if life.stopped or row[12] == shift != 0 else _refundable(row[14:], now),
            given_back=row[-1],
            issued=tuple(map(TicketNumber, sorted((row[13] or "").split()))),
        )
        for row in rows
    )


def _refundable(row: Row, now: Millis) -> int:
    """What may be given back for a record, as far as is known here."""
    earlier = earlier_of(row)
    return earlier.brought if why_not(earlier, 1, now) is None else 0


def _paper_waiting(store: Store) -> int:
    """Tickets whose points left the wallet and whose paper has not come: not those refused."""
    return store.number(
        "SELECT count(*) FROM paper LEFT JOIN verdict USING (epoch, seq)"
        " WHERE signed IS NULL AND (outcome IS NULL OR outcome <> 'exception')"
    )


def _incidents(store: Store, live: Live) -> tuple[Incident, ...]:
    rows = store.rows(
        "SELECT what, detail, at FROM incident ORDER BY id DESC LIMIT ?", (_INCIDENTS,)
    )
    found = tuple(Incident(what=what, detail=detail, at=at) for what, detail, at in rows)
    if live.second_trouble:
        found = (
            Incident(what="second-path", detail=live.second_trouble, at=live.at.ms),
            *found,
        )
    return found


def from_outside(store: Store, now: Millis) -> Live:
    """The best guess of a program that only looks at another one's database."""
    from pathlib import Path

    from node.knowledge import FeedState
    from node.secondpath import same_disk
    from node.timekeeping import Known

    settings = settings_of(store)
    known = store.kept("time", Known) or Known()
    feed = store.kept("feed", FeedState) or FeedState()
    clock = ClockState.RUNNING if known.hub and now >= known.hub else ClockState.UNTRUSTED
    as_of = None if feed.as_of is None else feed.as_of.at
    policy, limit = stored_policy(store)
    second = Path(settings.second_path) if settings.second_path else None
    return Live(
        at=At(now, clock, known.hub),
        lists=Lists(
            as_of=as_of,
            age=0 if as_of is None else now - as_of,
            good_until=_stored_good_until(store),
        ),
        policy=policy,
        float_limit=limit,
        silent=False,
        busy=False,
        only_copy=second is None or same_disk(store.file.parent, second),
        unsealed_keys=False,
        second_trouble="",
    )


def _stored_good_until(store: Store) -> Millis | None:
    """Until when revocation lists are in force, straight from the stored feed."""
    import msgspec

    from sync.feed import RevocationItem

    row = store.row("SELECT payload FROM item WHERE kind = 'revocation'")
    if row is None:
        return None
    good_until = msgspec.msgpack.decode(row[0], type=laid_out(RevocationItem)).good_until
    return None if good_until is None else Millis(good_until)


def stored_policy(store: Store) -> tuple[Policy, int]:
    """The home town's policy and the node's float, straight from the stored feed."""
    import msgspec

    from sync.feed import LimitItem, PolicyItem
    from sync.policy import read_policy

    home = identity_of(store).municipality
    find = "SELECT payload FROM item WHERE kind = ? AND key = ?"
    row = store.row(find, ("policy", home))
    policy = (
        Policy()
        if row is None
        else read_policy(msgspec.msgpack.decode(row[0], type=laid_out(PolicyItem)).policy)
    )
    own = store.row(find, ("limit", ""))
    if own is None:
        return policy, policy.float_points
    return policy, msgspec.msgpack.decode(own[0], type=laid_out(LimitItem)).float_points
