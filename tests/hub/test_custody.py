"""Custody: every record is kept once and judged once, however it comes."""

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.batch import MOST_PLAIN, Batch, pack, unpack
from sync.cardproof import Evidence
from sync.chain import digest
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.receipt import Bearer, Outcome
from sync.records import NodeNotice, Record, Tier, decode
from sync.signing import sign_head
from sync.values import EpochId
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident, corner


def test_what_begins_beyond_the_cursor_is_answered_with_the_cursor_and_nothing_is_stored(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana, 100, 100, 100)
    town.put(shop, shop.batch(1, 2))
    stored = town.stored("inbox")

    answer = town.put(shop, shop.batch(4), first=4)

    assert town.custody(answer).received == 2
    assert town.custody(answer).head == digest(shop.records[1])
    assert town.stored("inbox") == stored
    assert town.owed(shop) == 0


def test_a_batch_that_overlaps_brings_only_what_is_new(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 100, 100, 100)
    town.put(shop, shop.batch(1, 4))

    answer = town.put(shop, shop.batch(2), first=2)

    assert town.custody(answer).received == 5
    assert town.owed(shop) == 300
    assert town.stored("record") == 5
    assert town.audit() == []


def test_a_batch_without_records_only_asks_for_receipts(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 100)
    town.put(shop)

    answer = town.put(shop, shop.batch(4, receipted=2), first=4)

    assert sorted(town.verdicts(answer)) == [3]
    assert town.custody(answer).received == 3


def test_when_a_node_was_last_seen_is_kept_to_ten_seconds(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 100)
    town.put(shop)
    first = town.last_seen(shop)

    town.clock.turn(ms=9_000)
    town.put(shop, shop.batch(4), first=4)
    soon = town.last_seen(shop)
    town.clock.turn(ms=1_000)
    town.put(shop, shop.batch(4), first=4)

    assert soon == first
    assert town.last_seen(shop) == first + 10_000


