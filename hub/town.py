"""Towns and the organisations that take their points.

Banks, branches and holidays are checked where a command is made (:func:`bank_details`,
:func:`calendar_set`), not where it is applied: their lists change with the years, and the
chronicle must play the same way for ever.
"""

from collections.abc import Iterable, Mapping

import msgspec

from hub.applying import Applier, body_of
from hub.bodies import (
    AccountChanged,
    BankDetails,
    CalendarSet,
    HubBody,
    HubRecord,
    MunicipalityAdded,
    OrganisationAccepted,
    OrganisationAdded,
    PayerChanged,
    PolicySet,
)
from hub.core import Core
from hub.paging import Listed, Ordered, Page
from hub.settlement import banks
from hub.settlement.errors import SettlementError
from hub.settlement.terms import Payer, read_account, read_payer, read_terms
from hub.shapes import in_words
from hub.store import schema
from hub.store.database import Row, Tx
from hub.views import OrganisationRow, ProgrammeRow, TownRow
from sync.clock import day_of, end_of
from sync.errors import Malformed, RefusedByRule
from sync.policy import Policy, read_policy
from sync.values import (
    DAY,
    PLATFORM,
    MunicipalityCode,
    OrganisationId,
    home_of,
    municipality_code,
    organisation_id,
)
from sync.wire import laid_out

ACCEPTED = "accepted"
_ORGANISATIONS = Ordered("organisation", organisation="")
_PROGRAMMES = Ordered("programme", programme="")
_OF_A_PROGRAMME = ",".join(ProgrammeRow.__struct_fields__)


# -- making commands


def bank_details(bank: str, branch: str, kind: str, number: str, holder: str) -> BankDetails:
    """Bank details from what people write, in a bank file's letters; raises Malformed."""
    try:
        account = banks.account(bank, branch, kind, number, holder)
    except SettlementError as error:
        raise Malformed(str(error)) from None
    return BankDetails(
        bank=account.bank.code,
        branch=account.branch.code,
        type=int(account.type),
        number=account.number,
        holder=account.holder,
    )


def paying_account(bank: str, branch: str, kind: str, number: str, holder: str) -> BankDetails:
    """Bank details of an account that a town can pay from; raises Malformed.

    The header of 総合振込 has no savings account (種目: 1 ordinary, 2 current, 9 other).
    """
    details = bank_details(bank, branch, kind, number, holder)
    if str(details.type) == banks.AccountType.SAVINGS:
        raise Malformed(
            "a town cannot pay from a savings account (4, 貯蓄): bank files are paid from"
            " 1 (ordinary, 普通), 2 (current, 当座) or 9 (other)"
        )
    return details


def calendar_set(town: MunicipalityCode, data: bytes) -> CalendarSet:
    """A command from a file in JSON (:mod:`hub.settlement.terms`); raises Malformed."""
    read_terms(data)
    return CalendarSet(town=town, calendar=data)


def policy_set(town: MunicipalityCode, data: bytes) -> PolicySet:
    """A command from a policy file in JSON: what it does not name keeps its default.

    Raises Malformed.
    """
    try:
        given = msgspec.json.decode(data, type=dict[str, int])
        unknown = given.keys() - set(Policy.__struct_fields__)
        if unknown:
            raise Malformed(f"policy: {', '.join(sorted(unknown))} is not part of a policy")
        merged = {**msgspec.structs.asdict(Policy()), **given}
        policy = msgspec.convert(list(merged.values()), laid_out(Policy))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        names = Policy.__struct_fields__
        raise Malformed(f"policy: {in_words(str(error), names)}") from None
    return PolicySet(town=town, policy=policy.encode())


# -- asking


def policy_of(tx: Tx, town: MunicipalityCode) -> Policy:
    """What a town's nodes may do offline."""
    return read_policy(bytes(_town(tx, town)["policy"]))


def payer_of(tx: Tx, town: MunicipalityCode) -> Payer:
    """The account that a town pays from."""
    return read_payer(bytes(_town(tx, town)["account"]))


