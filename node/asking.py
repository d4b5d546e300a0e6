"""Asking the hub about one person before the PIN: a fresh standing, a hold.

Every answer, a refusal too, replaces the standing at once. An answer that comes after the patience
is kept for the record that will name its attempt. What the answer depends on goes up before the
question and within the same patience: attempts that were given up (else they would hold what is
asked for again) and this node's records of the person.
"""

from dataclasses import dataclass

from node.knowledge import KnownStanding
from node.limits import account_in
from node.outcome import CardLook, TownStanding
from node.parts import Parts
from node.reach import HOLD_PATIENCE
from node.refusals import rule
from sync.calls import HubCalls
from sync.clock import At, day_of
from sync.errors import Busy, RefusedByRule, Unreachable
from sync.holds import HoldAnswer, HoldRequest, Purpose, Wanted
from sync.policy import closed, left_of
from sync.standing import AccountStanding, LoneStanding
from sync.values import EpochId, KeyDigest, Millis, MunicipalityCode, Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What asking the hub came to. ``answer`` None: it was silent."""

    epoch: EpochId
    n: int
    answer: HoldAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left of an account, as far as somebody here knows it."""

    points: int
    at_cap: bool
    """This or more: a standing says no more than its cap."""
    as_of: Millis


RECORDS_FIRST = "records-first"
"""The hub lacks this node's records of the person: hand them in and ask again, same attempt."""
MOST_UNSAID = 10
"""Records from holds that may lie here unsent: half of the open holds that the hub lets a node
have (``MOST_OPEN`` there)."""
_UNSAID = (
    "SELECT count(*) FILTER (WHERE hold > 0), count(*) FILTER (WHERE kind = 'reversed')"
    " FROM epoch JOIN move ON move.epoch = epoch.epoch AND seq > received WHERE epoch.epoch = ?"
)
NOT_ASKED = Attempted(epoch=EpochId(""), n=0, answer=None)


