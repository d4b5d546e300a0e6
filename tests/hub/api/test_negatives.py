"""Whoever may not make a call is refused, and nothing is changed: for every call that there is.

A call that the tables below do not name fails here, and so does one that the story never makes.
Before each step of the story everybody who may not make it tries to; after it, it is sent again.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute

from hub.api.app import MOST_FORM
from hub.door import TIME_HEADER
from hub.forms import InviteForm, OrganisationForm
from hub.people import Role
from hub.routes import Need
from sync.calls import HubCalls, keyid_of
from sync.request import Problem, Request
from sync.signing import SigningKey, fingerprint
from tests.hub.api.playing import DOOR, ONCE, Dump, Stage, play, stage
from tests.hub.api.story import Ask
from tests.hub.townhall import BANK, Townhall, node_key

OSAKA = "271004"
LOOKS = {
    "GET /v1/desk/residents/{name}/balances",
    "GET /v1/desk/residents/{name}/grants",
    "POST /v1/desk/residents/{name}/cancellation",
}
"""Calls that tell what somebody has: each look is kept."""
ONE_MORE = LOOKS | {
    "POST /v1/desk/nodes",
    "POST /v1/desk/operators",
    "POST /v1/desk/organisations",
    "POST /v1/desk/parcels",
    "POST /v1/desk/windows/{name}/review",
    "PUT /v1/desk/municipalities/{name}/calendar",
    "PUT /v1/desk/municipalities/{name}/policy",
    "PUT /v1/desk/nodes/{name}/float",
    "PUT /v1/desk/revocation/source",
}
"""Calls that enter one more line in the chronicle, or ask people once more. They move no money."""
CLERK, APPROVER, AUDITOR, PLATFORM = Role.CLERK, Role.APPROVER, Role.AUDITOR, Role.PLATFORM
MONITOR = Role.MONITOR
ANYBODY = frozenset(Role) - {MONITOR}
STAFF = frozenset({CLERK, APPROVER, PLATFORM})
SECOND = frozenset({APPROVER, PLATFORM})
RUNS = frozenset({PLATFORM})


class Elsewhere(Enum):
    """What somebody hears who works for another town only."""

    FORBIDDEN = "not-allowed"
    UNKNOWN = "as if it were not there"
    SHORTER = "what is not of another town"
    OPEN = "the same as everybody"


FORBIDDEN, UNKNOWN, SHORTER, OPEN = Elsewhere


class Who(NamedTuple):
    """Whom a call is for."""

    roles: frozenset[Role]
    elsewhere: Elsewhere


_DESK = {
    "GET /session": Who(frozenset(Role), OPEN),
    "DELETE /session": Who(frozenset(Role), OPEN),
    "PUT /sign-in": Who(frozenset(Role), OPEN),
    "GET /tokens": Who(frozenset(Role), OPEN),
    "POST /tokens": Who(frozenset(Role), OPEN),
    "DELETE /tokens/{name}": Who(frozenset(Role), OPEN),
    "GET /operators": Who(ANYBODY, SHORTER),
    "POST /operators": Who(RUNS, FORBIDDEN),
    "DELETE /operators/{name}": Who(RUNS, FORBIDDEN),
    "GET /pending": Who(ANYBODY, SHORTER),
    "POST /pending/{name}/approval": Who(SECOND, UNKNOWN),
    "POST /pending/{name}/refusal": Who(SECOND, UNKNOWN),
    "GET /municipalities": Who(ANYBODY, OPEN),
    "POST /municipalities": Who(RUNS, FORBIDDEN),
    "PUT /municipalities/{name}/account": Who(STAFF, FORBIDDEN),
    "PUT /municipalities/{name}/calendar": Who(STAFF, FORBIDDEN),
    "GET /municipalities/{name}/policy": Who(ANYBODY, OPEN),
    "PUT /municipalities/{name}/policy": Who(STAFF, FORBIDDEN),
    "POST /municipalities/{name}/reserve": Who(STAFF, FORBIDDEN),
    "POST /municipalities/{name}/windows": Who(STAFF, FORBIDDEN),
    "GET /municipalities/{name}/accounts": Who(ANYBODY, FORBIDDEN),
    "GET /municipalities/{name}/flows": Who(ANYBODY, FORBIDDEN),
    "GET /organisations": Who(ANYBODY, OPEN),
    "POST /organisations": Who(STAFF, FORBIDDEN),
    "POST /organisations/{name}/acceptances": Who(STAFF, FORBIDDEN),
    "PUT /organisations/{name}/account": Who(STAFF, FORBIDDEN),
    "GET /organisations/{name}/numbers": Who(ANYBODY, FORBIDDEN),
    "POST /organisations/{name}/numbers": Who(STAFF, FORBIDDEN),
    "GET /nodes": Who(ANYBODY, SHORTER),
    "POST /nodes": Who(STAFF, FORBIDDEN),
    "POST /nodes/{name}/confirmation": Who(STAFF, FORBIDDEN),
    "POST /nodes/{name}/revocation": Who(STAFF, FORBIDDEN),
    "PUT /nodes/{name}/float": Who(STAFF, FORBIDDEN),
    "POST /parcels": Who(STAFF, FORBIDDEN),
    "GET /residents/{name}": Who(ANYBODY, OPEN),
    "POST /residents/{name}/suspension": Who(STAFF, FORBIDDEN),
    "POST /residents/{name}/resumption": Who(STAFF, FORBIDDEN),
    "PUT /residents/{name}/mykey-id": Who(STAFF, FORBIDDEN),
    "POST /residents/{name}/cancellation": Who(STAFF, FORBIDDEN),
    "POST /residents/{name}/joins": Who(STAFF, FORBIDDEN),
    "POST /residents/{name}/join-refusals": Who(STAFF, FORBIDDEN),
    "GET /residents/{name}/balances": Who(ANYBODY, SHORTER),
    "GET /residents/{name}/grants": Who(ANYBODY, SHORTER),
    "GET /joins": Who(ANYBODY, SHORTER),
    "GET /revocation": Who(ANYBODY, OPEN),
    "PUT /revocation/source": Who(RUNS, FORBIDDEN),
    "POST /revocation/load": Who(STAFF, FORBIDDEN),
    "GET /totals": Who(ANYBODY, SHORTER),
    "GET /departments": Who(ANYBODY, SHORTER),
    "GET /programmes": Who(ANYBODY, SHORTER),
    "POST /programmes": Who(STAFF, FORBIDDEN),
    "POST /grants": Who(STAFF, FORBIDDEN),
    "GET /tickets/{name}": Who(ANYBODY, UNKNOWN),
    "GET /exceptions": Who(ANYBODY, SHORTER),
    "GET /exceptions/{name}": Who(ANYBODY, UNKNOWN),
    "POST /exceptions/{name}/decision": Who(STAFF, UNKNOWN),
    "GET /windows": Who(ANYBODY, SHORTER),
    "GET /windows/{name}": Who(ANYBODY, UNKNOWN),
    "GET /windows/{name}/notices/{organisation}": Who(ANYBODY, UNKNOWN),
    "POST /windows/{name}/review": Who(STAFF, FORBIDDEN),
    "POST /windows/{name}/approval": Who(SECOND, FORBIDDEN),
    "POST /windows/{name}/file": Who(STAFF, FORBIDDEN),
    "POST /windows/{name}/result": Who(STAFF, FORBIDDEN),
}
"""People's calls: who may make them, and what somebody of another town hears."""
DESK = {
    f"{method} /v1/desk{path}": who
    for (method, path), who in ((name.split(), who) for name, who in _DESK.items())
} | {"GET /v1/metrics": Who(frozenset({AUDITOR, PLATFORM, MONITOR}), FORBIDDEN)}
WITHOUT_TOKEN = {"POST /v1/desk/join", "POST /v1/desk/session", "GET /v1/health", "GET /v1/ready"}
SELLS, RENEWS, HANDS_IN = Need.SELL, Need.RENEW, Need.HAND_IN
NODES = {
    "PUT /v1/nodes/{node}/epochs/{epoch}/records/{first}": HANDS_IN,
    "GET /v1/nodes/{node}/epochs/{epoch}/records/{first}": RENEWS,
    "PUT /v1/nodes/{node}/epochs/{epoch}/holds/{n}": SELLS,
    "POST /v1/nodes/{node}/standings": SELLS,
    "GET /v1/nodes/{node}/feed": SELLS,
    "POST /v1/nodes/{node}/epochs": RENEWS,
    "POST /v1/nodes/{node}/challenges": SELLS,
    "POST /v1/nodes/{node}/mykey-ids": SELLS,
    "POST /v1/nodes/{node}/registrations": SELLS,
    "POST /v1/nodes/{node}/numbers": SELLS,
    "POST /v1/nodes/{node}/number-changes": SELLS,
    "POST /v1/nodes/{node}/looks": SELLS,
    "POST /v1/nodes/{node}/members": SELLS,
    "POST /v1/nodes/{node}/own-tickets": SELLS,
    "POST /v1/nodes/{node}/joins": SELLS,
    "POST /v1/nodes/{node}/tickets": SELLS,
    "GET /v1/nodes/{node}/payees": SELLS,
}
"""The nodes' calls: how a node must stand to make them."""
UNSIGNED = {
    "GET /v1/time",
    "GET /v1/keys",
    "GET /v1/invitations/{digest}",
    "POST /v1/enrolments",
}
PUBLISHED = "/v1/openapi"
"""Where the hub describes itself, to anybody."""
EVERY = sorted({*DESK, *NODES, *WITHOUT_TOKEN, *UNSIGNED})


