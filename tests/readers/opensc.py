"""OpenSC's tools, the witness that is not ours: what they say of the card on the reader."""

import os
import re
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MODULE: Final = "opensc-pkcs11.so"
_AUTHENTICATION: Final = "01"
"""OpenSC's number for the user-authentication PIN, key and certificate of a JPKI card."""
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Said:
    """How a tool ended, and all its words."""

    code: int
    words: str


@dataclass(frozen=True, slots=True)
class OpenSC:
    """The tools, with a home and a configuration of their own, and without any cache."""

    home: Path

    @classmethod
    def at(cls, home: Path) -> "OpenSC":
        home.mkdir()
        (home / "opensc.conf").write_text(
            "app default { framework pkcs15 { use_file_caching = no; use_pin_caching = no; } }\n"
        )
        return cls(home)

    def readers(self) -> str:
        """All readers, one a line, and whether a card lies there."""
        return self._run("opensc-tool", "--list-readers").words

    def sees_a_card(self, reader: str) -> bool:
        """Whether a card lies on the reader of that name."""
        return re.search(rf"\bYes\b.*{reader}", self.readers()) is not None

    def atr(self) -> bytes:
        """The card's ATR."""
        return bytes.fromhex(self._done("opensc-tool", "--atr").splitlines()[-1].replace(":", ""))

    def driver(self) -> str:
        """Which of its drivers thinks that this is its card."""
        return self._done("opensc-tool", "--name").splitlines()[-1]

    def certificate(self) -> bytes:
        """The user-authentication certificate in DER."""
        pem = self.home / "certificate.pem"
        self._done("pkcs15-tool", "--read-certificate", _AUTHENTICATION, "--output", str(pem))
        return ssl.PEM_cert_to_DER_cert(pem.read_text())

    def sign(self, message: bytes, pin: str) -> bytes:
        """A signature over SHA-256 of ``message``, PKCS#1 v1.5. The PIN is in no argument."""
        said = self.try_to_sign(message, pin)
        assert said.code == 0, said.words
        return self._signature.read_bytes()

    def try_to_sign(self, message: bytes, pin: str) -> Said:
        """The same where the card may say no; then there is no signature."""
        asked = self.home / "message"
        asked.write_bytes(message)
        self._signature.unlink(missing_ok=True)
        said = self._run(
            *("pkcs11-tool", "--module", MODULE, "--login", "--pin", "env:PIN"),
            *("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", _AUTHENTICATION),
            *("--input-file", str(asked), "--output-file", str(self._signature)),
            pin=pin,
        )
        assert (said.code == 0) == self._signature.exists(), said.words
        return said

    def tries_left(self) -> int:
        """How many wrong PINs ``pkcs15-tool`` says are left."""
        told = self._done("pkcs15-tool", "--list-pins")
        found = re.search(r"PIN \[User Authentication PIN\].*?Tries left +: (\d+)", told, re.DOTALL)
        assert found, told
        return int(found[1])

    def token_flags(self) -> str:
        """What ``pkcs11-tool`` says of the user-authentication PIN."""
        told = self._done("pkcs11-tool", "--module", MODULE, "--list-slots")
        found = re.search(
            r"\(User Authentication PIN\)$.*?token flags +: (.*?)$", told, re.DOTALL | re.MULTILINE
        )
        assert found, told
        return found[1]

    @property
    def _signature(self) -> Path:
        return self.home / "signature"

    def _done(self, *words: str) -> str:
        said = self._run(*words)
        assert said.code == 0, said.words
        return said.words

    def _run(self, *words: str, pin: str = "") -> Said:
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=_PATIENCE,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "OPENSC_CONF": str(self.home / "opensc.conf"),
                "PIN": pin,
            },
        )
        return Said(done.returncode, done.stdout)
