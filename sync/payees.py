"""Whose piles a ticket counter may clear: the organisations that its town has accepted."""

import msgspec

from sync.records.bodies import Organisation


class Payee(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One of them."""

    organisation: Organisation
    name: str
    place: str


class Payees(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All of them, by their IDs."""

    rows: tuple[Payee, ...]
