"""Identities follow from their own chain, and each fact that was changed behind it is named."""

import pytest

from hub.mykey.audit import audit
from hub.mykey.reasons import Cancellation, Change, Suspension
from hub.mykey.registry import MyKey
from hub.mykey.services import Services
from hub.store.database import Database
from sync.certificate import Algorithm, CardKey, Roots
from sync.services import service_number
from sync.values import KeyDigest, MunicipalityCode, NodeId, OrganisationId
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.mykey.people import SECRET

LIBRARY = OrganisationId("141305-L1")


@pytest.fixture
def lived() -> Database:
    """Two residents with an account each, one of them renamed; a third who left and came anew.

    Both have a number at a library. The third has a new card by now, and says so of yet another.
    """
    database = databases.identities()
    clock = TurnedClock(at("2026-11-02 10:00"))
    mykey = MyKey(
        database, Roots({}), secret=SECRET, clock=clock, randomness=SeededRandomness("identities")
    )
    services = Services(database, clock)
    for card in map(_card, b"12"):
        made = mykey.register(card, "", consent_points=True)
        mykey.account_for(made.mykey_id, MunicipalityCode("141305"))
        services.link(card.digest, LIBRARY, service_number(made.mykey_id[:5]))
    mykey.suspend(made.mykey_id, Suspension.LOST, person="Kato")
    mykey.change_id(made.mykey_id, "", Change.KNOWN, person="Kato")
    left = mykey.register(_card(3), "ZZZZZZZZ", consent_points=True)
    mykey.cancel(left.mykey_id, Cancellation.ASKED, person="Kato")
    anew = mykey.register(_card(3), "ZZZZZZZY", consent_points=True)
    mykey.joins.vouched(_card(4), _card(3).digest, keep=False, person="counter")
    mykey.joins.ask(_card(5), anew.mykey_id, node=NodeId("141305-B2108-1111"))
    return database


def _card(number: int) -> CardKey:
    return CardKey(
        digest=KeyDigest(bytes([number]) * 32),
        algorithm=Algorithm.RS256,
        public_key=b"public %d" % number,
        issuer_key_id=b"demo",
        serial=0,
        not_after=at("2036-01-01 00:00"),
    )


_FIRST = "(SELECT min(mykey_id) FROM member)"
BREAKS = [
    ("whose account it is", f"UPDATE account SET account='00' WHERE mykey_id={_FIRST}", "account"),
    ("an account that is gone", f"DELETE FROM account WHERE mykey_id={_FIRST}", "account-missing"),
    ("what somebody agreed to", f"DELETE FROM consent WHERE mykey_id={_FIRST}", "consent-missing"),
    ("when", f"UPDATE consent SET at=1 WHERE mykey_id={_FIRST}", "consent"),
    ("who may use points", f"UPDATE member SET state='x' WHERE mykey_id={_FIRST}", "member"),
    (
        "who chose the ID",
        f"UPDATE member SET generated=NOT generated WHERE mykey_id={_FIRST}",
        "member",
    ),
    (
        "whose card it is",
        f"UPDATE card_key SET mykey_id={_FIRST} WHERE mykey_id<>{_FIRST}",
        "card_key",
    ),
    (
        "the root that vouched",
        f"UPDATE card_key SET issuer_key_id=substr(issuer_key_id, 2) WHERE mykey_id={_FIRST}",
        "card_key",
    ),
    (
        "a card that was replaced",
        "UPDATE card_key SET replaced=NOT replaced WHERE replaced",
        "card_key",
    ),
    (
        "a card that is in use",
        "UPDATE card_key SET replaced=NOT replaced WHERE NOT replaced",
        "card_key",
    ),
    ("whose card one wants to be", "UPDATE join_request SET said='MY123456'", "join_request"),
    ("what the desk said", "UPDATE join_request SET state='refused'", "join_request"),
    ("a card that waits", "DELETE FROM join_request", "join_request-missing"),
    ("since when nodes know", "UPDATE member SET changed=0 WHERE changed>0", "member"),
    ("who did something", "UPDATE step SET person='x'", "step"),
    ("what was done", "DELETE FROM step", "step-missing"),
    ("an ID that was left", "DELETE FROM former_id", "former_id-missing"),
    ("whose card it was", "DELETE FROM former_card", "former_card-missing"),
    ("somebody's number", "UPDATE service_number SET number='x' || number", "service_number"),
    ("that one has it", "DELETE FROM service_number", "service_number-missing"),
    ("a record", "UPDATE chronicle SET bytes=substr(bytes, 2) WHERE seq=1", "mykey-chain"),
    ("the chain's first record", "DELETE FROM chronicle WHERE seq=1", "mykey-chain"),
    ("the chain", "DELETE FROM chronicle", "member-unexplained"),
]


def test_good_identities_have_nothing_to_find(lived: Database) -> None:
    with lived.read() as tx:
        assert list(audit(tx)) == []


@pytest.mark.parametrize(
    ("statement", "finding"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS]
)
def test_one_changed_fact_is_named(lived: Database, statement: str, finding: str) -> None:
    with lived.write() as tx:
        databases.behind_its_back(tx)
        assert tx.run(statement) > 0

    with lived.read() as tx:
        found = {each.finding for each in audit(tx)}

    assert finding in found
    assert len(found) == 1 or statement == "DELETE FROM chronicle"
