"""Invitations travel by mail, paper and scanner, and are believed only whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Malformed
from sync.invitation import Invitation, read_invitation, write_invitation
from sync.signing import SigningKey

KEY = SigningKey(bytes(32)).public
INVITATION = Invitation(
    hub="https://hub.example:8443", key=KEY.hex(), code="K7P2", tls_pin="ab" * 32
)


def test_an_invitation_survives_paper_scanner_and_mail() -> None:
    line = write_invitation(INVITATION)

    full_width = "".join(chr(ord(character) + 0xFEE0) for character in line)
    for typed in (line, line.lower(), f"  {line}\r\n", f"{line[:20]}\n{line[20:]}", full_width):
        assert read_invitation(typed) == INVITATION


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_every_invitation_reads_back(hub: str, key: str, code: str, pin: str) -> None:
    invitation = Invitation(hub=hub, key=key, code=code, tls_pin=pin)
    assert read_invitation(write_invitation(invitation)) == invitation


def test_what_is_no_invitation_is_told() -> None:
    for text in ("", "hello", "MACHIKADO2-AAAA"):
        with pytest.raises(Malformed, match="begins with MACHIKADO1-"):
            read_invitation(text)


@given(st.text(max_size=60))
def test_an_invitation_that_was_cut_off_is_told(text: str) -> None:
    line = write_invitation(INVITATION)
    for broken in (line[:-3], f"{line}AAAA", f"MACHIKADO1-{text}"):
        with pytest.raises(Malformed):
            read_invitation(broken)


def test_its_keys_are_believed_only_whole() -> None:
    assert INVITATION.signing_key() == KEY
    assert INVITATION.pin() == b"\xab" * 32
    for broken in ("", "zz", KEY.hex()[:-2], KEY.hex() + "00"):
        with pytest.raises(Malformed, match="hub key is not complete"):
            Invitation(hub="", key=broken, code="").signing_key()
    for broken in ("a", "zz", "ab" * 31):
        with pytest.raises(Malformed, match="TLS pin is not complete"):
            Invitation(hub="", key="", code="", tls_pin=broken).pin()


def test_without_a_pin_the_system_decides_which_certificates_are_good() -> None:
    assert Invitation(hub="https://hub.example", key=KEY.hex(), code="K7P2").pin() is None