def account_of(tx: Tx, organisation: OrganisationId) -> BankDetails:
    """Where an organisation is paid; raises RefusedByRule."""
    organisation_named(tx, organisation)
    found = tx.scalar(
        "SELECT account FROM organisation WHERE municipality=:town AND organisation=:organisation",
        town=home_of(organisation),
        organisation=organisation,
    )
    return read_account(bytes(found))


def towns(tx: Tx) -> list[TownRow]:
    """Every municipality."""
    rows = tx.all("SELECT municipality, name, point_name FROM municipality ORDER BY municipality")
    return [TownRow(**row) for row in rows]


def town_named(tx: Tx, town: MunicipalityCode) -> TownRow:
    """One municipality; raises RefusedByRule."""
    row = _town(tx, town)
    return TownRow(municipality=town, name=row["name"], point_name=row["point_name"])


def organisations_page(tx: Tx, page: Page) -> Listed[OrganisationRow]:
    """A page of every organisation, with the towns whose points it may take."""
    found = _ORGANISATIONS.page(tx, page)
    names = [row["organisation"] for row in found]
    accepted: dict[str, list[str]] = {each: [] for each in names}
    for organisation, municipality in tx.rows(
        "SELECT organisation, municipality FROM acceptance"
        " WHERE organisation>=? AND organisation<=? ORDER BY organisation, municipality",
        [min(names, default=""), max(names, default="")],
    ):
        accepted[organisation].append(municipality)
    return found.each(lambda row: _organisation(row, accepted[row["organisation"]]))


def organisation_named(tx: Tx, name: OrganisationId) -> OrganisationRow:
    """One organisation that two people approved; raises RefusedByRule."""
    row = _approved(tx, name)
    if row is None:
        raise RefusedByRule(
            "organisation-unknown", f"{name} has not applied, or waits for a second person"
        )
    accepted = tx.rows(
        "SELECT municipality FROM acceptance WHERE organisation=? ORDER BY municipality", [name]
    )
    return _organisation(row, [town for (town,) in accepted])


def _approved(tx: Tx, name: OrganisationId) -> Row | None:
    return tx.one(
        "SELECT organisation, name, place FROM organisation"
        " WHERE municipality=:home AND organisation=:name",
        home=home_of(name),
        name=name,
    )


def _organisation(row: Row, accepted_by: Iterable[str]) -> OrganisationRow:
    return OrganisationRow(
        organisation=row["organisation"],
        name=row["name"],
        place=row["place"],
        accepted_by=tuple(map(MunicipalityCode, accepted_by)),
    )


def programmes(tx: Tx, page: Page, only: MunicipalityCode | None = None) -> Listed[ProgrammeRow]:
    """A page of the programmes of one town, or of all."""
    return _PROGRAMMES.page(tx, page, only, what=_OF_A_PROGRAMME).each(_programme)


def programme_named(tx: Tx, town: MunicipalityCode, programme: str) -> ProgrammeRow:
    """One programme of a town; raises RefusedByRule."""
    row = tx.one(
        f"SELECT {_OF_A_PROGRAMME} FROM programme"
        " WHERE municipality=:town AND programme=:programme",
        town=town,
        programme=programme,
    )
    if row is None:
        raise RefusedByRule("unknown-programme", f"there is no programme {programme}")
    return _programme(row)


def _programme(row: Row) -> ProgrammeRow:
    zones = msgspec.msgpack.decode(row["zones"], type=tuple[str, ...])
    return ProgrammeRow(**{**row, "zones": zones})


def _town(tx: Tx, town: MunicipalityCode) -> Row:
    row = tx.one("SELECT * FROM municipality WHERE municipality=:town", town=town)
    if row is None:
        raise RefusedByRule("municipality-unknown", f"no municipality {town} has joined")
    return row


# -- applying


