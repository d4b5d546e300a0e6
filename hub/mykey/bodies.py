"""What the chronicle of identities says: one struct for each kind of change."""

import msgspec

from sync.records.bodies import Account, CardKeyDigest, Town
from sync.values import Millis, MyKeyId, OrganisationId

ACTIVE, SUSPENDED, CANCELLED = "active", "suspended", "cancelled"
"""How a member stands."""
WAITING, REFUSED = "waiting", "refused"
"""How a card's wish to be joined stands."""
JOIN_LIFE = Millis(30 * 24 * 3_600_000)
"""So long such a wish waits for the desk, and is kept after its refusal."""


class MyKeyBody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of what happens to identities."""


class MemberRegistered(MyKeyBody, frozen=True, tag="mykey.registered"):
    """A card made a MyKey ID."""

    mykey_id: MyKeyId
    generated: bool
    card: CardKeyDigest
    algorithm: str
    public_key: bytes
    issuer_key_id: bytes


class ConsentGiven(MyKeyBody, frozen=True, tag="mykey.consent"):
    """A member agreed to something."""

    mykey_id: MyKeyId
    what: str


class AccountMade(MyKeyBody, frozen=True, tag="mykey.account"):
    """A member's account in a town got its random id."""

    mykey_id: MyKeyId
    town: Town
    account: Account


class MemberChanged(MyKeyBody, frozen=True):
    """Base of what is done to a member, and why: one of a small fixed list.

    ``person`` did it at the desk; ``counter NODE`` is where the holder did it with the card.
    """

    mykey_id: MyKeyId
    why: str
    person: str


class MemberSuspended(MemberChanged, frozen=True, tag="mykey.suspended"):
    """A member's cards open nothing until it is resumed."""


class MemberResumed(MemberChanged, frozen=True, tag="mykey.resumed"):
    """They do again."""


class MemberCancelled(MemberChanged, frozen=True, tag="mykey.cancelled"):
    """A member left for good. Its history stays, and its cards may register anew."""


class IdChanged(MemberChanged, frozen=True, tag="mykey.id-changed"):
    """A member is called otherwise from now on; all else stays."""

    new_id: MyKeyId
    generated: bool


class CardMarked(MyKeyBody, frozen=True, tag="mykey.card-marked"):
    """A card came to be known; by its mark it is found on its issuer's lists."""

    card: CardKeyDigest
    issuer_key_id: bytes
    mark: bytes


class RevocationListTaken(MyKeyBody, frozen=True, tag="mykey.revocation-list"):
    """An issuer's list counts from now on: how many entries, and the digest of their marks."""

    issuer_key_id: bytes
    number: int
    this_update: Millis
    next_update: Millis
    digest: bytes
    entries: int
    marks: bytes


class CardRevoked(MyKeyBody, frozen=True, tag="mykey.card-revoked"):
    """A known card's certificate stands on the list, for good or on hold."""

    card: CardKeyDigest
    held: bool


class CardRestored(MyKeyBody, frozen=True, tag="mykey.card-restored"):
    """A card that was on hold stands on the list no more."""

    card: CardKeyDigest


class NumbersLinked(MyKeyBody, frozen=True, tag="mykey.numbers-linked"):
    """Members have these numbers at an organisation from now on, in place of others."""

    organisation: OrganisationId
    numbers: tuple[tuple[MyKeyId, str], ...]
    person: str
    """Who loaded them; empty where a member did it with the card."""


class NumberUnlinked(MyKeyBody, frozen=True, tag="mykey.number-unlinked"):
    """A member has no number at an organisation any more."""

    organisation: OrganisationId
    mykey_id: MyKeyId
    person: str


class CardJoined(MemberChanged, frozen=True, tag="mykey.card-joined"):
    """Another card opens what a member has; those that it replaces do so no longer."""

    card: CardKeyDigest
    algorithm: str
    public_key: bytes
    issuer_key_id: bytes
    replaces: tuple[CardKeyDigest, ...]


class JoinRefused(MemberChanged, frozen=True, tag="mykey.join-refused"):
    """The desk did not join a card that asked for it."""

    card: CardKeyDigest


class JoinAsked(MyKeyBody, frozen=True, tag="mykey.join-asked"):
    """A card at a counter asks to be joined to the MyKey ID that its holder says."""

    said: MyKeyId
    node: str
    card: CardKeyDigest
    algorithm: str
    public_key: bytes
    issuer_key_id: bytes


AnyMyKeyBody = (
    MemberRegistered
    | ConsentGiven
    | AccountMade
    | MemberSuspended
    | MemberResumed
    | MemberCancelled
    | IdChanged
    | CardMarked
    | RevocationListTaken
    | CardRevoked
    | CardRestored
    | NumbersLinked
    | NumberUnlinked
    | CardJoined
    | JoinRefused
    | JoinAsked
)


class MyKeyRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One change: ``[v, seq, prev, at, body]``."""

    v: int
    seq: int
    prev: bytes
    at: Millis
    body: AnyMyKeyBody
