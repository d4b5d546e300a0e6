"""A ticket and its copies, in any order of redemptions, reversals, decisions and settlements.

Money has one rule: a ticket's own points pay one redemption; each further one that stands is on the
reserve, or on the resident from whom it was recovered; what was taken back costs nobody anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sync.errors import RefusedByRule
from sync.values import organisation_of
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, corner
from tests.hub.street import RESERVE, TICKET, Street, street


@dataclass
class Copy:
    """A redemption as the model sees it."""

    shop: Pen
    seq: int
    paid: bool
    kind: str
    """How it was judged first: applied, second, waits, broken."""
    decided: str = ""
    undone: bool = False
    recovered: bool = False

    @property
    def stands(self) -> bool:
        """Whether a shop has money for it."""
        return self.paid and not self.undone


@dataclass
class Model:
    """The one rule, without a ledger."""

    copies: list[Copy] = field(default_factory=list)
    first: Copy | None = None
    """The one that the ticket's own points pay."""

    def redeemed(self, copy: Copy) -> None:
        """A shop took the paper."""
        self.copies.append(copy)
        self.settle()

    def taken_back(self, copy: Copy) -> None:
        """A shop took its redemption back."""
        copy.undone = True
        copy.recovered = False
        if copy is self.first:
            self.first = None
        self.settle()

    def may(self, copy: Copy, decision: str) -> bool:
        """Whether a decision fits."""
        open_still = copy.kind != "applied" and copy.decided in {"", "noted"}
        copy_by_policy = copy.kind == "second" and copy is not self.first
        fits = {
            "noted": copy.decided == "" and (copy.kind != "waits" or copy.undone),
            "write-off": copy_by_policy and not copy.undone,
            "recover": copy_by_policy and not copy.undone,
            "pay": not copy.paid and not copy.undone,
            "refuse": copy.kind == "waits" and not copy.undone,
            "apply": False,
        }
        return open_still and fits[decision]

    def decided(self, copy: Copy, decision: str) -> None:
        """People decided."""
        copy.decided = decision
        copy.recovered = decision == "recover"
        copy.paid = copy.paid or decision == "pay"
        self.settle()

    def settle(self) -> None:
        """The earliest that stands is the ticket's."""
        if self.first is None:
            self.first = next((copy for copy in self.copies if copy.stands), None)
        if self.first is not None:
            self.first.recovered = False

    def got(self, organisation: str) -> int:
        """What an organisation has."""
        return TICKET * sum(
            copy.stands and organisation_of(copy.shop.node) == organisation for copy in self.copies
        )

    @property
    def money(self) -> tuple[int, int, int]:
        """(what lies in the ticket, the reserve, Hana's points)."""
        others = [copy for copy in self.copies if copy.stands and copy is not self.first]
        charged = sum(copy.recovered for copy in others)
        free = 0 if self.first is not None else TICKET
        return free, RESERVE - TICKET * (len(others) - charged), 500 - TICKET * charged


DECISIONS = ("pay", "recover", "write-off", "refuse", "noted", "apply")
WHICH = st.integers(0, 11)
REDEEM = st.tuples(st.sampled_from(["redeem", "redeem when warned"]), WHICH)
STEPS = st.tuples(
    st.lists(REDEEM, min_size=2, max_size=3),
    st.lists(
        st.tuples(
            st.sampled_from(["take back", "decide", "decide", "redeem", "misdecide", "settle"]),
            WHICH,
        ),
        min_size=3,
        max_size=8,
    ),
).map(lambda parts: [*parts[0], *parts[1]])
_KINDS = {
    "second-redemption": "second",
    "second-redemption-beyond-float": "waits",
    "second-redemption-rule-broken": "broken",
}


def test_in_any_order_a_ticket_costs_the_town_once_and_a_resident_nothing_that_was_undone(
    card_keys: list[RSAPrivateKey],
) -> None:
    @settings(
        max_examples=100,
        derandomize=True,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def run(steps: Iterable[tuple[str, int]]) -> None:
        town = corner()
        hana = town.resident(card_keys[0])
        town.grant(hana, 1_000)
        here, model = street(town, hana), Model()
        for step in steps:
            _live(here, model, *step)
            assert here.money == model.money
            assert sum(town.balances().values()) == 0
            for organisation in (FISH_SHOP, GREENGROCER):
                assert here.got(organisation) == model.got(organisation)
        assert town.audit() == []

    run()


def _live(here: Street, model: Model, what: str, which: int) -> None:
    asked = [copy for copy in model.copies if copy.kind != "applied"]
    cases = [(copy, decision) for copy in asked for decision in DECISIONS]
    fitting = [case for case in cases if model.may(*case)]
    if what == "settle":
        here.town.settle()
    elif what.startswith("redeem"):
        _redeem(here, model, (here.fish, here.fruit, here.booth)[which % 3], what != "redeem")
    elif what == "take back":
        copy = model.copies[which % len(model.copies)]
        here.take_back(copy.shop, copy.seq)
        if not copy.undone:
            model.taken_back(copy)
    elif what == "decide" and fitting:
        copy, decision = fitting[which % len(fitting)]
        here.decide(copy.shop, decision, copy.seq)
        model.decided(copy, decision)
    elif what == "misdecide" and cases:
        copy, decision = cases[which % len(cases)]
        if (copy, decision) not in fitting:
            with pytest.raises(RefusedByRule):
                here.decide(copy.shop, decision, copy.seq)


def _redeem(here: Street, model: Model, shop: Pen, warned: bool) -> None:
    seq = here.redeem(shop, warned=warned)
    verdict = here.town.verdict(shop, seq)
    kind = _KINDS.get(verdict.reason, "first" if verdict.reason else "applied")
    model.redeemed(Copy(shop, seq, verdict.paid > 0, kind))
