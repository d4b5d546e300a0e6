"""What people send to the hub and what it answers, as JSON: one shape for server and client."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.bodies import MOST_ZONES, ZoneName
from sync.batch import MOST_WIRE
from sync.values import Millis

_VISIBLE = r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\Z"
"""No control characters, and none that break a line or turn its direction round: what people read
in a list is what was written."""
Line = Annotated[str, Meta(max_length=200, pattern=_VISIBLE)]
Zone = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z-]{0,20}\Z")]
"""Part of a key's file name."""
MOST_FILE = 512 * 1024
"""The longest file that people send, in characters or bytes."""
File = Annotated[str, Meta(max_length=MOST_FILE)]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what people send."""


class BankForm(Form, frozen=True, kw_only=True):
    """An account at a bank as people write it; ``holder`` in kana."""

    bank: Line
    branch: Line
    account_type: Line
    account: Line
    holder: Line


class OperatorForm(Form, frozen=True, kw_only=True):
    """Invite a person. An empty municipality: all towns."""

    name: Line
    role: Line
    municipality: Line = ""


class MunicipalityForm(Form, frozen=True, kw_only=True):
    """A town joins. An empty point name: the town's name and ポイント."""

    municipality: Line
    name: Line
    point_name: Line = ""
    requester: Line
    account: BankForm


class PayerForm(Form, frozen=True, kw_only=True):
    """Another account that a town pays from, with the code that its bank gave the town for it."""

    requester: Line
    account: BankForm


class ContentForm(Form, frozen=True, kw_only=True):
    """A file's content: a calendar, a policy."""

    content: File


class ResultForm(Form, frozen=True, kw_only=True):
    """A bank's result as it came, in whatever encoding; base64 in JSON."""

    file: Annotated[bytes, Meta(max_length=MOST_FILE)]


class NumbersForm(Form, frozen=True, kw_only=True):
    """A file of service numbers as it came, in whatever encoding; base64 in JSON."""

    file: Annotated[bytes, Meta(max_length=MOST_FILE)]
    apply: bool
    """False: only say what it would do."""


class OrganisationForm(Form, frozen=True, kw_only=True):
    """An organisation applies."""

    organisation: Line
    name: Line
    place: Line = ""
    account: BankForm


class AcceptForm(Form, frozen=True, kw_only=True):
    """A town lets an organisation take its points."""

    municipality: Line


class WhyForm(Form, frozen=True, kw_only=True):
    """A reason in words."""

    why: Line


class JoinCardForm(Form, frozen=True, kw_only=True):
    """Join a card that asked at a counter, by its fingerprint, and by what evidence."""

    card: Line
    evidence: Line
    keep_earlier: bool = False
    """The cards that the resident has already stay in use."""


class RefuseJoinForm(Form, frozen=True, kw_only=True):
    """Do not join a card that asked, and why."""

    card: Line
    why: Line


class InviteForm(Form, frozen=True, kw_only=True):
    """Invite a terminal; ``again`` names one that lost its disk."""

    organisation: Line
    kind: Line = "shop"
    place: Line = ""
    zone: Zone = ""
    again: Line = ""


class ParcelForm(Form, frozen=True, kw_only=True):
    """Records of one life of a terminal, as its own call would have handed them in."""

    node: Line
    epoch: Line
    first: Annotated[int, Meta(ge=1, le=2**53)]
    body: Annotated[bytes, Meta(max_length=MOST_WIRE)]


class CarriedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Records that came on a stick: from where to where, and how many the hub did not have."""

    node: str
    epoch: str
    first: int
    last: int
    new: int


class ConfirmForm(Form, frozen=True, kw_only=True):
    """The fingerprint that the terminal's screen shows."""

    fingerprint: Line


class FloatForm(Form, frozen=True, kw_only=True):
    """A float in points; 0: what the policy says."""

    points: Annotated[int, Meta(ge=0, le=10**9)]


class ReserveForm(Form, frozen=True, kw_only=True):
    """Points for the reserve, and why."""

    points: Annotated[int, Meta(gt=0, le=9_999_999)]
    why: Line


class ProgrammeForm(Form, frozen=True, kw_only=True):
    """A programme; dates ``YYYY-MM-DD``, both ends included; budget 0: no limit."""

    programme: Line
    municipality: Line
    name: Line
    department: Line = ""
    budget: Annotated[int, Meta(ge=0, le=10**12)] = 0
    give_until: Line = ""
    issue_until: Line = ""
    use_until: Line = ""
    clear_until: Line = ""
    zones: Annotated[tuple[ZoneName, ...], Meta(max_length=MOST_ZONES)] = ()
    """Where its tickets can be used; none: everywhere."""


