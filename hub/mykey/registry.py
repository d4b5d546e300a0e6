"""The registry of MyKey IDs: card -> member -> account ids. Answers who, never what they did.

1. A certificate is believed by the pinned roots only (:mod:`sync.certificate`).
2. One ID a person: the same card always gets the same ID, whatever it wishes for.
3. An ID is chosen, or made here; one that is taken is refused, and the person chooses again.
4. An account in a town is made when first needed, for a member who agreed to the points cloud.
5. A suspended member's cards open nothing; a cancelled one's register anew, as a new member
   (:mod:`hub.mykey.life`).
6. A card that its issuer took back opens nothing, and registers for nothing
   (:mod:`hub.mykey.revocation`).

The caller has checked that whoever shows the certificate holds its key.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from hub.findings import Finding
from hub.identities import Holder
from hub.mykey import life, members
from hub.mykey.audit import audit
from hub.mykey.bodies import (
    ACTIVE,
    CANCELLED,
    AccountMade,
    ConsentGiven,
    IdChanged,
    MemberRegistered,
)
from hub.mykey.joins import Joins
from hub.mykey.making import free_id
from hub.mykey.members import Member
from hub.mykey.reasons import Cancellation, Change, Resumption, Suspension
from hub.mykey.records import enter
from hub.mykey.revocation import Revocations
from hub.store.database import Database, Tx
from sync.certificate import Algorithm, CardKey, Roots, check_certificate
from sync.choosing import Offer, offer
from sync.errors import RefusedByRule
from sync.ports import Clock, Randomness
from sync.revocation import RevocationList, read_list
from sync.values import AccountId, CardState, KeyDigest, Millis, MunicipalityCode, MyKeyId, mykey_id

POINTS = "points"
"""The consent to have accounts in the points cloud."""
_AT_ONCE = 500
"""Values in one statement."""
_REMEMBERED = 50_000
"""Public keys at hand: some 20 MB."""
_CARDS = " UNION ".join(
    f"SELECT account, digest FROM account JOIN {table} USING (mykey_id)"
    " WHERE municipality=? AND account IN ({marks})"
    for table in ("card_key", "former_card")
)
_CHANGED = (
    "SELECT m.changed, k.digest FROM member m CROSS JOIN card_key k"  # this way: few have changed
    " WHERE m.changed>? AND k.mykey_id=m.mykey_id"
    " UNION SELECT m.changed, k.digest FROM card_mark m CROSS JOIN card_key k"
    " WHERE m.changed>? AND k.digest=m.digest"
)
_HOLDERS = (
    "SELECT k.digest, a.municipality, a.account, m.state, k.replaced, coalesce(r.revoked, '')"
    " FROM card_key k JOIN member m ON m.mykey_id=k.mykey_id"
    " LEFT JOIN card_mark r ON r.digest=k.digest LEFT JOIN account a ON a.mykey_id=k.mykey_id"
    " WHERE k.digest IN"
)
_Value = TypeVar("_Value", AccountId, KeyDigest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The ID a card belongs to."""

    mykey_id: MyKeyId
    generated: bool
    known_before: bool


