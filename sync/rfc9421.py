"""HTTP message signatures (RFC 9421) in the one form that node and hub agree on.

A signature covers exactly :data:`COMPONENTS`, in this order, and says exactly :data:`PARAMETERS`.
Both its headers are dictionaries of structured fields (RFC 8941) with one member, under any label.
As every program writes them, they are read by one pattern; whatever else may mean the same (other
spaces, another order of the parameters) is left to the structured fields' own library, which also
says what is wrong with the rest. What is signed is made from the values themselves (section 2.5).

Nothing here knows keys or clocks: :mod:`sync.request` does.
"""

import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from sync.errors import Malformed, NotAuthentic

TAG = "machikado"
COMPONENTS = ("@method", "@target-uri", "content-digest", "content-type")
"""What a signature covers, no more and no less, in this order."""
PARAMETERS = frozenset({"created", "keyid", "tag"})
"""What a signature says of itself, no more and no less."""

_COVERED = "(" + " ".join(f'"{name}"' for name in COMPONENTS) + ")"
_INPUT = re.compile(
    rf"(?P<label>[a-z*][a-z0-9_.*-]*)="
    rf"(?P<params>{re.escape(_COVERED)};created=(?P<created>0|[1-9][0-9]{{0,14}})"
    rf';keyid="(?P<keyid>[ !#-\[\]-~]*)";tag="{TAG}")'
)
"""Signature-Input as it is written; a keyid with a quote or a backslash in it is read by hand."""
_SIGNATURE = re.compile(r"(?P<label>[a-z*][a-z0-9_.*-]*)=:(?P<bytes>[A-Za-z0-9+/]{86}==):")
"""Signature with the 64 bytes of Ed25519."""

_CHARS = r"A-Za-z0-9._~\-!$&'()*+,;=:@/"
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_URI = re.compile(
    r"https?://[A-Za-z0-9.:\-\[\]]+"
    rf"/(?:[{_CHARS}]|{_ESCAPED})*(?:\?(?:[{_CHARS}?]|{_ESCAPED})*)?"
)
"""A target: an origin, then path and query as they stand in a request's first line (RFC 3986)."""
_FIELD = re.compile(r"[!-~](?:[\t -~]*[!-~])?")
"""A header's value: visible, with spaces and tabs inside (RFC 9421, section 2.1)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signature says of itself before anybody has checked it."""

    label: str
    keyid: str
    created: int
    """In seconds since 1970."""
    params: str
    """The covered components and the parameters, as the signature's base ends with them."""


def parameters(keyid: str, created: int) -> str:
    """What a signature of ours says. Raises Malformed for a keyid that cannot stand there."""
    written = f'{_COVERED};created={created};keyid="{keyid}";tag="{TAG}"'
    if _INPUT.fullmatch(f"{TAG}={written}") is None:
        raise Malformed(f"a request that cannot be signed: keyid {keyid!r}, time {created}")
    return written


def base(values: tuple[str, str, str, str], params: str) -> bytes:
    """What is signed (section 2.5): the components' values, then the signature's parameters.

    ``values`` are in the order of :data:`COMPONENTS`. Raises Malformed for what cannot stand in a
    request.
    """
    method, uri, digest, kind = values
    if not (method.isascii() and method.isalpha() and method.isupper()):
        raise Malformed(f"{method[:20]!r} is no method: they are written in capitals")
    if _URI.fullmatch(uri) is None:
        raise Malformed("its target is no path with a query as they stand in a request")
    if kind and _FIELD.fullmatch(kind) is None:
        raise Malformed("its Content-Type cannot stand in a header")
    return (
        f'"@method": {method}\n"@target-uri": {uri}\n"content-digest": {digest}\n'
        f'"content-type": {kind}\n"@signature-params": {params}'
    ).encode("ascii")


def read_input(header: str) -> Claim:
    """Read Signature-Input (section 4.1); raises NotAuthentic for what is not exactly as agreed."""
    found = _INPUT.fullmatch(header)
    if found is not None:
        return Claim(found["label"], found["keyid"], int(found["created"]), found["params"])
    label, member = _only_member(header, "Signature-Input")
    match member:
        case (list() as covered, dict() as says):
            if covered != [(name, {}) for name in COMPONENTS]:
                raise NotAuthentic(f"the signature must cover exactly {', '.join(COMPONENTS)}")
            if says.keys() != PARAMETERS:
                raise NotAuthentic(f"the signature must say {', '.join(sorted(PARAMETERS))}")
            keyid, created, tag = says["keyid"], says["created"], says["tag"]
            if type(tag) is not str or tag != TAG:  # a word that is no string is not ours either
                raise NotAuthentic(f"the signature's tag is {str(tag)!r}, not {TAG!r}")
            if type(keyid) is str and type(created) is int:
                return Claim(label, keyid, created, _written(covered, says))
    raise NotAuthentic("Signature-Input does not have the shape of a signature")


def read_signature(header: str, label: str) -> bytes:
    """The bytes of the one signature in Signature (section 4.2); raises NotAuthentic."""
    found = _SIGNATURE.fullmatch(header)
    if found is not None and found["label"] == label:
        return b64decode(found["bytes"])
    other, member = _only_member(header, "Signature")
    match member:
        case (bytes() as signature, dict()) if other == label:
            return signature
    raise NotAuthentic(f"the signature does not hold: Signature has no bytes under {label!r}")


def _only_member(header: str, name: str) -> tuple[str, Any]:
    """The one member of a dictionary, with its label; raises NotAuthentic."""
    import http_sf

    def twice(key: str, _context: str) -> None:
        raise NotAuthentic(f"{name} says {key[:40]!r} more than once")

    if not header:
        raise NotAuthentic("the request is not signed")
    try:
        members = http_sf.parse(header.encode("ascii"), tltype="dictionary", on_duplicate_key=twice)
    except ValueError as error:
        raise NotAuthentic(f"{name} cannot be read: {error}") from None
    if not isinstance(members, dict) or len(members) != 1:
        raise NotAuthentic("the request carries more than one signature; it must carry one")
    ((label, member),) = members.items()
    return label, member


def _written(covered: list[Any], says: dict[str, Any]) -> str:
    """The same in the one way of writing it (RFC 8941, section 4.1)."""
    from http_sf.innerlist import ser_innerlist

    return ser_innerlist((covered, says))
