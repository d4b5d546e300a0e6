"""Another card for a MyKey ID that somebody has: a renewed one, a phone, a lost one's heir.

1. **The earlier card vouches** (:meth:`Joins.vouched`): it signed that this very card is its
   holder's too. Its certificate may have expired, since that is when people renew; it must open
   something: neither replaced, nor its member suspended or cancelled.
2. **The earlier card is gone** (:meth:`Joins.ask`): the person says the MyKey ID, which anybody may
   know. So nothing is joined: the wish waits, one a card, for somebody at the desk with evidence,
   who joins the card (:meth:`Joins.accept`) or does not (:meth:`Joins.refuse`).
3. A card that is somebody's is joined to nobody else, unless that member has left.
4. A replaced card opens nothing. Only the desk joins it to its own member again.
5. A wish tells about an ID only what registering it would tell: whether anybody has or had it.

The caller has checked certificate, signatures and challenges. Asking for what is so already enters
nothing and gives the same answer.
"""

from dataclasses import dataclass, field

from hub.mykey import life
from hub.mykey.bodies import CANCELLED, JOIN_LIFE, WAITING, CardJoined, JoinAsked, JoinRefused
from hub.mykey.reasons import Evidence, NotJoined
from hub.mykey.records import enter
from hub.mykey.revocation import Revocations
from hub.store.database import Database, Tx
from sync.calls import Joined, JoinState
from sync.certificate import CardKey
from sync.errors import RefusedByRule
from sync.ports import Clock
from sync.signing import in_groups
from sync.values import CardState, KeyDigest, Millis, MyKeyId, NodeId

MOST_WAITING = 50
"""Wishes of one node that wait at a time: a counter's busy month; more is somebody at play."""
VOUCHED = "earlier-card-signed"
"""Why a card was joined that the desk has not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A card that asks to be joined, as the desk sees it."""

    mykey_id: MyKeyId
    """What the member is called now whose ID was said."""
    said: MyKeyId
    card: KeyDigest
    algorithm: str
    public_key: bytes = field(repr=False)
    issuer_key_id: bytes = field(repr=False)
    node: NodeId
    at: Millis
    state: str


@dataclass(frozen=True, slots=True)
class _Held:
    """Whose a registered card is, how that member stands, and whether the card was replaced."""

    mykey_id: MyKeyId
    state: str
    replaced: bool


