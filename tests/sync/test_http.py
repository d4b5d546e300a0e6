"""The door over HTTP, against real servers on loopback: good answers, and every kind of silence."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from sync.errors import Malformed, RefusedByRule, Unreachable
from sync.http import MOST_ANSWER, HttpDoor, fetch, patiently, pin_of_file
from sync.request import REQUEST_ID, OtherServer, Request, header_of, sign_request, verify_request
from sync.signing import SigningKey
from sync.values import Millis
from tests.doubles.tls import Certificate

KEY = SigningKey(bytes(32))
ASK = Request("PUT", "/v1/nodes/141305-B2108-1111/feed?after=0&x=%7E", "text/x-ask", b"body")
Behaviour = Callable[[BaseHTTPRequestHandler, bytes], None]


def answer(handler: BaseHTTPRequestHandler, body: bytes, *headers: tuple[str, str]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/x-answer")
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class Hub:
    """A server that remembers what it was asked, and answers as it is told."""

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        hub = self
        self.asked: list[Request] = []
        self.connections: set[tuple[str, int]] = set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout: ClassVar[float] = 5

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                hub.connections.add(self.client_address)
                kind = self.headers.get("Content-Type", "")
                headers = tuple(self.headers.items())
                hub.asked.append(Request(self.command, self.path, kind, body, headers))
                behave(self, body)

            do_GET = do_PUT = do_POST = handle_any  # noqa: N815  the library calls them so

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            block_on_close = True
            daemon_threads = False

            def handle_error(self, *_: object) -> None:
                pass  # a client that hangs up is what some tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.origin = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def hub_that(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Hub]:
    hub = Hub(behave, context)
    serving = threading.Thread(target=hub.server.serve_forever, args=(0.01,))
    serving.start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        serving.join()
        hub.server.server_close()


@contextmanager
def door_to(origin: str, *, pin: bytes | None = None, timeout: float = 5) -> Iterator[HttpDoor]:
    door = HttpDoor(origin, pin=pin, timeout=timeout)
    try:
        yield door
    finally:
        door.close()


def says_hello(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    answer(handler, b"hello", ("Retry-After", "3"))


def test_the_answer_comes_back_whole() -> None:
    with hub_that(says_hello) as hub, door_to(hub.origin) as door:
        response = door.send(ASK)

    assert (response.status, response.content_type, response.body) == (
        200,
        "text/x-answer",
        b"hello",
    )
    assert header_of(response.headers, "Retry-After") == "3"
    assert header_of(response.headers, "Content-Type") == ""


def test_what_was_signed_arrives_as_it_was_signed() -> None:
    with hub_that(says_hello) as hub, door_to(hub.origin) as door:
        door.send(sign_request(ASK, origin=hub.origin, key=KEY, keyid="shop", created=5))

        (seen,) = hub.asked
    assert (seen.method, seen.path_with_query, seen.body) == (
        ASK.method,
        ASK.path_with_query,
        ASK.body,
    )
    keyid = verify_request(
        seen, origin=hub.origin, find_key=lambda _: KEY.public, now=Millis(5000), window_ms=0
    )
    assert keyid == "shop"


def test_a_signed_look_without_a_body_arrives_as_it_was_signed() -> None:
    with hub_that(says_hello) as hub, door_to(hub.origin) as door:
        look = Request("GET", "/v1/time", "", b"")
        door.send(sign_request(look, origin=hub.origin, key=KEY, keyid="shop", created=5))

        (seen,) = hub.asked
    verify_request(
        seen, origin=hub.origin, find_key=lambda _: KEY.public, now=Millis(5000), window_ms=0
    )


def test_one_connection_is_used_again_and_closed_at_the_end() -> None:
    with hub_that(says_hello) as hub, door_to(hub.origin) as door:
        door.send(ASK)
        door.send(ASK)
        assert len(hub.connections) == 1

        door.close()
        door.close()
        door.send(ASK)
        assert len(hub.connections) == 2


def test_a_kept_connection_that_the_hub_has_closed_is_not_taken_for_silence() -> None:
    swallowed = threading.Event()

    def hangs_up_once(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.close_connection = True
        if swallowed.is_set():
            answer(handler, body)
        swallowed.set()

    with hub_that(hangs_up_once) as hub, door_to(hub.origin) as door:
        assert door.send(ASK).body == ASK.body
        assert len(hub.asked) == 2


def test_a_hub_that_always_hangs_up_is_unreachable() -> None:
    def hangs_up(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.close_connection = True

    with (
        hub_that(hangs_up) as hub,
        door_to(hub.origin) as door,
        pytest.raises(Unreachable, match="broke"),
    ):
        door.send(ASK)


def test_a_hub_that_is_not_running_is_unreachable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        with (
            door_to(origin) as door,
            pytest.raises(Unreachable, match="refused the connection"),
        ):
            door.send(ASK)


def test_a_name_that_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        door_to("https://no-such-hub.invalid") as door,
        pytest.raises(Unreachable, match="this name is not known"),
    ):
        door.send(ASK)


def test_a_hub_that_does_not_answer_in_time_is_unreachable() -> None:
    done = threading.Event()

    def waits(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        done.wait(5)
        handler.close_connection = True

    with hub_that(waits) as hub, door_to(hub.origin, timeout=0.1) as door:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 s") as raised:
            door.send(ASK)
        done.set()
    name = header_of(hub.asked[0].headers, REQUEST_ID)
    assert str(raised.value).endswith(f"(call {name})"), "it can be read out on the telephone"


def test_each_call_has_a_name_of_its_own() -> None:
    with hub_that(says_hello) as hub, door_to(hub.origin) as door:
        for _ in range(3):
            door.send(ASK)
    names = {header_of(asked.headers, REQUEST_ID) for asked in hub.asked}
    assert len(names) == 3
    assert all(re.fullmatch("[A-Z2-7]{12}", name) for name in names)


def test_an_answer_that_drips_does_not_hold_the_counter_up() -> None:
    done = threading.Event()

    def drips(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not done.wait(0.05):
            handler.wfile.write(b".")
        handler.close_connection = True

    with hub_that(drips) as hub, door_to(hub.origin, timeout=0.3) as door:
        with pytest.raises(Unreachable, match="did not answer within"):
            door.send(ASK)
        done.set()


def test_an_answer_without_an_end_is_not_read_to_it() -> None:
    def floods(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10 * MOST_ANSWER))
        handler.end_headers()
        handler.close_connection = True
        for _piece in range(20):
            handler.wfile.write(bytes(MOST_ANSWER // 2))

    with (
        hub_that(floods) as hub,
        door_to(hub.origin) as door,
        pytest.raises(Unreachable, match=f"more than {MOST_ANSWER} bytes"),
    ):
        door.send(ASK)


def test_an_encoding_nobody_asked_for_is_not_unpacked() -> None:
    def packs(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        answer(handler, b"\x1f\x8b", ("Content-Encoding", "gzip"))

    with (
        hub_that(packs) as hub,
        door_to(hub.origin) as door,
        pytest.raises(Unreachable, match="encoding"),
    ):
        door.send(ASK)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    def sends_away(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with hub_that(sends_away) as hub, door_to(hub.origin) as door:
        assert door.send(ASK).status == 302
        assert len(hub.asked) == 1


@pytest.mark.parametrize(
    "origin",
    [
        "hub.example",
        "https://",
        "ftp://hub.example",
        "https://hub.example/",
        "https://hub.example/path",
        "https://user:secret@hub.example",
        "https://hub.example:port",
        "https://[hub",
        "https://Hub.example",
        "",
    ],
)
def test_an_address_that_is_no_origin_is_told(origin: str) -> None:
    with pytest.raises(Malformed, match="hub address"):
        HttpDoor(origin, pin=None, timeout=1)


def test_an_address_without_tls_is_for_this_machine_only() -> None:
    with pytest.raises(Malformed, match="use https"):
        HttpDoor("http://hub.example", pin=None, timeout=1)
    with pytest.raises(Malformed, match="no key to pin"):
        HttpDoor("http://localhost:8080", pin=bytes(32), timeout=1)


def test_a_request_that_cannot_be_sent_is_told() -> None:
    with (
        hub_that(says_hello) as hub,
        door_to(hub.origin) as door,
        pytest.raises(Malformed, match="cannot be sent"),
    ):
        door.send(Request("GET", "/", "text/plain", b"", (("Bad\nName", "x"),)))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


def test_a_pinned_key_is_believed_whatever_its_certificate_says(certificate: Certificate) -> None:
    with (
        hub_that(says_hello, certificate.context()) as hub,
        door_to(hub.origin, pin=certificate.pin) as door,
    ):
        assert door.send(ASK).body == b"hello"


def test_another_key_than_the_pinned_one_hears_nothing(certificate: Certificate) -> None:
    with (
        hub_that(says_hello, certificate.context()) as hub,
        door_to(hub.origin, pin=bytes(32)) as door,
    ):
        with pytest.raises(OtherServer, match="not the one of the invitation"):
            door.send(ASK)
        assert hub.asked == []


def test_the_pin_of_a_certificate_s_file_is_that_of_its_key(
    certificate: Certificate, tmp_path: Path
) -> None:
    assert pin_of_file(certificate.file) == certificate.pin
    empty = tmp_path / "empty.pem"
    empty.touch()
    for file in (empty, tmp_path / "missing.pem"):
        with pytest.raises(Malformed, match="no certificate"):
            pin_of_file(file)


def test_without_a_pin_an_unknown_certificate_is_not_believed(certificate: Certificate) -> None:
    with hub_that(says_hello, certificate.context()) as hub, door_to(hub.origin) as door:
        with pytest.raises(OtherServer, match="not trusted"):
            door.send(ASK)
        assert hub.asked == []


def test_older_tls_than_1_3_is_not_spoken(certificate: Certificate) -> None:
    with (
        hub_that(says_hello, certificate.context(ssl.TLSVersion.TLSv1_2)) as hub,
        door_to(hub.origin, pin=certificate.pin) as door,
        pytest.raises(Unreachable, match="no secure connection"),
    ):
        door.send(ASK)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for, none of them waited."""
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    return waited


