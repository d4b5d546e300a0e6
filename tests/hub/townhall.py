"""A whole hub in memory, run by two people, with a shop and its terminal."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from hub import people
from hub.bodies import OperatorAdded
from hub.core import Core, first_incarnation
from hub.desk import enact
from hub.forms import BankForm, InviteForm, MunicipalityForm, OrganisationForm
from hub.hub import Hub, compose
from hub.keys import KeyRing
from hub.people import Person, Role
from hub.signin import Proofs
from hub.store.database import Database
from sync.calls import (
    CardSigned,
    Challenge,
    Doorstep,
    EnrolmentRequest,
    HubCalls,
    JoinRequest,
    LookRequest,
    Registration,
    VouchRequest,
)
from sync.cardproof import look_message
from sync.certificate import Roots, key_digest, read_public_key
from sync.chain import digest
from sync.democa import DemoCa
from sync.invitation import read_invitation
from sync.members import MemberRequest, MemberStep
from sync.services import VERB, NumberChange
from sync.signing import SigningKey, fingerprint
from sync.values import (
    PLATFORM,
    EpochId,
    KeyDigest,
    NodeId,
    OrganisationId,
    organisation_of,
)
from sync.wire import write
from tests.doubles import databases
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.authenticator import HASTY

ORIGIN = "https://hub.test"
KAWASAKI = "141305"
TOSHIMA = "131164"
GREENGROCER = "141305-B2108"
BANK = BankForm(bank="0001", branch="001", account_type="1", account="1234567", holder="ヤオヤ")
OTHER_BANK = BankForm(
    bank="0001", branch="001", account_type="1", account="7654321", holder="ヤオヤ"
)


@dataclass(slots=True)
class Townhall:
    """The hub, its clock, and the two people who run it."""

    hub: Hub
    clock: TurnedClock
    sato: Person
    suzuki: Person
    tokens: dict[str, str]

    def person(self, name: str, role: Role, municipality: str = "") -> Person:
        """Somebody who joined by an invitation."""
        core = self.hub.core
        code = people.fresh_token(core.randomness)
        token = people.fresh_token(core.randomness)
        added = OperatorAdded(PLATFORM, name, role, municipality, people.digest_of(code))
        with core.database.write() as tx:
            enact(core, tx, added, ("hub",))
            operator = people.invited(tx, code)
            enact(core, tx, people.joining(operator, people.digest_of(token)), (name,))
        self.tokens[name] = token
        return self.hub.office.sign_in(token)

    def join(self, code: str, name: str, account: BankForm = BANK) -> None:
        """A town joins."""
        form = MunicipalityForm(
            municipality=code, name=name, requester="1234567890", account=account
        )
        self.hub.office.add_municipality(self.sato, form)

    def organisation(self, name: str = GREENGROCER) -> None:
        """An organisation applies and is approved."""
        form = OrganisationForm(organisation=name, name="A商店街", place="八百屋", account=BANK)
        asked = self.hub.office.add_organisation(self.sato, form)
        self.hub.office.approve(self.suzuki, asked.pending)

    def invitation(
        self, again: str = "", organisation: str = GREENGROCER, *, zone: str = ""
    ) -> str:
        """The text of an invitation for an organisation's terminal."""
        form = InviteForm(organisation=organisation, again=again, zone=zone)
        return self.hub.office.invite(self.sato, form).invitation

    def doorstep(self) -> Doorstep:
        """The calls of somebody who is not enrolled."""
        return Doorstep(self.hub.door, (self.hub.core.keys.signing.public,))

    def enrol(self, invitation: str, key: SigningKey, *, confirm: bool = True) -> HubCalls:
        """Use an invitation; the calls of the node that came of it."""
        code = read_invitation(invitation).code
        enrolled = self.doorstep().enrol(EnrolmentRequest(code, key.public))
        if confirm:
            self.hub.office.confirm(self.sato, enrolled.node, fingerprint(key.public))
        return self.calls(enrolled.node, enrolled.epoch, key)

    def calls(self, node: str, epoch: str, key: SigningKey) -> HubCalls:
        """A node's calls through the door."""
        return HubCalls(
            self.hub.door,
            origin=ORIGIN,
            node=NodeId(node),
            epoch=EpochId(epoch),
            key=key,
            clock=self.clock,
            trusted=(self.hub.core.keys.signing.public,),
        )

    def terminal(self, organisation: str = GREENGROCER) -> HubCalls:
        """An organisation's terminal, enrolled and confirmed."""
        invitation = self.invitation(organisation=organisation)
        disk = "first disk" if organisation == GREENGROCER else organisation
        return self.enrol(invitation, node_key(disk))


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a card of the demo CA."""

    key: RSAPrivateKey
    certificate: bytes

    @property
    def card(self) -> KeyDigest:
        """What the card is called."""
        return key_digest(read_public_key(self.certificate).spki)

    def signs(self, node: NodeId, verb: str, request: bytes, challenge: bytes) -> CardSigned:
        """The card signs a request, PIN and all."""
        message = look_message(verb, ORIGIN, node, digest(request), challenge)
        return CardSigned(request, "RS256", self.key.sign(message, PKCS1v15(), SHA256()))

    def registration(
        self, calls: HubCalls, wish: str = "", *, points: bool = True, generated: bool = False
    ) -> CardSigned:
        """Ask for a MyKey ID at a counter."""
        challenge = calls.challenge().challenge
        request = write(Registration(challenge, self.certificate, wish, points, generated))
        return self.signs(calls.node, "register", request, challenge)

    def number(
        self, calls: HubCalls, number: str, organisation: OrganisationId | None = None
    ) -> CardSigned:
        """Link a number of the counter's organisation, or of another; an empty one unlinks."""
        challenge = calls.challenge().challenge
        here = organisation_of(calls.node) if organisation is None else organisation
        request = write(NumberChange(challenge, self.card, here, number))
        return self.signs(calls.node, VERB, request, challenge)

    def look(self, calls: HubCalls, challenge: Challenge | None = None) -> CardSigned:
        """Ask for the exact balances at a counter."""
        fresh = (challenge or calls.challenge()).challenge
        request = write(LookRequest(fresh, self.card))
        return self.signs(calls.node, "look", request, fresh)

    def member(
        self, calls: HubCalls, step: MemberStep, name: str = "", at: NodeId | None = None
    ) -> CardSigned:
        """Ask for a step of the own MyKey ID at a counter, or somewhere else."""
        challenge = calls.challenge().challenge
        request = write(MemberRequest(challenge, self.card, step, name))
        return self.signs(at or calls.node, "member", request, challenge)

    def voucher(self, calls: HubCalls, joins: KeyDigest, *, keep: bool = False) -> CardSigned:
        """Say that another card is this one's holder's too."""
        challenge = calls.challenge().challenge
        request = write(VouchRequest(challenge, self.card, joins, keep))
        return self.signs(calls.node, "vouch", request, challenge)

    def joining(
        self, calls: HubCalls, voucher: CardSigned | None = None, said: str = ""
    ) -> CardSigned:
        """Ask to be joined to a MyKey ID."""
        challenge = calls.challenge().challenge
        request = write(JoinRequest(challenge, self.certificate, voucher, said))
        return self.signs(calls.node, "join", request, challenge)


