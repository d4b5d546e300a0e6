"""The exchange with the hub: once out of at-least-once, in order, and never a lost word."""

from contextlib import closing

import pytest

from node.audit import findings
from node.outcome import Approved, Refused
from node.store import Store
from sync.batch import READ, Coding, coding_of, read_evidence, split, unpack
from sync.errors import DiskFull
from sync.feed import Page
from sync.records import Basis, Spend, decode
from sync.session import read_stick
from sync.standing import Asof
from sync.values import Millis, Points
from tests.doubles.hub import KAWASAKI, NODE
from tests.node.conftest import Shop, pin


def spend(shop: Shop, points: int = 100) -> Approved | Refused:
    return shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())


def test_a_spend_whose_receipt_was_lost_is_posted_once(shop: Shop) -> None:
    shop.cut()
    spend(shop, 300)
    shop.mend()
    shop.hub.lose_answers = 0
    shop.hub.requests.clear()

    shop.hub.lose_answers = 2  # the time, then the PUT's answer
    assert not shop.counter.sync_now().reached
    shop.hub.lose_answers = 0
    shop.mend()
    assert shop.counter.sync_now().reached

    assert shop.hub.balance(shop.key) == 4_700
    assert shop.counter.status().waiting == 0


def test_each_sale_says_how_far_receipts_are_here_also_where_storing_them_failed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = spend(shop)
    assert isinstance(first, Approved)
    assert basis(shop, first).receipted < first.seq

    def full(_now: Millis) -> int:
        raise DiskFull("in the middle of what brings receipts")

    monkeypatch.setattr(shop.counter.parts.paper, "tickets", full)
    with pytest.raises(DiskFull):
        shop.counter.sync_now()
    monkeypatch.undo()
    shop.cut()
    second = spend(shop)
    assert isinstance(second, Approved)
    assert basis(shop, second).receipted < first.seq

    shop.mend()
    shop.counter.sync_now()
    third = spend(shop)

    assert isinstance(third, Approved)
    assert basis(shop, third).receipted == second.seq


def basis(shop: Shop, done: Approved) -> Basis:
    """What a spend's record says that it was decided from."""
    row = shop.counter.parts.store.row(
        "SELECT bytes FROM record WHERE epoch = ? AND seq = ?", (done.epoch, done.seq)
    )
    assert row is not None
    body = decode(row[0]).body
    assert isinstance(body, Spend)
    return body.basis


def test_the_cursor_is_followed_backwards_when_a_hub_comes_back_from_a_backup(shop: Shop) -> None:
    spend(shop)
    shop.counter.sync_now()
    kept = shop.hub.kept[shop.counter.status().epoch]
    kept.records, kept.receipts, kept.verdicts = kept.records[:1], [], 1

    shop.counter.sync_now()

    assert len(kept.records) == shop.counter.status().seq


def test_a_quarantined_spend_frees_no_float_and_stays_subtracted_until_decided(shop: Shop) -> None:
    shop.hub.wallets[shop.key].points = 1_500
    shop.counter.sync_now()
    shop.cut()
    done = spend(shop, 1_000)
    assert isinstance(done, Approved)
    shop.hub.quarantine.add(done.seq)
    shop.mend()
    shop.counter.sync_now()
    shop.cut()

    assert shop.counter.status().offline_left == 29_000
    assert isinstance(no := spend(shop, 600), Refused)
    assert no.reason == "too-few-points"
    shop.mend()
    shop.hub.decide(done.epoch, done.seq, 1)
    shop.counter.sync_now()

    assert shop.counter.status().offline_left == 30_000
    assert next(r for r in shop.counter.history() if r.seq == done.seq).verdict == "applied"
    assert findings(shop.counter.parts.store) == ()


def test_a_certificate_travels_when_the_hub_does_not_know_the_card(shop: Shop) -> None:
    shop.hub.certificates.clear()
    spend(shop)

    shop.counter.sync_now()
    spend(shop)
    shop.counter.sync_now()

    assert shop.hub.certificates == {shop.key}


def test_an_answer_that_another_hub_signed_is_not_believed(shop: Shop) -> None:
    from sync.signing import SigningKey

    shop.cut()
    spend(shop)
    shop.mend()
    right, shop.hub.key = shop.hub.key, SigningKey(b"x" * 32)

    result = shop.counter.sync_now()

    assert not result.reached
    assert shop.counter.status().waiting > 0
    shop.hub.key = right
    assert shop.counter.sync_now().reached


def test_a_later_page_that_skips_one_is_not_applied(shop: Shop) -> None:
    import pytest

    from sync.errors import Malformed

    knowledge = shop.counter.parts.knowledge
    state = knowledge.state
    skipped = Page(
        state.incarnation, NODE, state.number + 5, state.number + 6, True, _asof(9, shop), ()
    )

    with pytest.raises(Malformed):
        knowledge.apply(skipped)

    assert knowledge.state == state


