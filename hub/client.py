"""The operator's calls to a hub, typed, over any door (:class:`sync.http.HttpDoor`).

Raises what an answer means: Malformed, NotAuthentic, RefusedByRule with its reason, Unreachable.
"""

import re
from typing import TypeVar
from urllib.parse import quote

import msgspec

from hub.forms import (
    AcceptForm,
    Answered,
    BalanceRow,
    BankFileView,
    BankForm,
    CarriedRow,
    ClosedView,
    CloseForm,
    ConfirmForm,
    ContentForm,
    DecisionForm,
    ExceptionRow,
    FloatForm,
    GrantForm,
    InviteForm,
    JoinCardForm,
    MunicipalityForm,
    NewIdForm,
    NodeRow,
    NoticeView,
    NumbersForm,
    OperatorForm,
    OperatorRow,
    OrganisationForm,
    ParcelForm,
    PayerForm,
    PendingRow,
    ProgrammeForm,
    RefuseJoinForm,
    ReleaseForm,
    ReserveForm,
    ResultForm,
    SheetView,
    SourceForm,
    WhyForm,
    WindowRow,
)
from hub.paging import MOST
from hub.signin_forms import (
    JoinForm,
    SessionForm,
    SessionView,
    SignInForm,
    TokenForm,
    TokenRow,
    WhoView,
)
from hub.views import (
    AccountRow,
    CancelledView,
    DepartmentRow,
    ExceptionView,
    FlowRow,
    GrantRow,
    JoinRow,
    NumbersLoaded,
    NumbersRow,
    OrganisationRow,
    ProgrammeRow,
    ResidentView,
    RevocationView,
    TicketLife,
    TownRow,
    TownTotal,
)
from sync.errors import Unreachable
from sync.ports import Randomness, SystemRandomness
from sync.request import Door, Request, Response, header_of, raise_for_problem
from sync.wire import laid_out

T = TypeVar("T")
_JSON = "application/json"
_NEXT = re.compile(r'<(/v1/desk/[!-~]+)>; rel="next"')