def node_key(disk: str) -> SigningKey:
    """A node's key."""
    return SigningKey(digest(disk.encode()))


def townhall(
    tmp_path: Path,
    roots: Roots | None = None,
    *,
    shop: bool = True,
    stored: tuple[Database, Database] | None = None,
) -> Townhall:
    """A hub; with a town and the greengrocer unless told otherwise.

    Its databases are where the tests' are, or those that are given.
    """
    clock = TurnedClock(at("2026-11-02 10:00"))
    randomness = SeededRandomness("townhall")
    database, identities = stored or (databases.ledger(), databases.identities())
    core = Core(
        database=database,
        keys=KeyRing(None, randomness),
        clock=clock,
        randomness=randomness,
        origin=ORIGIN,
        incarnation=first_incarnation(database, randomness),
        demo=True,
    )
    proofs = Proofs(core.keys, randomness, HASTY)
    hub = compose(core, identities, roots or Roots({}), tmp_path / "journal", proofs=proofs)
    hall = Townhall(hub, clock, _NOBODY, _NOBODY, {})
    hall.sato = hall.person("Sato", Role.PLATFORM)
    hall.suzuki = hall.person("Suzuki", Role.PLATFORM)
    if shop:
        hall.join(KAWASAKI, "川崎市")
        hall.organisation()
    return hall


def holder(ca: DemoCa, key: RSAPrivateKey) -> Holder:
    """A card that the CA issued."""
    return Holder(key, ca.issue(key.public_key(), at=at("2026-01-01 00:00")))


_NOBODY = Person(name="nobody", role=Role.AUDITOR, municipality=None)