@dataclass(frozen=True, slots=True)
class Node:
    """A terminal that is not the story's."""

    calls: HubCalls
    key: SigningKey

    def instead(self, ask: Ask) -> Ask:
        """The same step in this one's name."""
        mine = {"node": self.calls.node, "epoch": self.calls.epoch}
        return replace(ask, place=ask.place | {k: v for k, v in mine.items() if k in ask.place})


class Others:
    """Everybody who may not."""

    def __init__(self, hall: Townhall) -> None:
        self.hall = hall
        for role in (CLERK, APPROVER, AUDITOR, MONITOR):
            hall.person(f"some {role}", role)
        hall.person("Osaka's clerk", CLERK, OSAKA)
        hall.person("Osaka's approver", APPROVER, OSAKA)
        hall.person("gone", PLATFORM)
        hall.hub.office.revoke_operator(hall.sato, "gone")
        self.fish = self._terminal("fish")
        self.revoked = self._terminal("revoked")
        hall.hub.office.revoke_node(hall.sato, self.revoked.calls.node, "stolen")
        self.unconfirmed = self._terminal("unconfirmed", confirm=False)
        self.old = self._terminal("old")
        self.old.calls.ask_epoch(node_key("old, next disk").public)

    def _terminal(self, name: str, *, confirm: bool = True) -> Node:
        office, organisation = self.hall.hub.office, "141305-B2109"
        if organisation not in {each.organisation for each in office.organisations(self.hall.sato)}:
            form = OrganisationForm(organisation=organisation, name="魚屋", account=BANK)
            office.approve(self.hall.suzuki, office.add_organisation(self.hall.sato, form).pending)
        invited = office.invite(self.hall.sato, InviteForm(organisation=organisation))
        key = node_key(name)
        calls = self.hall.enrol(invited.invitation, key, confirm=False)
        if confirm:
            office.confirm(self.hall.sato, calls.node, fingerprint(key.public))
        return Node(calls, key)


