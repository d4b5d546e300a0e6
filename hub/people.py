"""The people who run a hub: their tokens, roles and towns.

A person joins by an invitation's one-time code and brings the digest of a token that the person
drew; the hub never sees the token before it is used, and stores SHA-256 of it only.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.applying import Applier, body_of
from hub.bodies import HubBody, HubRecord, OperatorAdded, OperatorRecovered, OperatorRevoked
from hub.core import Core
from hub.intake import incidents
from hub.points.books import Source
from hub.store import schema
from hub.store.database import Tx
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.ports import Randomness
from sync.values import PLATFORM, MunicipalityCode, municipality_code

TOKEN_BYTES = 32
_SCRIPT = " (script "
HUB = "hub"
"""Who stands in the records for what the hub did by itself."""
INVITED, ACTIVE, REVOKED = "invited", "active", "revoked"


class Means(StrEnum):
    """What somebody came in with."""

    JOINED = "joined"
    """The token that a person joined with."""
    SESSION = "session"
    """Password and code, for a day at most."""
    SCRIPT = "script"
    """A token of a person's script."""


class Role(StrEnum):
    """What a person is for."""

    CLERK = "clerk"
    """Asks for what a town needs every day."""
    APPROVER = "approver"
    """Asks as a clerk does, and is the second person."""
    AUDITOR = "auditor"
    """Reads everything, changes nothing."""
    PLATFORM = "platform"
    """Runs the hub: towns, operators, and everything an approver may do."""
    MONITOR = "monitor"
    """Sees the hub's figures and nothing else: for monitoring."""


SECOND = frozenset({Role.APPROVER, Role.PLATFORM})
"""Who may be the second person."""
TWO_PEOPLE = 2
"""So many have to stay who can approve for all towns: what one asks for, another approves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whose token was good."""

    name: str
    """As it stands in records: a script's has its own name behind its person's."""
    role: Role
    municipality: MunicipalityCode | None
    """The only town this person works for; None: all."""
    means: Means = Means.JOINED
    token: bytes = b""
    """The digest of a session's or a script's token."""

    @property
    def owner(self) -> str:
        """Who answers for it: two people are two owners."""
        return owner_of(self.name)

    def works_for(self, town: MunicipalityCode) -> bool:
        """Whether a town's doings are this person's."""
        return self.municipality in (None, town)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A person as the list shows it."""

    name: str
    role: str
    municipality: str
    state: str


def as_script(name: str, label: str) -> str:
    """How a person's script signs."""
    return f"{name}{_SCRIPT}{label})"


def owner_of(name: str) -> str:
    """The person behind a name in the records."""
    return name.partition(_SCRIPT)[0]


def fresh_token(randomness: Randomness) -> str:
    """A token or one-time code: 32 random bytes in base32."""
    return base64.b32encode(randomness.bytes(TOKEN_BYTES)).decode("ascii").rstrip("=")


def digest_of(token: str) -> bytes:
    """What is stored of a token or code; raises Malformed when it cannot be one."""
    text = "".join(token.split()).upper()
    try:
        secret = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise Malformed("a token or code is one line of letters A-Z and digits 2-7") from None
    if len(secret) != TOKEN_BYTES:
        raise Malformed("the token or code is not complete: copy all of it")
    return hashlib.sha256(secret).digest()


def digest_in(token: str) -> bytes:
    """The digest of what should be a token; raises NotAuthentic."""
    try:
        return digest_of(token)
    except Malformed as error:
        raise NotAuthentic(str(error)) from None


def authenticate(tx: Tx, token: str) -> Person:
    """Whose token of joining this is; raises NotAuthentic."""
    row = _find(tx, token, ACTIVE)
    if row is None:
        raise NotAuthentic("this token is not known here, or was revoked")
    return person_of(row)


def person_of(operator: Operator) -> Person:
    """A person of the list, as somebody who has come in."""
    town = MunicipalityCode(operator.municipality)
    return Person(
        name=operator.name,
        role=Role(operator.role),
        municipality=None if town == PLATFORM else town,
    )


def invited(tx: Tx, code: str) -> Operator:
    """Who an invitation's code is for; raises NotAuthentic."""
    row = _find(tx, code, INVITED)
    if row is None:
        raise NotAuthentic(
            "this invitation is not known here: it was used, or still waits for a second person"
        )
    return row


def joined_with(tx: Tx, token_digest: bytes) -> Operator | None:
    """Who uses the hub with a token of this digest; None: nobody."""
    return _owner(tx, token_digest, ACTIVE)


def joining(operator: Operator, token_digest: bytes) -> OperatorAdded:
    """What an invited person says to the hub: the digest of a token that only it knows."""
    if len(token_digest) != hashlib.sha256().digest_size:
        raise Malformed("a token's digest has 32 bytes")
    return OperatorAdded(
        town=PLATFORM,
        name=operator.name,
        role=operator.role,
        municipality="" if operator.municipality == PLATFORM else operator.municipality,
        token_digest=token_digest,
    )


