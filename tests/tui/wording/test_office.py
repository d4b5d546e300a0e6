"""Whoever runs the hub is told what happened in words of the office, and never to telephone it."""

import ast
from collections.abc import Iterator

import pytest

from node.card.errors import SignatureMismatch
from sync.errors import (
    Damaged,
    DatabaseAway,
    DatabaseBusy,
    InUse,
    NotAuthentic,
    RefusedByRule,
    Unreachable,
)
from tests.tui.wording.reasons import ROOT
from tui import exits
from tui.wording.advice import ADVICE, ERRORS
from tui.wording.office import FOR_EVERYBODY, OFFICE, office_advice_about

MET_MOST = {
    "second-person": "同じ人が両方を行うことはできません。別の方が承認してください。",
    "unknown-exception": "その例外はありません。一覧で確かめてください。",
    "unknown-window": "その名前の締めはありません。一覧で確かめてください。",
    "resident-unknown": "このマイキーIDの登録はありません。入力した内容を確かめてください。",
    "mykey-id-cancelled": "このマイキーIDは廃止されました。カードは窓口でもう一度登録できます。",
    "municipality-exists": "この自治体はすでに参加しています。これ以上することはありません。",
    "operator-last": "全自治体を承認できる人が2人必要です。先に別の方を招待してください。",
    "hub-exists": "この場所にはすでにセンターがあります。"
    "別のフォルダーやデータベースにしてください。",
    "file-exists": "同じ名前の別のファイルがあります。別の名前にしてください。",
}


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MACHIKADO_LANG", "ja")


def _given_by_the_hub() -> Iterator[str]:
    """Reasons, as they stand in the hub's code."""
    for file in (ROOT / "hub").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "RefusedByRule":
                reason = node.args[0]
                if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                    yield reason.value


def _told(problem: Exception, *arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    def command() -> None:
        raise problem

    exits.run(command, arguments, ROOT / "never-written.log")
    return capsys.readouterr().err


def test_every_reason_with_words_of_the_office_is_one_that_the_hub_gives() -> None:
    assert set(OFFICE) - set(_given_by_the_hub()) == set()


def test_nobody_in_the_office_is_told_to_call_it_or_to_send_a_customer() -> None:
    of_counters = {ADVICE["unknown-epoch"].todo, ADVICE["resident-unknown"].todo}
    assert {ERRORS["Damaged"].todo, ADVICE["no-accepted-town"].todo} == of_counters
    for advice in (*OFFICE.values(), *FOR_EVERYBODY):
        assert advice.todo not in of_counters


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("reason", MET_MOST)
def test_what_people_meet_most_is_told_before_the_english_sentence(
    reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = RefusedByRule(reason, "as the hub says it")
    told = _told(problem, "--json", "hub", "pending", "approve", "7", capsys=capsys)
    assert told.endswith(f"{MET_MOST[reason]}\nas the hub says it\n")


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize(
    "problem",
    [
        RefusedByRule("journal-ahead", "the journal is ahead"),
        NotAuthentic("the token is not valid"),
        Damaged("the journal does not add up"),
        InUse("machikado hub serve (4711)"),
        SignatureMismatch("another key"),
    ],
)
def test_what_has_no_words_of_the_office_is_told_in_english_alone(
    problem: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office_advice_about(problem) is None
    assert _told(problem, "hub", "check", "DIR", capsys=capsys) == f"{problem}\n"


@pytest.mark.usefixtures("japanese")
def test_an_error_whose_words_hold_anywhere_keeps_them(capsys: pytest.CaptureFixture[str]) -> None:
    told = _told(Unreachable("no answer"), "hub", "node", "list", capsys=capsys)
    assert told.startswith("センターから応答がありません。")


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("command", ["init", "audit", "serve"])
def test_a_database_that_is_away_is_no_centre_that_comes_back_with_the_network(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _told(DatabaseAway("m@localhost: refused"), "hub", command, "DIR", capsys=capsys)
    assert told == (
        "センターのデータベースに接続できません。サーバーが動いているか、"
        "パスワードが ~/.pgpass（またはPGPASSFILEのファイル）にあるか確かめてください。\n"
        "m@localhost: refused\n"
    )


@pytest.mark.usefixtures("japanese")
def test_a_database_that_another_program_has_is_no_centre_without_an_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = _told(DatabaseBusy("another program is at work"), "hub", "upgrade", "DIR", capsys=capsys)
    assert told == (
        "ほかのプログラムがセンターのデータベースを使っています。"
        "少し待ってから、もう一度お試しください。\nanother program is at work\n"
    )


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("arguments", [(), ("node", "register"), ("--json", "node", "spend")])
def test_a_counter_keeps_its_own_words(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    problem = RefusedByRule("resident-unknown", "nobody is registered")
    assert "カード" in _told(problem, *arguments, capsys=capsys)