class Line:
    """Fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def test_background_work_tries_until_the_hub_answers(waits: list[float]) -> None:
    line = Line(Unreachable("one"), Unreachable("two"))

    assert patiently(line) == "answer"

    assert line.calls == 3
    assert 0.5 <= waits[0] <= 1.5
    assert 1.0 <= waits[1] <= 2.0


def test_background_work_gives_up_in_the_end(waits: list[float]) -> None:
    line = Line(*(Unreachable(f"silence {n}") for n in range(9)))

    with pytest.raises(Unreachable, match="silence 3"):
        patiently(line, attempts=4)

    assert len(waits) == 3


def test_background_work_waits_as_long_as_it_was_asked_to(waits: list[float]) -> None:
    patiently(Line(Unreachable("busy", 17.0), Unreachable("busier", 3600.0)), longest=30.0)

    assert waits == [17.0, 30.0]


def test_a_refusal_is_not_tried_again(waits: list[float]) -> None:
    line = Line(RefusedByRule("fork", "no"))

    with pytest.raises(RefusedByRule):
        patiently(line)

    assert line.calls == 1
    assert waits == []


def test_waiting_prints_nothing_on_the_screen(
    waits: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    patiently(Line(Unreachable("once")))

    assert capfd.readouterr() == ("", "")
    assert len(waits) == 1


# -- fetching what proves itself


def test_what_is_fetched_comes_whole_over_plain_http() -> None:
    with hub_that(says_hello) as hub:
        assert fetch(f"{hub.origin}/all.crl", 5, 5) == b"hello"

    [asked] = hub.asked
    assert (asked.method, asked.path_with_query, asked.body) == ("GET", "/all.crl", b"")


def test_what_is_fetched_is_bounded() -> None:
    with hub_that(says_hello) as hub, pytest.raises(Unreachable, match="more than 4 bytes"):
        fetch(hub.origin, 4, 5)


def test_a_place_that_has_nothing_says_so() -> None:
    def nothing(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_error(404)

    with hub_that(nothing) as hub, pytest.raises(Unreachable, match="answered 404 Not Found"):
        fetch(hub.origin, 100, 5)


def test_nobody_is_followed_to_a_place_without_tls() -> None:
    def elsewhere(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/other")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with hub_that(elsewhere) as hub, pytest.raises(Unreachable, match="not https"):
        fetch(hub.origin, 100, 5)
    assert len(hub.asked) == 1


def test_who_sends_around_in_circles_is_left(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:

    def around(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", handler.path)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    with hub_that(around, certificate.context()) as hub, pytest.raises(Unreachable, match="place"):
        fetch(hub.origin, 100, 5)
    assert len(hub.asked) == 4


def test_a_place_where_nobody_is_breaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="broke"):
        fetch(f"http://127.0.0.1:{port}/", 100, 5)


def test_a_place_that_is_too_slow_is_given_up() -> None:
    over = threading.Event()

    def never(_handler: BaseHTTPRequestHandler, _: bytes) -> None:
        over.wait(10)

    with hub_that(never) as hub:
        with pytest.raises(Unreachable, match="did not answer within"):
            fetch(hub.origin, 100, 0.2)
        over.set()