def operators(tx: Tx) -> list[Operator]:
    """Everybody, by name."""
    rows = tx.all("SELECT name, role, municipality, state FROM operator ORDER BY name")
    return [Operator(**row) for row in rows]


def is_active(tx: Tx, name: str) -> bool:
    """Whether a person may still use the hub."""
    return any(person.state == ACTIVE for person in operators(tx) if person.name == name)


def _find(tx: Tx, token: str, state: str) -> Operator | None:
    try:
        return _owner(tx, digest_of(token), state)
    except Malformed:
        return None


def _owner(tx: Tx, digest: bytes, state: str) -> Operator | None:
    found = None
    for row in tx.all("SELECT * FROM operator WHERE state=:state", state=state):
        if hmac.compare_digest(row["token_digest"], digest):
            found = Operator(
                name=row["name"],
                role=row["role"],
                municipality=row["municipality"],
                state=row["state"],
            )
    return found


def _add(_core: Core, tx: Tx, record: HubRecord) -> None:
    """Somebody invites a person, or the invited person joins with a token of its own."""
    body = body_of(record, OperatorAdded)
    scope = PLATFORM if not body.municipality else municipality_code(body.municipality)
    known = next((person for person in operators(tx) if person.name == body.name), None)
    joins = record.persons == (body.name,)
    if joins:
        if known is None or known.state != INVITED:
            raise RefusedByRule("operator-not-invited", f"nobody invited {body.name}")
        if (known.role, known.municipality) != (body.role, scope):
            raise RefusedByRule("operator-not-invited", f"{body.name} was invited for other work")
    else:
        if known is not None and known.state != REVOKED:
            raise RefusedByRule("operator-exists", f"there is a person called {body.name} already")
        _check_name(body.name)
        _check_role(body.role, scope)
        tx.run("DELETE FROM operator WHERE name=:name", name=body.name)
        _forget(tx, body.name)
    tx.put(
        schema.operator,
        {"municipality": scope, "name": body.name},
        role=body.role,
        token_digest=body.token_digest,
        state=ACTIVE if joins else INVITED,
    )


def _revoke(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, OperatorRevoked)
    gone = _known(tx, body.name)
    if _approves_everywhere(gone):
        left = [
            person
            for person in operators(tx)
            if person.name != gone.name and _approves_everywhere(person)
        ]
        if len(left) < TWO_PEOPLE or not any(each.role == Role.PLATFORM for each in left):
            raise RefusedByRule(
                "operator-last",
                f"without {gone.name} there would not be two people who can approve for all towns,"
                " one of them running the hub: add another first",
            )
    tx.run("UPDATE operator SET state=:state WHERE name=:name", state=REVOKED, name=gone.name)
    _forget(tx, gone.name)


def _approves_everywhere(person: Operator) -> bool:
    return person.state == ACTIVE and person.role in SECOND and person.municipality == PLATFORM


def _recover(core: Core, tx: Tx, record: HubRecord) -> None:
    """The platform's record gives the person a new token; each town's puts it on its list."""
    body = body_of(record, OperatorRecovered)
    if body.town != PLATFORM:
        incidents.enter(
            core,
            tx,
            kind="operator",
            source=Source(HUB, str(record.incarnation), record.seq),
            town=body.town,
            reason="recovered",
            other=body.name,
        )
        return
    tx.run(
        "UPDATE operator SET state=:state, token_digest=:digest WHERE name=:name",
        state=ACTIVE,
        digest=body.token_digest,
        name=_known(tx, body.name).name,
    )
    _forget(tx, body.name)


def _forget(tx: Tx, name: str) -> None:
    """Nothing that a person came in with opens anything any more (:mod:`hub.access`)."""
    for table in (schema.sign_in, schema.access):
        tx.run(
            f"DELETE FROM {table} WHERE municipality=:platform AND name=:name",
            platform=PLATFORM,
            name=name,
        )


def _known(tx: Tx, name: str) -> Operator:
    """A person who was not revoked; raises RefusedByRule."""
    found = next((each for each in operators(tx) if each.name == name), None)
    if found is None or found.state == REVOKED:
        raise RefusedByRule("operator-unknown", f"there is no person called {name}")
    return found


def _check_name(name: str) -> None:
    foreign = "," in name or _SCRIPT in name or name == HUB
    if foreign or name != name.strip() or not name.isprintable():
        raise Malformed(f"the name {name!r} cannot stand in records: no commas or odd spaces")


def _check_role(role: str, scope: MunicipalityCode) -> None:
    if role not in set(Role):
        raise Malformed(f"role {role!r}: one of {', '.join(Role)}")
    if role == Role.PLATFORM and scope != PLATFORM:
        raise RefusedByRule("role-scope", "who runs the hub works for all towns, not for one")


APPLIERS: Mapping[type[HubBody], Applier] = {
    OperatorAdded: _add,
    OperatorRevoked: _revoke,
    OperatorRecovered: _recover,
}