class Asking:
    """Questions to the hub about people and tickets at this counter."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def refresh(self, key: KeyDigest) -> bool:
        """Ask for a card's fresh standing; whether the hub answered."""
        keep = self._parts.knowledge.keep_lone
        try:
            keep(self._parts.line.ask(lambda calls: self._look(calls, key), HOLD_PATIENCE, keep))
        except Unreachable:
            return False
        except RefusedByRule:
            return True  # throttled, or a card without an account: what is here stays
        return True

    def account(
        self, key: KeyDigest, town: MunicipalityCode
    ) -> tuple[KnownStanding, AccountStanding] | None:
        """A card's standing and its account in a town; the hub is asked if none is here."""
        knowledge = self._parts.knowledge
        known = knowledge.standing(key)
        account = account_in(known, town)
        if account is None and self.refresh(key):
            known = knowledge.standing(key)
            account = account_in(known, town)
        return None if known is None or account is None else (known, account)

    def hold_points(
        self,
        key: KeyDigest,
        account: AccountStanding,
        points: Points,
        wanted: Wanted | None = None,
    ) -> Attempted:
        """Ask for points."""
        request = HoldRequest(
            municipality=account.municipality,
            purpose=Purpose.SPEND if wanted is None else Purpose.ISSUE,
            points=points,
            account=account.account,
            card=key,
            ticket=b"",
            wanted=wanted,
            after=self._after(account.account),
        )
        return self.hold(request, HOLD_PATIENCE)

    def hold(self, request: HoldRequest, patience: float) -> Attempted:
        """Make an attempt and wait for the hub's word. Raises RefusedByRule."""
        parts = self._parts
        epoch = parts.writer.epoch
        n = parts.attempts.begin(epoch, request)
        try:
            answer = parts.line.ask(
                lambda calls: self._ask(calls, n, request),
                patience,
                lambda late: self._keep(epoch, n, late),
            )
        except Unreachable:
            return Attempted(epoch=epoch, n=n, answer=None)
        except BaseException:
            parts.attempts.end(epoch, n)
            raise
        self._keep(epoch, n, answer)
        return Attempted(epoch=epoch, n=n, answer=answer)

    def give_up(self, attempted: Attempted) -> None:
        """It comes to no record: the hub hears so with the next batch."""
        self._parts.attempts.end(attempted.epoch, attempted.n)

    def check_alive(self, attempted: Attempted) -> None:
        """Refuse to make a record of an attempt that is over, or of a life before this one.

        Call it while the writer makes the record: no life begins meanwhile. Raises RefusedByRule
        (``attempt-over``).
        """
        if not attempted.n:
            return
        good = ("open", "granted") if attempted.answer is None else ("granted",)
        same = attempted.epoch == self._parts.writer.epoch
        if not same or self._parts.attempts.state(attempted.epoch, attempted.n) not in good:
            raise rule("attempt-over")

    def _look(self, calls: HubCalls, key: KeyDigest) -> LoneStanding:
        if self._given_up():
            self._parts.outbox.push()
        return calls.standing(key)

    def _ask(self, calls: HubCalls, n: int, request: HoldRequest) -> HoldAnswer:
        if request.after or self._given_up() or self._much_unsaid():
            self._parts.outbox.push()
        answer = calls.hold(n, request)
        if answer.reason == RECORDS_FIRST:
            self._parts.outbox.push()
            answer = calls.hold(n, request)
        if answer.reason == RECORDS_FIRST:
            raise Busy("the hub has not come to what this counter handed in; nothing is lost", 0)
        return answer

    def _given_up(self) -> bool:
        """Whether the hub may still hold what an attempt asked for that is over."""
        return bool(self._parts.attempts.over(self._parts.writer.epoch))

    def _much_unsaid(self) -> bool:
        """Whether what the hub says now would stand in the way of what it has not heard.

        It keeps a node's open holds few, and a pile or a queue is faster than the rounds that push.
        And what was taken back here it still holds for this node.
        """
        row = self._parts.store.row(_UNSAID, (self._parts.writer.epoch,))
        return row is not None and (row[0] >= MOST_UNSAID or row[1] > 0)

    def rest(
        self, known: KnownStanding | None, town: MunicipalityCode, at: At, told: int | None
    ) -> Rest | None:
        """What is left in a town: exactly as the hub ``told``, else by the standing."""
        account = account_in(known, town)
        return None if known is None or account is None else self.rest_of(known, account, at, told)

    def rest_of(
        self, known: KnownStanding, account: AccountStanding, at: At, told: int | None = None
    ) -> Rest:
        """What is left of one account; see :meth:`rest`."""
        policy, _ = self._parts.knowledge.policy(account.municipality)
        facts = self._parts.limits.account(known, account, at, policy)
        return Rest(
            points=max(0, left_of(facts, at.ms)) if told is None else told,
            at_cap=told is None and account.available >= policy.standing_cap,
            as_of=known.as_of.at,
        )

    def look(self, key: KeyDigest, tries_left: int, *, fresh: bool, pad: bool = False) -> CardLook:
        """What is known here of a card."""
        parts = self._parts
        known = parts.knowledge.standing(key)
        at = parts.writer.now()
        towns = (
            ()
            if known is None
            else tuple(self._town(known, account, at) for account in known.standing.accounts)
        )
        return CardLook(
            card=key,
            tries_left=tries_left,
            towns=towns,
            as_of=None if known is None else known.as_of.at,
            fresh=fresh,
            pad=pad,
            closed=None if known is None else closed(known.standing.state),
        )

    def _town(self, known: KnownStanding, account: AccountStanding, at: At) -> TownStanding:
        item = self._parts.knowledge.town(account.municipality)
        rest = self.rest_of(known, account, at)
        name, point_name = self._parts.paper.names(account.municipality)
        return TownStanding(
            municipality=account.municipality,
            town=name,
            point_name=point_name,
            available=rest.points,
            at_cap=rest.at_cap,
            deficit=account.deficit,
            accepted=item is not None and item.accepted,
            expires_on=min((day_of(Millis(lot.at - 1)) for lot in account.expiring), default=""),
        )

    def _after(self, account: str) -> tuple[tuple[EpochId, int], ...]:
        """The last records of an account that have no receipt yet, one an epoch."""
        rows = self._parts.store.rows(
            "SELECT epoch, max(seq) FROM move WHERE account = ? AND verdict IS NULL GROUP BY epoch",
            (account,),
        )
        return tuple((EpochId(epoch), seq) for epoch, seq in rows)

    def _keep(self, epoch: EpochId, n: int, answer: HoldAnswer) -> None:
        """Standing and attempt in one step, so that neither is ever ahead of the other."""
        with self._parts.store.transaction():
            self._parts.attempts.answered(epoch, n, answer)
            if answer.standing is not None:
                self._parts.knowledge.keep_lone(answer.standing)
