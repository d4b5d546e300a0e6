"""A key is made when what it belongs to begins, and never because somebody names it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.keys import KeyRing
from sync.errors import Damaged, Malformed
from sync.receipt import Outcome
from sync.records import decode
from sync.values import MunicipalityCode
from tests.doubles.clocks import SeededRandomness
from tests.hub.corner import FISH_SHOP, KAWASAKI, Corner, Resident

NOWHERE = MunicipalityCode("999999")


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    """The keys of a new hub, in a folder."""
    ring = KeyRing(tmp_path / "keys", SeededRandomness("keys"))
    ring.begin_hub()
    return ring


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "keys").iterdir()}


def test_a_town_gets_its_keys_when_it_joins_and_keeps_them(keys: KeyRing, tmp_path: Path) -> None:
    public = keys.begin_town(KAWASAKI).public

    assert keys.begin_town(KAWASAKI).public == public
    again = KeyRing(tmp_path / "keys", SeededRandomness("another start"))
    assert again.tickets(KAWASAKI).public == public
    assert again.numbers(KAWASAKI) == keys.numbers(KAWASAKI)
    assert files(tmp_path) == {
        "signing.key",
        "marks.key",
        "tickets-141305.key",
        "numbers-141305.key",
    }
    assert all((path.stat().st_mode & 0o077) == 0 for path in (tmp_path / "keys").iterdir())


def test_asking_for_a_key_makes_none(keys: KeyRing, tmp_path: Path) -> None:
    assert keys.public_tickets([NOWHERE]) == {}
    with pytest.raises(Damaged, match=r"tickets-999999\.key is missing"):
        keys.tickets(NOWHERE)
    with pytest.raises(Damaged, match="is missing"):
        keys.numbers(NOWHERE)
    with pytest.raises(Malformed, match="no sealing key of 2099-12"):
        keys.sealing("2099-12")

    assert files(tmp_path) == {"signing.key", "marks.key"}


@pytest.mark.parametrize("zone", ["", "../elsewhere", "a/b", "場所", "x" * 21, "a\0b"])
def test_a_zone_is_named_by_letters_and_digits(keys: KeyRing, zone: str) -> None:
    with pytest.raises(Malformed, match="names no zone"):
        keys.begin_zone(zone, "2026-11")


def test_a_shredded_month_stays_shredded(keys: KeyRing, tmp_path: Path) -> None:
    keys.begin_month("2026-11")
    (tmp_path / "keys" / "sealing-2026-11.key").unlink()
    again = KeyRing(tmp_path / "keys", SeededRandomness("another start"))

    with pytest.raises(Malformed):
        again.sealing("2026-11")
    assert files(tmp_path) == {"signing.key", "marks.key"}


def test_a_ticket_of_a_town_that_never_joined_is_kept_apart(town: Corner, hana: Resident) -> None:
    shop = town.node(FISH_SHOP)
    seq = town.redeem(shop, town.ticket(shop, hana, 500))
    redeemed = decode(shop.records[seq - 1]).body
    shop.write(replace(redeemed, municipality=NOWHERE))

    verdict = town.verdict(shop)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "bad-ticket")
