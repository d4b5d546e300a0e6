"""The tables of identity. They keep no usage: nothing here grows when somebody spends or borrows.

A certificate, its serial number, its dates and its subject are never stored: only the public key,
its digest and which root vouched for it.
"""

from typing import Any

import sqlalchemy as sa

from hub.store.columns import TEXT

VERSION = 2
"""An identity database of another version is refused."""

metadata = sa.MetaData()


def _table(name: str, *columns: sa.Column[object] | sa.Constraint | sa.Index) -> sa.Table:
    return sa.Table(name, metadata, *columns, sqlite_with_rowid=False)


def _key(name: str, kind: sa.types.TypeEngine[Any] = TEXT) -> sa.Column[object]:
    return sa.Column(name, kind, primary_key=True, nullable=False)


def _column(name: str, kind: sa.types.TypeEngine[Any] = TEXT) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


meta = _table("meta", _key("name"), _column("value", sa.LargeBinary()))

chronicle = _table(
    "chronicle",
    _key("seq", sa.BigInteger()),
    _column("bytes", sa.LargeBinary()),
    _column("digest", sa.LargeBinary()),
)
"""Changes of identities, in a chain of their own; never copied into the towns' chronicles."""

member = _table(
    "member",
    _key("mykey_id"),
    _column("state"),
    _column("generated", sa.Boolean()),
    _column("changed", sa.BigInteger()),
    sa.Index("member_changed", "changed"),
)
"""state: active, suspended, cancelled. changed: the place in the chronicle of what nodes have to
hear of, 0 for nothing yet."""

step = _table(
    "step",
    _key("mykey_id"),
    _key("seq", sa.BigInteger()),
    _column("at", sa.BigInteger()),
    _column("what"),
    _column("why"),
    _column("person"),
    sa.ForeignKeyConstraint(["mykey_id"], ["member.mykey_id"]),
)
"""What was done to a member, by its place in the chronicle, and by whom or at which counter."""

former_id = _table(
    "former_id",
    _key("former"),
    _column("mykey_id"),
    sa.ForeignKeyConstraint(["mykey_id"], ["member.mykey_id"]),
)
"""IDs that members left, and what they are called now: free for nobody else."""

card_key = _table(
    "card_key",
    _key("digest", sa.LargeBinary()),
    _column("mykey_id"),
    _column("algorithm"),
    _column("public_key", sa.LargeBinary()),
    _column("issuer_key_id", sa.LargeBinary()),
    _column("replaced", sa.Boolean()),
    sa.ForeignKeyConstraint(["mykey_id"], ["member.mykey_id"]),
    sa.Index("cards_of_member", "mykey_id"),
)
"""Cards, many to one member: a renewed certificate has another key. A replaced one opens nothing
any more; what it signed before stays its holder's."""

former_card = _table(
    "former_card",
    _key("digest", sa.LargeBinary()),
    _key("mykey_id"),
    sa.ForeignKeyConstraint(["mykey_id"], ["member.mykey_id"]),
    sa.Index("former_cards_of_member", "mykey_id"),
)
"""Cards of cancelled members that are somebody's again: what they signed then stays theirs."""

card_mark = _table(
    "card_mark",
    _key("digest", sa.LargeBinary()),
    _column("issuer_key_id", sa.LargeBinary()),
    _column("mark", sa.LargeBinary()),
    _column("revoked"),
    _column("changed", sa.BigInteger()),
    sa.Index("cards_by_mark", "issuer_key_id", "mark"),
    sa.Index("card_changed", "changed"),
)
"""What issuers' lists call the cards that are known here: a mark, never a serial number.

revoked: held, revoked, or nothing. changed: as a member's, of what a list said."""

revocation_list = _table(
    "revocation_list",
    _key("issuer_key_id", sa.LargeBinary()),
    _column("number", sa.BigInteger()),
    _column("this_update", sa.BigInteger()),
    _column("next_update", sa.BigInteger()),
    _column("digest", sa.LargeBinary()),
    _column("entries", sa.BigInteger()),
    _column("marks", sa.LargeBinary()),
    _column("taken_at", sa.BigInteger()),
)
"""The list of each issuer that was taken last. marks: a digest of its rows in ``listed``."""

listed = _table(
    "listed",
    _key("issuer_key_id", sa.LargeBinary()),
    _key("mark", sa.LargeBinary()),
    _column("kind"),
)
"""The marks on each issuer's list, nearly all of them strangers': for cards that come later."""

join_request = _table(
    "join_request",
    _key("digest", sa.LargeBinary()),
    _column("said"),
    _column("state"),
    _column("at", sa.BigInteger()),
    _column("node"),
    _column("algorithm"),
    _column("public_key", sa.LargeBinary()),
    _column("issuer_key_id", sa.LargeBinary()),
)
"""Cards that asked to be joined to the MyKey ID that their holder said, and wait for the desk.
state: waiting, refused. ``said`` may be an ID that was left since."""

consent = _table("consent", _key("mykey_id"), _key("what"), _column("at", sa.BigInteger()))
"""What a member agreed to, and when."""

account = _table(
    "account",
    _key("mykey_id"),
    _key("municipality"),
    _column("account"),
    sa.UniqueConstraint("municipality", "account", name="an_account_is_one_persons"),
)
"""The only link to points: a random account id a town."""

service_number = _table(
    "service_number",
    _key("organisation"),
    _key("mykey_id"),
    _column("number"),
    sa.ForeignKeyConstraint(["mykey_id"], ["member.mykey_id"]),
    sa.UniqueConstraint("organisation", "number", name="a_number_is_one_members"),
    sa.Index("numbers_of_member", "mykey_id"),
)
"""Organisations' own numbers for members; each organisation is told its own only."""
