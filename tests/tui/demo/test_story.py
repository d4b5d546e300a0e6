"""The month as text: the real programs play it, and its figures are the documents'."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.tui.demo.programs import DEMO, ROOT, environment, hub_runs, run_demo
from tui.demo.bank import read_order

pytestmark = [pytest.mark.processes, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "corner"


@pytest.fixture(scope="module")
def told(folder: Path) -> str:
    """The whole month, played once."""
    done = run_demo("--dir", str(folder), "--lang", "en", "--seed", "7")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def after(told: str, first: str, *more: str) -> None:
    """These sentences stand in the story, one behind the other."""
    at = told.index(first)
    for sentence in more:
        at = told.index(sentence, at)


def test_a_resident_is_given_what_the_departments_give(told: str) -> None:
    after(told, "Taro: Kawasaki 620", "Taro: Kawasaki 2,620")
    after(told, "Hanako: Toshima 5,000, Kawasaki 4,000")


def test_an_id_that_is_taken_or_is_none_is_refused_in_words(told: str) -> None:
    after(
        told,
        "abc12345",
        "exactly 8 half-width characters",
        "Taro would like HANAKO01: somebody has it already",
        "Taro's MyKey ID is TARO0001",
    )


def test_from_2800_points_1000_leave_1800_and_2801_are_refused(told: str) -> None:
    after(told, "2,800", "2,000", "1,740", "pays 2,801", "[too-few-points]", "left: 1,800", "2,000")


def test_a_terminal_shows_whose_it_is(told: str) -> None:
    after(told, "terminal B2108-1111: A商店街", "A商店街八百屋")


def test_cut_off_the_shop_sells_until_a_limit_says_why_not(told: str) -> None:
    after(
        told,
        "The network goes down",
        "taken: 600",
        "pays 1,001",
        "[over-spend-limit]",
        "the sale is taken back",
        "[too-many-spends]",
        "28,850 may still be taken offline",
        "(A商店街八百屋): taken 650;",
    )


def test_a_photocopy_is_found_when_the_network_is_back_and_people_decide(told: str) -> None:
    after(
        told,
        "valid from 2017-12-15 to 2017-12-17",
        "A photocopy of it",
        "taken: 1,000",
        "The network is back",
        "second-redemption, 1,000 at B2110-1112, borne by reserve",
        "Kawasaki 1,850",
        "decided (recover)",
        "Kawasaki 850",
    )


def test_a_three_day_ticket_is_refused_on_day_four(told: str) -> None:
    after(told, "Day 4", "[ticket-past]", "500, expired")


def test_paper_that_a_shop_stamped_in_time_is_cleared_later_but_no_sheet_twice(told: str) -> None:
    after(
        told,
        "tickets: 3 of 100, valid from 2017-12-15 to 2017-12-17",
        "They are stamped",
        "Day 4",
        "Tue 19 Dec 2017 10:00  The office clears",
        *["taken: 100"] * 3,
        "it goes back to the shop. [ticket-seen-here]",
        "300 points, sheets cleared: 3, sheets given back: 1",
        "Cleared for B2109: 300",
    )


def test_the_month_is_settled_by_two_people_and_everything_adds_up(told: str) -> None:
    after(told, "[second-person]", "Closed by operator-1, approved by operator-2", "settled")
    findings = told.split("findings")[1].split("Hanako", maxsplit=1)[0].splitlines()
    assert [line.split()[-1] for line in findings if line.strip()] == ["0"] * 6
    after(told, "everything adds up")


def test_it_leaves_its_files_and_names_them(told: str, folder: Path) -> None:
    listed = [line.strip() for line in told.split("Files that were made")[1].splitlines()[1:]]
    assert all((folder / name).stat().st_size for name in listed)
    assert {
        "papers/ticket.png",
        "papers/clearing-receipt.png",
        "lists/exceptions.csv",
        "story.txt",
    } <= set(listed)
    assert (folder / "papers/ticket.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "story.txt").read_text("utf-8") == told


def test_the_bank_is_told_to_pay_what_z_reports_and_receipts_say(told: str, folder: Path) -> None:
    orders = [read_order(file.read_bytes()) for file in sorted((folder / "bank").iterdir())]
    paid = sum(order.total for order in orders)
    closing = told.split("The shops close")[1].split("==", maxsplit=1)[0].splitlines()[2:]
    reported = [line.split()[-1] for line in closing if line.strip()]  # and the pile, as the last
    assert paid == sum(int(text.replace(",", "")) for text in reported)


def test_the_lists_of_a_window_say_what_the_bank_was_told(told: str, folder: Path) -> None:
    assert told
    orders = [read_order(file.read_bytes()) for file in (folder / "bank").glob("141305-*")]
    listed = (folder / "lists/141305-shops-1.csv").read_text("utf-8-sig").splitlines()
    assert listed[0] == "精算一覧"
    assert f"振込額合計,{sum(order.total for order in orders)}" in listed
    notice = (folder / "lists/141305-shops-1-141305-B2108.csv").read_text("utf-8-sig")
    assert "支払通知" in notice
    assert "事業者名,A商店街" in notice


def test_the_lists_are_headed_in_japanese_and_name_the_residents(told: str, folder: Path) -> None:
    assert told
    tops = {
        name: (folder / f"lists/{name}.csv").read_text("utf-8-sig").splitlines()
        for name in ("balances", "exceptions", "windows", "programmes")
    }
    assert tops["balances"][0] == "氏名,自治体コード,使えるポイント,保留中のポイント,日時"
    assert {line.split(",")[0] for line in tops["balances"][1:]} == {"Hanako", "Taro", "Umeko"}
    assert all(line.endswith(",2018-01-26 10:00") for line in tops["balances"][1:])
    assert ",2017-12-1" in tops["exceptions"][1]
    assert tops["windows"][0].startswith("精算番号,自治体コード,状態")
    assert "141305,101,清掃ボランティア,環境局," in "\n".join(tops["programmes"])


def test_its_hub_is_gone_when_it_ends(told: str, folder: Path) -> None:
    assert told
    assert not hub_runs(folder)


def test_a_second_demo_in_the_same_folder_is_refused_in_words(told: str, folder: Path) -> None:
    before = (folder / "clock").read_text()
    again = run_demo("--dir", str(folder))
    assert told
    assert (again.returncode, again.stdout) == (3, "")
    assert "name another folder" in again.stderr
    assert (folder / "clock").read_text() == before


def test_the_same_seed_tells_the_same_story(told: str, folder: Path, tmp_path: Path) -> None:
    again = run_demo("--dir", str(tmp_path / "twin"), "--lang", "en", "--seed", "7")
    assert again.stdout.replace(str(tmp_path / "twin"), str(folder)) == told


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_demo_that_is_stopped_stops_its_hub(tmp_path: Path, sign: int, code: int) -> None:
    folder = tmp_path / "corner"
    with subprocess.Popen(
        [*DEMO, "--dir", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
    ) as program:
        assert program.stdout is not None
        assert any("==" in line for line in program.stdout)  # its hub is up
        assert hub_runs(folder)
        os.kill(program.pid, sign)
        program.communicate(timeout=60)
        assert program.returncode == code
    assert not hub_runs(folder)
