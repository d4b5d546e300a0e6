"""Residents' MyKey IDs, as people at the desk use them: seen, suspended, resumed, changed, ended.

1. An auditor reads; everybody else may act, alone: no points move.
2. Who works for one town acts for residents who have an account there, or none anywhere yet.
3. Why is one of a small fixed list (:mod:`hub.mykey.reasons`); who called or came is not kept.
4. What a person does stands in the chain of identities with that person's name, and nodes hear of
   it by their next page (:mod:`hub.feed`). What they took before is judged as any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from hub.balances import balances
from hub.bodies import Looked
from hub.core import Core
from hub.desk import enact
from hub.forms import BalanceRow, JoinCardForm, NewIdForm, RefuseJoinForm
from hub.mykey.members import Member
from hub.mykey.reasons import (
    Cancellation,
    Change,
    Evidence,
    NotJoined,
    Resumption,
    Suspension,
    reason,
)
from hub.mykey.registry import MyKey
from hub.people import Person, Role
from hub.views import CancelledView, JoinRow, ResidentView, StepRow
from sync.errors import RefusedByRule
from sync.signing import in_groups
from sync.values import AccountId, MunicipalityCode, MyKeyId, mykey_id


class Residents:
    """Use cases about MyKey IDs after their registration.

    All raise Malformed for an ID or a reason of another shape, and RefusedByRule:
    ``resident-unknown``, ``mykey-id-changed``; what changes something ``not-allowed`` and
    ``mykey-id-cancelled`` as well.
    """

    def __init__(self, core: Core, mykey: MyKey) -> None:
        self._core = core
        self._mykey = mykey

    def show(self, _person: Person, written: str) -> ResidentView:
        """A MyKey ID, and what people did to it."""
        return _view(self._mykey.member(mykey_id(written)))

    def suspend(self, person: Person, written: str, why: str) -> ResidentView:
        """Let a resident's cards open nothing, from now on here and by the next page elsewhere."""
        chosen = reason(Suspension, why)
        with self._acting(person, written) as name:
            return _view(self._mykey.suspend(name, chosen, person=person.name))

    def resume(self, person: Person, written: str, why: str) -> ResidentView:
        """Let them open again what they did."""
        chosen = reason(Resumption, why)
        with self._acting(person, written) as name:
            return _view(self._mykey.resume(name, chosen, person=person.name))

    def change_id(self, person: Person, written: str, form: NewIdForm) -> ResidentView:
        """Give a resident another ID, an empty one lets it be made.

        Raises RefusedByRule (``mykey-id-taken``) too.
        """
        chosen = reason(Change, form.why)
        with self._acting(person, written) as name:
            changed = self._mykey.change_id(name, form.new_id, chosen, person=person.name)
        return _view(changed)

    def cancel(self, person: Person, written: str, why: str) -> CancelledView:
        """End a membership for good; says what is left in the towns that this person works for.

        It stays in the ledger until it lapses. Seeing it is a look, and entered as one.
        """
        chosen = reason(Cancellation, why)
        with self._acting(person, written) as name:
            member = self._mykey.cancel(name, chosen, person=person.name)
            left = exact_balances(self._core, looked_into(self._core, self._mykey, person, name))
        return CancelledView(mykey_id=member.mykey_id, state=member.state, left=left)

    def joins(self, person: Person) -> list[JoinRow]:
        """Cards that asked to be joined to a MyKey ID, as far as this person may see: oldest first.

        Those that the desk refused stand here too until they end, since a refusal can be a mistake.
        """
        return [
            JoinRow(
                mykey_id=wish.mykey_id,
                card=in_groups(wish.card),
                node=wish.node,
                at=wish.at,
                state=wish.state,
            )
            for wish in self._mykey.joins.wishes()
            if person.role is Role.AUDITOR or self._is_theirs(person, wish.mykey_id)
        ]

    def join(self, person: Person, written: str, form: JoinCardForm) -> ResidentView:
        """Join a card that asked, by evidence; unless kept, the resident's other cards end.

        Raises RefusedByRule (``no-such-join``, ``card-has-an-id``) too.
        """
        chosen = reason(Evidence, form.evidence)
        with self._acting(person, written) as name:
            self._mykey.joins.accept(
                name, form.card, chosen, keep=form.keep_earlier, person=person.name
            )
            return _view(self._mykey.member(name))

    def refuse_join(self, person: Person, written: str, form: RefuseJoinForm) -> ResidentView:
        """Do not join a card that asked; raises RefusedByRule (``no-such-join``) too."""
        chosen = reason(NotJoined, form.why)
        with self._acting(person, written) as name:
            self._mykey.joins.refuse(name, form.card, chosen, person=person.name)
            return _view(self._mykey.member(name))

    @contextmanager
    def _acting(self, person: Person, written: str) -> Iterator[MyKeyId]:
        """Whom this person may act for; nothing is granted or held at the same moment."""
        name = mykey_id(written)
        with self._core.database.write():
            called = self._mykey.now_called(name)
            if person.role is Role.AUDITOR or not self._is_theirs(person, called):
                raise _not_allowed(person, name)
            yield name

    def _is_theirs(self, person: Person, name: MyKeyId) -> bool:
        """Whether a resident has points in a town that this person works for, or none anywhere."""
        towns = self._mykey.accounts_of(name)
        return not towns or any(map(person.works_for, towns))


def looked_into(
    core: Core, mykey: MyKey, person: Person, name: MyKeyId
) -> dict[MunicipalityCode, AccountId]:
    """A resident's accounts in this person's towns; each town's chain says who looked."""
    accounts = {
        code: account for code, account in mykey.accounts_of(name).items() if person.works_for(code)
    }
    with core.database.write() as tx:
        for code, account in accounts.items():
            enact(core, tx, Looked(code, account), (person.name,))
    return accounts


def exact_balances(core: Core, accounts: dict[MunicipalityCode, AccountId]) -> list[BalanceRow]:
    """What these accounts have now."""
    with core.database.read() as tx:
        return [
            BalanceRow(
                municipality=each.municipality,
                available=each.available,
                held=each.held,
                as_of=core.clock.now(),
                exact=True,
            )
            for each in balances(tx, accounts)
        ]


def _view(member: Member) -> ResidentView:
    return ResidentView(
        mykey_id=member.mykey_id,
        state=member.state,
        generated=member.generated,
        cards=member.cards,
        consents=member.consents,
        steps=[
            StepRow(at=each.at, what=each.what, why=each.why, person=each.person)
            for each in member.steps
        ],
    )


def _not_allowed(person: Person, name: MyKeyId) -> RefusedByRule:
    return RefusedByRule("not-allowed", f"{person.name} ({person.role}) may not do this for {name}")
