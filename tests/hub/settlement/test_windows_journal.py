"""The journal of releases: on the disk before the answer, and ahead of a restored database."""

from pathlib import Path

import pytest

from hub.settlement.journal import Journal
from sync.errors import Damaged, RefusedByRule
from sync.signing import SigningKey, verify
from tests.doubles.listening import listening
from tests.hub.settlement.month import BAKERY, FISH, KAWASAKI, Month


def lines(month: Month) -> list[bytes]:
    return (month.journal.folder / "released.jsonl").read_bytes().splitlines(keepends=True)


def test_a_file_and_its_line_are_on_the_disk_before_the_answer(month: Month) -> None:
    month.sale(FISH, 1_000)
    name, file = month.released()

    (kept,) = month.journal.releases()
    assert (kept.window, kept.pay_on, kept.total) == (str(name), file.pay_on, 1_000)
    assert kept.sha256 == file.sha256
    assert (month.journal.folder / f"{name}.txt").read_bytes() == file.file
    assert month.journal.folder.stat().st_mode & 0o077 == 0


def test_nothing_is_answered_while_the_journal_cannot_be_written(month: Month) -> None:
    month.sale(FISH, 1_000)
    name = month.approved()
    month.journal.folder.write_bytes(b"")  # no folder can be made here
    with pytest.raises(OSError, match="journal"):
        month.settlement.file(month.person("aoki"), name)

    month.journal.folder.unlink()
    file = month.settlement.file(month.person("aoki"), name)
    assert [kept.sha256 for kept in month.journal.releases()] == [file.sha256]


def test_handing_the_file_out_again_leaves_one_line(month: Month) -> None:
    month.sale(FISH, 1_000)
    name, _ = month.released()
    month.settlement.file(month.person("baba"), name)
    assert len(lines(month)) == 1


def test_however_many_files_have_left_the_database_is_asked_once_whether_it_knows_them(
    month: Month,
) -> None:
    def asked_by_a_look() -> int:
        with month.core.database.read() as tx, listening(month.core.database) as here:
            month.journal.check(tx)
        return len(here.asked)

    def release(points: int) -> None:
        month.sale(FISH, points)
        month.released()

    release(100)
    one = asked_by_a_look()
    for points in (200, 300):
        release(points)

    assert len(lines(month)) == 3
    assert asked_by_a_look() == one


def test_a_hub_restored_to_before_a_release_settles_nothing(month: Month, tmp_path: Path) -> None:
    month.sale(FISH, 1_000)
    month.released()
    restored = Month(tmp_path / "journal")  # the same journal, an older database
    restored.sale(FISH, 1_000)
    settle, aoki = restored.settlement, restored.person("aoki")

    with pytest.raises(RefusedByRule, match="141305-shops-1") as refused:
        settle.close(aoki, KAWASAKI)
    assert refused.value.reason == "journal-ahead"
    restored.close()


def test_a_hub_restored_to_before_the_file_of_a_closed_window_makes_no_other_file(
    month: Month, tmp_path: Path
) -> None:
    month.sale(FISH, 1_000)
    older = Month(tmp_path / "older")
    older.sale(FISH, 1_000)
    older.sale(BAKERY, 300)
    name = older.approved()
    month.released()
    older.settlement = type(older.settlement)(older.core, month.journal)

    settle, aoki = older.settlement, older.person("aoki")
    for ask in (settle.review, settle.approve, settle.file):
        with pytest.raises(RefusedByRule) as refused:
            ask(aoki, name)
        assert refused.value.reason == "journal-ahead"
    older.close()


def test_another_file_of_the_same_window_is_not_the_one_that_left(
    month: Month, tmp_path: Path
) -> None:
    month.sale(FISH, 1_000)
    month.released()
    other = Month(tmp_path / "other")
    other.sale(FISH, 2_000)
    other.released()
    with other.core.database.read() as tx, pytest.raises(RefusedByRule):
        month.journal.check(tx)
    other.close()