def test_other_bytes_at_a_place_that_is_taken_are_a_fork_and_both_are_kept(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    clone.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    town.put(shop)

    answer = town.put(clone, clone.batch(3), first=3)

    assert answer.state == "forked"
    assert town.custody(answer).head == digest(clone.records[2])
    assert [kind for _, kind, _, _ in town.incidents()] == ["fork"]
    assert town.stored("record") == 4
    assert town.audit() == []


@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_branch_is_posted_once_however_often_it_comes(
    town: Corner, hana: Resident, first: int
) -> None:
    shop = _shop(town, hana)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    clone.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    town.put(shop)

    town.put(clone, clone.batch(first), first=first)
    clone.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    for _ in range(2):
        answer = town.put(clone, clone.batch(first), first=first)

    assert town.custody(answer).received == 4
    assert town.owed(shop) == 600
    assert [kind for _, kind, _, _ in town.incidents()] == ["fork"]
    assert town.audit() == []


def test_a_branch_longer_than_the_chain_is_taken_whole(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    for _ in range(3):
        clone.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.put(shop)

    verdicts = town.verdicts(town.put(clone))

    assert [verdicts[seq].outcome for seq in (3, 4, 5)] == [Outcome.APPLIED] * 3
    assert town.owed(shop) == 600
    assert town.audit() == []


def test_the_chain_goes_on_beside_its_branch_judged_by_its_own_proof(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana)
    clone = shop.copy()
    first = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    clone.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    town.put(shop)
    town.put(clone)
    shop.spend(hana.card, town.account(hana), 50, town=KAWASAKI)
    shop.reverse(first, 300, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert verdicts[4].outcome is Outcome.APPLIED
    assert (verdicts[5].outcome, verdicts[5].reason) == (
        Outcome.QUARANTINED,
        "no-proof-of-its-own",
    )
    assert town.owed(shop) == 550
    assert town.audit() == []


def test_a_copy_of_the_copy_is_a_branch_of_its_own(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    clone.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    third = clone.copy()
    clone.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    third.spend(hana.card, town.account(hana), 50, town=KAWASAKI)

    for pen in (shop, clone, third, third, clone):
        town.put(pen)

    assert town.owed(shop) == 650
    assert town.stored("record") == 6
    assert [kind for _, kind, _, _ in town.incidents()] == ["fork", "fork"]
    assert town.audit() == []


def test_a_reversal_on_a_branch_waits_for_people(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 300)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 50, town=KAWASAKI)
    clone.reverse(3, 300, town=KAWASAKI)
    town.put(shop)

    verdict = town.verdicts(town.put(clone))[4]

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "no-proof-of-its-own")
    assert town.owed(shop) == 350
    assert town.audit() == []


def test_a_spoilt_head_leaves_nothing_behind(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 300)
    batch = unpack(shop.batch())
    assert batch.head is not None
    signature = bytes([batch.head.signature[0] ^ 1]) + batch.head.signature[1:]
    spoilt = _with(batch, head=msgspec.structs.replace(batch.head, signature=signature))

    with pytest.raises(NotAuthentic):
        town.put(shop, pack(spoilt))

    assert town.stored("inbox") == 0


def test_records_need_a_head(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 300)

    with pytest.raises(Malformed, match="without a signed head"):
        town.put(shop, pack(_with(unpack(shop.batch()), head=None)))


def test_a_head_of_another_epoch_or_of_an_earlier_record_is_refused(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana, 300)
    batch = unpack(shop.batch())
    at = digest(shop.records[-1])
    other = EpochId("2-" + shop.epoch[2:])
    elsewhere = sign_head(shop.key, shop.node, other, shop.seq, at)
    early = sign_head(shop.key, shop.node, shop.epoch, 2, digest(shop.records[1]))

    for head in (elsewhere, early):
        with pytest.raises(NotAuthentic):
            town.put(shop, pack(_with(batch, head=head)))

    assert town.stored("inbox") == 0


def test_an_epoch_that_was_never_granted_is_refused(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 300)
    shop.epoch = EpochId("9-" + shop.epoch[2:])

    with pytest.raises(RefusedByRule) as refused:
        town.put(shop)

    assert refused.value.reason == "unknown-epoch"


def test_a_decompression_bomb_is_refused_before_it_is_opened(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana, 300)
    bomb = zstandard.compress(bytes(MOST_PLAIN + 1))

    with pytest.raises(Malformed, match="once decompressed"):
        town.put(shop, bomb)

    assert town.stored("inbox") == 0


def test_poison_records_wait_for_people_and_block_nobody(town: Corner, hana: Resident) -> None:
    shop = _shop(town, hana)
    _newer_kind(shop)
    _newer_version(shop)
    shop.records.append(b"\xc1 not a record at all")
    shop.evidence.append(None)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert [(verdicts[at].outcome, verdicts[at].reason) for at in (3, 4, 5)] == [
        (Outcome.QUARANTINED, "unreadable")
    ] * 3
    assert [verdicts[at].bearer for at in (3, 4, 5)] == [Bearer.UNDECIDED] * 3
    assert verdicts[seq].outcome is Outcome.APPLIED
    assert town.audit() == []


def test_an_epoch_that_ended_frees_what_its_records_do_not_name(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana)
    named, _ = town.hold(shop, hana, 300)
    town.hold(shop, hana, 200)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0, hold=named)

    town.put(shop, shop.batch(1, closed=True))

    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert not [name for name in town.balances() if name.startswith("hold:")]
    assert town.audit() == []


def test_an_ended_epoch_keeps_the_hold_that_a_quarantined_record_names(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = _shop(town, hana)
    n, _ = town.hold(shop, hana, 300)
    shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0, hold=n)

    town.put(shop, shop.batch(1, closed=True))

    assert town.wallet(hana) == 700
    assert town.audit() == []


def test_a_hold_of_an_attempt_that_was_given_up_is_free_before_the_batch_is_judged(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana)
    n, _ = town.hold(shop, hana, 800)
    seq = shop.spend(hana.card, town.account(hana), 900, town=KAWASAKI)

    verdict = town.verdicts(town.put(shop, shop.batch(1, ended=(n,))))[seq]

    assert verdict.outcome is Outcome.APPLIED
    assert town.wallet(hana) == 100
    assert town.audit() == []


def test_the_life_before_may_still_hand_in_and_is_judged_by_its_own_proof(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana, 300)
    town.put(shop)
    shop.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    shop.reverse(3, 300, town=KAWASAKI)

    town.next_life(shop)
    answer = town.put(shop)

    verdicts = town.verdicts(answer)
    assert answer.state == "closed"
    assert verdicts[4].outcome is Outcome.APPLIED
    assert verdicts[5].outcome is Outcome.QUARANTINED
    assert town.owed(shop) == 500
    assert town.audit() == []


def test_whoever_carries_a_batch_again_cannot_spoil_what_was_applied(
    town: Corner, hana: Resident
) -> None:
    shop = _shop(town, hana, 300)
    town.put(shop)

    town.put(shop, shop.batch(evidence=_spoilt(shop)))

    assert town.verdicts(town.put(shop))[3].outcome is Outcome.APPLIED
    assert town.stored("card_evidence") == 0
    assert town.audit() == []


def test_a_spoilt_copy_before_judging_cannot_take_the_place_of_a_good_one(
    town: Corner, hana: Resident
) -> None:
    shop = _long(town, hana)
    town.put(shop, judged=False)
    assert town.waiting()

    town.put(shop, shop.batch(evidence=_spoilt(shop)))

    assert town.verdicts(town.put(shop))[3].outcome is Outcome.APPLIED
    assert town.audit() == []


def test_a_good_copy_that_comes_before_judging_heals_the_spoilt_first(
    town: Corner, hana: Resident
) -> None:
    shop = _long(town, hana)
    town.put(shop, shop.batch(evidence=_spoilt(shop)), judged=False)

    town.put(shop)
    town.round()

    assert town.verdicts(town.put(shop))[3].outcome is Outcome.APPLIED
    assert town.owed(shop) == 100
    assert town.audit() == []


PUTS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 8), st.integers(1, 8), st.booleans()),
    max_size=12,
)
"""(which shop, first record, how many, whether the evidence was spoilt on the way)"""


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(puts=PUTS)
def test_however_batches_are_cut_doubled_and_mixed_each_record_counts_once(
    card_keys: list[RSAPrivateKey], puts: list[tuple[int, int, int, bool]]
) -> None:
    town = corner()
    hana = town.resident(card_keys[0])
    town.grant(hana, 1_000)
    shops = [town.node(GREENGROCER), town.node(FISH_SHOP)]
    for shop in shops:
        town.feed(shop, available=1_000)
        for points in (100, 70, 30):
            shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
        shop.reverse(4, 70, town=KAWASAKI)

    for which, first, count, spoilt in puts:
        shop = shops[which]
        last = min(first + count - 1, shop.seq)
        if first <= last:
            evidence = _spoilt(shop)[first - 1 : last] if spoilt else None
            town.put(shop, shop.batch(first, last, evidence=evidence), first=first)
    for shop in shops:
        town.put(shop)
        town.put(shop)

    assert town.stored("record") == sum(shop.seq for shop in shops)
    assert [town.owed(shop) for shop in shops] == [130, 130]
    assert town.wallet(hana) == 740
    assert sum(town.balances().values()) == 0
    assert town.audit() == []


