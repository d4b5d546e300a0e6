"""What people do at the hub, one method each: from a form to a command at the desk, or an answer.

The API is a thin shell around this; who the person is has been found out before. Everybody may
read what belongs to the towns they work for; changing goes through the desk's table.
"""

import msgspec

from hub import nodes, people, town
from hub.access import Access
from hub.bodies import (
    AccountChanged,
    FloatSet,
    Granted,
    MunicipalityAdded,
    NodeConfirmed,
    NodeRevoked,
    OperatorAdded,
    OperatorRevoked,
    OrganisationAccepted,
    OrganisationAdded,
    PayerChanged,
    ReserveFunded,
)
from hub.commands import ask, bank, make, paying_bank
from hub.core import Core
from hub.desk import Desk, allowed, enact
from hub.forms import (
    Answered,
    BankForm,
    FloatForm,
    InviteForm,
    MunicipalityForm,
    NodeRow,
    OperatorForm,
    OperatorRow,
    OrganisationForm,
    PayerForm,
    PendingRow,
    ReserveForm,
)
from hub.mykey.registry import MyKey
from hub.paging import Listed, Page
from hub.people import Person
from hub.signin_forms import JoinForm
from hub.views import OrganisationRow, TownRow
from hub.waiting import in_words
from sync.errors import RefusedByRule
from sync.invitation import Invitation, write_invitation
from sync.policy import Policy
from sync.signing import fingerprint
from sync.values import (
    PLATFORM,
    MunicipalityCode,
    Points,
    home_of,
    municipality_code,
    node_id,
    organisation_id,
)


