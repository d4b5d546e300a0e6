"""Paper on the screen before it is printed: nothing is written, and nothing is asked of the hub."""

from datetime import date

from node.identity import settings_of
from node.outcome import Issued, Refused, Running
from printer.preview import PaperLine
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin
from tests.node.test_tickets import issue


def texts(paper: tuple[PaperLine, ...] | Refused) -> list[str]:
    assert not isinstance(paper, Refused)
    return [line.text.strip() for line in paper]


def test_a_ticket_is_seen_before_it_is_issued_and_is_good_for_nothing(shop: Shop) -> None:
    counter = shop.counter
    (running,) = (r for r in _running(shop) if r.municipality == KAWASAKI)
    before = counter.status().seq
    shop.cut()

    shown = texts(
        counter.preview_ticket(KAWASAKI, Points(500), days=3, programme=running.programme)
    )

    assert shown[0] == "見本（使えません）"
    assert "川崎市" in shown
    assert "５００ ポイント" in shown
    assert counter.status().seq == before
    assert counter.sheets() == ()


def test_its_days_end_with_its_programme(shop: Shop) -> None:
    running = next(r for r in _running(shop) if r.municipality == KAWASAKI)
    (item,) = (
        item
        for item in shop.counter.parts.knowledge.programmes()
        if (item.municipality, item.programme) == (KAWASAKI, running.programme)
    )
    last = date.fromisoformat(item.use_until)

    shown = texts(
        shop.counter.preview_ticket(KAWASAKI, Points(500), days=366, programme=running.programme)
    )

    assert f"{last.year}年{last.month}月{last.day}日まで" in shown


def test_the_z_report_is_seen_before_the_shift_closes(shop: Shop) -> None:
    shop.cut()
    shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())

    shown = texts(shop.counter.preview_shift())

    assert "日計" in shown
    assert any(line.startswith("合計") and "300" in line for line in shown)
    assert shop.counter.status().shift_open


def test_without_a_shift_there_is_none(shop: Shop) -> None:
    refused = shop.counter.preview_shift()

    assert isinstance(refused, Refused)
    assert refused.reason == "no-shift"


def test_a_waiting_ticket_is_seen_as_it_will_come_out(shop: Shop) -> None:
    issued = issue(shop, count=1)
    assert isinstance(issued, Issued)
    (sheet,) = (sheet for sheet in shop.counter.sheets() if sheet.what == "ticket")

    shown = texts(shop.counter.preview_sheet(sheet.job))

    number = issued.numbers[0]
    groups = " ".join(number[at : at + 3] for at in range(0, 13, 3))
    assert groups in shown
    assert "見本（使えません）" not in shown
    columns = settings_of(shop.counter.parts.store).width // 12
    assert columns == 48


def test_a_sheet_that_never_was_is_refused(shop: Shop) -> None:
    refused = shop.counter.preview_sheet(4711)

    assert isinstance(refused, Refused)
    assert refused.reason == "no-such-job"


def _running(shop: Shop) -> tuple[Running, ...]:
    running = shop.counter.running()
    assert not isinstance(running, Refused)
    return running