def _shop(town: Corner, who: Resident, *spends: int) -> Pen:
    """A shop that believes in 1,000 points and has taken some of them."""
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    for points in spends:
        shop.spend(who.card, town.account(who), points, town=KAWASAKI)
    return shop


def _long(town: Corner, who: Resident) -> Pen:
    """A shop with more than is judged at once, a spend at place 3."""
    shop = _shop(town, who, 100)
    for number in range(70):
        shop.write(NodeNotice("paper", f"roll {number}"))
    return shop


def _spoilt(pen: Pen) -> list[Evidence | None]:
    return [
        None if piece is None else msgspec.structs.replace(piece, sealed=b"spoilt on the way")
        for piece in pen.evidence
    ]


def _with(batch: Batch, **fields: object) -> Batch:
    return msgspec.structs.replace(batch, **fields)


def _newer_kind(pen: Pen) -> None:
    """A record of a kind that a later program knows."""
    pen.write(NodeNotice("paper", "low"))
    fields = msgspec.msgpack.decode(pen.records.pop())
    fields[6] = ["fee.taken", 5]
    pen.records.append(msgspec.msgpack.encode(fields))


def _newer_version(pen: Pen) -> None:
    record = decode(pen.records[1])
    later = Record(2, pen.node, pen.epoch, pen.seq + 1, b"", record.at, record.body)
    data = msgspec.msgpack.encode(msgspec.structs.replace(later, prev=digest(pen.records[-1])))
    pen.records.append(data)
    pen.evidence.append(None)
