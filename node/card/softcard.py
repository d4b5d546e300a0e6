"""A card made of software: bytes in, bytes out, like the real one.

It answers the commands of :mod:`node.card.jpki` and what OpenSC asks beside them, counts tries in
its file before it answers, forgets the PIN when power goes or the application is selected again,
and gives nobody else the card during a tap. Nothing above the transport can tell it from plastic.

    application D392F000260100000001
    ├── 0018  PIN: 4 digits, 3 tries          ├── 000A  certificate
    ├── 001B  signature PIN, always locked    ├── 000B  certificate of the CA
    ├── 0017  key: RSA, P-256 or P-384        ├── 0006  token information
    └── 0008  availability

:class:`Knobs` let a test (or a demo) make it behave as cards do on bad days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from node.card import apdu
from node.card.apdu import Command, Octets, Response
from node.card.cardfile import MOST_TRIES, CardFile
from node.card.errors import CardRemoved
from node.card.jpki import APPLICATION, CERTIFICATE_FILE, KEY_FILE, PIN_FILE
from sync.cardkey import CURVES, Algorithm, verifying

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from sync.democa import CardPrivateKey

SIGNATURE_PIN_FILE: Final = 0x001B
ISSUER_FILE: Final = 0x000B
TOKEN_FILE: Final = 0x0006
AVAILABILITY_FILE: Final = 0x0008

_TOKEN_INFORMATION: Final = b"JPKIAPICCTOKEN2".ljust(32)
_AVAILABLE: Final = b"\x01"
_PADDING: Final = 11
"""PKCS#1 v1.5 adds at least 11 bytes (RFC 8017, 9.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """How this card misbehaves; the defaults are a good card."""

    leaves_at: int | None = None
    """The command, counted from 1, at which it leaves the field and gives no answer."""
    works_first: bool = False
    """Whether it still does what that command says: the answer is lost, the try is not."""
    before_answer: Callable[[], None] | None = None
    """Called before each answer, to make it late."""
    signing_key: "CardPrivateKey | None" = None
    """Another key than the one in its certificate."""
    by_pieces: bool = False
    """Announce answers with 61xx and correct lengths with 6Cxx, as contact cards do (T=0)."""


