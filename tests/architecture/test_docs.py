"""The manuals say what is there: commands, reasons, findings, keys, numbers, links."""

import ast
import re
import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import click
import pytest

from hub.intake.decisions import _DECISIONS
from hub.mykey.audit import COMPARED as IDENTITIES
from hub.people import Role
from hub.points.case import Proof
from hub.rebuilt import COMPARED as LEDGER
from hub.settlement.findings import Fault
from hub.telling import _REASONS as TOLD
from node.identity import STOPPED_WORDS
from node.refusals import OTHER_WORDS
from sync.policy import Policy, Reason
from tests.architecture.source import ROOT, modules
from tui.cli import machikado
from tui.screens.home import JOBS
from tui.wording import Words

README = ROOT / "README.md"
DOCS = ROOT / "docs"
MANUALS = [README, *sorted(DOCS.rglob("*.md"))]
_KEY = re.compile(r"[a-z]+(-[a-z]+)+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


CONTRACT, OPERATE, COUNTER = (
    read(DOCS / name) for name in ("contract.md", "operate.md", "counter.md")
)
EVERYTHING = "\n".join(read(path) for path in MANUALS)


# -- commands


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    ctx = click.Context(command)
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield from commands(found, (*path, name))


COMMANDS = dict(commands(machikado, ("machikado",)))


def typed(text: str) -> list[str]:
    """The command lines in the shell blocks of a manual, with continued lines joined."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    split = [part.strip() for line in lines for part in line.split("&&")]
    return [part for part in split if part.startswith("machikado ")]


def wrong_with(line: str) -> str:
    """What the program would not understand in a command line; empty when it would."""
    words = [word for word in shlex.split(line, comments=True) if not word.startswith("$")]
    places = [n for n in range(2, 5) if " ".join(words[:n]) in COMMANDS]
    if not places:
        return f"no such command: {line}"
    rest = words[places[0] :]
    known = {
        option
        for parameter in COMMANDS[" ".join(words[: places[0]])].params
        for option in parameter.opts
    }
    strange = [word for word in rest if word.startswith("--") and word not in known]
    return f"{strange} in {line}" if strange else ""


def test_every_command_is_in_a_manual() -> None:
    assert len(COMMANDS) > 50
    assert [name for name in COMMANDS if name not in EVERYTHING] == []


@pytest.mark.parametrize(("text", "at_least"), [(read(README), 25), (OPERATE, 3)])
def test_every_command_line_in_a_manual_is_one_that_the_program_knows(
    text: str, at_least: int
) -> None:
    lines = typed(text)

    assert len(lines) > at_least
    assert [wrong for line in lines if (wrong := wrong_with(line))] == []


def test_the_reading_finds_a_command_that_is_none() -> None:
    told = (
        "```sh\nmachikado hub dance DIR \\\n  --fast\nmachikado hub audit hub --loud  # now\n```\n"
    )

    assert [bool(wrong_with(line)) for line in typed(told)] == [True, True]
    assert wrong_with("machikado hub audit hub --json $one") == ""


def test_every_make_target_that_is_named_is_there() -> None:
    there = set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", EVERYTHING))

    assert {"demo", "test"} <= named
    assert named <= there


def test_every_setting_from_outside_is_explained() -> None:
    read_here = {
        name
        for path in modules()
        for name in re.findall(r"\"(MACHIKADO_[A-Z_]+)\"", read(path))
        if name != "MACHIKADO_DEMO_CLOCK"  # between a demo and its own hub
    }

    assert len(read_here) > 4
    assert {name for name in read_here if name not in OPERATE} == set()


# -- reasons, findings, decisions


def keys_in(source: str) -> set[str]:
    """Every text in a module that looks like a reason, and what a verdict's makers are given."""
    tree = ast.parse(source)
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    given = {text for call in ("exception", "quarantined") for text in first_texts(tree, call)}
    return {text for text in texts if _KEY.fullmatch(text)} | given


def first_texts(tree: ast.AST, called: str) -> set[str]:
    """The texts that a function is given first, where they stand in the call itself."""
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        first = node.args[0]
        if node.func.id == called and isinstance(first, ast.Constant):
            found.add(str(first.value))
    return found


def unexplained(keys: set[str], manual: str) -> list[str]:
    """The keys that a manual does not set as code."""
    return sorted(key for key in keys if f"`{key}`" not in manual)


@pytest.mark.parametrize("kind", [Reason, Proof])
def test_every_reason_of_the_policy_and_of_a_proof_is_explained(kind: type[StrEnum]) -> None:
    good = {Proof.GOOD, Proof.NOT_NEEDED}

    assert unexplained({str(key) for key in kind if key not in good}, CONTRACT) == []


def test_every_reason_of_a_verdict_or_a_hold_is_explained() -> None:
    judging = ("asking", "issue", "judge", "recheck", "redeem", "till", "undo", "void", "voiders")
    files = [ROOT / "hub/points" / f"{name}.py" for name in judging]
    files += [ROOT / "hub/intake/post.py", ROOT / "hub/intake/decisions.py"]
    refused_to_people = {
        "unknown-exception",
        "already-decided",
        "unknown-decision",
        "nothing-to-pay",
        "cannot-apply",
        "decision-does-not-fit",
    }
    keys = {key for file in files for key in keys_in(read(file))}
    keys -= refused_to_people | set(_DECISIONS)  # said in a sentence to who asked

    assert {"overspend", "beyond-float", "records-first"} <= keys
    assert unexplained(keys, CONTRACT) == []


def test_the_reading_finds_reasons() -> None:
    source = (
        "def f():\n    exception('odd', x)\n    return 'no-room', 'A sentence', 'ticket.redeem'\n"
    )

    assert keys_in(source) == {"odd", "no-room"}
    assert unexplained({"odd", "no-room"}, "only `odd`, and no-room bare") == ["no-room"]


def test_every_refusal_of_a_counters_own_is_explained() -> None:
    assert unexplained(set(OTHER_WORDS), CONTRACT) == []
    assert unexplained(set(STOPPED_WORDS), OPERATE) == []


def test_every_decision_and_every_role_is_in_the_operators_manual() -> None:
    assert unexplained(set(_DECISIONS), OPERATE) == []
    assert [role for role in Role if f"\n| {role} |" not in OPERATE] == []


def test_operators_read_what_each_ticket_that_was_taken_twice_asks_of_them() -> None:
    twice = {
        reason
        for reason in TOLD
        if reason.startswith(("second-", "copy-", "redeemed-", "lost-ticket-"))
    }
    section = OPERATE.partition("## Tickets and paper")[2].partition("\n## ")[0]

    assert len(twice) > 5
    assert unexplained(twice, section) == []


def test_every_finding_is_explained() -> None:
    hub = ("audit", "rebuilt", "mykey/audit", "settlement/journal")
    findings = first_texts(ast.parse(read(ROOT / "node/audit.py")), "_finding").union(
        *(first_texts(ast.parse(read(ROOT / f"hub/{name}.py")), "Finding") for name in hub)
    )

    assert {"chain", "hub-chain", "second-path", "journal-missing", "mykey-chain"} <= findings
    assert unexplained(findings | set(LEDGER) | set(IDENTITIES), OPERATE) == []
    assert unexplained({str(fault) for fault in Fault}, OPERATE) == []


# -- the counter, the numbers, the links


def test_every_key_of_the_counter_is_in_both_languages() -> None:
    japanese, english = COUNTER.split("## English")
    keys = [key.upper() for key, _, _ in JOBS if key]

    assert [key for key in keys if f"\n| {key} |" not in japanese] == []
    assert [key for key in keys if f"\n| {key} |" not in english] == []


def test_every_job_without_a_key_is_in_both_languages() -> None:
    japanese, english = COUNTER.split("## English")
    jobs = [label.split(":")[0] for key, _, label in JOBS if not key]

    assert jobs
    assert [job for job in jobs if f"\n| (list) | {job} |" not in english] == []
    in_japanese = [re.split("[（(]", Words("ja")(label))[0] for key, _, label in JOBS if not key]
    assert [job for job in in_japanese if f"\n| (一覧から) | {job} |" not in japanese] == []


def test_the_limits_in_the_readme_are_the_policys() -> None:
    told, policy = read(README), Policy()

    assert f"{policy.most_per_spend:,} a spend; {policy.most_spends} spends and" in told
    assert f"{policy.most_in_window:,} points a person's account" in told
    assert f"{policy.float_points:,} a counter until its receipts" in told
    assert f"{policy.most_per_ticket:,} a ticket, {policy.ticket_float:,} a counter" in told


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked by."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def broken_links(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere in this checkout."""
    found = []
    for link in _LINK.findall(text):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(read(target))):
            found.append(link)
    return found


@pytest.mark.parametrize("page", MANUALS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, read(page)) == []


def test_the_reading_finds_a_link_to_nowhere() -> None:
    text = "[a](docs/operate.md#audit) [b](docs/operate.md#dance) [c](docs/gone.md)"

    assert broken_links(README, text) == ["docs/operate.md#dance", "docs/gone.md"]


def test_every_decision_record_is_in_the_index_and_says_its_cost() -> None:
    records = sorted(path for path in (DOCS / "adr").glob("0*.md"))
    index = read(DOCS / "adr" / "README.md")

    assert len(records) > 10
    assert [path.name for path in records if f"({path.name})" not in index] == []
    parts = ("**Context.**", "**Decision.**", "**Cost.**")
    assert [path.name for path in records if not all(part in read(path) for part in parts)] == []