class Office:
    """Use cases about people, towns, organisations and terminals."""

    def __init__(self, core: Core, mykey: MyKey, desk: Desk, access: Access) -> None:
        self._core = core
        self._mykey = mykey
        self._desk = desk
        self._access = access

    def sign_in(self, token: str) -> Person:
        """Whose token this is, of whatever kind; raises NotAuthentic."""
        return self._access.person(token)

    # -- people

    def add_operator(self, person: Person, form: OperatorForm) -> Answered:
        """Invite a person; the code works once a second person has approved."""
        code = people.fresh_token(self._core.randomness)
        body = make(
            OperatorAdded,
            town=PLATFORM,
            name=form.name,
            role=form.role,
            municipality=form.municipality,
            token_digest=people.digest_of(code),
        )
        return msgspec.structs.replace(ask(self._desk, person, body), invitation=code)

    def join(self, form: JoinForm) -> OperatorRow:
        """An invited person begins to use a token of its own; the same one again is the same."""
        digest = bytes.fromhex(form.token_digest)
        with self._core.database.write() as tx:
            operator = people.joined_with(tx, digest)
            if operator is None:
                operator = people.invited(tx, form.code)
                enact(self._core, tx, people.joining(operator, digest), (operator.name,))
                if form.sign_in is not None:
                    self._access.set_up(people.person_of(operator), form.sign_in, "")
        return OperatorRow(
            name=operator.name,
            role=operator.role,
            municipality=_scope(operator.municipality),
            state=people.ACTIVE,
        )

    def revoke_operator(self, person: Person, name: str) -> Answered:
        """End a person's access."""
        return ask(self._desk, person, make(OperatorRevoked, town=PLATFORM, name=name))

    def operators(self, person: Person) -> list[OperatorRow]:
        """Everybody who works for a town that this person works for."""
        with self._core.database.read() as tx:
            return [
                OperatorRow(
                    name=each.name,
                    role=each.role,
                    municipality=_scope(each.municipality),
                    state=each.state,
                )
                for each in people.operators(tx)
                if each.municipality == PLATFORM
                or person.works_for(MunicipalityCode(each.municipality))
            ]

    # -- what waits

    def pending(self, person: Person, page: Page | None = None) -> Listed[PendingRow]:
        """A page of what waits for a second person: town by town, oldest first."""
        waiting = self._desk.waiting(page or Page(), person.municipality)
        with self._core.database.read() as tx:
            return waiting.each(
                lambda each: PendingRow(
                    id=each.id,
                    kind=each.kind,
                    municipality=each.town,
                    person=each.person,
                    at=each.at,
                    what=in_words(tx, self._mykey, each.body),
                )
            )

    def approve(self, person: Person, pending: str) -> Answered:
        """Be the second person. What is for a resident who left meanwhile can only be declined."""
        with self._core.database.write():  # nobody leaves between these
            waiting = self._desk.waits(person, pending)
            if waiting is not None and isinstance(waiting.body, Granted):
                self._mykey.check_may_receive(waiting.town, waiting.body.account)
            self._desk.approve(person, pending)
        return Answered(outcome="done")

    def decline(self, person: Person, pending: str, why: str) -> Answered:
        """Say no, or take back."""
        self._desk.decline(person, pending, why)
        return Answered(outcome="done")

    # -- towns

    def add_municipality(self, person: Person, form: MunicipalityForm) -> Answered:
        """A town joins."""
        code = municipality_code(form.municipality)
        if code == PLATFORM:
            raise RefusedByRule("municipality-reserved", f"{PLATFORM} is the platform, not a town")
        allowed(person, MunicipalityAdded, code)  # before a ticket key is made for it
        return ask(
            self._desk,
            person,
            make(
                MunicipalityAdded,
                town=code,
                name=form.name,
                point_name=form.point_name or f"{form.name}ポイント",
                requester=form.requester,
                account=paying_bank(form.account),
                ticket_key=self._core.keys.begin_town(code).public,
            ),
        )

    def change_payer(self, person: Person, code: str, form: PayerForm) -> Answered:
        """Another account that the town pays from; a second person approves."""
        return ask(
            self._desk,
            person,
            make(
                PayerChanged,
                town=municipality_code(code),
                requester=form.requester,
                account=paying_bank(form.account),
            ),
        )

    def set_calendar(self, person: Person, code: str, content: str) -> Answered:
        """When the town closes and pays."""
        return ask(self._desk, person, town.calendar_set(municipality_code(code), content.encode()))

    def municipalities(self, _person: Person) -> list[TownRow]:
        """Every town."""
        with self._core.database.read() as tx:
            return town.towns(tx)

    def policy(self, _person: Person, code: str) -> Policy:
        """What a town's nodes may do offline."""
        with self._core.database.read() as tx:
            return town.policy_of(tx, municipality_code(code))

    def set_policy(self, person: Person, code: str, content: str) -> Answered:
        """Change it; a second person approves."""
        return ask(self._desk, person, town.policy_set(municipality_code(code), content.encode()))

    def fund_reserve(self, person: Person, code: str, form: ReserveForm) -> Answered:
        """Money for losses within policy."""
        return ask(
            self._desk,
            person,
            make(
                ReserveFunded,
                town=municipality_code(code),
                points=Points(form.points),
                why=form.why,
            ),
        )

    # -- organisations

    def add_organisation(self, person: Person, form: OrganisationForm) -> Answered:
        """An organisation applies; a second person approves."""
        name = organisation_id(form.organisation)
        return ask(
            self._desk,
            person,
            make(
                OrganisationAdded,
                town=home_of(name),
                organisation=name,
                name=form.name,
                place=form.place,
                account=bank(form.account),
            ),
        )

    def accept_organisation(self, person: Person, name: str, code: str) -> Answered:
        """Another town lets it take its points."""
        return ask(
            self._desk,
            person,
            make(
                OrganisationAccepted,
                town=municipality_code(code),
                organisation=organisation_id(name),
            ),
        )

    def change_account(self, person: Person, name: str, form: BankForm) -> Answered:
        """A new bank account, from the next window on; a second person approves."""
        organisation = organisation_id(name)
        return ask(
            self._desk,
            person,
            make(
                AccountChanged,
                town=home_of(organisation),
                organisation=organisation,
                account=bank(form),
            ),
        )

    def organisations(self, _person: Person, page: Page | None = None) -> Listed[OrganisationRow]:
        """A page of every organisation that was approved."""
        with self._core.database.read() as tx:
            return town.organisations_page(tx, page or Page())

    # -- nodes

    def invite(self, person: Person, form: InviteForm) -> Answered:
        """Invite a terminal; the invitation is shown once."""
        code = nodes.fresh_code(self._core.randomness)
        with self._core.database.write() as tx:
            body = nodes.invite(
                tx,
                organisation_id(form.organisation),
                kind=form.kind,
                place=form.place,
                zone=form.zone,
                again=node_id(form.again) if form.again else None,
                code=code,
            )
            answered = ask(self._desk, person, body)
        invitation = Invitation(
            hub=self._core.origin,
            key=self._core.keys.signing.public.hex(),
            code=code,
            tls_pin=self._core.tls_pin.hex(),
        )
        return msgspec.structs.replace(
            answered, node=body.node, invitation=write_invitation(invitation)
        )

    def confirm(self, person: Person, name: str, written: str) -> Answered:
        """Compare the fingerprint and let the terminal sell."""
        node = node_id(name)
        with self._core.database.write() as tx:
            nodes.check_fingerprint(nodes.node_named(tx, node), written)
            return ask(self._desk, person, make(NodeConfirmed, town=home_of(node), node=node))

    def revoke_node(self, person: Person, name: str, why: str) -> Answered:
        """The terminal may hand in what it has, and nothing else."""
        node = node_id(name)
        return ask(self._desk, person, make(NodeRevoked, town=home_of(node), node=node, why=why))

    def set_float(self, person: Person, name: str, form: FloatForm) -> Answered:
        """How much it may take offline; raising it needs a second person."""
        node = node_id(name)
        return ask(
            self._desk, person, make(FloatSet, town=home_of(node), node=node, points=form.points)
        )

    def nodes(self, person: Person, page: Page | None = None) -> Listed[NodeRow]:
        """A page of the terminals of the towns this person works for."""
        with self._core.database.read() as tx:
            found = nodes.nodes_page(tx, page or Page(), person.municipality)
            return found.each(
                lambda each: NodeRow(
                    node=each.node,
                    organisation=each.organisation,
                    kind=each.kind,
                    place=each.place,
                    zone=each.zone,
                    state=each.state,
                    fingerprint=fingerprint(each.public) if each.public else "",
                    float_points=nodes.float_meant(tx, each.node, each.float_points),
                    last_seen=each.last_seen,
                )
            )


def _scope(municipality: str) -> str:
    return "" if municipality == PLATFORM else municipality
