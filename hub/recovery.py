"""A new token for somebody who lost theirs, made by whoever has the hub's folder.

Two people who both lost their tokens could never be let in again: each needs another. Having the
folder is the proof, so the hub must be stopped; the platform's chain says that it was done, and
every town finds it on its list of exceptions.
"""

from pathlib import Path

from hub import people, town
from hub.bodies import OperatorRecovered
from hub.desk import enact
from hub.folder import write_secret
from hub.hub import Hub
from sync.values import PLATFORM


def token_file(folder: Path, name: str) -> Path:
    """Where a person's new token goes, unless somebody says otherwise."""
    return folder / f"{name.replace('/', '-')}.token"


def recover(hub: Hub, name: str, token_out: Path) -> None:
    """Give a person a new token, in a file that only its owner may read; the old one ends.

    Raises RefusedByRule (``operator-unknown``) for somebody who is not there or was revoked.
    """
    token = people.fresh_token(hub.core.randomness)
    digest = people.digest_of(token)
    with hub.core.database.write() as tx:
        chains = (PLATFORM, *(each.municipality for each in town.towns(tx)))
        for chain in chains:
            enact(hub.core, tx, OperatorRecovered(chain, name, digest), (people.HUB,))
    write_secret(token_out, token)