class SourceForm(Form, frozen=True, kw_only=True):
    """Where revocation lists come from: none, file:/PATH, dir:/PATH or https://..."""

    source: Line


class NewIdForm(Form, frozen=True, kw_only=True):
    """Another MyKey ID for a resident, and a reason of its list; empty: one is made."""

    new_id: Line = ""
    why: Line


class GrantForm(Form, frozen=True, kw_only=True):
    """Points for one resident."""

    mykey_id: Line
    municipality: Line
    points: Annotated[int, Meta(gt=0, le=9_999_999)]
    programme: Line
    purpose: Line = ""


class DecisionForm(Form, frozen=True, kw_only=True):
    """What becomes of an exception."""

    decision: Line
    why: Line


class CloseForm(Form, frozen=True, kw_only=True):
    """Close a town's open window; ``until`` refuses before that day is over."""

    kind: Line = "shops"
    until: Line = ""


class TwiceForm(Form, frozen=True, kw_only=True):
    """Why an organisation's account gets the same amount once more in a file."""

    organisation: Line
    why: Line


class ReleaseForm(Form, frozen=True, kw_only=True):
    """Make the bank file; an empty day: as the calendar says."""

    pay_on: Line = ""
    twice: Annotated[tuple[TwiceForm, ...], Meta(max_length=1000)] = ()


class Answered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``outcome`` is done or waiting; ``pending`` is then the ID to approve."""

    outcome: str
    pending: str = ""
    invitation: str = ""
    """What the invited person or terminal needs, shown once."""
    node: str = ""


class OperatorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person in the list."""

    name: str
    role: str
    municipality: str
    state: str


class PendingRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that waits; ``what`` is the command's content without keys and digests."""

    id: str
    kind: str
    municipality: str
    person: str
    at: Millis
    what: dict[str, str]


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal in the list; ``fingerprint`` is empty until it has enrolled."""

    node: str
    organisation: str
    kind: str
    place: str
    zone: str
    state: str
    fingerprint: str
    float_points: int
    last_seen: Millis


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One town's exact balance."""

    municipality: str
    available: int
    held: int
    as_of: Millis
    exact: bool


class TicketRow(msgspec.Struct, frozen=True, kw_only=True):
    """A point ticket."""

    number: str
    municipality: str
    programme: str
    points: int
    valid_from: str
    valid_until: str
    state: str
    """issued, claimed (a counter has asked, its record is not here yet), redeemed, voiding, voided,
    expired, or lapsed: its points are the town's."""
    issued_by: str
    redeemed_by: str
    voided_by: str
    lost: bool
    """It was voided without its paper."""
    reprints: int


class ExceptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something people should see. ``other`` names the other record where there are two."""

    id: str
    kind: str
    node: str
    epoch: str
    seq: int
    points: int
    reason: str
    bearer: str
    state: str
    at: Millis
    other: str
    decision: str


class ClosedView(msgspec.Struct, frozen=True, kw_only=True):
    """A window that was closed."""

    window: str
    municipality: str
    lines: int
    total: int


class WindowRow(msgspec.Struct, frozen=True, kw_only=True):
    """A window in the list; ``needs`` is what somebody has to do next.

    ``paid`` is without what the bank ``returned``.
    """

    window: str
    municipality: str
    state: str
    needs: str
    lines: int
    total: int
    paid: int
    returned: int
    pay_on: str
    closed_by: str
    reviewed_by: str
    approved_by: str


class SheetRow(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation's line of a window: brought + points = netted + paid + returned + carried."""

    line: int
    organisation: str
    name: str
    points: int
    brought: int
    netted: int
    paid: int
    returned: int
    carried: int
    bank: str
    branch: str
    account_type: int
    account: str
    holder: str
    account_changed: bool
    outcome: str
    why: str


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """A window as people review it; ``file`` is 精算一覧 in base64."""

    window: WindowRow
    lines: list[SheetRow]
    file: bytes


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminal earned in a window; both names are empty for what came from none."""

    node: str
    place: str
    points: int


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation gets of a window, place by place; ``file`` is 支払通知 in base64."""

    window: str
    organisation: str
    paid: int
    returned: int
    places: list[PlaceRow]
    file: bytes


class BankFileView(msgspec.Struct, frozen=True, kw_only=True):
    """The bank file of a window: ``file`` is its bytes in base64."""

    window: str
    pay_on: str
    count: int
    total: int
    sha256: str
    file: bytes
