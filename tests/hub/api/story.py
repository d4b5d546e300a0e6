"""A month of a small town in which every call of the hub is made once as it is meant.

The story only asks, step by step, and hears the answers; who plays it may try other things before
each step (:mod:`tests.hub.api.test_negatives`), or keep what was asked and answered as examples
(:mod:`tests.hub.api.test_described`). Cards and keys are the same in each run.
"""

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from hub import forms
from hub.people import digest_of
from hub.signin_forms import JoinForm, SessionForm, SignInForm, TokenForm
from sync.calls import (
    CardSigned,
    Challenge,
    Enrolled,
    EnrolmentRequest,
    EpochGranted,
    EpochRequest,
    JoinRequest,
    LookRequest,
    Registration,
)
from sync.cardproof import look_message
from sync.chain import digest
from sync.choosing import Wishes
from sync.democa import DemoCa
from sync.holds import HoldAnswer, HoldRequest, Purpose, StandingRequest, Wanted
from sync.invitation import read_invitation
from sync.members import MemberRequest, MemberStep
from sync.owntickets import VERB as TICKETS
from sync.owntickets import OwnTicketsRequest
from sync.papers import TicketQuestion
from sync.records import Tier
from sync.services import VERB as NUMBER
from sync.services import NumberChange, NumberQuestion
from sync.signing import Signed, fingerprint, in_groups, open_signed
from sync.standing import LoneStanding
from sync.values import (
    AccountId,
    EpochId,
    MunicipalityCode,
    MyKeyId,
    NodeId,
    OrganisationId,
    Points,
    TicketNumber,
)
from sync.wire import read, write
from tests.doubles.clocks import at
from tests.doubles.pen import Card, Pen
from tests.hub.authenticator import PASSWORD, Authenticator
from tests.hub.townhall import (
    BANK,
    GREENGROCER,
    KAWASAKI,
    ORIGIN,
    OTHER_BANK,
    TOSHIMA,
    Townhall,
    node_key,
)

COUNTER_KEY, NEXT_KEY = node_key("counter"), node_key("counter, next disk")
HANA, JIRO, MEI = "HANA0001", "JIRO0001", "MEI00001"
TANAKA_TOKEN = "TANAKA" + "A" * 46
BOOKSHOP = "131164-C1001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One step: an operation as the table of calls names it, and what is sent."""

    operation: str
    place: dict[str, str] = field(default_factory=dict)
    query: str = ""
    body: bytes = b""
    by: str = ""
    """The person whose token is sent; empty: the node, or nobody."""

    @property
    def method(self) -> str:
        return self.operation.split()[0]

    @property
    def key(self) -> str:
        """A key for this step and no other."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]

    @property
    def path(self) -> str:
        """The path and query as they are sent."""
        return self.operation.split()[1].format(**self.place) + self.query


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer that was good."""

    body: bytes


Step = Generator[Ask, Heard, Any]


Signs = Callable[[bytes], msgspec.Struct]
"""Makes what a card signs, from a challenge."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a card of the demo CA."""

    card: Card
    certificate: bytes

    def signs(self, node: NodeId, verb: str, request: bytes, challenge: bytes) -> CardSigned:
        """The card signs a request, PIN and all."""
        message = look_message(verb, ORIGIN, node, digest(request), challenge)
        return CardSigned(request, str(self.card.algorithm), self.card.sign(message))

    def registers(self, name: str) -> Signs:
        """A MyKey ID is wanted."""
        return lambda fresh: Registration(fresh, self.certificate, name, consent_points=True)

    def says_to_be(self, name: str) -> Signs:
        """This is another card of who has that ID."""
        return lambda fresh: JoinRequest(fresh, self.certificate, None, name)


def person(ca: DemoCa, secret: int) -> Person:
    """Whoever has this key on the card."""
    key = derive_private_key(secret, SECP256R1())
    return Person(Card(key), ca.issue(key.public_key(), at=at("2026-01-01 00:00")))