def test_what_is_staged_is_not_known_before_the_last_page(shop: Shop) -> None:
    from sync.feed import TownItem

    knowledge = shop.counter.parts.knowledge
    state = knowledge.state
    town = TownItem(KAWASAKI, "川崎市", "かわさきポイント", accepted=False)
    knowledge.apply(
        Page(
            state.incarnation,
            NODE,
            state.number,
            state.number + 1,
            False,
            _asof(50, shop),
            (town,),
        )
    )
    shop.restart()
    before = shop.counter.parts.knowledge.town(KAWASAKI)
    assert before is not None
    assert before.accepted

    knowledge = shop.counter.parts.knowledge
    knowledge.apply(
        Page(state.incarnation, NODE, state.number + 1, state.number + 2, True, _asof(51, shop), ())
    )

    after = knowledge.town(KAWASAKI)
    assert after is not None
    assert not after.accepted


def test_a_late_standing_never_replaces_a_newer_one(shop: Shop) -> None:
    from sync.standing import LoneStanding

    knowledge = shop.counter.parts.knowledge
    row = shop.hub.zone.row_of(shop.key)
    newer = shop.hub._lone(shop.key)
    knowledge.keep_lone(newer)

    knowledge.keep_lone(LoneStanding("2026-11", row, b"", _asof(1, shop)))

    assert knowledge.standing(shop.key) is not None


def test_everything_without_a_receipt_fits_on_a_stick(shop: Shop) -> None:
    shop.cut()
    done = spend(shop, 300)
    assert isinstance(done, Approved)
    file = shop.folder / "out.machikado"

    count = shop.counter.export(file)

    stick = read_stick(file.read_bytes())
    records = [data for p in stick.parcels for data in split(unpack(p.body).facts)]
    assert len(records) == count == shop.counter.status().waiting
    assert stick.node == NODE
    batch = unpack(stick.parcels[-1].body)
    assert batch.head is not None
    assert batch.head.digest == done.digest
    assert read_evidence(batch.evidence, len(split(batch.facts))).pieces[-1] is not None


def test_a_record_the_node_refuses_to_lose_waits_for_any_number_of_silent_days(shop: Shop) -> None:
    shop.cut()
    spend(shop)
    for _ in range(5):
        shop.pass_time(hours=24)
        shop.counter.sync_now()

    assert shop.counter.status().waiting > 0
    shop.mend()
    shop.counter.sync_now()
    assert shop.counter.status().waiting == 0


def test_the_stored_projection_is_what_records_and_receipts_give_again(shop: Shop) -> None:
    from node.projection import contents, rebuild

    done = spend(shop, 300)
    assert isinstance(done, Approved)
    shop.counter.reverse(done.seq)
    shop.cut()
    spend(shop, 200)
    shop.mend()
    shop.counter.sync_now()
    shop.counter.close()

    with closing(Store.open(shop.folder, "test")) as store:
        before = contents(store)
        rebuild(store)
        assert contents(store) == before
    shop.reopen()


def _asof(number: int, shop: Shop) -> Asof:
    return Asof(1, number, Millis(shop.hub.now), ())


def test_a_hub_of_the_version_before_gets_batches_in_rows(shop: Shop) -> None:
    shop.hub.reads = ""
    shop.restart()
    shop.hub.codings.clear()
    for _ in range(2):
        spend(shop)
        shop.counter.sync_now()

    assert set(shop.hub.codings) == {Coding.ROWS}
    assert shop.counter.status().waiting == 0


def test_a_hub_that_was_put_back_to_the_version_before_gets_rows_again(shop: Shop) -> None:
    spend(shop)
    shop.counter.sync_now()
    before = shop.hub.codings[-1]
    shop.hub.reads = ""
    spend(shop)

    assert not shop.counter.sync_now().reached  # refused once; nothing is lost
    assert shop.counter.sync_now().reached
    since = shop.hub.codings[-1]
    assert shop.counter.status().waiting == 0
    shop.hub.reads = READ
    shop.counter.sync_now()
    spend(shop)
    shop.counter.sync_now()
    assert [before, since, shop.hub.codings[-1]] == [Coding.COLUMNS, Coding.ROWS, Coding.COLUMNS]


def test_a_stick_is_in_rows_whatever_the_hub_read_last(shop: Shop) -> None:
    spend(shop)
    shop.counter.sync_now()
    shop.cut()
    spend(shop)
    file = shop.folder / "out.machikado"
    shop.counter.export(file)
    parcels = read_stick(file.read_bytes()).parcels

    assert {coding_of(parcel.body) for parcel in parcels} == {Coding.ROWS}
