"""A shop whose customer's signature is called bad gets back what the hub found, to check it."""

import pytest

from sync.cardproof import Evidence
from sync.chain import digest
from sync.receipt import Outcome
from sync.sealing import Sealer
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident

OTHER_WORDS = b"something else than this sale"


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A greengrocer that knows of 1,000 points."""
    pen = town.node(GREENGROCER)
    town.feed(pen, available=1_000)
    return pen


def signed_for(shop: Pen, seq: int, opened: bytes) -> None:
    """Put another signature where a record's own should lie."""
    piece = shop.evidence[seq - 1]
    assert piece is not None
    sealed = Sealer(shop.content_key).seal(opened, digest(shop.records[seq - 1]))
    shop.evidence[seq - 1] = Evidence(piece.shift, piece.algorithm, piece.key, sealed)


def test_a_signature_over_other_words_comes_back_opened(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    good = shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    bad = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    signature = hana.card.sign(OTHER_WORDS)
    signed_for(shop, bad, signature)

    verdicts = town.verdicts(town.put(shop))

    assert (verdicts[bad].outcome, verdicts[bad].reason) == (Outcome.QUARANTINED, "bad-signature")
    assert verdicts[bad].opened == signature
    assert verdicts[good].opened == b""
    assert town.audit() == []


def test_what_does_not_open_comes_back_without_a_word(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    piece = shop.evidence[seq - 1]
    assert piece is not None
    shop.evidence[seq - 1] = Evidence(piece.shift, piece.algorithm, piece.key, b"scratched")
    lost = shop.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    shop.evidence[lost - 1] = Evidence(99, piece.algorithm, piece.key, piece.sealed)

    verdicts = town.verdicts(town.put(shop))

    assert [verdicts[at].reason for at in (seq, lost)] == ["bad-signature"] * 2
    assert [verdicts[at].opened for at in (seq, lost)] == [b"", b""]


def test_the_signature_of_another_card_is_good_and_stays_sealed(
    town: Corner, hana: Resident, jiro: Resident, shop: Pen
) -> None:
    seq = shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI)

    verdict = town.verdict(shop, seq)

    assert (verdict.reason, verdict.opened) == ("other-account", b"")


def test_on_a_branch_the_shift_that_it_shares_opens_its_evidence(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.put(shop)
    seq = clone.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    signature = hana.card.sign(OTHER_WORDS)
    signed_for(clone, seq, signature)

    assert town.verdict(clone, seq).opened == signature