def _add_municipality(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, MunicipalityAdded)
    if municipality_code(body.town) == PLATFORM:
        raise RefusedByRule("municipality-reserved", f"{PLATFORM} is the platform, not a town")
    if any(town.municipality == body.town for town in towns(tx)):
        raise RefusedByRule("municipality-exists", f"{body.town} has joined already")
    policy = Policy()
    tx.insert(
        schema.municipality,
        municipality=body.town,
        name=body.name,
        point_name=body.point_name,
        account=msgspec.msgpack.encode(Payer(body.requester, body.account)),
        calendar=b"{}",
        policy=policy.encode(),
        posting=0,
        window=1,
        feed=0,
        expired_until=end_of(day_of(record.at)) - DAY,
        tickets_made=0,
    )
    _keep_policy(tx, body.town, policy)


def _change_payer(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, PayerChanged)
    _town(tx, body.town)
    tx.run(
        "UPDATE municipality SET account=:account WHERE municipality=:town",
        account=msgspec.msgpack.encode(Payer(body.requester, body.account)),
        town=body.town,
    )


def _set_calendar(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, CalendarSet)
    _town(tx, body.town)
    tx.run(
        "UPDATE municipality SET calendar=:data WHERE municipality=:town",
        data=body.calendar,
        town=body.town,
    )


def _set_policy(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, PolicySet)
    _town(tx, body.town)
    tx.run(
        "UPDATE municipality SET policy=:data WHERE municipality=:town",
        data=body.policy,
        town=body.town,
    )
    _keep_policy(tx, body.town, read_policy(body.policy))


def _keep_policy(tx: Tx, town: MunicipalityCode, policy: Policy) -> None:
    key = {"municipality": town, "digest": policy.digest}
    tx.put(schema.policy, key, bytes=policy.encode())


def _add_organisation(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, OrganisationAdded)
    _town(tx, body.town)
    if home_of(organisation_id(body.organisation)) != body.town:
        raise RefusedByRule("other-town", f"{body.organisation} does not belong to {body.town}")
    if _approved(tx, body.organisation) is not None:
        raise RefusedByRule("organisation-exists", f"{body.organisation} is here already")
    tx.insert(
        schema.organisation,
        municipality=body.town,
        organisation=body.organisation,
        name=body.name,
        place=body.place,
        state=ACCEPTED,
        account=msgspec.msgpack.encode(body.account),
        next_account=b"",
    )
    _accept(tx, body.town, body.organisation)


def _accept_organisation(_core: Core, tx: Tx, record: HubRecord) -> None:
    body = body_of(record, OrganisationAccepted)
    _town(tx, body.town)
    known = organisation_named(tx, body.organisation)
    if body.town in known.accepted_by:
        raise RefusedByRule("accepted-already", f"{body.town} accepts {known.organisation} already")
    _accept(tx, body.town, body.organisation)


def _accept(tx: Tx, town: MunicipalityCode, organisation: OrganisationId) -> None:
    key = {"municipality": town, "organisation": organisation}
    tx.put(schema.acceptance, key, state=ACCEPTED)


def _change_account(_core: Core, tx: Tx, record: HubRecord) -> None:
    """The new account waits for the next window: the open one is paid to the old one."""
    body = body_of(record, AccountChanged)
    organisation_named(tx, body.organisation)
    changed = tx.run(
        "UPDATE organisation SET next_account=:account"
        " WHERE municipality=:town AND organisation=:organisation",
        account=msgspec.msgpack.encode(body.account),
        town=body.town,
        organisation=body.organisation,
    )
    if not changed:
        raise RefusedByRule("other-town", f"{body.organisation} does not belong to {body.town}")


APPLIERS: Mapping[type[HubBody], Applier] = {
    MunicipalityAdded: _add_municipality,
    PayerChanged: _change_payer,
    CalendarSet: _set_calendar,
    PolicySet: _set_policy,
    OrganisationAdded: _add_organisation,
    OrganisationAccepted: _accept_organisation,
    AccountChanged: _change_account,
}