class HubClient:
    """A person's calls; ``token`` may be empty for joining only."""

    def __init__(
        self, door: Door, token: str = "", *, randomness: Randomness | None = None
    ) -> None:
        self._door = door
        self._token = token.strip()
        self._randomness = SystemRandomness() if randomness is None else randomness

    # -- coming in and going out

    def sign_in(self, form: SessionForm) -> SessionView:
        """Begin a session."""
        return self._ask("POST", "session", SessionView, form)

    def who(self) -> WhoView:
        """Whose token this is."""
        return self._ask("GET", "session", WhoView)

    def sign_out(self) -> Answered:
        """End the session."""
        return self._ask("DELETE", "session", Answered)

    def set_up(self, form: SignInForm) -> Answered:
        """Choose what to sign in with."""
        return self._put("sign-in", form)

    def tokens(self) -> list[TokenRow]:
        """One's own sessions and scripts."""
        return self._pages("tokens", list[TokenRow])

    def add_token(self, form: TokenForm) -> TokenRow:
        """Let a script in."""
        return self._ask("POST", "tokens", TokenRow, form)

    def end_token(self, label: str) -> Answered:
        """End a script's token."""
        return self._ask("DELETE", f"tokens/{_step(label)}", Answered)

    # -- people and what waits

    def join(self, form: JoinForm) -> OperatorRow:
        """Join with an invitation."""
        return self._ask("POST", "join", OperatorRow, form)

    def operators(self) -> list[OperatorRow]:
        """Everybody."""
        return self._pages("operators", list[OperatorRow])

    def add_operator(self, form: OperatorForm) -> Answered:
        """Invite a person."""
        return self._ask("POST", "operators", Answered, form)

    def revoke_operator(self, name: str) -> Answered:
        """End a person's access."""
        return self._ask("DELETE", f"operators/{_step(name)}", Answered)

    def pending(self) -> list[PendingRow]:
        """What waits for a second person."""
        return self._pages("pending", list[PendingRow])

    def approve(self, pending: str) -> Answered:
        """Be the second person."""
        return self._ask("POST", f"pending/{_step(pending)}/approval", Answered)

    def decline(self, pending: str, why: str) -> Answered:
        """Say no, or take back."""
        return self._ask("POST", f"pending/{_step(pending)}/refusal", Answered, WhyForm(why=why))

    # -- towns and organisations

    def municipalities(self) -> list[TownRow]:
        """Every town."""
        return self._pages("municipalities", list[TownRow])

    def add_municipality(self, form: MunicipalityForm) -> Answered:
        """Let a town join."""
        return self._ask("POST", "municipalities", Answered, form)

    def change_payer(self, code: str, form: PayerForm) -> Answered:
        """Another account that the town pays from."""
        return self._once("PUT", f"municipalities/{_step(code)}/account", Answered, form)

    def set_calendar(self, code: str, content: str) -> Answered:
        """When the town closes and pays."""
        return self._put(f"municipalities/{_step(code)}/calendar", ContentForm(content=content))

    def policy(self, code: str) -> dict[str, int]:
        """What the town's nodes may do offline."""
        return self._ask("GET", f"municipalities/{_step(code)}/policy", dict[str, int])

    def set_policy(self, code: str, content: str) -> Answered:
        """Change it."""
        return self._put(f"municipalities/{_step(code)}/policy", ContentForm(content=content))

    def fund_reserve(self, code: str, form: ReserveForm) -> Answered:
        """Set money aside for losses within policy."""
        return self._once("POST", f"municipalities/{_step(code)}/reserve", Answered, form)

    def organisations(self) -> list[OrganisationRow]:
        """Every organisation that was approved."""
        return self._pages("organisations", list[OrganisationRow])

    def add_organisation(self, form: OrganisationForm) -> Answered:
        """Let an organisation apply."""
        return self._ask("POST", "organisations", Answered, form)

    def accept_organisation(self, name: str, code: str) -> Answered:
        """Let it take a town's points."""
        form = AcceptForm(municipality=code)
        return self._ask("POST", f"organisations/{_step(name)}/acceptances", Answered, form)

    def change_account(self, name: str, form: BankForm) -> Answered:
        """Its new bank account."""
        return self._once("PUT", f"organisations/{_step(name)}/account", Answered, form)

    # -- terminals

    def nodes(self) -> list[NodeRow]:
        """Every terminal."""
        return self._pages("nodes", list[NodeRow])

    def invite(self, form: InviteForm) -> Answered:
        """Invite a terminal."""
        return self._ask("POST", "nodes", Answered, form)

    def confirm(self, node: str, fingerprint: str) -> Answered:
        """Compare the fingerprint and let it sell."""
        form = ConfirmForm(fingerprint=fingerprint)
        return self._ask("POST", f"nodes/{_step(node)}/confirmation", Answered, form)

    def revoke_node(self, node: str, why: str) -> Answered:
        """Let it hand in what it has, and nothing else."""
        return self._ask("POST", f"nodes/{_step(node)}/revocation", Answered, WhyForm(why=why))

    def set_float(self, node: str, points: int) -> Answered:
        """How much it may take offline."""
        return self._put(f"nodes/{_step(node)}/float", FloatForm(points=points))

    def take_parcel(self, form: ParcelForm) -> CarriedRow:
        """Bring records that came on a stick."""
        return self._ask("POST", "parcels", CarriedRow, form)

    # -- service numbers

    def load_numbers(self, organisation: str, file: bytes, *, apply: bool) -> NumbersLoaded:
        """Link the numbers of a file, or hear what that would do."""
        form = NumbersForm(file=file, apply=apply)
        return self._ask(
            "POST", f"organisations/{_step(organisation)}/numbers", NumbersLoaded, form
        )

    def numbers(self, organisation: str) -> NumbersRow:
        """How many people an organisation has a number of."""
        return self._ask("GET", f"organisations/{_step(organisation)}/numbers", NumbersRow)

    # -- residents and points

    def resident(self, name: str) -> ResidentView:
        """A MyKey ID."""
        return self._ask("GET", f"residents/{_step(name)}", ResidentView)

    def suspend_resident(self, name: str, why: str) -> ResidentView:
        """Let a resident's cards open nothing."""
        path = f"residents/{_step(name)}/suspension"
        return self._ask("POST", path, ResidentView, WhyForm(why=why))

    def resume_resident(self, name: str, why: str) -> ResidentView:
        """Let them open again what they did."""
        path = f"residents/{_step(name)}/resumption"
        return self._ask("POST", path, ResidentView, WhyForm(why=why))

    def change_mykey_id(self, name: str, form: NewIdForm) -> ResidentView:
        """Another ID for a resident."""
        return self._ask("PUT", f"residents/{_step(name)}/mykey-id", ResidentView, form)

    def cancel_resident(self, name: str, why: str) -> CancelledView:
        """End a MyKey ID for good; what is left."""
        path = f"residents/{_step(name)}/cancellation"
        return self._ask("POST", path, CancelledView, WhyForm(why=why))

    def joins(self) -> list[JoinRow]:
        """Cards that asked to be joined to a MyKey ID."""
        return self._pages("joins", list[JoinRow])

    def join_card(self, name: str, form: JoinCardForm) -> ResidentView:
        """Join one of them."""
        return self._ask("POST", f"residents/{_step(name)}/joins", ResidentView, form)

    def refuse_join(self, name: str, form: RefuseJoinForm) -> ResidentView:
        """Do not."""
        return self._ask("POST", f"residents/{_step(name)}/join-refusals", ResidentView, form)

    # -- revocation lists

    def revocation(self) -> RevocationView:
        """Source, lists in force, and how the last load went."""
        return self._ask("GET", "revocation", RevocationView)

    def set_revocation_source(self, source: str) -> Answered:
        """Say where lists come from."""
        return self._ask("PUT", "revocation/source", Answered, SourceForm(source=source))

    def load_revocation_lists(self) -> RevocationView:
        """Ask the source now."""
        return self._ask("POST", "revocation/load", RevocationView)

    # -- what residents have

    def balances(self, name: str) -> list[BalanceRow]:
        """A resident's exact balances."""
        return self._pages(f"residents/{_step(name)}/balances", list[BalanceRow])

    def grants(self, name: str) -> list[GrantRow]:
        """What a resident was granted."""
        return self._pages(f"residents/{_step(name)}/grants", list[GrantRow])

    def accounts(self, code: str) -> list[AccountRow]:
        """What a town's ledger accounts hold."""
        return self._pages(f"municipalities/{_step(code)}/accounts", list[AccountRow])

    def flows(self, code: str) -> list[FlowRow]:
        """What went from each kind of a town's accounts to each other."""
        return self._pages(f"municipalities/{_step(code)}/flows", list[FlowRow])

    def totals(self) -> list[TownTotal]:
        """What residents have of each town's points."""
        return self._pages("totals", list[TownTotal])

    def departments(self) -> list[DepartmentRow]:
        """What each department granted."""
        return self._pages("departments", list[DepartmentRow])

    def programmes(self) -> list[ProgrammeRow]:
        """Every programme."""
        return self._pages("programmes", list[ProgrammeRow])

    def add_programme(self, form: ProgrammeForm) -> Answered:
        """Begin a programme."""
        return self._ask("POST", "programmes", Answered, form)

    def grant(self, form: GrantForm) -> Answered:
        """Give a resident points."""
        return self._once("POST", "grants", Answered, form)

    def ticket(self, number: str) -> TicketLife:
        """A point ticket."""
        return self._ask("GET", f"tickets/{_step(number)}", TicketLife)

    # -- exceptions and settlement

    def exceptions(self) -> list[ExceptionRow]:
        """What people should see."""
        return self._pages("exceptions", list[ExceptionRow])

    def exception(self, name: str) -> ExceptionView:
        """One of them, with its evidence."""
        return self._ask("GET", f"exceptions/{_step(name)}", ExceptionView)

    def decide(self, name: str, decision: str, why: str) -> Answered:
        """What becomes of it."""
        form = DecisionForm(decision=decision, why=why)
        return self._once("POST", f"exceptions/{_step(name)}/decision", Answered, form)

    def windows(self) -> list[WindowRow]:
        """Closed windows."""
        return self._pages("windows", list[WindowRow])

    def window(self, window: str) -> SheetView:
        """A closed window, line by line."""
        return self._ask("GET", f"windows/{_step(window)}", SheetView)

    def notice(self, window: str, organisation: str) -> NoticeView:
        """What an organisation gets of a window."""
        path = f"windows/{_step(window)}/notices/{_step(organisation)}"
        return self._ask("GET", path, NoticeView)

    def close_window(self, code: str, form: CloseForm) -> ClosedView:
        """Close a town's open window."""
        return self._once("POST", f"municipalities/{_step(code)}/windows", ClosedView, form)

    def review_window(self, window: str) -> WindowRow:
        """Say that its lines were read."""
        return self._ask("POST", f"windows/{_step(window)}/review", WindowRow)

    def approve_window(self, window: str) -> WindowRow:
        """Approve the payment."""
        return self._ask("POST", f"windows/{_step(window)}/approval", WindowRow)

    def bank_file(self, window: str, form: ReleaseForm | None = None) -> BankFileView:
        """The bank file."""
        form = ReleaseForm() if form is None else form
        return self._ask("POST", f"windows/{_step(window)}/file", BankFileView, form)

    def bank_result(self, window: str, file: bytes) -> WindowRow:
        """What the bank says."""
        form = ResultForm(file=file)
        return self._ask("POST", f"windows/{_step(window)}/result", WindowRow, form)

    def _pages(self, path: str, kind: type[list[T]]) -> list[T]:
        """A list that comes page by page, whole."""
        found: list[T] = []
        ahead = f"/v1/desk/{path}?limit={MOST}"
        while ahead:
            answer = self._send("GET", ahead, b"")
            found += _decoded(answer, kind)
            ahead = _next(header_of(answer.headers, "link"))
        return found

    def _put(self, path: str, form: msgspec.Struct) -> Answered:
        return self._ask("PUT", path, Answered, form)

    def _once(self, method: str, path: str, kind: type[T], form: msgspec.Struct) -> T:
        """What moves money: under a key of its own, however often a broken line sends it."""
        key = self._randomness.bytes(16).hex()
        return self._ask(method, path, kind, form, ("Idempotency-Key", f'"{key}"'))

    def _ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        form: msgspec.Struct | None = None,
        *more: tuple[str, str],
    ) -> T:
        body = b"" if form is None else msgspec.json.encode(form)
        return _decoded(self._send(method, f"/v1/desk/{path}", body, *more), kind)

    def _send(self, method: str, path: str, body: bytes, *more: tuple[str, str]) -> Response:
        token = (("Authorization", f"Bearer {self._token}"),) if self._token else ()
        response = self._door.send(Request(method, path, _JSON, body, (*token, *more)))
        raise_for_problem(response)
        return response


def _decoded(response: Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(response.body, type=laid_out(kind))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Unreachable("what answered is not a hub of this version") from None


def _next(link: str) -> str:
    """Where the next page is (RFC 8288), at this hub and nowhere else; empty: there is none."""
    found = _NEXT.fullmatch(link)
    return "" if found is None else found[1]


def _step(text: str) -> str:
    """One step of a path, whatever is in it."""
    return quote(text, safe="")
