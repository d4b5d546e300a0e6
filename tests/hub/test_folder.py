"""A hub is made once; later a file that is gone or damaged is missed, and never made anew."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.audit import audit_hub
from hub.bodies import OrganisationAdded
from hub.folder import IDENTITIES, JOURNAL, LEDGER
from hub.forms import MunicipalityForm
from hub.hub import copy_of, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from sync.certificate import CertificateError
from sync.errors import Damaged, RefusedByRule
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.corner import BANK as ACCOUNT
from tests.hub.corner import FISH_SHOP, KAWASAKI, Corner
from tests.hub.test_serving import run
from tests.hub.townhall import BANK

CLOCK = TurnedClock(at("2026-11-02 10:00"))
PAGE = 4096


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub that Kawasaki has joined; tests copy it."""
    folder = tmp_path_factory.mktemp("made") / "hub"
    people = init_hub(
        folder,
        origin="https://hub.test",
        demo=False,
        clock=CLOCK,
        randomness=SeededRandomness("made"),
    )
    token = people.token_files[0]
    assert token is not None
    with closing(open_hub(folder, CLOCK)) as hub:
        form = MunicipalityForm(
            municipality=KAWASAKI, name="川崎市", requester="1234567890", account=BANK
        )
        hub.office.add_municipality(hub.office.sign_in(token.read_text()), form)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "hub"))


@dataclass(frozen=True, slots=True)
class Accident:
    """What befell a file of the folder, and what must be said of it."""

    name: str
    file: str
    befalls: Callable[[Path], object]
    said: str


def _halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


def _zero_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[2 * PAGE : 40 * PAGE] = bytes(38 * PAGE)
    path.write_bytes(data)


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (name)")


def _sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.execute(statement)
            database.commit()

    return change


def _garbage(path: Path) -> object:
    return path.write_bytes(b"this is no database" * 400)


def _empty(path: Path) -> object:
    return path.write_bytes(b"")


ACCIDENTS = [
    *(
        accident
        for file in (LEDGER, IDENTITIES)
        for accident in (
            Accident("gone", file, Path.unlink, "is missing"),
            Accident("empty", file, _empty, "is empty"),
            Accident("garbage", file, _garbage, "not a database"),
            Accident("cut off", file, _halve, "malformed"),
            Accident("of zeros", file, _zero_pages, "is damaged"),
            Accident("another program's", file, _foreign, "lacks "),
            Accident("newer", file, _sql("UPDATE meta SET value=x'3939'"), "newer than this"),
            Accident("older", file, _sql("UPDATE meta SET value=x'31'"), "older than this program"),
            Accident("nameless", file, _sql("DELETE FROM meta"), "which version"),
        )
    ),
    Accident(
        "without a column",
        LEDGER,
        _sql("ALTER TABLE told_node DROP COLUMN good_until"),
        "lacks told_node.good_until",
    ),
    Accident(
        "without a column",
        IDENTITIES,
        _sql("ALTER TABLE card_key DROP COLUMN replaced"),
        "lacks card_key.replaced",
    ),
    Accident("the other one", LEDGER, lambda p: shutil.copy(p.with_name(IDENTITIES), p), "older"),
    Accident(
        "without an incarnation",
        LEDGER,
        _sql("DELETE FROM meta WHERE name='incarnation'"),
        "incarnation",
    ),
    *(
        accident
        for name in ("signing", "marks", f"tickets-{KAWASAKI}", f"numbers-{KAWASAKI}")
        for accident in (
            Accident("gone", f"keys/{name}.key", Path.unlink, "is missing"),
            Accident("empty", f"keys/{name}.key", _empty, "is no key"),
            Accident("short", f"keys/{name}.key", lambda p: p.write_bytes(b"short"), "is no key"),
        )
    ),
    Accident("gone", "keys", shutil.rmtree, "is missing"),
    Accident("gone", "hub.json", Path.unlink, "is missing"),
    Accident("empty", "hub.json", _empty, "cannot be read"),
    Accident("garbage", "hub.json", lambda p: p.write_bytes(b"\xff\xfe{"), "cannot be read"),
    Accident("of another shape", "hub.json", lambda p: p.write_text('{"origin": 5}'), "origin"),
]


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda each: f"{each.file} {each.name}")
def test_a_file_that_is_gone_or_damaged_is_named_and_nothing_is_made(
    folder: Path, accident: Accident
) -> None:
    accident.befalls(folder / accident.file)
    before = _names(folder)

    for look in (_open, _copy):
        with pytest.raises(Damaged) as told:
            look(folder)
        assert str(folder / accident.file) in str(told.value)
        assert accident.said in str(told.value)
        assert "\n" not in str(told.value)

    assert _names(folder) == before