def test_a_line_cut_off_by_a_power_loss_counts_as_not_written(month: Month) -> None:
    month.sale(FISH, 1_000)
    name, file = month.released()
    path = month.journal.folder / "released.jsonl"
    path.write_bytes(path.read_bytes()[:-20])

    assert month.journal.releases() == []
    month.settlement.file(month.person("aoki"), name)
    assert [kept.sha256 for kept in month.journal.releases()] == [file.sha256]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"total":1000', b'"total":1001'), (b"141305-shops-1", b"141305-shops-2"), (b"{", b"")],
)
def test_a_line_that_somebody_changed_is_damage(month: Month, old: bytes, new: bytes) -> None:
    month.sale(FISH, 1_000)
    name, _ = month.released()
    path = month.journal.folder / "released.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(Damaged, match="line 1"):
        month.settlement.result(month.person("aoki"), name, b"line,outcome,reason\n1,paid,\n")


def signatures_checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The signature of each line that is checked from now on."""
    checked: list[bytes] = []

    def noted(key: bytes, signature: bytes, purpose: str, data: bytes) -> None:
        checked.append(signature)
        verify(key, signature, purpose, data)

    monkeypatch.setattr("hub.settlement.journal.verify", noted)
    return checked


def test_a_window_checks_no_signature_of_those_before_it_again(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look when the hub begins, and then each line once, however many windows follow."""
    checked = signatures_checked(monkeypatch)
    for points in (100, 200, 300):
        month.sale(FISH, points)
        name, _ = month.released()
        month.bank_says(name, "paid")

    assert len(lines(month)) == 3
    assert len(checked) == len(set(checked)) == 3
    month.journal.releases()
    assert len(checked) == 6


def test_a_line_that_was_good_and_was_changed_since_stops_the_next_step(month: Month) -> None:
    """Also one of an earlier window, and also where the copy beside it is as it was."""
    month.sale(FISH, 1_000)
    first, _ = month.released()
    month.bank_says(first, "paid")
    month.sale(FISH, 2_000)
    name = month.closed()
    path = month.journal.folder / "released.jsonl"
    whole = path.read_bytes()
    settle, aoki = month.settlement, month.person("aoki")

    path.write_bytes(whole.replace(b'"total":1000', b'"total":1001'))
    with pytest.raises(Damaged, match="line 1"):
        settle.review(aoki, name)
    assert findings(month) == ["journal"]

    path.write_bytes(whole)
    assert settle.review(aoki, name).state == "reviewed"


def test_a_line_of_another_hub_is_damage(month: Month) -> None:
    month.sale(FISH, 1_000)
    month.released()
    stranger = Journal(month.journal.folder, SigningKey(b"\x01" * 32))
    with pytest.raises(Damaged, match="not this hub's"):
        stranger.releases()


def findings(month: Month) -> list[str]:
    with month.core.database.read() as tx:
        return [each.finding for each in month.journal.audit(tx)]


def test_journal_and_database_are_audited_against_each_other(month: Month, tmp_path: Path) -> None:
    assert findings(month) == []
    month.sale(FISH, 1_000)
    name, file = month.released()
    journal = month.journal.folder / "released.jsonl"
    copy, line = month.journal.folder / f"{name}.txt", journal.read_bytes()
    assert findings(month) == []

    copy.write_bytes(file.file.replace(b"1000", b"9000"))
    assert findings(month) == ["journal-file"]
    copy.unlink()
    assert findings(month) == ["journal-file"]
    copy.write_bytes(file.file)
    journal.write_bytes(line.replace(b'"total":1000', b'"total":9000'))
    assert findings(month) == ["journal"]
    journal.unlink()
    assert findings(month) == ["journal-missing"]

    journal.write_bytes(line)
    restored = Month(tmp_path / "journal")
    assert findings(restored) == ["journal-ahead"]
    restored.close()
