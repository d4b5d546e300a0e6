"""Reading X.509 values with a library that raises many things: in one place, for all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from sync.cardkey import Algorithm
from sync.values import Millis

if TYPE_CHECKING:
    from cryptography import x509

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Kind = TypeVar("_Kind")


@contextmanager
def reading(unreadable: Callable[[str], Exception], what: str) -> Iterator[None]:
    """Turn what the library raises over foreign bytes into our own error for it."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        yield
    except (
        ValueError,
        TypeError,
        OverflowError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ):
        raise unreadable(f"these bytes are not a {what} that can be read") from None


def one_of(extensions: "x509.Extensions", kind: type[_Kind]) -> _Kind | None:
    """The extension of one kind, or None."""
    return next((e.value for e in extensions if isinstance(e.value, kind)), None)


def algorithm_of(signed: "x509.Certificate | x509.CertificateRevocationList") -> Algorithm | None:
    """By which algorithm an issuer signed; None for one that is not read here."""
    from cryptography.x509.oid import SignatureAlgorithmOID

    return {
        SignatureAlgorithmOID.RSA_WITH_SHA256: Algorithm.RS256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256: Algorithm.ES256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384: Algorithm.ES384,
    }.get(signed.signature_algorithm_oid)


def millis(moment: datetime) -> Millis:
    """A moment as all clocks here tell it."""
    return Millis((moment - _EPOCH) // timedelta(milliseconds=1))
