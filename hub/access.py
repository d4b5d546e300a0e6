"""Who may come in: people who signed in, their scripts, and who brings the token of their joining.

A session lives for eight hours, and ends after half an hour without a call. A script's token has a
role of its own, never above its person's and never one that approves, and a last day. What it does
stands in the chronicle as ``Sato (script nightly)``, and counts as Sato's where two people are
needed. All of it ends with its person. None of it stands in a record: it must be possible to
change it and to throw it away (docs/adr/0031).
"""

import logging
from collections.abc import Mapping

import msgspec

from hub import people
from hub.core import Core
from hub.people import Means, Person, Role
from hub.signin import Proofs, check_password, digest_of_code, secret_of, used_step
from hub.signin_forms import (
    ProofForm,
    SessionForm,
    SessionView,
    SignInForm,
    TokenForm,
    TokenRow,
    WhoView,
)
from hub.store import schema
from hub.store.database import Row, Tx
from hub.throttle import Throttle
from sync.errors import NotAuthentic, RefusedByRule, TooMany
from sync.values import DAY, HOUR, PLATFORM, Millis, MunicipalityCode

LIFE = Millis(8 * HOUR)
"""A working day."""
IDLE = Millis(HOUR // 2)
_NOTED = Millis(60_000)
"""How exactly it is kept when a token was last used: a mere question needs no commit."""
_WRONG = "name, password or code is not right; a code is good once, wait for the next one"
BELOW: Mapping[Role, frozenset[Role]] = {
    Role.PLATFORM: frozenset({Role.CLERK, Role.AUDITOR, Role.MONITOR}),
    Role.APPROVER: frozenset({Role.CLERK, Role.AUDITOR, Role.MONITOR}),
    Role.CLERK: frozenset({Role.CLERK, Role.AUDITOR, Role.MONITOR}),
    Role.AUDITOR: frozenset({Role.AUDITOR, Role.MONITOR}),
    Role.MONITOR: frozenset({Role.MONITOR}),
}
"""The roles that a person's scripts may have: what approves is a person."""

_codes: msgspec.msgpack.Decoder[tuple[bytes, ...]] = msgspec.msgpack.Decoder(tuple[bytes, ...])
_log = logging.getLogger("machikado.hub")


class Access:
    """Use cases of coming in and going out."""

    def __init__(self, core: Core, proofs: Proofs) -> None:
        self._core = core
        self._proofs = proofs
        self._of_one_place = Throttle(core.clock, at_once=5, each=Millis(30_000))
        """A name from one address: people who mistype."""
        self._of_a_name = Throttle(core.clock, at_once=30, each=Millis(10_000))
        """A name from anywhere: thirty at once, so that a stranger does not lock somebody out."""
        self._of_an_address = Throttle(core.clock, at_once=60, each=Millis(2_000))
        """Anybody from one address, which may be a whole office's."""

    # -- coming in

    def person(self, token: str) -> Person:
        """Whose token this is, of whatever kind; raises NotAuthentic."""
        digest, now = people.digest_in(token), self._core.clock.now()
        with self._core.database.read() as tx:
            row = tx.one(
                "SELECT a.name, a.label, a.role AS as_role, a.used_at, a.ends_at,"
                " o.role, o.municipality FROM access a JOIN operator o ON o.name=a.name"
                " WHERE a.municipality=:platform AND a.digest=:digest AND o.state=:state",
                platform=PLATFORM,
                digest=digest,
                state=people.ACTIVE,
            )
            if row is None:
                return self._joined(tx, token)
        if now >= row["ends_at"] or (not row["label"] and now - row["used_at"] >= IDLE):
            raise NotAuthentic("this token or session is over: sign in again")
        if now - row["used_at"] >= _NOTED:
            with self._core.database.write({PLATFORM}) as tx:
                tx.run(
                    "UPDATE access SET used_at=:now"
                    " WHERE municipality=:platform AND digest=:digest",
                    now=now,
                    platform=PLATFORM,
                    digest=digest,
                )
        return _person(row, digest)

    def _joined(self, tx: Tx, token: str) -> Person:
        person = people.authenticate(tx, token)
        kept = _kept(tx, person.name)
        if kept is not None and not kept["joining_token"]:
            raise NotAuthentic(f"{person.name} signs in with a password: this token was given up")
        return person

    def sign_in(self, form: SessionForm, address: str) -> SessionView:
        """Begin a session; raises NotAuthentic, or TooMany with a wait. Both say nothing of why."""
        self._slow_down(form.name, address)
        kept = self._proved(form.name, form)
        now = self._core.clock.now()
        token = people.fresh_token(self._core.randomness)
        outdated = self._proofs.outdated(kept["password"])
        fresh = self._proofs.kept(form.password) if outdated else kept["password"]
        with self._core.database.write({PLATFORM}) as tx:
            left = self._use_code(tx, kept, form.code)
            operator = next(
                each
                for each in people.operators(tx)
                if each.name == form.name and each.state == people.ACTIVE
            )
            tx.run(
                "UPDATE sign_in SET password=:password WHERE municipality=:platform AND name=:name",
                password=fresh,
                platform=PLATFORM,
                name=form.name,
            )
            tx.run(
                "DELETE FROM access WHERE municipality=:platform AND ends_at<=:now",
                platform=PLATFORM,
                now=now,
            )
            tx.insert(
                schema.access,
                municipality=PLATFORM,
                digest=people.digest_of(token),
                name=form.name,
                label="",
                role=operator.role,
                made_at=now,
                used_at=now,
                ends_at=now + LIFE,
            )
        return SessionView(
            name=form.name,
            role=operator.role,
            municipality="" if operator.municipality == PLATFORM else operator.municipality,
            token=token,
            ends_at=Millis(now + LIFE),
            codes_left=left,
        )

    def who(self, person: Person) -> WhoView:
        """Who asks, and with what."""
        with self._core.database.read() as tx:
            kept = _kept(tx, person.owner)
        return WhoView(
            name=person.name,
            role=person.role,
            municipality=person.municipality or "",
            means=person.means,
            signs_in=kept is not None,
            joining_token=kept is None or bool(kept["joining_token"]),
        )

    def sign_out(self, person: Person) -> None:
        """End the session that asks."""
        if person.means is not Means.SESSION:
            raise RefusedByRule("no-session", "this token is no session: there is nothing to end")
        with self._core.database.write({PLATFORM}) as tx:
            _end(tx, person.token)

    # -- what a person signs in with

    def set_up(self, person: Person, form: SignInForm, address: str) -> None:
        """Choose or change password and authenticator; all other sessions end.

        Raises NotAuthentic or TooMany as signing in does; RefusedByRule (``weak-password``,
        ``proof-needed``, ``authenticator-needed``, ``wrong-code``, ``script``).
        """
        _no_script(person)
        check_password(person.name, form.password)
        proved = None
        if form.now is not None:
            self._slow_down(person.name, address)
            proved = self._proved(person.name, form.now)
        chosen = self._chosen(person.name, form)
        hashed = self._proofs.kept(form.password)
        with self._core.database.write({PLATFORM}) as tx:
            if proved is not None and form.now is not None:
                self._use_code(tx, proved, form.now.code)
            kept = _kept(tx, person.name)
            if kept is not None and proved is None:
                raise RefusedByRule(
                    "proof-needed",
                    f"{person.name} has a password already: give it, with a code, to change it",
                )
            if kept is None and not chosen:
                raise RefusedByRule("authenticator-needed", "an authenticator belongs to it, too")
            of_now = (
                {} if kept is None else {name: kept[name] for name in ("secret", "step", "codes")}
            )
            tx.put(
                schema.sign_in,
                {"municipality": PLATFORM, "name": person.name},
                **{**of_now, **chosen},
                password=hashed,
                joining_token=int(form.keep_token),
                changed_at=self._core.clock.now(),
            )
            tx.run(
                "DELETE FROM access WHERE municipality=:platform AND name=:name AND label=''"
                " AND digest<>:own",
                platform=PLATFORM,
                name=person.name,
                own=person.token,
            )

    def _chosen(self, name: str, form: SignInForm) -> dict[str, object]:
        """The columns of a new authenticator that has shown a code; none where it stays."""
        if not form.secret:
            return {}
        secret = secret_of(form.secret)
        step = used_step(secret, form.code, self._core.clock.now(), last=0)
        if step is None:
            raise RefusedByRule(
                "wrong-code",
                "the authenticator shows another code: scan the picture again, look at its clock",
            )
        return {
            "secret": self._proofs.sealed(name, secret),
            "step": step,
            "codes": msgspec.msgpack.encode([bytes.fromhex(each) for each in form.recovery]),
        }

    # -- tokens of scripts

    def add_token(self, person: Person, form: TokenForm) -> TokenRow:
        """A token for a script; the same once more is the same."""
        _no_script(person)
        if form.role not in set(BELOW[person.role]):
            allowed = ", ".join(sorted(BELOW[person.role]))
            raise RefusedByRule(
                "not-allowed", f"a script of {person.name} ({person.role}) may be: {allowed}"
            )
        digest, now = bytes.fromhex(form.token_digest), self._core.clock.now()
        with self._core.database.write({PLATFORM}) as tx:
            there = _of(tx, person.name)
            same = [row for row in there if row["label"] == form.label]
            if any(bytes(row["digest"]) != digest for row in same):
                raise RefusedByRule(
                    "token-exists", f"there is a script {form.label} already: end it first"
                )
            if not same and _is_known(tx, digest):
                raise RefusedByRule("token-exists", "this token is in use already: draw another")
            if not same:
                tx.insert(
                    schema.access,
                    municipality=PLATFORM,
                    digest=digest,
                    name=person.name,
                    label=form.label,
                    role=form.role,
                    made_at=now,
                    used_at=now,
                    ends_at=now + form.days * DAY,
                )
            [row] = [row for row in _of(tx, person.name) if row["label"] == form.label]
        return _row(row)

    def tokens(self, person: Person) -> list[TokenRow]:
        """A person's sessions and scripts; first, where it is still good, what they joined with."""
        with self._core.database.read() as tx:
            kept = _kept(tx, person.owner)
            rows = [_row(row) for row in _of(tx, person.owner)]
        if kept is not None and not kept["joining_token"]:
            return rows
        role = person.role if person.means is not Means.SCRIPT else ""
        joined = TokenRow(
            label="",
            kind=Means.JOINED,
            role=role,
            made_at=Millis(0),
            used_at=Millis(0),
            ends_at=Millis(0),
        )
        return [joined, *rows]

    def end_token(self, person: Person, label: str) -> None:
        """End one of a person's scripts; raises RefusedByRule (``token-unknown``)."""
        _no_script(person)
        with self._core.database.write({PLATFORM}) as tx:
            rows = [row for row in _of(tx, person.name) if label and row["label"] == label]
            if not rows:
                raise RefusedByRule("token-unknown", f"{person.name} has no script {label!r}")
            for row in rows:
                _end(tx, bytes(row["digest"]))

    # -- proving

    def _slow_down(self, name: str, address: str) -> None:
        wait = max(
            self._of_one_place.wait(f"{name}@{address}"),
            self._of_a_name.wait(name),
            self._of_an_address.wait(address),
        )
        if wait:
            raise TooMany("too many tries: wait, then try again", wait / 1000)

    def _proved(self, name: str, form: ProofForm) -> Row:
        """What is kept of somebody whose password this is; raises NotAuthentic."""
        with self._core.database.read() as tx:
            kept = _kept(tx, name) if people.is_active(tx, name) else None
        if not self._proofs.fits(None if kept is None else kept["password"], form.password):
            _log.warning("a sign-in failed", extra={} if kept is None else {"person": name})
            raise NotAuthentic(_WRONG)
        assert kept is not None  # noqa: S101  nobody's password fits
        return kept

    def _use_code(self, tx: Tx, proved: Row, code: str) -> int:
        """Take a code once, if nothing has changed meanwhile; says how many recovery codes stay."""
        name = proved["name"]
        kept = _kept(tx, name)
        if kept is None or kept["password"] != proved["password"] or not people.is_active(tx, name):
            raise NotAuthentic(_WRONG)
        codes = _codes.decode(kept["codes"])
        secret = self._proofs.opened(name, bytes(kept["secret"]))
        step = used_step(secret, code, self._core.clock.now(), kept["step"])
        if step is None:
            used = digest_of_code(code)
            if used not in codes:
                _log.warning("a sign-in failed", extra={"person": name})
                raise NotAuthentic(_WRONG)
            codes = tuple(each for each in codes if each != used)
            _log.warning("a recovery code was used", extra={"person": name})
        tx.run(
            "UPDATE sign_in SET step=:step, codes=:codes"
            " WHERE municipality=:platform AND name=:name",
            step=kept["step"] if step is None else step,
            codes=msgspec.msgpack.encode(codes),
            platform=PLATFORM,
            name=name,
        )
        return len(codes)


def _kept(tx: Tx, name: str) -> Row | None:
    return tx.one(
        "SELECT * FROM sign_in WHERE municipality=:platform AND name=:name",
        platform=PLATFORM,
        name=name,
    )


def _of(tx: Tx, name: str) -> list[Row]:
    return tx.all(
        "SELECT * FROM access WHERE municipality=:platform AND name=:name ORDER BY label, made_at",
        platform=PLATFORM,
        name=name,
    )


def _is_known(tx: Tx, digest: bytes) -> bool:
    return people.joined_with(tx, digest) is not None or bool(
        tx.scalar(
            "SELECT count(*) FROM access WHERE municipality=:platform AND digest=:digest",
            platform=PLATFORM,
            digest=digest,
        )
    )


def _end(tx: Tx, digest: bytes) -> None:
    tx.run(
        "DELETE FROM access WHERE municipality=:platform AND digest=:digest",
        platform=PLATFORM,
        digest=digest,
    )


def _person(row: Row, digest: bytes) -> Person:
    town = MunicipalityCode(row["municipality"])
    script = bool(row["label"])
    return Person(
        name=people.as_script(row["name"], row["label"]) if script else row["name"],
        role=Role(row["as_role"] if script else row["role"]),
        municipality=None if town == PLATFORM else town,
        means=Means.SCRIPT if script else Means.SESSION,
        token=digest,
    )


def _row(row: Row) -> TokenRow:
    return TokenRow(
        label=row["label"],
        kind=Means.SCRIPT if row["label"] else Means.SESSION,
        role=row["role"],
        made_at=Millis(row["made_at"]),
        used_at=Millis(row["used_at"]),
        ends_at=Millis(row["ends_at"]),
    )


def _no_script(person: Person) -> None:
    if person.means is Means.SCRIPT:
        raise RefusedByRule(
            "script", f"{person.name} is a script: only people change what people sign in with"
        )
