"""The command line: a day at the counter from the shell, as scripts rely on it."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from node import enrol, opening
from node.card_cli import card
from node.cli import node
from node.store import Store
from printer.profiles import PROFILES
from sync.democa import DemoCa
from sync.errors import (
    Busy,
    Damaged,
    Garbled,
    InUse,
    Malformed,
    NotAuthentic,
    RefusedByRule,
    Unreachable,
)
from sync.invitation import write_invitation
from sync.request import Response, problem_response
from sync.revocation import Kind, read_list
from sync.values import DAY, Millis
from tests.doubles.hub import FakeHub
from tests.node.conftest import NOON
from tui.exits import exit_code

Run = Callable[..., Result]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeHub:
    hub = FakeHub(NOON)
    for module in (opening, enrol):
        monkeypatch.setattr(module, "door_to", lambda *_: hub)
    clock = tmp_path / "clock"
    clock.write_text(str(NOON))
    monkeypatch.setenv("MACHIKADO_DEMO_CLOCK", str(clock))
    monkeypatch.setenv("MACHIKADO_PIN", "1234")
    monkeypatch.setattr(enrol, "clock_for", opening.clock_for)
    return hub


@pytest.fixture
def run(hub: FakeHub, tmp_path: Path, blank_card: Path) -> Iterator[Run]:
    from node.card.tap import Tap

    runner = CliRunner()

    def call(*words: str, group: click.Group = node, stdin: str = "") -> Result:
        return runner.invoke(group, [str(word) for word in words], input=stdin)

    invitation = tmp_path / "invitation"
    invitation.write_text(write_invitation(hub.invitation))
    with Tap(f"soft:{blank_card}") as tap:
        hub.give(tap.key.digest, 5_000)
    enrolled = call(
        "enrol",
        str(tmp_path / "node"),
        "--invitation",
        str(invitation),
        "--second-path",
        str(tmp_path / "second"),
        "--json",
    )
    assert set(said(enrolled)) == {"node", "fingerprint"}
    assert said(call("sync", str(tmp_path / "node"), "--json"))["reached"]
    yield call
    Store.open(tmp_path / "node", "test").close()


def said(result: Result) -> dict[str, Any]:
    """The one line of JSON on standard output."""
    (line,) = result.stdout.splitlines()
    answer = json.loads(line)
    assert isinstance(answer, dict)
    return answer


SPEND = ("--municipality", "141305", "--points")


def test_a_day_at_the_counter(run: Run, tmp_path: Path, blank_card: Path) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    picture = tmp_path / "slip.png"

    opened = run("shift", "open", where, "--staff", "花子", "--json")
    spent = run("spend", where, *SPEND, "300", "--card", soft, "--png", str(picture), "--json")
    undone = run("reverse", where, str(said(spent)["seq"]), "--json")
    issued = run(
        "ticket",
        "issue",
        where,
        *SPEND,
        "500",
        "--days",
        "3",
        "--count",
        "2",
        "--card",
        soft,
        "--json",
    )
    tickets = [json.loads(line) for line in issued.stdout.splitlines()]
    redeemed = run("ticket", "redeem", where, tickets[0]["qr"], "--json")
    again = run("ticket", "redeem", where, tickets[0]["qr"], "--json")
    closed = run("shift", "close", where, "--png", str(tmp_path / "z.png"), "--json")
    audit = run("audit", where, "--json")

    assert said(opened)["outcome"] == "approved"
    assert said(spent)["outcome"] == "approved"
    assert {"reason", "tier", "node", "epoch", "seq", "points", "balance_after"} <= set(said(spent))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert said(undone)["points"] == 300
    assert [set(t) for t in tickets] == [
        {"outcome", "number", "qr", "points", "valid_from", "valid_until", "seq"}
    ] * 2
    assert said(redeemed)["number"] == tickets[0]["number"]
    assert (again.exit_code, said(again)["reason"]) == (3, "ticket-seen-here")
    assert "refused" in again.stderr
    assert said(closed)["taken"] == 500
    assert (audit.exit_code, audit.stdout) == (0, "")


def test_points_of_a_closed_shift_are_given_back_from_the_shell(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where, picture = str(tmp_path / "node"), tmp_path / "refund.png"
    sale = said(run("spend", where, *SPEND, "300", "--card", f"soft:{blank_card}", "--json"))
    record = (sale["epoch"], str(sale["seq"]))
    too_early = run("refund", where, *record, "--json")
    run("shift", "close", where)

    part = run("refund", where, *record, "--points", "100", "--png", str(picture), "--json")
    rest = run("refund", where, *record, "--json")
    again = run("refund", where, *record, "--json")

    assert (too_early.exit_code, said(too_early)["reason"]) == (3, "in-this-shift")
    assert (said(part)["outcome"], said(part)["points"]) == ("approved", 100)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert said(rest)["points"] == 200
    assert (again.exit_code, said(again)["reason"]) == (3, "refunded-already")
    assert "refused" in again.stderr


def test_status_has_every_key_that_scripts_read(run: Run, tmp_path: Path) -> None:
    answer = said(run("status", str(tmp_path / "node"), "--json"))

    assert set(answer) >= {
        "node",
        "organisation",
        "municipality",
        "epoch",
        "seq",
        "head",
        "waiting",
        "acknowledged",
        "last_sync",
        "hub_reachable",
        "offline_left",
        "only_copy",
        "printer",
        "incidents",
    }
    assert (answer["kind"], answer["offline_left"]) == ("shop", 30_000)
    assert answer["hub_reachable"] is True


def test_a_silent_hub_ends_a_sync_with_4_and_loses_nothing(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path
) -> None:
    where = str(tmp_path / "node")
    hub.silent = True

    spent = run("spend", where, *SPEND, "300", "--card", f"soft:{blank_card}", "--json")
    synced = run("sync", where, "--json")
    exported = run("export", where, str(tmp_path / "stick"), "--json")

    assert said(spent)["tier"] == "T2"
    assert (synced.exit_code, said(synced)["reached"]) == (4, False)
    assert said(exported)["records"] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("ticket", "issue", *SPEND, "500", "--days", "3", "--count", "1"),
        ("register", "--mykey-id", "HANAKO01", "--consent", "points"),
    ],
)
def test_what_works_only_with_the_hub_ends_with_4_while_it_is_silent(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path, words: tuple[str, ...]
) -> None:
    where = str(tmp_path / "node")
    before = said(run("status", where, "--json"))
    hub.silent = True

    refused = run(*words, where, "--card", f"soft:{blank_card}", "--json")

    assert (refused.exit_code, said(refused)["reason"]) == (4, "hub-silent")
    after = said(run("status", where, "--json"))
    assert (after["seq"], after["shift_open"]) == (before["seq"], False)


def test_registration_and_balances(run: Run, tmp_path: Path, blank_card: Path) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"

    made = run(
        "register", where, "--card", soft, "--mykey-id", "HANAKO01", "--consent", "points", "--json"
    )
    exact = run("balance", where, "--card", soft, "--json")

    assert said(made) == {"mykey_id": "HANAKO01", "generated": False}
    assert said(exact) == {
        "municipality": "141305",
        "available": 5_000,
        "held": 0,
        "as_of": NOON,
        "exact": True,
    }


def test_a_service_number_is_linked_looked_at_and_taken_back(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    here = (str(tmp_path / "node"), "--card", f"soft:{blank_card}", "--json")
    run("register", *here, "--mykey-id", "HANAKO01")

    linked, looked = run("service", *here, "--link", "789145"), run("service", *here)
    back = run("service", *here, "--unlink")

    expected = {"organisation": "141305-B2108", "registered": True, "number": "789145"}
    assert said(linked) == said(looked) == expected
    assert said(back) == {**expected, "number": ""}


def test_a_number_is_linked_or_taken_back_but_not_both(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    here = (str(tmp_path / "node"), "--card", f"soft:{blank_card}")

    done = run("service", *here, "--link", "789145", "--unlink")

    assert done.exit_code == 2
    assert "give one" in done.stderr


def test_the_pin_comes_from_a_file_or_standard_input_and_a_wrong_one_is_refused(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"

    wrong = run(
        "spend", where, *SPEND, "10", "--card", soft, "--pin-file", "-", "--json", stdin="0000\n"
    )
    right = run(
        "spend", where, *SPEND, "10", "--card", soft, "--pin-file", "-", "--json", stdin="1234\n"
    )

    assert (wrong.exit_code, said(wrong)["reason"], said(wrong)["tries_left"]) == (
        3,
        "wrong-pin",
        2,
    )
    assert right.exit_code == 0


@pytest.mark.parametrize("amount", ["0", "-5", "1.5", "many", "99999999999"])
def test_what_is_no_amount_is_wrong_usage(
    run: Run, tmp_path: Path, blank_card: Path, amount: str
) -> None:
    result = run(
        "spend", str(tmp_path / "node"), f"--points={amount}", "--municipality", "141305",
        "--card", f"soft:{blank_card}",
    )  # fmt: skip

    assert isinstance(result.exception, Malformed)


def test_a_folder_without_a_node_and_one_in_use_are_told_apart(run: Run, tmp_path: Path) -> None:
    nothing = run("status", str(tmp_path / "nowhere"))
    assert isinstance(nothing.exception, Damaged)
    store = Store.open(tmp_path / "node", "the counter's screen")

    busy = run("sync", str(tmp_path / "node"))
    beside = run("status", str(tmp_path / "node"), "--json")

    store.close()
    assert isinstance(busy.exception, InUse)
    assert "the counter's screen" in str(busy.exception)
    assert beside.exit_code == 0


def test_a_sale_is_told_as_done_whatever_happens_to_its_paper(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    no_folder = ("--png", str(tmp_path / "nowhere" / "slip.png"), "--json")

    spent = run("spend", where, *SPEND, "300", "--card", soft, *no_folder)
    issued = run("ticket", "issue", where, *SPEND, "5", "--days", "3", "--card", soft, *no_folder)
    redeemed = run("ticket", "redeem", where, said(issued)["qr"], *no_folder)
    undone = run("reverse", where, str(said(spent)["seq"]), *no_folder)
    closed = run("shift", "close", where, *no_folder)

    for done in (spent, issued, redeemed, undone, closed):
        assert done.exit_code == 0
        assert said(done)["outcome"] == "approved"
        assert "it is done, but not on paper" in done.stderr


def test_a_silent_printer_is_told_after_the_sale(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where = str(tmp_path / "node")
    run("printer", where, "tcp:127.0.0.1:9")

    spent = run("spend", where, *SPEND, "300", "--card", f"soft:{blank_card}", "--json")

    assert (spent.exit_code, said(spent)["outcome"]) == (0, "approved")
    assert "its paper waits: The printer cannot be reached" in spent.stderr


def test_several_tickets_are_drawn_side_by_side_without_a_printer(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    run("ticket", "issue", str(tmp_path / "node"), *SPEND, "5", "--days", "3", "--count", "2",
        "--card", f"soft:{blank_card}", "--png", str(tmp_path / "t.png"))  # fmt: skip

    names = sorted(file.name for file in tmp_path.glob("*.png"))
    assert len(names) == 2
    assert all(re.fullmatch(r"t-\d{13}\.png", name) for name in names)


def test_a_ticket_whose_paper_is_spoilt_is_printed_again(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where, paper = str(tmp_path / "node"), tmp_path / "paper"
    soft = f"soft:{blank_card}"
    run("printer", where, f"file:{paper}")
    issued = run("ticket", "issue", where, *SPEND, "5", "--days", "3", "--card", soft, "--json")
    number = said(issued)["number"]
    before = paper.stat().st_size

    picture = tmp_path / "again.png"

    again = run("ticket", "reprint", where, number, "--png", str(picture), "--json")

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert (again.exit_code, said(again)["number"], said(again)["waiting"]) == (0, number, 0)
    assert paper.stat().st_size > before
    none = run("ticket", "reprint", where, "1230000000000", "--json")
    assert (none.exit_code, said(none)["reason"]) == (3, "no-such-job")


def test_a_refusal_has_the_keys_that_a_done_thing_has(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    done = run("spend", where, *SPEND, "300", "--card", soft, "--json")

    refused = run("spend", where, *SPEND, "9000", "--card", soft, "--json")

    assert refused.exit_code == 3
    assert set(said(refused)) >= set(said(done))
    assert (said(refused)["node"], said(refused)["epoch"]) == (
        said(done)["node"],
        said(done)["epoch"],
    )
    assert (said(refused)["tier"], said(refused)["balance_after"]) == (None, None)


def test_a_refusal_is_told_by_whoever_knows_the_persons_language(
    run: Run, tmp_path: Path, blank_card: Path
) -> None:
    where = str(tmp_path / "node")
    words = ["spend", where, *SPEND, "9000", "--card", f"soft:{blank_card}"]
    assert "too-few-points" in run(*words).stderr

    refused = CliRunner().invoke(node, words, obj=lambda reason, _: f"<{reason}>")

    assert (refused.exit_code, refused.stderr) == (3, "<too-few-points>\n")


def test_a_balance_known_only_from_below_is_marked_for_scripts(
    run: Run, hub: FakeHub, tmp_path: Path, blank_card: Path
) -> None:
    where, soft = str(tmp_path / "node"), f"soft:{blank_card}"
    hub.give(next(iter(hub.wallets)), 20_000)
    run("sync", where)

    exact = said(run("spend", where, *SPEND, "100", "--card", soft, "--json"))
    hub.silent = True
    capped = said(run("spend", where, *SPEND, "100", "--card", soft, "--json"))

    assert (exact["balance_after"], exact["at_cap"]) == (19_900, False)
    assert (capped["balance_after"], capped["at_cap"]) == (5_900, True)


@pytest.mark.parametrize("programme", ["zzz", "1", "1234", "１２３"])
def test_what_is_no_programme_is_refused_in_words(
    run: Run, tmp_path: Path, blank_card: Path, programme: str
) -> None:
    refused = run("ticket", "issue", str(tmp_path / "node"), *SPEND, "5", "--days", "3", "--card",
                  f"soft:{blank_card}", "--programme", programme, "--json")  # fmt: skip

    assert (refused.exit_code, said(refused)["reason"]) == (3, "unknown-programme")
    assert "three digits" in refused.stderr


@pytest.mark.parametrize("seq", ["0", "-1", "99999999999999999999", "two"])
def test_what_is_no_record_number_is_wrong_usage(run: Run, tmp_path: Path, seq: str) -> None:
    assert run("reverse", str(tmp_path / "node"), "--", seq).exit_code == 2


def test_a_secret_file_that_is_not_there_or_no_text_is_wrong_usage(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    for name in ("binary", "nowhere"):
        result = run("sync", str(tmp_path / "node"), "--secret-file", str(tmp_path / name))
        assert isinstance(result.exception, Malformed)
        assert name in str(result.exception)


def test_a_demo_clock_that_is_not_there_is_wrong_usage(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as gone:
        gone.setenv("MACHIKADO_DEMO_CLOCK", str(tmp_path / "nowhere"))
        result = run("status", str(tmp_path / "node"))

    assert isinstance(result.exception, Malformed)
    assert "demo clock" in str(result.exception)


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (
            problem_response(403, "node-not-confirmed", "no"),
            (RefusedByRule, "node-not-confirmed", 3),
        ),
        (problem_response(503, "busy", "later"), (Busy, "busy", 4)),
        (Response(502, "x", b"a proxy"), (Unreachable, "unreachable", 4)),
        (problem_response(401, "not-authentic", "who?"), (NotAuthentic, "not-authentic", 5)),
        (Response(200, "x", b"junk"), (Garbled, "malformed", 5)),
    ],
)
def test_how_a_sync_ends_says_whether_the_hub_refused_or_was_silent_or_spoke_nonsense(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Response,
    ends: tuple[type[Exception], str, int],
) -> None:
    kind, reason, code = ends
    monkeypatch.setattr(FakeHub, "_feed", lambda *_: answer)

    plain = run("sync", str(tmp_path / "node"))
    result = run("sync", str(tmp_path / "node"), "--json")

    assert type(plain.exception) is kind  # the front door has words for it in both languages
    assert not plain.stdout
    assert exit_code(plain.exception) == result.exit_code == code
    assert not said(result)["reached"]
    assert said(result)["trouble"] == str(plain.exception)
    assert said(result)["reason"] == reason


def test_the_doctor_ends_with_5_where_something_has_to_be_looked_at(
    run: Run, hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)  # this very PC's readers are nobody's test
    where = str(tmp_path / "node")
    hub.silent = True

    words = run("doctor", where)
    lines = [json.loads(line) for line in run("doctor", where, "--json").stdout.splitlines()]

    assert words.exit_code == 5
    assert "LOOK  hub: " in words.stdout
    assert {line["check"]: line["well"] for line in lines}["database"] is True
    assert {line["check"]: line["well"] for line in lines}["hub"] is False
    assert {line["check"]: line["level"] for line in lines}["hub"] == "look"
    assert "note  reader-support: " in words.stdout


def test_a_printer_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    good = run("printer", str(tmp_path / "node"), "tcp:192.0.2.1:9100", "--json")
    bad = run("printer", str(tmp_path / "node"), "laser")

    assert said(good) == {
        "destination": "tcp:192.0.2.1:9100",
        "profile": "unknown",
        "width": 576,
        "drawer": False,
        "language": "ja",
    }
    assert isinstance(bad.exception, Malformed)
    assert run("printer", str(tmp_path / "node"), "none").exit_code == 0
    assert said(run("printer", str(tmp_path / "node"), "--json"))["destination"] == "none"


def test_a_test_sheet_comes_out_or_it_is_said_why_not(run: Run, tmp_path: Path) -> None:
    where, paper = str(tmp_path / "node"), tmp_path / "paper"
    good = run("printer", where, f"file:{paper}", "--profile", "generic-58", "--test", "--json")
    bad = run("printer", where, f"file:{tmp_path / 'no' / 'paper'}", "--test")

    assert (said(good)["outcome"], said(good)["width"]) == ("printed", 384)
    assert paper.stat().st_size
    assert bad.exit_code == 4
    assert "no test sheet" in bad.stdout


def test_the_printers_of_this_pc_and_the_profiles_are_listed(run: Run, tmp_path: Path) -> None:
    lines = run("printer", str(tmp_path / "node"), "--list", "--json").stdout.splitlines()

    assert {line["profile"] for line in map(json.loads, lines) if "profile" in line} == {
        profile.name for profile in PROFILES
    }


@pytest.mark.parametrize(
    ("asked", "algorithm"), [((), "RS256"), (("--algorithm", "ES384"), "ES384")]
)
def test_a_software_card_is_made_and_looked_at(
    run: Run, hub: FakeHub, tmp_path: Path, asked: tuple[str, ...], algorithm: str
) -> None:
    assert hub.now == Millis(NOON)
    DemoCa.create(tmp_path / "ca", at=NOON)

    new = ("new", str(tmp_path / "taro.card"), "--ca", str(tmp_path / "ca"), *asked)
    made = run(*new, "--json", group=card)
    shown = run("show", str(tmp_path / "taro.card"), "--json", group=card)

    assert said(made) == said(shown)
    assert said(shown)["tries_left"] == 3
    assert said(shown)["algorithm"] == algorithm


def test_a_demos_card_is_taken_back_by_its_cas_list(run: Run, hub: FakeHub, tmp_path: Path) -> None:
    at, lists = hub.now, tmp_path / "all.crl"
    ca = DemoCa.create(tmp_path / "ca", at=Millis(at - DAY))
    demo = ("--ca", str(tmp_path / "ca"))
    assert run("new", str(tmp_path / "taro.card"), *demo, group=card).exit_code == 0

    def listed(*asked: str) -> set[Kind]:
        assert run("revoke", str(tmp_path / "taro.card"), *demo, *asked, group=card).exit_code == 0
        assert run("revocation-list", str(lists), *demo, "--days", "1", group=card).exit_code == 0
        made = x509.load_der_x509_crl(lists.read_bytes()).last_update_utc
        now = Millis(int(made.timestamp()) * 1000)
        return set(read_list(lists.read_bytes(), ca.roots, now).entries.values())

    assert listed("--hold") == {Kind.HELD}
    assert listed("--restore") == set()
    assert listed() == {Kind.REVOKED}
    again = run("revoke", str(tmp_path / "taro.card"), *demo, "--restore", group=card)
    assert isinstance(again.exception, RefusedByRule)
    assert again.exception.reason == "revoked-for-good"