class Story:
    """The steps in their order; ``hall`` has Kawasaki and its greengrocer, two people run it."""

    def __init__(self, hall: Townhall, ca: DemoCa) -> None:
        self.hall = hall
        self.hana, self.jiro, self.mei, self.mei_anew, self.nao = (
            person(ca, secret) for secret in (1001, 1002, 1003, 1004, 1005)
        )
        self.node, self.epoch, self.key = NodeId(""), EpochId(""), COUNTER_KEY
        self.attempts = 0

    def play(self) -> Step:
        """Everything."""
        yield from self.people()
        yield from self.signs_in()
        yield from self.towns()
        yield from self.counter()
        yield from self.registers()
        yield from self.points()
        yield from self.joins()
        yield from self.numbers()
        pen = yield from self.sales()
        yield from self.reads()
        yield from self.settles()
        yield from self.next_life(pen)
        yield from self.leaves()

    # -- how a step is asked

    def desk(
        self, operation: str, form: msgspec.Struct | None = None, by: str = "Sato", **place: str
    ) -> Step:
        """A person's call; what came of it as JSON."""
        method, path = operation.split()
        body = b"" if form is None else msgspec.json.encode(form)
        heard = yield Ask(operation=f"{method} /v1/desk{path}", place=place, body=body, by=by)
        return msgspec.json.decode(heard.body)

    def approved(self, operation: str, form: msgspec.Struct, **place: str) -> Step:
        """What needs two people."""
        asked = yield from self.desk(operation, form, **place)
        assert asked["outcome"] == "waiting"
        yield from self.desk("POST /pending/{name}/approval", by="Suzuki", name=asked["pending"])

    def call(
        self,
        operation: str,
        message: msgspec.Struct | bytes = b"",
        query: str = "",
        **place: object,
    ) -> Step:
        """The counter's call; the body of what came of it."""
        method, path = operation.split()
        body = message if isinstance(message, bytes) else write(message)
        heard = yield Ask(
            operation=f"{method} /v1{path}",
            place={"node": self.node, **{name: str(value) for name, value in place.items()}},
            query=query,
            body=body,
        )
        return heard.body

    def told(
        self,
        what: str,
        kind: type[msgspec.Struct],
        operation: str,
        message: msgspec.Struct | bytes = b"",
        **place: object,
    ) -> Step:
        """A call whose answer the hub signs."""
        body = yield from self.call(operation, message, query="", **place)
        trusted = (self.hall.hub.core.keys.signing.public,)
        return read(open_signed(read(body, Signed), what, trusted), kind)

    def by_card(self, step: str, verb: str, who: Person, form: Signs) -> Step:
        """A call that a card signs with a fresh challenge; ``form`` makes the request from it."""
        fresh = yield from self.told("challenge", Challenge, "POST /nodes/{node}/challenges")
        request = write(form(fresh.challenge))
        signed = who.signs(self.node, verb, request, fresh.challenge)
        return (yield from self.call(f"POST /nodes/{{node}}/{step}", signed))

    # -- the story

    def people(self) -> Step:
        """Who watches the hub looks at it; somebody is invited and leaves."""
        yield Ask(operation="GET /v1/health")
        yield Ask(operation="GET /v1/ready")
        yield Ask(operation="GET /v1/metrics", by="Sato")
        yield from self.desk("GET /operators")
        form = forms.OperatorForm(name="Tanaka", role="clerk", municipality=KAWASAKI)
        asked = yield from self.desk("POST /operators", form)
        yield from self.desk("GET /pending", by="Suzuki")
        yield from self.desk("POST /pending/{name}/approval", by="Suzuki", name=asked["pending"])
        join = JoinForm(code=asked["invitation"], token_digest=digest_of(TANAKA_TOKEN).hex())
        yield from self.desk("POST /join", join, by="")
        form = forms.OperatorForm(name="Yamada", role="auditor")
        asked = yield from self.desk("POST /operators", form)
        why = forms.WhyForm(why="left the office")
        yield from self.desk("POST /pending/{name}/refusal", why, name=asked["pending"])
        yield from self.desk("DELETE /operators/{name}", name="Tanaka")

    def signs_in(self) -> Step:
        """Sato chooses a password and an authenticator, signs in, lets a script in, goes home."""
        phone = Authenticator(self.hall.clock)
        chosen = SignInForm(
            password=PASSWORD, secret=phone.written, code=phone.code(), recovery=("0" * 64,)
        )
        yield from self.desk("PUT /sign-in", chosen)
        form = SessionForm(name="Sato", password=PASSWORD, code=phone.next_code())
        session = yield from self.desk("POST /session", form, by="")
        self.hall.tokens["Sato, signed in"] = session["token"]
        yield from self.desk("GET /session", by="Sato, signed in")
        nightly = TokenForm(
            label="nightly",
            role="auditor",
            days=90,
            token_digest=digest_of(TANAKA_TOKEN).hex(),
        )
        yield from self.desk("POST /tokens", nightly, by="Sato, signed in")
        yield from self.desk("GET /tokens", by="Sato, signed in")
        yield from self.desk("DELETE /tokens/{name}", by="Sato, signed in", name="nightly")
        yield from self.desk("DELETE /session", by="Sato, signed in")

    def towns(self) -> Step:
        form = forms.MunicipalityForm(
            municipality=TOSHIMA, name="豊島区", requester="1234567890", account=BANK
        )
        yield from self.desk("POST /municipalities", form)
        yield from self.desk("GET /municipalities")
        payer = forms.PayerForm(requester="1234567891", account=OTHER_BANK)
        yield from self.approved("PUT /municipalities/{name}/account", payer, name=TOSHIMA)
        calendar = forms.ContentForm(content='{"closing_day": 15}')
        yield from self.desk("PUT /municipalities/{name}/calendar", calendar, name=KAWASAKI)
        yield from self.desk("GET /municipalities/{name}/policy", name=KAWASAKI)
        policy = forms.ContentForm(content='{"most_per_spend": 2000}')
        yield from self.approved("PUT /municipalities/{name}/policy", policy, name=TOSHIMA)
        reserve = forms.ReserveForm(points=50_000, why="budget of the year")
        yield from self.approved("POST /municipalities/{name}/reserve", reserve, name=KAWASAKI)
        shop = forms.OrganisationForm(
            organisation=BOOKSHOP, name="本屋", place="駅前", account=OTHER_BANK
        )
        yield from self.approved("POST /organisations", shop)
        accept = forms.AcceptForm(municipality=KAWASAKI)
        yield from self.desk("POST /organisations/{name}/acceptances", accept, name=BOOKSHOP)
        yield from self.approved("PUT /organisations/{name}/account", BANK, name=BOOKSHOP)
        yield from self.desk("GET /organisations")
        lists = forms.SourceForm(source="dir:/srv/machikado/lists")
        yield from self.desk("PUT /revocation/source", lists)
        yield from self.desk("POST /revocation/load")
        yield from self.desk("GET /revocation")
        none = forms.SourceForm(source="none")
        yield from self.approved("PUT /revocation/source", none)

    def counter(self) -> Step:
        """A ticket counter is set up."""
        yield from self.call("GET /time")
        yield from self.call("GET /keys")
        form = forms.InviteForm(organisation=GREENGROCER, kind="counter", place="市役所1階")
        invited = yield from self.desk("POST /nodes", form)
        invitation = read_invitation(invited["invitation"])
        name = digest(invitation.code.encode()).hex()
        yield from self.call("GET /invitations/{digest}", digest=name)
        request = EnrolmentRequest(invitation.code, self.key.public)
        enrolled = yield from self.told("enrolled", Enrolled, "POST /enrolments", request)
        self.node, self.epoch = enrolled.node, enrolled.epoch
        confirm = forms.ConfirmForm(fingerprint=fingerprint(self.key.public))
        yield from self.desk("POST /nodes/{name}/confirmation", confirm, name=self.node)
        amount = forms.FloatForm(points=20_000)
        yield from self.desk("PUT /nodes/{name}/float", amount, name=self.node)
        yield from self.desk("GET /nodes")

    def registers(self) -> Step:
        """Three people register at the counter."""
        yield from self.call("POST /nodes/{node}/mykey-ids", Wishes((MyKeyId(HANA),)))
        for who, name in ((self.hana, HANA), (self.jiro, JIRO), (self.mei, MEI)):
            yield from self.by_card("registrations", "register", who, who.registers(name))

    def joins(self) -> Step:
        """Mei has lost her card; somebody else says to be Mei, too."""
        for who in (self.mei_anew, self.nao):
            yield from self.by_card("joins", "join", who, who.says_to_be(MEI))
        yield from self.desk("GET /joins")
        card = in_groups(self.mei_anew.card.digest)
        yes = forms.JoinCardForm(card=card, evidence="identity-document-seen")
        yield from self.desk("POST /residents/{name}/joins", yes, name=MEI)
        no = forms.RefuseJoinForm(card=in_groups(self.nao.card.digest), why="another-person")
        yield from self.desk("POST /residents/{name}/join-refusals", no, name=MEI)

    def numbers(self) -> Step:
        """The greengrocer's own numbers of people."""
        shop = OrganisationId(GREENGROCER)
        yield from self.by_card(
            "number-changes",
            NUMBER,
            self.hana,
            lambda fresh: NumberChange(fresh, self.hana.card.digest, shop, "789145"),
        )
        question = NumberQuestion(self.hana.card.digest)
        yield from self.call("POST /nodes/{node}/numbers", question)
        file = f"MyKey ID,number\n{HANA},789145\n{JIRO},456578\n".encode()
        numbers = forms.NumbersForm(file=file, apply=True)
        yield from self.desk("POST /organisations/{name}/numbers", numbers, name=GREENGROCER)
        yield from self.desk("GET /organisations/{name}/numbers", name=GREENGROCER)

    def points(self) -> Step:
        programme = forms.ProgrammeForm(
            programme="101", municipality=KAWASAKI, name="清掃", department="環境課"
        )
        yield from self.desk("POST /programmes", programme)
        yield from self.desk("GET /programmes")
        for name, points in ((HANA, 2_000), (JIRO, 100), (MEI, 100)):
            grant = forms.GrantForm(
                mykey_id=name,
                municipality=KAWASAKI,
                points=points,
                programme="101",
                purpose="川の清掃",
            )
            yield from self.desk("POST /grants", grant)
        yield from self.desk("GET /residents/{name}/grants", name=HANA)
        yield from self.by_card(
            "members",
            "member",
            self.hana,
            lambda fresh: MemberRequest(fresh, self.hana.card.digest, MemberStep.SEE, ""),
        )
        yield from self.by_card(
            "looks",
            "look",
            self.hana,
            lambda fresh: LookRequest(fresh, self.hana.card.digest),
        )

    def held(self, request: HoldRequest) -> Step:
        """Ask before the PIN; the attempt's number and the hub's yes."""
        self.attempts += 1
        granted = yield from self.told(
            "hold",
            HoldAnswer,
            "PUT /nodes/{node}/epochs/{epoch}/holds/{n}",
            request,
            epoch=self.epoch,
            n=self.attempts,
        )
        assert granted.granted, granted.reason
        return granted

    def sales(self) -> Step:
        """Hana buys something and takes a ticket; a stick brings the last of it."""
        town = MunicipalityCode(KAWASAKI)
        yield from self.call("GET /nodes/{node}/feed", query="?after=0&incarnation=")
        asked = StandingRequest(self.epoch, self.hana.card.digest)
        standing = yield from self.told(
            "standing", LoneStanding, "POST /nodes/{node}/standings", asked
        )
        account = AccountId(self.hall.hub.mykey.account_for(MyKeyId(HANA), town))
        pen = self._pen()
        pen.knows(policy_of(self.hall), standing.as_of, 2_000)
        card = self.hana.card

        def wants(points: int, purpose: Purpose, wanted: Wanted | None = None) -> HoldRequest:
            amount = Points(points)
            return HoldRequest(town, purpose, amount, account, card.digest, b"", wanted, ())

        hold = yield from self.held(wants(300, Purpose.SPEND))
        pen.spend(card, account, 300, town=town, tier=Tier.T0, hold=hold.n)
        yield from self._hands_in(pen, 1)
        ticket = Wanted("101", Points(500), 1, "2026-11-02", 30)
        hold = yield from self.held(wants(500, Purpose.ISSUE, ticket))
        pen.issue(card, account, hold.tickets, town=town, hold=hold.n, programme="101")
        yield from self._hands_in(pen, pen.seq)
        yield from self.call(
            "GET /nodes/{node}/epochs/{epoch}/records/{first}", epoch=self.epoch, first=1
        )
        number = TicketNumber(hold.tickets[0].number)
        question = TicketQuestion(town, number, Purpose.REDEEM)
        yield from self.call("POST /nodes/{node}/tickets", question)
        yield from self.by_card(
            "own-tickets",
            TICKETS,
            self.hana,
            lambda fresh: OwnTicketsRequest(fresh, card.digest),
        )
        yield from self.call("GET /nodes/{node}/payees")
        yield from self.desk("GET /tickets/{name}", name=number)
        pen.spend(card, account, 200, town=town)
        stick = forms.ParcelForm(
            node=self.node, epoch=self.epoch, first=pen.seq, body=pen.batch(pen.seq)
        )
        yield from self.desk("POST /parcels", stick)
        return pen

    def _pen(self) -> Pen:
        """The counter's hand."""
        core, now = self.hall.hub.core, self.hall.clock.now()
        pen = Pen(self.node, self.epoch, self.key, ORIGIN, core.keys.signing.public, now)
        pen.open(core.keys.begin_month("2026-11"), "2026-11")
        return pen

    def _hands_in(self, pen: Pen, first: int) -> Step:
        yield from self.call(
            "PUT /nodes/{node}/epochs/{epoch}/records/{first}",
            pen.batch(first),
            epoch=pen.epoch,
            first=first,
        )

    def reads(self) -> Step:
        """What people look at."""
        yield from self.desk("GET /residents/{name}", name=HANA)
        yield from self.desk("GET /residents/{name}/balances", name=HANA)
        yield from self.desk("GET /municipalities/{name}/accounts", name=KAWASAKI)
        yield from self.desk("GET /municipalities/{name}/flows", name=KAWASAKI)
        yield from self.desk("GET /totals")
        yield from self.desk("GET /departments")

    def settles(self) -> Step:
        close = forms.CloseForm()
        closed = yield from self.desk("POST /municipalities/{name}/windows", close, name=KAWASAKI)
        window = closed["window"]
        yield from self.desk("GET /windows")
        yield from self.desk("GET /windows/{name}", name=window)
        notice = "GET /windows/{name}/notices/{organisation}"
        yield from self.desk(notice, name=window, organisation=GREENGROCER)
        yield from self.desk("POST /windows/{name}/review", name=window)
        yield from self.desk("POST /windows/{name}/approval", by="Suzuki", name=window)
        yield from self.desk("POST /windows/{name}/file", forms.ReleaseForm(), name=window)
        result = forms.ResultForm(file=b"line,outcome,reason\n1,paid,\n")
        yield from self.desk("POST /windows/{name}/result", result, name=window)

    def next_life(self, pen: Pen) -> Step:
        """The counter was restored from a copy: people hear of it."""
        request = EpochRequest(NEXT_KEY.public)
        granted = yield from self.told("epoch", EpochGranted, "POST /nodes/{node}/epochs", request)
        assert granted.before == pen.epoch
        self.epoch, self.key = granted.epoch, NEXT_KEY
        found = yield from self.desk("GET /exceptions")
        name = found[-1]["id"]
        yield from self.desk("GET /exceptions/{name}", name=name)
        decision = forms.DecisionForm(decision="noted", why="a new disk, as planned")
        yield from self.desk("POST /exceptions/{name}/decision", decision, name=name)
        why = forms.WhyForm(why="the counter moves")
        yield from self.desk("POST /nodes/{name}/revocation", why, name=self.node)

    def leaves(self) -> Step:
        """Jiro's card is lost and found; he takes another ID, and leaves in the end."""
        why = forms.WhyForm
        yield from self.desk("POST /residents/{name}/suspension", why(why="card-lost"), name=JIRO)
        yield from self.desk("POST /residents/{name}/resumption", why(why="card-found"), name=JIRO)
        change = forms.NewIdForm(new_id="JIRO0002", why="known-to-others")
        yield from self.desk("PUT /residents/{name}/mykey-id", change, name=JIRO)
        gone = why(why="asked-here")
        yield from self.desk("POST /residents/{name}/cancellation", gone, name="JIRO0002")


def policy_of(hall: Townhall) -> bytes:
    """The digest of the policy that the counter goes by."""
    return hall.hub.office.policy(hall.sato, KAWASAKI).digest
