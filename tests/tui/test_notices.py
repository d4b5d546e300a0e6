"""What the banner says, in which order, and when it says nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.outcome import PrinterState, Status
from printer.errors import Trouble
from sync.clock import ClockState
from sync.values import DAY, Millis
from tests.doubles.counter import NOW, quiet_status
from tui.notices import Weight, notices, printer_trouble
from tui.wording import Language, Words

ENGLISH = Words("en")


def _texts(status: Status) -> list[str]:
    return [notice.text for notice in notices(status, ENGLISH)]


def test_an_ordinary_afternoon_is_one_calm_sentence() -> None:
    (only,) = notices(quiet_status(), ENGLISH)
    assert only.weight == "calm"
    assert only.text == "Online, 0 entries to send, offline limit left 30,000"


def test_a_silent_hub_is_told_with_the_queues_age_and_what_may_still_be_taken() -> None:
    status = replace(
        quiet_status(),
        hub_reachable=False,
        silent_since=Millis(NOW - 12 * 60_000),
        waiting=3,
        oldest_waiting=Millis(NOW - 5 * 60_000),
        offline_left=27_000,
    )
    assert _texts(status) == [
        (
            "Network down for 12 minutes: you can go on, 3 entries to send (oldest 5 minutes), "
            "offline limit left 27,000"
        )
    ]


def test_a_hub_that_is_busy_is_no_broken_line() -> None:
    assert _texts(replace(quiet_status(), busy=True, waiting=3)) == [
        "Online, the centre is busy, 3 entries to send, offline limit left 30,000"
    ]
    silent = replace(quiet_status(), busy=True, hub_reachable=False, silent_since=NOW)
    assert _texts(silent) == [
        "The centre is busy: you can go on, 0 entries to send, offline limit left 30,000"
    ]


def test_a_node_that_takes_no_money_says_so_first_and_why() -> None:
    status = replace(quiet_status(), stopped="second-path-missing", demo=True)
    first, second, *_ = notices(status, ENGLISH)
    assert first.weight == "stop"
    assert "second copy (USB stick) is missing" in first.text
    assert second.text == "DEMO: no real points"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"demo": True}, "DEMO: no real points"),
        ({"only_copy": True}, "Only copy: plug in the USB stick"),
        ({"unsealed_keys": True}, "No node secret set"),
        ({"clock": ClockState.UNTRUSTED}, "Set this PC's clock: nothing works offline"),
        ({"clock": ClockState.RESTARTED}, "PC was restarted: half limits offline"),
        (
            {"revocation_since": NOW},
            "The centre's list of revoked cards is out of date since 11/21 14:05: call the office",
        ),
        (
            {"revocation_since": Millis(0)},
            "The centre has no list of revoked cards: call the office",
        ),
        ({"paper_waiting": 2}, "2 tickets come when the network is back"),
    ],
)
def test_each_fact_has_its_sentence(change: dict[str, object], said: str) -> None:
    fields = {name: getattr(quiet_status(), name) for name in Status.__slots__}
    assert said in _texts(Status(**{**fields, **change}))


def test_paper_trouble_is_told_in_the_printers_words() -> None:
    printer = PrinterState(destination="tcp:x:1", waiting=1, unsure=2, trouble="cover-open")
    assert _texts(replace(quiet_status(), printer=printer))[1:] == [
        "Close the printer's cover.",
        "1 print waits",
        "2 prints may be out: F10",
    ]


@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_printers_trouble_is_shown_as_its_key(trouble: Trouble, language: Language) -> None:
    said = printer_trouble(trouble, Words(language))
    assert trouble not in said.split()
    assert len(said) > len(trouble) / 2


def test_a_trouble_of_a_newer_printer_room_is_still_told() -> None:
    assert printer_trouble("on-fire", ENGLISH) == "The printer has a problem: on-fire"


def _down(**change: object) -> str:
    status = replace(quiet_status(), hub_reachable=False, silent_since=Millis(NOW - 4 * DAY))
    fields = {name: getattr(status, name) for name in Status.__slots__}
    return next(text for text in _texts(Status(**{**fields, **change})) if "Network" in text)


def test_after_three_days_nobody_is_told_to_go_on() -> None:
    said = _down(offline_left=0, offline_limit=0, ticket_float_left=0)
    assert said == (
        "Network down for 4 days: no points can be taken until it is back, 0 entries to send"
    )


def test_a_limit_that_is_used_up_is_told_as_that() -> None:
    said = _down(offline_left=0, waiting=3)
    assert said == "Network down for 4 days: the limit for points is used up, 3 entries to send"


def test_a_counter_that_is_stopped_is_not_told_to_go_on_nor_how_much_is_left() -> None:
    said = _down(stopped="forked", waiting=3)
    assert said == "Network down for 4 days, 3 entries to send"


def test_a_counter_without_a_printer_is_no_alarm() -> None:
    printer = PrinterState(destination="none", waiting=0, unsure=0, trouble="")
    notice = notices(replace(quiet_status(), printer=printer), ENGLISH)[-1]
    assert (notice.weight, notice.text) == ("calm", "No printer")


@given(
    waiting=st.integers(0, 10_000),
    left=st.integers(1, 30_000),
    silent=st.integers(0, 90 * DAY),
    reachable=st.booleans(),
    language=st.sampled_from(["ja", "en"]),
)
def test_the_limit_and_what_waits_are_always_told(
    waiting: int, left: int, silent: int, *, reachable: bool, language: str
) -> None:
    status = replace(
        quiet_status(),
        waiting=waiting,
        oldest_waiting=Millis(NOW - silent) if waiting else None,
        hub_reachable=reachable,
        silent_since=None if reachable else Millis(NOW - silent),
        offline_left=left,
    )
    words = Words("ja" if language == "ja" else "en")
    (notice,) = notices(status, words)
    assert f"{waiting:,}" in notice.text
    assert f"{left:,}" in notice.text
    calm: Weight = "calm"
    assert (notice.weight == calm) == reachable