Try = tuple[str, Request, set[tuple[int, str]]]
"""What is tried, what is sent, and which answers are right: status and reason."""
STRANGER = {(401, "not-authentic")}


def tried_at_the_desk(on: Stage, ask: Ask) -> Iterator[Try]:
    """Everything that somebody who may not could send instead of a person's call."""
    honest, tokens = on.request(ask), on.hall.tokens
    who = DESK[ask.operation]

    def with_token(scheme: str, token: str) -> Request:
        return with_header(honest, "Authorization", f"{scheme} {token}")

    yield "no token", with_header(honest, "Authorization"), STRANGER
    yield "another scheme", with_token("Basic", "eDp5"), STRANGER
    yield "an empty token", with_token("Bearer", ""), STRANGER
    yield "a token of nobody", with_token("Bearer", "A" * 52), STRANGER
    yield "a token that is none", with_token("Bearer", "zz"), {(400, "malformed"), *STRANGER}
    yield "somebody who left", with_token("Bearer", tokens["gone"]), STRANGER
    if on.story.node:
        yield "a node's signature", on.signed(honest), STRANGER
    for role in (CLERK, APPROVER, AUDITOR, MONITOR):
        if role not in who.roles:
            request = with_token("Bearer", tokens[f"some {role}"])
            yield f"a person for {role}", request, {(403, "not-allowed")}
    if who.elsewhere is FORBIDDEN:
        for name in ("Osaka's clerk", "Osaka's approver"):
            yield name, with_token("Bearer", tokens[name]), {(403, "not-allowed")}
    if who.elsewhere is UNKNOWN:
        for name in ("Osaka's clerk", "Osaka's approver"):
            yield name, with_token("Bearer", tokens[name]), {(404, "")}
    if ask.operation in ONCE:
        yield "no key", with_header(honest, "Idempotency-Key"), {(400, "key-missing")}
        for key in ("bare-without-quotes", '"short"', f'"{"x" * 129}"', '"with space"', "?1"):
            yield f"key {key}", with_header(honest, "Idempotency-Key", key), {(400, "malformed")}
    yield from spoiled(honest, MOST_FORM)