class SoftCard:
    """A powered card. A :class:`node.card.apdu.Transport` that owns its file until power is off."""

    def __init__(self, path: Path, knobs: Knobs | None = None) -> None:
        """Power the card in ``path``. Raises CardInUse and CardUnreadable."""
        self._file = CardFile(path)
        self._knobs = knobs or Knobs()
        self._commands = 0
        self._present = True
        self._application = False
        self._selected: int | None = None
        self._verified = False
        self._pending = b""
        self._transparent: dict[int, bytes] = {
            CERTIFICATE_FILE: self._file.certificate,
            ISSUER_FILE: self._file.issuer,
            TOKEN_FILE: _TOKEN_INFORMATION,
            AVAILABILITY_FILE: _AVAILABLE,
        }
        self._instructions: dict[tuple[int, int], Callable[[Command], Response]] = {
            (0x00, apdu.SELECT): self._select,
            (0x00, apdu.VERIFY): self._verify,
            (0x00, apdu.READ_BINARY): self._read_binary,
            (0x00, apdu.GET_RESPONSE): self._get_response,
            (0x80, apdu.PERFORM_SECURITY_OPERATION): self._sign,
        }

    def transmit(self, command: Octets) -> bytes:
        """Answer one command APDU. Raises CardRemoved once the card has left the field."""
        self._commands += 1
        leaves = self._commands == self._knobs.leaves_at
        if not self._present or (leaves and not self._knobs.works_first):
            self._present = False
            raise CardRemoved
        answer = self._answer(command)
        if self._knobs.before_answer is not None:
            self._knobs.before_answer()
        if leaves:
            self._present = False
            raise CardRemoved
        return answer.encode()

    def close(self) -> None:
        """Take the power away: PIN and selection are forgotten, the file is free."""
        self._present = self._application = self._verified = False
        self._file.close()

    def _answer(self, wire: Octets) -> Response:
        try:
            command = Command.decode(wire)
        except ValueError:
            return Response(status=apdu.WRONG_LENGTH)
        if command.ins != apdu.GET_RESPONSE:
            self._pending = b""
        known = self._instructions.get((command.cla, command.ins))
        if known is not None:
            return known(command)
        if command.cla in {cla for cla, _ in self._instructions}:
            return Response(status=apdu.UNKNOWN_INSTRUCTION)
        return Response(status=apdu.UNKNOWN_CLASS)

    def _select(self, command: Command) -> Response:
        match command.p1, command.p2:
            case 0x04, 0x0C if command.data == APPLICATION:
                self._application, self._selected, self._verified = True, None, False
                return Response(status=apdu.OK)
            case 0x02, 0x0C:
                return self._select_file(int.from_bytes(command.data, "big"))
            case 0x04, 0x0C:
                return Response(status=apdu.NOT_FOUND)
        return Response(status=apdu.WRONG_PARAMETERS)

    def _select_file(self, file: int) -> Response:
        others = (PIN_FILE, SIGNATURE_PIN_FILE, KEY_FILE)
        if not self._application or (file not in self._transparent and file not in others):
            return Response(status=apdu.NOT_FOUND)
        self._selected = file
        return Response(status=apdu.OK)

    def _verify(self, command: Command) -> Response:
        if (command.p1, command.p2) != (0x00, 0x80):
            return Response(status=apdu.WRONG_PARAMETERS)
        if self._selected not in (PIN_FILE, SIGNATURE_PIN_FILE):
            return Response(status=apdu.NO_FILE_SELECTED)
        tries = self._file.tries if self._selected == PIN_FILE else 0
        if not command.data:
            return Response(status=0x63C0 + tries)
        if tries == 0:
            return Response(status=apdu.PIN_UNUSABLE)
        return self._judge_pin(command, tries - 1)

    def _judge_pin(self, command: Command, left: int) -> Response:
        """Spend the try first, so that cutting the power never buys one back."""
        self._verified = False
        self._file.tries = left
        if not self._file.has_pin(command.data):
            return Response(status=0x63C0 + left)
        self._file.tries = MOST_TRIES
        self._verified = True
        return Response(status=apdu.OK)

    def _read_binary(self, command: Command) -> Response:
        if command.p1 & 0x80:  # a short file identifier instead of an offset
            return Response(status=apdu.WRONG_PARAMETERS)
        if self._selected is None:
            return Response(status=apdu.NO_FILE_SELECTED)
        content = self._transparent.get(self._selected)
        if content is None:
            return Response(status=apdu.NOT_A_FILE_TO_READ)
        if command.le is None:
            return Response(status=apdu.WRONG_LENGTH)
        there = content[(command.p1 << 8) + command.p2 :]
        if not there:
            return Response(status=apdu.BEYOND_THE_END)
        if len(there) >= command.le:
            return Response(data=there[: command.le], status=apdu.OK)
        if self._knobs.by_pieces:
            return Response(status=0x6C00 + len(there))
        return Response(data=there, status=apdu.ENDS_EARLY)

    def _sign(self, command: Command) -> Response:
        if (command.p1, command.p2) != (0x00, 0x80):
            return Response(status=apdu.WRONG_PARAMETERS)
        if self._selected != KEY_FILE:
            return Response(status=apdu.NO_FILE_SELECTED)
        if not self._verified:
            return Response(status=apdu.PIN_NOT_PRESENTED)
        signature = _sign(self._knobs.signing_key or self._file.key, bytes(command.data))
        if signature is None:
            return Response(status=apdu.WRONG_LENGTH)
        return self._give(signature, command.le)

    def _get_response(self, command: Command) -> Response:
        if not self._pending:
            return Response(status=apdu.NOTHING_PENDING)
        if command.le is None:
            return Response(status=apdu.WRONG_LENGTH)
        data, self._pending = self._pending[: command.le], self._pending[command.le :]
        return Response(data=data, status=self._more())

    def _give(self, data: bytes, le: int | None) -> Response:
        """Answer as much as was asked for, and announce the rest."""
        asked = 0 if self._knobs.by_pieces else le or 0
        now, self._pending = data[:asked], data[asked:]
        return Response(data=now, status=self._more())

    def _more(self) -> int:
        """9000, or 61xx with what is waiting (00 where it is 256 or more)."""
        if not self._pending:
            return apdu.OK
        return 0x6100 + (min(len(self._pending), 0x100) & 0xFF)


def _sign(key: "CardPrivateKey", content: bytes) -> bytes | None:
    """Sign the very bytes that were given; None when they are too many or too few for the key."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    return _sign_rsa(key, content) if isinstance(key, RSAPrivateKey) else _sign_ec(key, content)


def _sign_rsa(key: "RSAPrivateKey", content: bytes) -> bytes | None:
    """Pad as the card does (PKCS#1 v1.5), and sign."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

    if not 1 <= len(content) <= key.key_size // 8 - _PADDING:
        return None
    return key.sign(content, PKCS1v15(), NoDigestInfo())


def _sign_ec(key: "EllipticCurvePrivateKey", digest: bytes) -> bytes | None:
    """Sign a digest by ECDSA: r || s with the s that comes, without randomness (RFC 6979).

    That this is what the next card does is an assumption: :func:`node.card.jpki.to_be_signed`.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256, SHA384

    algorithm = verifying(key.public_key()).algorithm
    curve = CURVES[algorithm]
    if len(digest) != curve.size:
        return None
    prehashed = Prehashed(SHA256() if algorithm is Algorithm.ES256 else SHA384())
    return curve.join(
        *decode_dss_signature(key.sign(digest, ECDSA(prehashed, deterministic_signing=True)))
    )