class Joins:
    """Joining cards to members, over the database of identities."""

    def __init__(self, database: Database, revocations: Revocations, clock: Clock) -> None:
        self._database = database
        self._revocations = revocations
        self._clock = clock

    def vouched(self, card: CardKey, earlier: KeyDigest, *, keep: bool, person: str) -> Joined:
        """Join a card that a member's earlier card vouched for; unless ``keep`` it replaces that.

        Raises RefusedByRule: ``earlier-card-unknown``, and :func:`life.closed` about the earlier
        card; ``same-card``, ``card-has-an-id``, ``card-replaced``, ``card-revoked`` about the new.
        """
        if card.digest == earlier:
            raise RefusedByRule("same-card", "the new card and the earlier one are the same card")
        with self._database.write() as tx:
            voucher, mine = _held(tx, earlier), _held(tx, card.digest)
            if voucher is None:
                raise RefusedByRule("earlier-card-unknown", "the earlier card has no MyKey ID")
            name, replaces = voucher.mykey_id, () if keep else (earlier,)
            if _is_joined(mine, name) and (keep or voucher.replaced):
                return Joined(card.digest, name, JoinState.JOINED)
            state = life.state_of_card(tx, earlier)
            if state is not CardState.ACTIVE:
                raise life.closed(state)
            if mine is not None and mine.mykey_id == name and mine.replaced:
                raise life.closed(CardState.REPLACED)
            _check_free(mine, name)
            self._revocations.admit(tx, card)
            enter(tx, _joined(card, name, VOUCHED, person, replaces), self._clock.now())
        return Joined(card.digest, name, JoinState.JOINED)

    def ask(self, card: CardKey, said: MyKeyId, *, node: NodeId) -> Joined:
        """Let a card wait for the desk, or say what became of its wish.

        Raises RefusedByRule: ``no-such-mykey-id``, ``card-has-an-id``, ``card-revoked``,
        ``too-many-joins``.
        """
        now = self._clock.now()
        with self._database.write() as tx:
            mine, name = _held(tx, card.digest), life.now_called(tx, said) or said
            if _is_joined(mine, name):
                return Joined(card.digest, name, JoinState.JOINED)
            _check_free(mine, name)
            if not life.is_taken(tx, said):
                raise RefusedByRule("no-such-mykey-id", f"nobody is registered as {said}")
            for wish in _wishes(tx, now):
                if (wish.card, wish.said) == (card.digest, said):
                    return Joined(card.digest, said, JoinState(wish.state))
            waiting = [each for each in _wishes(tx, now) if each.state == WAITING]
            if sum(each.node == node for each in waiting) >= MOST_WAITING:
                raise RefusedByRule(
                    "too-many-joins", f"{MOST_WAITING} cards of this counter wait for the desk"
                )
            self._revocations.admit(tx, card)
            enter(tx, _asked(card, said, node), now)
        return Joined(card.digest, said, JoinState.WAITING)

    def wishes(self) -> tuple[Wish, ...]:
        """What waits for the desk or was refused lately, oldest first."""
        with self._database.read() as tx:
            return _wishes(tx, self._clock.now())

    def accept(self, name: MyKeyId, card: str, why: Evidence, *, keep: bool, person: str) -> None:
        """Join a card that asked, by its fingerprint; unless ``keep`` it replaces all others.

        A wish that was refused by mistake may still be granted. Raises RefusedByRule:
        ``no-such-join``, ``card-has-an-id``, ``mykey-id-cancelled``, and as :func:`life.state_of`.
        """
        with self._database.write() as tx:
            if life.state_of(tx, name) == CANCELLED:
                raise life.cancelled(name)
            in_use = _cards_in_use(tx, name)
            if card in map(in_groups, in_use):
                return
            wish = self._wish(tx, name, card)
            _check_free(_held(tx, wish.card), name)
            if tx.scalar("SELECT revoked FROM card_mark WHERE digest=:card", card=wish.card):
                raise life.closed(CardState.REVOKED)
            joined = CardJoined(
                name,
                why,
                person,
                wish.card,
                wish.algorithm,
                wish.public_key,
                wish.issuer_key_id,
                () if keep else in_use,
            )
            enter(tx, joined, self._clock.now())

    def refuse(self, name: MyKeyId, card: str, why: NotJoined, *, person: str) -> None:
        """Do not join a card that asked; raises RefusedByRule as :meth:`accept`."""
        with self._database.write() as tx:
            life.state_of(tx, name)
            wish = self._wish(tx, name, card)
            if wish.state == WAITING:
                enter(tx, JoinRefused(name, why, person, wish.card), self._clock.now())

    def _wish(self, tx: Tx, name: MyKeyId, card: str) -> Wish:
        for wish in _wishes(tx, self._clock.now()):
            if (wish.mykey_id, in_groups(wish.card)) == (name, card):
                return wish
        raise RefusedByRule("no-such-join", f"no card {card} waits to be joined to {name}")


def _wishes(tx: Tx, now: Millis) -> tuple[Wish, ...]:
    """The wishes that have not ended."""
    rows = tx.all(
        "SELECT * FROM join_request WHERE at>:ended ORDER BY at, digest",
        ended=now - JOIN_LIFE,
    )
    return tuple(
        Wish(
            mykey_id=life.now_called(tx, row["said"]) or row["said"],
            said=row["said"],
            card=KeyDigest(row["digest"]),
            algorithm=row["algorithm"],
            public_key=row["public_key"],
            issuer_key_id=row["issuer_key_id"],
            node=row["node"],
            at=row["at"],
            state=row["state"],
        )
        for row in rows
    )


def _held(tx: Tx, card: KeyDigest) -> _Held | None:
    row = tx.one(
        "SELECT mykey_id, state, replaced FROM card_key JOIN member USING (mykey_id)"
        " WHERE digest=:card",
        card=card,
    )
    return None if row is None else _Held(row["mykey_id"], row["state"], bool(row["replaced"]))


def _cards_in_use(tx: Tx, name: MyKeyId) -> tuple[KeyDigest, ...]:
    rows = tx.rows(
        "SELECT digest FROM card_key WHERE mykey_id=? AND NOT replaced ORDER BY digest", (name,)
    )
    return tuple(KeyDigest(digest) for (digest,) in rows)


def _is_joined(mine: _Held | None, name: MyKeyId) -> bool:
    return mine is not None and mine.mykey_id == name and not mine.replaced


def _check_free(mine: _Held | None, name: MyKeyId) -> None:
    """Whether a card may become this member's; raises RefusedByRule."""
    if mine is not None and mine.mykey_id != name and mine.state != CANCELLED:
        raise RefusedByRule("card-has-an-id", "this card has a MyKey ID of its own already")


def _joined(
    card: CardKey, name: MyKeyId, why: str, person: str, replaces: tuple[KeyDigest, ...]
) -> CardJoined:
    return CardJoined(
        name,
        why,
        person,
        card.digest,
        card.algorithm,
        card.public_key,
        card.issuer_key_id,
        replaces,
    )


def _asked(card: CardKey, said: MyKeyId, node: NodeId) -> JoinAsked:
    return JoinAsked(said, node, card.digest, card.algorithm, card.public_key, card.issuer_key_id)