def _open(folder: Path) -> None:
    open_hub(folder, CLOCK).close()


def _copy(folder: Path) -> None:
    with copy_of(folder):
        pass


def _names(folder: Path) -> set[str]:
    """What lies in a folder, but for the lock and what SQLite keeps beside an open file."""
    aside = ("-wal", "-shm", "lock")
    return {str(path) for path in folder.rglob("*") if not path.name.endswith(aside)}


@pytest.mark.parametrize("name", ["zone-141305-1-2026-11", "sealing-2026-11"])
def test_a_months_key_that_terminals_were_told_of_is_missed_while_it_is_in_use(
    folder: Path, name: str
) -> None:
    with closing(open_hub(folder, CLOCK)) as hub:
        town = Corner(CLOCK, hub.core, hub.mykey)
        town.enact(OrganisationAdded(KAWASAKI, FISH_SHOP, "魚屋", "駅前", ACCOUNT))
        town.node(FISH_SHOP)  # it asks for the feed
    (folder / "keys" / f"{name}.key").unlink()

    with pytest.raises(Damaged, match=f"{name}.key is missing"):
        open_hub(folder, CLOCK)
    open_hub(folder, TurnedClock(at("2026-12-01 10:00"))).close()  # it may be shredded now


def test_a_root_that_is_none_is_named(folder: Path) -> None:
    (folder / "roots" / "jpki.der").write_bytes(b"junk")

    with pytest.raises(CertificateError, match=r"jpki\.der"):
        open_hub(folder, CLOCK)


def test_a_journal_with_a_line_that_this_hub_never_wrote_is_told_at_start(folder: Path) -> None:
    journal = folder / JOURNAL / "released.jsonl"
    journal.parent.mkdir(exist_ok=True)
    journal.write_bytes(b"junk\n")

    with pytest.raises(
        Damaged, match=r"journal/released\.jsonl, line 1 is none that this hub wrote"
    ):
        open_hub(folder, CLOCK)
    with copy_of(folder) as copy:  # people may still look at it
        assert [each.finding for each in audit_hub(copy, InlineVerifier())] == ["journal"]

    journal.write_bytes(b"cut off by a power los")
    open_hub(folder, CLOCK).close()


def test_a_hub_that_could_not_be_opened_lets_go_of_its_folder(folder: Path, tmp_path: Path) -> None:
    key = folder / "keys" / "signing.key"
    aside = key.rename(tmp_path / "signing.key")
    with pytest.raises(Damaged):
        open_hub(folder, CLOCK)

    aside.rename(key)
    open_hub(folder, CLOCK).close()


def test_what_an_interrupted_init_left_is_no_hub(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="holds no hub"):
        open_hub(tmp_path, CLOCK)
    (tmp_path / "hub.db").touch()

    with pytest.raises(RefusedByRule, match="interrupted"):
        init_hub(tmp_path, origin="https://hub.test", demo=False)
    with pytest.raises(Damaged, match=r"hub\.json is missing"):
        open_hub(tmp_path, CLOCK)


@pytest.mark.processes
@pytest.mark.parametrize("command", ["serve", "audit"])
def test_at_the_shell_a_lost_database_is_exit_code_5(folder: Path, command: str) -> None:
    (folder / "hub.db").unlink()

    done = run("hub", command, str(folder))

    assert (done.returncode, done.stdout) == (5, "")
    assert "hub.db is missing" in done.stderr
    assert not (folder / "hub.db").exists()