def with_header(request: Request, name: str, value: str = "") -> Request:
    """The same request with another value, or none."""
    others = tuple(each for each in request.headers if each[0] != name)
    return replace(request, headers=(*others, (name, value)) if value else others)


def spoiled(honest: Request, most: int) -> Iterator[Try]:
    """Bodies that a call with a form does not take, from whoever may make it."""
    if not honest.body:
        return
    yield "a body too long", replace(honest, body=b" " * (most + 1)), {(413, "too-long")}
    yield "no form", replace(honest, body=b"{"), {(400, "malformed")}
    yield "another shape", replace(honest, body=b'{"x": 1}'), {(400, "malformed")}
    plain = replace(honest, content_type="text/plain")
    yield "another media type", plain, {(415, "not-understood")}


def tried_at_the_door(on: Stage, others: Others, ask: Ask) -> Iterator[Try]:
    """Everything that somebody who may not could send instead of a node's call."""
    honest, route = on.request(ask), DOOR[ask.operation]
    need = NODES[ask.operation]
    bare = replace(honest, headers=())
    fish = others.fish

    def by(node: Node, request: Request = bare) -> Request:
        keyid = keyid_of(node.calls.node, node.calls.epoch)
        return on.signed(request, key=node.key, keyid=keyid)

    def of(node: Node) -> Request:
        """The call in that node's own name, signed by it."""
        return by(node, replace(bare, path_with_query=node.instead(ask).path))

    yield "no signature", bare, STRANGER
    token = (("Authorization", f"Bearer {on.hall.tokens['Sato']}"),)
    yield "a person's token", replace(bare, headers=token), STRANGER
    yield "another key", on.signed(bare, key=node_key("thief")), STRANGER
    unknown = keyid_of(fish.calls.node, on.story.epoch)
    yield "a key of nobody", on.signed(bare, key=fish.key, keyid=unknown), STRANGER
    yield "another node", by(fish), STRANGER
    mine = replace(bare, path_with_query=fish.instead(ask).path)
    yield "another node's path", on.signed(mine), STRANGER
    yield "another hub", on.signed(bare, origin="https://other.test"), STRANGER
    yield "another body", replace(honest, body=honest.body + b"x"), STRANGER
    longer = honest.path_with_query + ("&" if "?" in honest.path_with_query else "?") + "x=1"
    yield "another query", replace(honest, path_with_query=longer), STRANGER
    other = {"GET": "PUT", "PUT": "GET"}.get(honest.method, honest.method)
    if f"{other} {ask.operation.split()[1]}" in DOOR and other != honest.method:
        yield "another method", replace(honest, method=other), STRANGER
    for late in (301, -301):
        yield f"a clock {late} s slow", on.signed(bare, late=late), {(401, "clock-skew")}
    yield "a node not confirmed", of(others.unconfirmed), {(403, "node-not-confirmed")}
    if need is not HANDS_IN:
        yield "a revoked node", of(others.revoked), {(403, "node-revoked")}
    if need is SELLS:
        yield "a life that is over", of(others.old), {(409, "epoch-closed")}
        if "epoch" in ask.place:
            later = replace(ask, place=ask.place | {"epoch": f"9-{'0' * 16}"}).path
            yield "another life", on.signed(replace(bare, path_with_query=later)), STRANGER
    if route.method != "GET":
        large = replace(bare, body=b"x" * (route.most + 1))
        yield "a body too long", large, {(413, "too-long")}
        if honest.body:
            plain = replace(bare, content_type="text/plain")
            yield "another media type", on.signed(plain), {(415, "not-understood")}
            nonsense = on.signed(replace(bare, body=b"\xc1"))
            yield "no message", nonsense, {(400, "malformed")}


