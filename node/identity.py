"""Who this node is, kept in its database: from its enrolment, its present life, its settings."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from node.store import Store
from sync.errors import Damaged, RefusedByRule
from sync.values import (
    EpochId,
    MunicipalityCode,
    NodeId,
    OrganisationId,
    home_of,
    organisation_of,
)

NO_PRINTER = "none"
Language = Literal["ja", "en"]
Width = Literal[384, 512, 576]


class Identity(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the enrolment said. Never changes; a new disk needs a new invitation."""

    node: NodeId
    kind: str
    organisation_name: str
    place: str
    zone: str
    demo: bool
    hub_origin: str
    hub_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    tls_pin: str

    @property
    def organisation(self) -> OrganisationId:
        """Whose node this is."""
        return organisation_of(self.node)

    @property
    def municipality(self) -> MunicipalityCode:
        """The home municipality."""
        return home_of(self.node)


class Life(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The present epoch, and why this node takes no money, if it does not."""

    epoch: EpochId
    stopped: str
    """``database-behind``, ``second-path-missing``, ``second-path-differs``, ``forked``,
    ``epoch-closed``; empty while it sells."""


class Settings(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What people set at this PC."""

    second_path: str = ""
    """The folder of the second copy; empty: none."""
    printer: str = NO_PRINTER
    language: Language = "ja"
    """In which language paper speaks."""
    width: Width = 576
    """Dots across the paper: 576 are 80 mm, the usual one on a counter; 384 are 58 mm."""
    profile: str = "unknown"
    """What kind of printer it is, by its name in :mod:`printer.profiles`."""
    drawer: bool = False
    """Whether a slip opens the drawer."""

    @property
    def prints(self) -> bool:
        """Whether there is a printer at all."""
        return self.printer != NO_PRINTER


_IDENTITY, _LIFE, _SETTINGS = "identity", "life", "settings"
STOPPED_WORDS = {
    "database-behind": "the database here is an older copy than the second path",
    "second-path-missing": "the second path is not there: this may be a copy of the node",
    "second-path-differs": "the second path tells another history: the node runs on elsewhere",
    "forked": "the hub has seen another history of this node",
    "epoch-closed": "the hub has granted this node a new life elsewhere",
}


def identity_of(store: Store) -> Identity:
    """Who this node is. Raises RefusedByRule when its set-up has not come so far, Damaged."""
    identity = store.kept(_IDENTITY, Identity)
    if identity is not None:
        return identity
    if store.number("SELECT count(*) FROM record"):
        raise Damaged(f"{store.file} does not know whose records it holds; nothing was changed")
    raise set_up_unfinished(store)


def set_up_unfinished(store: Store) -> RefusedByRule:
    """Why a folder is no counter yet."""
    return RefusedByRule(
        "set-up-unfinished",
        f"the set-up of {store.file.parent} was interrupted: nothing is lost; go on with it by"
        " 'machikado', or by 'machikado node enrol'",
    )


def keep_identity(store: Store, identity: Identity) -> None:
    """Keep what the enrolment said."""
    store.keep(_IDENTITY, identity)


def life_of(store: Store) -> Life:
    """The present life. Raises Damaged when there is none."""
    life = store.kept(_LIFE, Life)
    if life is None:
        raise Damaged(f"{store.file} knows no epoch; ask for a new invitation")
    return life


def keep_life(store: Store, life: Life) -> None:
    """Keep the present life."""
    store.keep(_LIFE, life)


def settings_of(store: Store) -> Settings:
    """What people set at this PC."""
    return store.kept(_SETTINGS, Settings) or Settings()


def keep_settings(store: Store, settings: Settings) -> None:
    """Keep what people set."""
    store.keep(_SETTINGS, settings)