class MyKey:
    """Identities. Its database is its own; ``roots`` are the certificate roots believed here.

    ``secret``: 32 bytes under which cards' serial numbers are marked.
    """

    def __init__(
        self,
        database: Database,
        roots: Roots,
        *,
        secret: bytes,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._database = database
        self._roots = roots
        self._clock = clock
        self._randomness = randomness
        self.revocations = Revocations(database, secret, clock)
        self.joins = Joins(database, self.revocations, clock)
        self._keys: dict[KeyDigest, bytes] = {}
        """Public keys that were asked for: a card's key never changes under its digest."""

    # -- registering

    def check(self, certificate: bytes) -> CardKey:
        """The key of a certificate (DER) that is believed now; raises CertificateError."""
        return check_certificate(certificate, self._roots, self._clock.now())

    def read_list(self, der: bytes) -> RevocationList:
        """An issuer's revocation list that is believed now; raises RevocationListError."""
        return read_list(der, self._roots, self._clock.now())

    def choose(self, wishes: Sequence[MyKeyId]) -> Offer:
        """An ID to register, by the rule of three (:func:`sync.choosing.offer`)."""
        with self._database.read() as tx:
            free = partial(free_id, tx, self._randomness)
            return offer(wishes, partial(life.is_taken, tx), free)

    def register(
        self, card: CardKey, wish: str, *, consent_points: bool, generated: bool = False
    ) -> Registration:
        """Give a checked card its MyKey ID; an empty wish lets one be made.

        ``generated``: the wish is an ID that was made before, by :meth:`choose`.

        Raises RefusedByRule (``mykey-id-taken``; its own reason for a card that is closed, see
        :func:`hub.mykey.life.closed`) and Malformed for what cannot be an ID.
        """
        wanted = mykey_id(wish) if wish else None
        now = self._clock.now()
        with self._database.write() as tx:
            known = members.member_of(tx, card.digest)
            state = life.state_of_card(tx, card.digest)
            if state not in (CardState.ACTIVE, CardState.CANCELLED):
                raise life.closed(state)
            self.revocations.admit(tx, card)
            if known is None or state is CardState.CANCELLED:
                known = None
                if wanted is not None and life.is_taken(tx, wanted):
                    raise life.taken(wanted)
                name = free_id(tx, self._randomness) if wanted is None else wanted
                made = generated or wanted is None
                enter(tx, _registered(card, name, generated=made), now)
            else:
                name = known
            if consent_points and POINTS not in members.consents(tx, name):
                enter(tx, ConsentGiven(name, POINTS), now)
            member = members.seen(tx, name)
        return Registration(
            mykey_id=name, generated=member.generated, known_before=known is not None
        )

    def agree(self, name: MyKeyId) -> Member:
        """Let a member who registered without points have them too; raises RefusedByRule."""
        with self._database.write() as tx:
            state = life.state_of(tx, name)
            if state != ACTIVE:
                raise life.closed(CardState(state))
            if POINTS not in members.consents(tx, name):
                enter(tx, ConsentGiven(name, POINTS), self._clock.now())
            return members.seen(tx, name)

    # -- a life after that: by a person at the desk or the holder of a card, each with a reason

    def suspend(self, name: MyKeyId, why: Suspension, *, person: str) -> Member:
        """Let a member's cards open nothing; raises RefusedByRule, see :mod:`hub.mykey.life`."""
        with self._database.write() as tx:
            life.suspend(tx, name, why, person=person, at=self._clock.now())
            return members.seen(tx, name)

    def resume(self, name: MyKeyId, why: Resumption, *, person: str) -> Member:
        """Let them open again what they did; raises RefusedByRule."""
        with self._database.write() as tx:
            life.resume(tx, name, why, person=person, at=self._clock.now())
            return members.seen(tx, name)

    def cancel(self, name: MyKeyId, why: Cancellation, *, person: str) -> Member:
        """End a membership for good; its accounts stay as they are. Raises RefusedByRule."""
        with self._database.write() as tx:
            life.cancel(tx, name, why, person=person, at=self._clock.now())
            return members.seen(tx, name)

    def change_id(self, name: MyKeyId, wish: str, why: Change, *, person: str) -> Member:
        """Give a member another ID, an empty wish lets one be made; all else stays.

        Raises RefusedByRule, Malformed for what cannot be an ID. Asked once more for a change that
        was made, it gives the same answer.
        """
        wanted = mykey_id(wish) if wish else None
        with self._database.write() as tx:
            called = life.now_called(tx, name)
            if called is not None and wanted in (None, called):
                return members.seen(tx, called)
            new = free_id(tx, self._randomness) if wanted is None else wanted
            change = IdChanged(name, why, person, new, generated=wanted is None)
            life.change_id(tx, change, self._clock.now())
            return members.seen(tx, new)

    def now_called(self, name: MyKeyId) -> MyKeyId:
        """What the member is called who has this ID or left it; raises RefusedByRule."""
        with self._database.read() as tx:
            called = life.now_called(tx, name)
            if called is None:
                life.state_of(tx, name)
            return called or name

    def changes(self, after: int) -> tuple[int, tuple[KeyDigest, ...]]:
        """Cards that stand otherwise since a place in the chain, and the last place of these.

        A card that registered anew after its holder had left is among them.
        """
        rows = self._database.ask_all(_CHANGED, [after, after])
        cards = {KeyDigest(card) for _, card in rows}
        return max((place for place, _ in rows), default=after), tuple(sorted(cards))

    def good_until(self) -> Millis:
        """Until when the lists of all issuers of known cards are in force; 0: one is lacking."""
        return self.revocations.good_until()

    # -- who has which account

    def account_of(self, card: KeyDigest, municipality: MunicipalityCode) -> AccountId | None:
        """A card's account in a town; None without a registration or the consent to points."""
        with self._database.write() as tx:
            name = members.member_of(tx, card)
            if name is None:
                return None
            if life.state_of_card(tx, card) is not CardState.ACTIVE:
                return members.accounts(tx, name).get(municipality)
            return self._account(tx, name, municipality)

    def account_for(self, name: MyKeyId, municipality: MunicipalityCode) -> AccountId:
        """A member's account in a town.

        Raises RefusedByRule (``resident-unknown``, ``mykey-id-changed``, ``mykey-id-cancelled``,
        ``no-consent``).
        """
        with self._database.write() as tx:
            if life.state_of(tx, name) == CANCELLED:
                raise life.cancelled(name)
            account = self._account(tx, name, municipality)
        if account is None:
            raise RefusedByRule("no-consent", f"{name} has not agreed to have points")
        return account

    def check_may_receive(self, municipality: MunicipalityCode, account: AccountId) -> None:
        """Whether an account's holder is still there; raises RefusedByRule."""
        holder = self.holder_of(municipality, account)
        if holder is not None and self.member(holder).state == CANCELLED:
            raise life.cancelled(holder)

    def holders(self, cards: Iterable[KeyDigest]) -> dict[KeyDigest, Holder]:
        """How each of some cards stands, and its holder's accounts, by town.

        One that nobody registered stands as one whose holder left: it opens nothing, and may
        register.
        """
        found: dict[KeyDigest, Holder] = {}
        for some in _some(cards):
            accounts: dict[KeyDigest, dict[MunicipalityCode, AccountId]]
            accounts = {card: {} for card in some}
            states = dict.fromkeys(some, CardState.CANCELLED)
            for card, town, account, *how in self._database.ask_all(
                f"{_HOLDERS} ({_marks(some)})", some
            ):
                states[card] = life.card_state(*how)
                if account is not None:
                    accounts[card][town] = account
            found.update((card, Holder(states[card], accounts[card])) for card in some)
        return found

    def accounts_of(self, name: MyKeyId) -> dict[MunicipalityCode, AccountId]:
        """Every account of a member, by town.

        Raises RefusedByRule (``resident-unknown``, ``mykey-id-changed``).
        """
        with self._database.read() as tx:
            life.state_of(tx, name)
            return members.accounts(tx, name)

    def holder_of(self, municipality: MunicipalityCode, account: AccountId) -> MyKeyId | None:
        """Whose an account is in a town, for the people at the desk; None: nobody's."""
        with self._database.read() as tx:
            found = tx.scalar(
                "SELECT mykey_id FROM account WHERE municipality=:town AND account=:account",
                town=municipality,
                account=account,
            )
        return None if found is None else MyKeyId(found)

    def cards_of(
        self, municipality: MunicipalityCode, accounts: Iterable[AccountId]
    ) -> dict[AccountId, tuple[KeyDigest, ...]]:
        """The cards that open each of some accounts of a town, or did until its holder left."""
        found: dict[AccountId, tuple[KeyDigest, ...]] = {}
        for some in _some(accounts):
            found.update(dict.fromkeys(some, ()))
            asked = _CARDS.format(marks=_marks(some)), (municipality, *some) * 2
            for account, digest in sorted(self._database.ask_all(*asked)):
                found[account] = (*found[account], KeyDigest(digest))
        return found

    def state_of(self, card: KeyDigest) -> CardState:
        """How a card stands."""
        return self.holders([card])[card].state

    def beside(self, card: KeyDigest) -> tuple[KeyDigest, ...]:
        """The other cards of a card's holder, in use or replaced."""
        rows = self._database.ask_all(
            "SELECT b.digest FROM card_key a JOIN card_key b USING (mykey_id)"
            " WHERE a.digest=? AND b.digest<>a.digest ORDER BY 1",
            (card,),
        )
        return tuple(KeyDigest(digest) for (digest,) in rows)

    # -- keys

    def public_key(self, card: KeyDigest) -> tuple[Algorithm, bytes] | None:
        """Algorithm and SubjectPublicKeyInfo (DER) of a registered card; None: unknown."""
        with self._database.read() as tx:
            row = tx.one("SELECT algorithm, public_key FROM card_key WHERE digest=:card", card=card)
        return None if row is None else (Algorithm(row["algorithm"]), bytes(row["public_key"]))

    def public_keys(self, cards: Iterable[KeyDigest]) -> dict[KeyDigest, bytes]:
        """SubjectPublicKeyInfo (DER) of those cards that are registered."""
        asked = set(cards)
        known = {card: key for card in asked if (key := self._keys.get(card)) is not None}
        found = self._read_keys(asked.difference(known))
        if len(self._keys) > _REMEMBERED:
            self._keys.clear()
        self._keys.update(found)
        return known | found

    def _read_keys(self, cards: Collection[KeyDigest]) -> dict[KeyDigest, bytes]:
        if not cards:
            return {}
        found: dict[KeyDigest, bytes] = {}
        with self._database.read() as tx:
            for some in _some(cards):
                found.update(
                    tx.rows(
                        f"SELECT digest, public_key FROM card_key WHERE digest IN ({_marks(some)})",
                        some,
                    )
                )
        return found

    def known(self, cards: Iterable[KeyDigest]) -> frozenset[KeyDigest]:
        """Which of these cards are registered."""
        return frozenset(self.public_keys(cards))

    # -- looking

    def member(self, name: MyKeyId) -> Member:
        """A member; raises RefusedByRule (``resident-unknown``, ``mykey-id-changed``)."""
        with self._database.read() as tx:
            return members.seen(tx, name)

    def member_of(self, card: KeyDigest) -> Member | None:
        """The member whom a card belongs to."""
        with self._database.read() as tx:
            name = members.member_of(tx, card)
            return None if name is None else members.seen(tx, name)

    def audit(self) -> list[Finding]:
        """What does not follow from the chain of identities."""
        with self._database.read() as tx:
            return list(audit(tx))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _account(self, tx: Tx, name: MyKeyId, municipality: MunicipalityCode) -> AccountId | None:
        found = members.accounts(tx, name).get(municipality)
        if found is not None or POINTS not in members.consents(tx, name):
            return found
        account = AccountId(self._randomness.bytes(8).hex())
        enter(tx, AccountMade(name, municipality, account), self._clock.now())
        return account


def _some(values: Iterable[_Value]) -> Iterator[tuple[_Value, ...]]:
    """Each value once, so many at a time as one statement asks for."""
    distinct = sorted(set(values))
    return (tuple(distinct[at : at + _AT_ONCE]) for at in range(0, len(distinct), _AT_ONCE))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _registered(card: CardKey, name: MyKeyId, *, generated: bool) -> MemberRegistered:
    return MemberRegistered(
        mykey_id=name,
        generated=generated,
        card=card.digest,
        algorithm=card.algorithm,
        public_key=card.public_key,
        issuer_key_id=card.issuer_key_id,
    )