class Trial:
    """Plays the story and keeps what was wrong, call by call."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.wrong: dict[str, list[str]] = defaultdict(list)
        self.tries: dict[str, int] = defaultdict(int)
        self.others = Others(on.hall)
        on.hall.hub.nights.before()

    def before(self, ask: Ask) -> None:
        """Everybody who may not tries to; the first time that the story asks for it."""
        if ask.operation in self.tries:
            return
        self.tries[ask.operation] = 0
        if ask.operation in DESK:
            tries = tried_at_the_desk(self.on, ask)
        elif ask.operation in NODES:
            tries = tried_at_the_door(self.on, self.others, ask)
        else:
            tries = spoiled(self.on.request(ask), 2 * 1024 * 1024)
        before = self.on.stored()
        for what, request, right in tries:
            answer = self.on.send(request)
            self.tries[ask.operation] += 1
            told = reason_of(answer)
            if (answer.status_code, told) not in right and (answer.status_code, "") not in right:
                self.wrong[ask.operation].append(f"{what}: {answer.status_code} {told}")
            if told == "clock-skew" and TIME_HEADER.lower() not in answer.headers:
                self.wrong[ask.operation].append(f"{what}: without the hub's time")
            before = self.unchanged(ask, what, before)

    def after(self, ask: Ask, answer: httpx.Response) -> None:
        """The step is sent once more, as a thief or a broken line would."""
        before = self.on.stored()
        self.on.hall.clock.turn(ms=1_000)
        again = self.on.send(self.sent(ask))
        if ask.operation in DOOR and again.status_code != answer.status_code:
            self.wrong[ask.operation].append(f"again: {again.status_code} {reason_of(again)}")
        if ask.operation in ONCE and again.content != answer.content:
            self.wrong[ask.operation].append("again: another answer")
        if ask.operation in ONE_MORE:
            before = self.on.stored() | {name: before[name] for name in ("balance", "transfer")}
        self.unchanged(ask, "again", before)
        if ask.operation in ONCE:
            other = replace(self.sent(ask), body=answer.content)
            told = reason_of(self.on.send(other))
            if told not in {"key-used", "malformed"}:
                self.wrong[ask.operation].append(f"another call under its key: {told}")

    def sent(self, ask: Ask) -> Request:
        """What was sent a second ago, signature and all."""
        self.on.hall.clock.turn(ms=-1_000)
        request = self.on.request(ask)
        self.on.hall.clock.turn(ms=1_000)
        return request

    def unchanged(self, ask: Ask, what: str, before: Dump) -> Dump:
        """Nothing was stored or taken away meanwhile."""
        now = self.on.stored()
        changed = sorted(name for name in now if now[name] != before[name])
        if changed:
            self.wrong[ask.operation].append(f"{what}: changed {', '.join(changed)}")
        return now


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with stage(tmp_path_factory.mktemp("negatives")) as on:
        trial = Trial(on)
        play(on, trial.before, trial.after)
        yield trial


def served(on: Stage) -> set[str]:
    """Every call that the application and the door have."""
    people = {
        f"{method} {route.path.replace(':str', '')}"
        for route in on.http.app.routes
        if isinstance(route, HTTPRoute) and "{rest:path}" not in route.path
        for method in route.methods - {"OPTIONS", "HEAD"}
    }
    return people | DOOR.keys()


def test_no_call_escapes(trial: Trial) -> None:
    assert {name for name in served(trial.on) if PUBLISHED not in name} == set(EVERY)


@pytest.mark.parametrize("operation", EVERY)
def test_whoever_may_not_is_refused_and_changes_nothing(trial: Trial, operation: str) -> None:
    assert operation in trial.tries, "the story never makes this call"
    assert trial.wrong[operation] == []


@pytest.mark.parametrize("operation", sorted({*DESK, *NODES}))
def test_many_ways_were_tried(trial: Trial, operation: str) -> None:
    assert trial.tries[operation] >= (6 if operation in DESK else 12)


def test_the_table_says_what_the_door_asks_for() -> None:
    assert {name: route.need for name, route in DOOR.items()} == NODES | dict.fromkeys(
        UNSIGNED, Need.NOBODY
    )


def reason_of(answer: httpx.Response) -> str:
    """The reason of a problem; empty where the answer is none."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    return msgspec.json.decode(answer.content, type=Problem).reason
