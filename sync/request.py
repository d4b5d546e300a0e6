"""One HTTP exchange as values: a signed request, an answer, and what a problem in it means.

A request is signed by RFC 9421 with the sender's Ed25519 key. The signature covers exactly
``@method``, ``@target-uri``, ``content-digest``, ``content-type``, in this order, and carries
exactly ``created``, ``keyid`` and ``tag="machikado"``. Content-Digest (RFC 9530) is always
SHA-256, also of an empty body. Every call is idempotent, so a replay inside the window changes
nothing; who may make which call is for the caller of :func:`verify_request` to decide.

Nothing here opens a socket or reads a clock. Problems are RFC 9457 with ``urn:machikado:<reason>``.
"""

import hashlib
from base64 import b32encode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature

from sync.errors import Busy, Malformed, NotAuthentic, RefusedByRule, TooMany, Unreachable
from sync.ports import Randomness
from sync.rfc9421 import TAG, base, parameters, read_input, read_signature
from sync.signing import SigningKey, parsed
from sync.values import Millis
from sync.wire import laid_out

PROBLEM = "application/problem+json"
REQUEST_ID = "X-Request-Id"
"""The header that names one call, in the question and in its answer."""
_INSTANCE = "urn:machikado:request:"
NOT_AUTHENTIC = "not-authentic"
"""The reason in the answer to a request whose signature does not hold."""
CLOCK_SKEW = "clock-skew"
"""The reason in the answer to a request whose time is outside the window."""
LONGEST_WAIT = 3600
"""The longest wait that an answer may ask for, in seconds; more counts as this."""
Headers = tuple[tuple[str, str], ...]


def fresh_request_id(randomness: Randomness) -> str:
    """A name for a call: 60 bits as twelve letters and digits, none of which look alike."""
    return b32encode(randomness.bytes(8)).decode("ascii")[:12]


def instance_of(request_id: str) -> str:
    """How a problem names the call that it came of (RFC 9457, section 3.1.5)."""
    return _INSTANCE + request_id


class ClockSkew(NotAuthentic):
    """The signature holds, but its time is too far from the hub's: set the clock, sign again."""


class OtherServer(NotAuthentic):
    """Who answers at the hub's address is not the hub: nothing was sent to it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request before it has a connection. ``headers`` are those besides Content-Type."""

    method: str
    path_with_query: str
    content_type: str
    body: bytes
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole. ``headers`` are those besides Content-Type."""

    status: int
    content_type: str
    body: bytes
    headers: Headers = ()


class Door(Protocol):
    """The way to the hub."""

    def send(self, request: Request) -> Response:
        """Send and wait for the whole answer; raises Unreachable, or OtherServer."""
        ...


def header_of(headers: Headers, name: str) -> str:
    """A header's value, repeated lines joined by commas (RFC 9110, 5.3); empty when missing."""
    name = name.lower()
    return ", ".join([value for key, value in headers if key.lower() == name])


def content_digest(body: bytes) -> str:
    """The Content-Digest of a body (RFC 9530, section 2), SHA-256 only."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def sign_request(
    request: Request, *, origin: str, key: SigningKey, keyid: str, created: int
) -> Request:
    """The request with Content-Digest, Signature-Input and Signature added.

    ``origin`` is the hub's, ``https://hub.example:8443``; ``created`` is in seconds since 1970.
    Raises Malformed when method, path or content type cannot stand in a request.
    """
    digest = content_digest(request.body)
    params = parameters(keyid, created)
    try:
        signed = base(_values(request, origin, digest), params)
    except Malformed as error:
        raise Malformed(f"a request that cannot be signed: {error}") from None
    signature = b64encode(key.private.sign(signed)).decode("ascii")
    return replace(
        request,
        headers=(
            *request.headers,
            ("Content-Digest", digest),
            ("Signature-Input", f"{TAG}={params}"),
            ("Signature", f"{TAG}=:{signature}:"),
        ),
    )


def _values(request: Request, origin: str, digest: str) -> tuple[str, str, str, str]:
    """What the signature's components are of a request (:data:`sync.rfc9421.COMPONENTS`)."""
    return request.method, origin + request.path_with_query, digest, request.content_type


