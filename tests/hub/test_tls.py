"""A hub that serves TLS with a key of its own, and a shop that believes this key and no other."""

import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.client import HubClient
from hub.forms import InviteForm
from hub.hub import init_hub, open_hub
from node.enrol import enrol, look
from node.opening import Ports, open_counter
from sync.errors import Malformed, NotAuthentic
from sync.http import HttpDoor
from sync.invitation import Invitation, read_invitation
from sync.ports import SystemClock
from tests.bench.street import found
from tests.doubles.clocks import TurnedClock
from tests.doubles.tls import Certificate
from tests.faults.corner import free_port
from tests.hub.corner import GREENGROCER, Corner
from tests.hub.test_serving import MACHIKADO, environment, run

pytestmark = pytest.mark.processes


@dataclass(frozen=True, slots=True)
class Town:
    """A hub's folder, and where it is served."""

    folder: Path
    port: int

    @property
    def origin(self) -> str:
        """What every signature names."""
        return f"https://127.0.0.1:{self.port}"

    @contextmanager
    def served(self, certificate: Certificate) -> Iterator[None]:
        """Its hub answers with this certificate."""
        with subprocess.Popen(
            [*MACHIKADO, "hub", "serve", str(self.folder), *files(certificate)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        ) as server:
            assert server.stdout is not None
            assert "listens on" in server.stdout.readline()
            try:
                yield
            finally:
                server.send_signal(signal.SIGTERM)

    @contextmanager
    def operator(self, pin: bytes) -> Iterator[HubClient]:
        """The first operator, who pins the hub too."""
        token = (self.folder / "operator-1.token").read_text().strip()
        with closing(HttpDoor(self.origin, pin=pin, timeout=20)) as door:
            yield HubClient(door, token)

    def invitation(self, certificate: Certificate) -> Invitation:
        """A terminal's invitation."""
        with self.operator(certificate.pin) as operator:
            answered = operator.invite(InviteForm(organisation=GREENGROCER))
        return read_invitation(answered.invitation)


def files(certificate: Certificate) -> list[str]:
    return ["--tls-cert", str(certificate.file), "--tls-key", str(certificate.file)]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    made = Town(tmp_path / "hub", free_port())
    init_hub(made.folder, origin=made.origin, demo=False)
    hub = open_hub(made.folder)
    found(Corner(TurnedClock(SystemClock().now()), hub.core, hub.mykey))
    hub.close()
    return made


def test_a_shop_believes_the_key_of_its_invitation_and_no_other(town: Town, tmp_path: Path) -> None:
    own, other = Certificate(tmp_path, "own"), Certificate(tmp_path, "other")
    with town.served(own):
        invitation = town.invitation(own)
        assert invitation.pin() == own.pin
        new = enrol(tmp_path / "node", invitation, Ports())
        with town.operator(own.pin) as operator:
            operator.confirm(new.node, new.fingerprint)
        assert new.counter.sync_now().reached
        new.counter.close()
        unused = town.invitation(own)

    with town.served(other):
        with pytest.raises(NotAuthentic, match="not the one of the invitation"):
            look(unused)
        with closing(open_counter(tmp_path / "node", Ports())) as counter:
            told = counter.sync_now()
            assert not told.reached
            assert "not the one of the invitation" in str(told.error)
            assert not counter.status().hub_reachable, "people at the counter go on without it"

    with town.served(own), closing(open_counter(tmp_path / "node", Ports())) as counter:
        assert counter.sync_now().reached


def test_the_hub_speaks_no_older_tls_than_1_3(town: Town, tmp_path: Path) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        town.served(Certificate(tmp_path)),
        socket.create_connection(("127.0.0.1", town.port)) as line,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(line)


def test_a_certificate_without_its_key_is_told_before_anything_is_opened(
    town: Town, tmp_path: Path
) -> None:
    own, other = Certificate(tmp_path, "own"), Certificate(tmp_path, "other")
    alone = run("hub", "serve", str(town.folder), "--tls-cert", str(own.file))
    assert (alone.returncode, "give both" in alone.stderr) == (2, True)
    key_only = tmp_path / "key.pem"
    key_only.write_bytes(own.file.read_bytes().split(b"-----BEGIN CERT")[0])
    mixed = ("--tls-cert", str(other.file), "--tls-key", str(key_only))
    wrong = run("hub", "serve", str(town.folder), *mixed)
    assert (wrong.returncode, "do not belong together" in wrong.stderr) == (2, True)


def test_a_hub_that_no_node_would_ask_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="without TLS only on this machine"):
        init_hub(tmp_path / "hub", origin="http://hub.example:8080", demo=False)
