"""The door to the hub over HTTP: TLS 1.3, a pinned key where one was given, waits that end.

Every failure on the way is Unreachable, said in words that help; only a server that shows another
key than it must is OtherServer, before anything was sent to it. Every call is idempotent, so what
a broken connection may have swallowed is sent once more.
"""

import hashlib
import hmac
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from sync.errors import Malformed, Unreachable
from sync.ports import Randomness, SystemRandomness
from sync.request import REQUEST_ID, OtherServer, Request, Response, fresh_request_id

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

MOST_ANSWER = 8 * 1024 * 1024
"""The longest answer, in bytes; a feed page is far below."""
_MOST_HOPS = 4
"""Addresses that are asked for one thing, as far as each sends to the next."""
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""Where plain HTTP is accepted: nobody stands in between."""


def pin_of_file(certificate: Path) -> bytes:
    """The pin of a server's certificate file (PEM, its own certificate first); raises Malformed."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        first, *_ = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise Malformed(f"{certificate} holds no certificate in PEM ({error})") from None
    return pin_of(first.public_bytes(Encoding.DER))


def pin_of(certificate: bytes) -> bytes:
    """SHA-256 of the SubjectPublicKeyInfo of a certificate in DER: what an invitation pins.

    It stays the same when the certificate is renewed with the same key.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).digest()


def check_address(address: str) -> None:
    """Whether something can be fetched there; raises Malformed."""
    try:
        parts = urlsplit(address)
        fits = parts.port != 0 and _HOST.fullmatch(parts.hostname or "")
    except ValueError:
        fits = None
    plain = address.isascii() and address.isprintable() and " " not in address
    if not fits or not plain or parts.scheme not in {"http", "https"} or parts.username is not None:
        raise Malformed(f"address {address!r}: it looks like https://lists.example/all.crl")


def fetch(address: str, most: int, timeout: float) -> bytes:
    """Get what lies at an address, of at most ``most`` bytes, within ``timeout`` seconds.

    For what proves itself by its own signature, hence also over plain HTTP; where it is sent
    elsewhere it goes to https only, and not often. Raises Unreachable.
    """
    import httpx

    until = time.monotonic() + timeout
    try:
        with httpx.Client(
            verify=ssl.create_default_context(),  # not ours: any TLS that the system allows
            timeout=timeout,
            headers={"Accept-Encoding": "identity", "User-Agent": "machikado"},
            follow_redirects=False,
        ) as client:
            for _ in range(_MOST_HOPS):
                with client.stream("GET", address) as answer:
                    if not answer.has_redirect_location:
                        return _whole_of(answer, address, most, until)
                    address = _onward(answer, address)
    except httpx.TimeoutException:
        raise Unreachable(f"{address} did not answer within {timeout:g} s") from None
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise Unreachable(f"the connection to {address} broke: {error}") from None
    raise Unreachable(f"{address} sends from place to place without an end")


def _onward(answer: "httpx.Response", address: str) -> str:
    """Where an answer sends to."""
    there = str(answer.url.join(answer.headers["location"]))
    if not there.startswith("https://"):
        raise Unreachable(f"{address} sends to {there}, which is not https: it is not followed")
    return there


def _whole_of(answer: "httpx.Response", address: str, most: int, until: float) -> bytes:
    if answer.status_code != HTTPStatus.OK:
        raise Unreachable(f"{address} answered {answer.status_code} {answer.reason_phrase}")
    body = bytearray()
    for piece in answer.iter_raw():
        body += piece
        if len(body) > most:
            raise Unreachable(f"{address} answered with more than {most:,} bytes")
        if time.monotonic() > until:  # the library's own waits begin anew at each piece
            raise Unreachable(f"{address} is too slow")
    return bytes(body)


class HttpDoor:
    """One hub's door. Threads may share it; connections are kept and used again."""

    def __init__(
        self,
        origin: str,
        *,
        pin: bytes | None,
        timeout: float,
        randomness: Randomness | None = None,
    ) -> None:
        """``origin`` is ``https://host:port``; ``timeout`` is in seconds, for a whole answer.

        ``pin`` is what :func:`pin_of` says of the server's certificate; None trusts the system's
        store. Raises Malformed for an origin that is none, or not safe.
        """
        check_origin(origin)
        if origin.startswith("http:") and pin is not None:
            raise Malformed(
                f"hub address {origin}: there is no key to pin without TLS; use https://"
            )
        self._origin = origin
        self._pin = pin
        self._timeout = timeout
        self._randomness = SystemRandomness() if randomness is None else randomness
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None

    def send(self, request: Request) -> Response:
        """Send and wait for the whole answer; raises Unreachable, or OtherServer for a wrong key.

        A kept connection may have been closed by the other side: then it is tried once more. The
        call gets a name, which a hub that did not answer in time may have in its log.
        """
        import httpx

        name = fresh_request_id(self._randomness)
        try:
            try:
                return self._exchange(request, name)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                return self._exchange(request, name)
        except httpx.LocalProtocolError as error:
            raise Malformed(f"a request that cannot be sent: {error}") from None
        except httpx.TimeoutException:
            raise self._too_slow(name) from None
        except httpx.TransportError as error:
            raise _in_words(self._origin, error) from None

    def close(self) -> None:
        """Close all connections. The door may be used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _exchange(self, request: Request, name: str) -> Response:
        until = time.monotonic() + self._timeout
        headers = [*request.headers, ("Content-Type", request.content_type), (REQUEST_ID, name)]
        with self._open().stream(
            request.method,
            self._origin + request.path_with_query,
            content=request.body,
            headers=headers,
        ) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise Unreachable(f"{self._origin} answered in an encoding nobody asked for")
            body = bytearray()
            for piece in answer.iter_raw():
                body += piece
                if len(body) > MOST_ANSWER:
                    raise Unreachable(f"{self._origin} answered with more than {MOST_ANSWER} bytes")
                if time.monotonic() > until:  # the library's own waits begin anew at each piece
                    raise self._too_slow(name)
            kept = tuple(
                (name, value)
                for name, value in answer.headers.multi_items()
                if name != "content-type"
            )
            kind = answer.headers.get("content-type", "")
            return Response(answer.status_code, kind, bytes(body), kept)

    def _open(self) -> "httpx.Client":
        import httpx

        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    verify=_trust(self._pin),
                    timeout=self._timeout,
                    headers={"Accept-Encoding": "identity", "User-Agent": "machikado"},
                    follow_redirects=False,  # a signature is good at one address only
                    trust_env=urlsplit(self._origin).hostname not in THIS_MACHINE,
                )
            return self._client

    def _too_slow(self, name: str) -> Unreachable:
        words = f"{self._origin} did not answer within {self._timeout:g} s"
        return Unreachable(f"{words} (call {name})")


def patiently(
    call: Callable[[], T], *, attempts: int = 5, first_wait: float = 0.5, longest: float = 60.0
) -> T:
    """Call until the other side answers: for work in the background, never for a person who waits.

    Waits (seconds) double with some jitter; where the other side asked for a wait, that one is
    kept, up to ``longest``. Only Unreachable is tried again; the last one is raised.
    """
    import stamina
    from stamina.instrumentation import set_on_retry_hooks

    def wait(error: Exception) -> bool | float:
        if not isinstance(error, Unreachable):
            return False
        return True if error.retry_after is None else min(error.retry_after, longest)

    set_on_retry_hooks(())  # one of the default ones would print across the screen
    retrying = stamina.RetryingCaller(
        attempts=attempts, timeout=None, wait_initial=first_wait, wait_max=longest
    )
    return retrying(wait, call)


class _Pinned(ssl.SSLContext):
    """TLS that believes one key, whoever signed its certificate and whatever name it bears."""

    pin: bytes

    def wrap_socket(self, *args: object, **kwargs: object) -> ssl.SSLSocket:
        """Shake hands, then look at the key before anything is sent."""
        wrapped: ssl.SSLSocket = super().wrap_socket(*args, **kwargs)  # type: ignore[arg-type]
        shown = wrapped.getpeercert(binary_form=True)
        if shown is None or not hmac.compare_digest(pin_of(shown), self.pin):
            wrapped.close()
            raise OtherServer(
                "the server's key is not the one of the invitation: this is not your hub, or its"
                " key was changed; ask the hub's operator for a new invitation"
            )
        return wrapped


def _trust(pin: bytes | None) -> ssl.SSLContext:
    if pin is None:
        context = ssl.create_default_context()
    else:
        context = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
        context.pin = pin
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the pin decides instead; possession is still proved
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.))*|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
"""A name as DNS has it (other letters as xn--...), or an address."""


def check_origin(origin: str) -> None:
    """Whether a hub can be asked there: raises Malformed for what is no address, or not safe."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError as error:
        raise Malformed(f"hub address {origin!r}: {error}") from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    plain = f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")
    known = _HOST.fullmatch(parts.hostname or "")
    if parts.scheme not in {"http", "https"} or not known or plain != origin:
        raise Malformed(f"hub address {origin!r}: it looks like https://hub.example:8443")
    if parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        raise Malformed(f"hub address {origin}: without TLS only on this machine; use https://")


def _in_words(origin: str, error: Exception) -> Unreachable | OtherServer:
    """What a failed connection means to the person who meets it."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return OtherServer(f"{origin} shows a certificate that is not trusted: {cause.reason}")
        if isinstance(cause, ssl.SSLError):
            return Unreachable(f"{origin}: no secure connection ({cause.reason or cause})")
        if isinstance(cause, socket.gaierror):
            return Unreachable(f"{origin}: this name is not known; is the network up?")
        if isinstance(cause, ConnectionRefusedError):
            return Unreachable(f"{origin} refused the connection: the hub is not running there")
    return Unreachable(f"the connection to {origin} broke: {error or type(error).__name__}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__