def verify_request(
    request: Request,
    *,
    origin: str,
    find_key: Callable[[str], bytes | None],
    now: Millis,
    window_ms: int,
) -> str:
    """Check a request's signature; give its ``keyid``.

    1. There is one signature; it covers exactly COMPONENTS and says exactly PARAMETERS.
    2. Its tag is ours, and Content-Digest is the body's.
    3. ``find_key`` knows the key (public Ed25519, 32 bytes).
    4. The signature holds over the request as it stands at ``origin``, whatever Host was written.
    5. ``created`` is within ``window_ms`` of ``now``.

    Raises NotAuthentic, for 5 ClockSkew: then the sender is who it says, only its clock is wrong.
    The caller still checks that this key may make this call.
    """
    claim = read_input(header_of(request.headers, "signature-input"))
    digest = content_digest(request.body)
    if header_of(request.headers, "content-digest") != digest:
        raise NotAuthentic("the body is not what was signed: Content-Digest does not fit")
    public = find_key(claim.keyid)
    if public is None:
        raise NotAuthentic(f"no key is known here as {claim.keyid!r}")
    signature = read_signature(header_of(request.headers, "signature"), claim.label)
    try:
        signed = base(_values(request, origin, digest), claim.params)
        parsed(public).verify(signature, signed)
    except Malformed as error:
        raise NotAuthentic(f"the signature does not hold: {error}") from None
    except (InvalidSignature, ValueError):
        raise NotAuthentic(
            "the signature does not hold: it fits neither this request nor this key"
        ) from None
    off = claim.created * 1000 - now
    if abs(off) > window_ms:
        raise ClockSkew(
            f"the request's time is {abs(off) // 1000} s {'ahead of' if off > 0 else 'behind'}"
            f" the hub's; at most {window_ms // 1000} s are accepted"
        )
    return claim.keyid


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a call was not done (RFC 9457, section 3.1), with the reason as a member of its own."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    reason: str = ""
    instance: str = ""
    """The call that it came of, ``urn:machikado:request:<id>``; it stands in the hub's log."""


def problem_response(
    status: int, reason: str, detail: str, *, retry_after: int | None = None
) -> Response:
    """An answer that says why not; ``retry_after`` in seconds asks to wait."""
    problem = Problem(
        type=f"urn:machikado:{reason}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        reason=reason,
    )
    wait = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return Response(status, PROBLEM, msgspec.json.encode(problem), wait)


def raise_for_problem(response: Response) -> None:
    """Raise what an answer means: nothing for 2xx.

    400, 413, 415, 422: Malformed. 401 and 403 that are about the signature: NotAuthentic, or
    ClockSkew. 429: TooMany; 503 as a problem: Busy; both with the wait that was asked for. Other
    4xx: RefusedByRule with the problem's reason. Everything else, a page of somebody's Wi-Fi in
    between as well: Unreachable. What the hub could not do names the call, so that somebody can
    read it out to whoever looks into the hub's log.
    """
    status = response.status
    if status in range(200, 300):
        return
    problem = _problem(response)
    detail = problem.detail or problem.title or f"the hub answered {status} without saying why"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and problem.instance.startswith(_INSTANCE):
        detail = f"{detail} (call {problem.instance.removeprefix(_INSTANCE)[:64]})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise TooMany(detail, _retry_after(response))
    if status == HTTPStatus.SERVICE_UNAVAILABLE and problem.reason:
        raise Busy(detail, _retry_after(response))
    if status not in range(400, 500):
        raise Unreachable(detail, _retry_after(response))
    if status in {400, 413, 415, 422}:
        raise Malformed(detail)
    if status in {401, 403} and problem.reason == CLOCK_SKEW:
        raise ClockSkew(detail)
    if status in {401, 403} and problem.reason == NOT_AUTHENTIC:
        raise NotAuthentic(detail)
    raise RefusedByRule(problem.reason or f"http-{status}", detail)


def _problem(response: Response) -> Problem:
    """The answer's problem; an empty one where the body is not a problem."""
    if response.content_type.split(";")[0].strip().lower() != PROBLEM:
        return Problem()
    try:
        return msgspec.json.decode(response.body, type=laid_out(Problem))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Problem()


def _retry_after(response: Response) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3); a date is not used, as clocks may differ."""
    text = header_of(response.headers, "retry-after")
    if not (text.isascii() and text.isdigit()):
        return None
    return float(min(int(text[:9]), LONGEST_WAIT))
