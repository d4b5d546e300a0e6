"""RFC 9421 by its own test cases, and what we take of all that it allows: one way, to the letter.

The cases of Appendix B.2 try the library that judges ours, with the keys of B.1
(``tests/vectors/rfc9421.json``). What follows are requests that a standard's reader could hold to
be signed well enough, and a hub does not.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import (
    ECDSA_P256_SHA256,
    ED25519,
    HMAC_SHA256,
    RSA_PSS_SHA512,
)
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import NotAuthentic
from sync.request import Request, content_digest, header_of, sign_request, verify_request
from sync.rfc9421 import read_input
from sync.signing import SigningKey
from sync.values import Millis

GIVEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "rfc9421.json").read_text("utf-8")
)
CASES = {case["section"]: case for case in GIVEN["cases"]}
ALGORITHMS: dict[str, Any] = {
    "rsa-pss-sha512": RSA_PSS_SHA512,
    "ecdsa-p256-sha256": ECDSA_P256_SHA256,
    "hmac-sha256": HMAC_SHA256,
    "ed25519": ED25519,
}


def message(case: dict[str, str]) -> Any:
    """What was signed, and how the standard says that it was."""
    given = {name: value for name, value in GIVEN[case["over"]].items() if name != "body"}
    signed = {
        "Signature-Input": f"{case['label']}={case['input']}",
        "Signature": f"{case['label']}=:{case['signature']}:",
    }
    return SimpleNamespace(**{**given, "headers": {**given["headers"], **signed}})


def verify(case: dict[str, str], over: Any) -> Any:
    """What the library makes of it."""
    written = GIVEN["keys"][case["keyid"]]
    key: Any = (
        load_pem_public_key(written.encode())
        if written.startswith("-----")
        else base64.b64decode(written)
    )
    verifier = HTTPMessageVerifier(
        signature_algorithm=ALGORITHMS[case["algorithm"]],
        key_resolver=MappingKeyResolver(public_keys={case["keyid"]: key}, private_keys={}),
    )
    verifier.max_clock_skew = timedelta(days=365_000)
    return verifier.verify(over, max_age=None)


@pytest.mark.parametrize("section", CASES)
def test_the_librarys_verdict_is_the_standards(section: str) -> None:
    case = CASES[section]
    verify(case, message(case))


_ONE_LETTER_MORE: dict[str, Callable[[Any], None]] = {
    "@method": lambda over: setattr(over, "method", "PUT"),
    "@authority": lambda over: setattr(over, "url", over.url.replace("example", "examples")),
    "@path": lambda over: setattr(over, "url", over.url.replace("/foo", "/food")),
    "@query": lambda over: setattr(over, "url", over.url + "s"),
    "@query-param": lambda over: setattr(over, "url", over.url + "s"),
    "@status": lambda over: setattr(over, "status_code", 201),
} | {
    name.lower(): lambda over, name=name: over.headers.update({name: over.headers[name] + "x"})
    for name in ("Date", "Content-Type", "Content-Digest", "Content-Length")
}


@pytest.mark.parametrize(
    ("section", "part"),
    [
        (section, part)
        for section, case in CASES.items()
        for part in re.findall(r'"([@a-z-]+)"', case["input"].partition(")")[0])
    ],
)
def test_what_the_standard_signed_was_nothing_else(section: str, part: str) -> None:
    """Whatever a signature covers: another word there breaks it."""
    case = CASES[section]
    changed = message(case)
    _ONE_LETTER_MORE[part](changed)
    with pytest.raises(HTTPMessageSignaturesException):
        verify(case, changed)


def test_the_standards_ed25519_signature_is_made_again() -> None:
    """B.2.6: Ed25519 is deterministic, so the same base under the same key gives the same bytes."""
    case = CASES["B.2.6"]
    key = load_pem_private_key(GIVEN["private"]["test-key-ed25519"].encode(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    base = "\n".join(
        [
            '"date": Tue, 20 Apr 2021 02:07:55 GMT',
            '"@method": POST',
            '"@path": /foo',
            '"@authority": example.com',
            '"content-type": application/json',
            '"content-length": 18',
            f'"@signature-params": {case["input"]}',
        ]
    )
    assert base64.b64encode(key.sign(base.encode())).decode() == case["signature"]
    assert SigningKey(key.private_bytes_raw()).public == key.public_key().public_bytes_raw()


def test_the_standards_content_digest_is_the_bodys() -> None:
    """RFC 9421, B.2: the digest of its request is SHA-512, so it is not ours to take."""
    given = GIVEN["request"]
    body = given["body"].encode()
    assert given["headers"]["Content-Digest"].startswith("sha-512=:")
    assert content_digest(body) == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"


# -- what a hub takes

ORIGIN, KEYID = "https://hub.example:8443", "141305-B2108-1111/1-9f2c01d2e3f4a5b6"
KEY, CREATED = SigningKey(bytes(range(32))), 1_700_000_000
PLAIN = Request("POST", "/v1/nodes/x/standings?a=1", "application/x", b"body")
COVERED = '("@method" "@target-uri" "content-digest" "content-type")'
SAYS = f';created={CREATED};keyid="{KEYID}";tag="machikado"'


def by_hand(
    covered: str = COVERED,
    says: str = SAYS,
    *,
    lines: dict[str, str] | None = None,
    label: str = "machikado",
    onto: Request = PLAIN,
) -> Request:
    """Signed with the right key over whatever is told, as the standard has it (section 2.5)."""
    given = {
        "@method": onto.method,
        "@target-uri": ORIGIN + onto.path_with_query,
        "content-digest": content_digest(onto.body),
        "content-type": onto.content_type,
        "@authority": "hub.example:8443",
        "@path": "/v1/nodes/x/standings",
        "@query": "?a=1",
        "@request-target": onto.path_with_query,
        "@scheme": "https",
    } | (lines or {})
    names = [name.strip('"') for name in covered.strip("()").split()]
    base = [f"{_quoted(name)}: {given[name.split(';')[0].strip(chr(34))]}" for name in names]
    text = "\n".join([*base, f'"@signature-params": {covered}{says}'])
    signature = base64.b64encode(KEY.private.sign(text.encode())).decode()
    return replace(
        onto,
        headers=(
            ("Content-Digest", content_digest(onto.body)),
            ("Signature-Input", f"{label}={covered}{says}"),
            ("Signature", f"{label}=:{signature}:"),
        ),
    )


def _quoted(name: str) -> str:
    name, mark, flags = name.partition(";")
    return f'"{name.strip(chr(34))}"{mark}{flags}'


def asked(request: Request) -> str:
    return verify_request(
        request,
        origin=ORIGIN,
        find_key={KEYID: KEY.public}.get,
        now=Millis(CREATED * 1000),
        window_ms=300_000,
    )


def test_what_is_signed_by_hand_as_agreed_is_taken() -> None:
    assert asked(by_hand()) == KEYID


def test_the_label_is_nobodys_business() -> None:
    assert asked(by_hand(label="sig1")) == KEYID


def test_our_own_signature_is_the_one_by_hand() -> None:
    ours = sign_request(PLAIN, origin=ORIGIN, key=KEY, keyid=KEYID, created=CREATED)
    assert header_of(ours.headers, "signature") == header_of(by_hand().headers, "signature")


@pytest.mark.parametrize(
    "covered",
    [
        "()",
        '("@method" "@target-uri" "content-digest")',
        '("@method" "@target-uri" "content-type")',
        '("@method" "content-digest" "content-type")',
        '("@target-uri" "content-digest" "content-type")',
        '("@target-uri" "@method" "content-digest" "content-type")',
        '("@method" "@target-uri" "content-type" "content-digest")',
        '("@method" "@target-uri" "content-digest" "content-type" "@authority")',
        '("@method" "@target-uri" "content-digest" "content-type" "content-type")',
        '("@method" "@method" "@target-uri" "content-digest" "content-type")',
        '("@method" "@path" "content-digest" "content-type")',
        '("@method" "@request-target" "content-digest" "content-type")',
        '("@method" "@target-uri" "content-digest";sf "content-type")',
        '("@method" "@target-uri" "content-digest" "content-type";bs)',
        '("@method";req "@target-uri" "content-digest" "content-type")',
    ],
)
def test_any_other_list_of_components_is_refused(covered: str) -> None:
    with pytest.raises(NotAuthentic, match="must cover exactly"):
        asked(by_hand(covered))


@pytest.mark.parametrize(
    "says",
    [
        "",
        f';created={CREATED};keyid="{KEYID}"',
        f';keyid="{KEYID}";tag="machikado"',
        f';created={CREATED};tag="machikado"',
        f'{SAYS};alg="ed25519"',
        f'{SAYS};nonce="x"',
        f"{SAYS};expires={CREATED + 60}",
        f'{SAYS};label="x"',
        f';created={CREATED};keyid="{KEYID}";tag="Machikado"',
        f';created={CREATED};keyid="{KEYID}";tag=machikado',
        f';created={CREATED}.5;keyid="{KEYID}";tag="machikado"',
        f';created="{CREATED}";keyid="{KEYID}";tag="machikado"',
        f';created=?1;keyid="{KEYID}";tag="machikado"',
        f';created={CREATED};keyid=:{base64.b64encode(KEYID.encode()).decode()}:;tag="machikado"',
    ],
)
def test_any_other_parameters_are_refused(says: str) -> None:
    with pytest.raises(NotAuthentic):
        asked(by_hand(says=says))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ('("@method" ', '( "@method"   '),
        ('"content-type");', '"content-type"  );'),
        (";keyid=", ";  keyid="),
        ("created=", " created="),
        ("machikado=(", "  machikado=("),
    ],
)
def test_other_spaces_mean_the_same(here: str, there: str) -> None:
    """Read by the structured fields' own library, and signed over in the one way of writing it."""
    good = by_hand()
    written = header_of(good.headers, "signature-input").replace(here, there)
    assert here != there
    assert there in written
    assert asked(changed("Signature-Input", written)) == KEYID


def test_a_name_with_quotes_is_read_as_the_standard_has_it() -> None:
    claim = read_input(f'a={COVERED};created=1;keyid="x\\"y\\\\";tag="machikado"')
    assert (claim.keyid, claim.created, claim.label) == ('x"y\\', 1, "a")
    assert claim.params == f'{COVERED};created=1;keyid="x\\"y\\\\";tag="machikado"'


@given(
    path=st.text(st.sampled_from("abcXYZ019-._~!$&'()*+,;=:@/"), max_size=40),
    query=st.none() | st.text(st.sampled_from("abc019-._~!$&'()*+,;=:@/?"), max_size=40),
    body=st.binary(max_size=40),
    kind=st.sampled_from(["", "application/x", "text/plain; charset=utf-8"]),
    created=st.integers(0, 4_102_444_800),
)
def test_what_we_sign_the_library_reads_as_signed(
    path: str, query: str | None, body: bytes, kind: str, created: int
) -> None:
    target = f"/{path}" + ("" if query is None else f"?{query}")
    request = Request("PUT", target, kind, body)
    ours = sign_request(request, origin=ORIGIN, key=KEY, keyid=KEYID, created=created)
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(
            public_keys={KEYID: KEY.private.public_key()}, private_keys={}
        ),
    )
    verifier.max_clock_skew = timedelta(days=365_000)
    headers = {"Content-Type": kind, **dict(ours.headers)}
    over = SimpleNamespace(method="PUT", url=ORIGIN + target, headers=headers)
    (found,) = verifier.verify(over, max_age=None, expect_tag="machikado", body=body)
    assert found.parameters == {"created": created, "keyid": KEYID, "tag": "machikado"}


@given(says=st.text(st.sampled_from('machikdo=(")@; -:_cr1é'), max_size=60), at=st.integers(0, 200))
def test_what_is_spoilt_is_refused_in_words_or_means_the_same(says: str, at: int) -> None:
    spoilt = INPUT[:at] + says + INPUT[at + len(says) :]
    try:
        claim = read_input(spoilt)
    except NotAuthentic:
        return
    assert claim.params.startswith(f"{COVERED};")


def test_parameters_may_stand_in_any_order() -> None:
    assert asked(by_hand(says=f';tag="machikado";keyid="{KEYID}";created={CREATED}')) == KEYID


def changed(name: str, value: str) -> Request:
    """A good request with another header."""
    good = by_hand()
    return replace(good, headers=tuple((k, value if k == name else v) for k, v in good.headers))


def more(name: str, value: str) -> Request:
    """A good request with one header line more."""
    good = by_hand()
    return replace(good, headers=(*good.headers, (name, value)))


OTHER = header_of(by_hand(label="other").headers, "signature")
INPUT = header_of(by_hand().headers, "signature-input")
SIGNATURE = header_of(by_hand().headers, "signature")


OTHERWISE = {
    "a second digest": more("Content-Digest", "sha-512=:AA==:"),
    "the digest twice": more("Content-Digest", content_digest(b"body")),
    "another digest": changed("Content-Digest", content_digest(b"bodY")),
    "only SHA-512": changed("Content-Digest", "sha-512=:AA==:"),
    "no digest": changed("Content-Digest", ""),
    "a digest in capitals": changed("Content-Digest", content_digest(b"body").upper()),
    "a signature under another label": changed("Signature", OTHER),
    "a second signature": more("Signature-Input", INPUT.replace("machikado=", "b=")),
    "the same signature twice": more("Signature-Input", INPUT),
    "a second value under the label": more("Signature", SIGNATURE),
    "no signature": changed("Signature", ""),
    "no input": changed("Signature-Input", ""),
    "a signature cut short": changed("Signature", "machikado=:AAAA:"),
    "a signature that is a word": changed("Signature", 'machikado="x"'),
    "another path": replace(by_hand(), path_with_query="/v1/nodes/y/standings?a=1"),
    "a path in capitals": replace(by_hand(), path_with_query="/V1/nodes/x/standings?a=1"),
    "a path written otherwise": replace(by_hand(), path_with_query="/v1/nodes/%78/standings?a=1"),
    "an absolute target": replace(by_hand(), path_with_query=ORIGIN + PLAIN.path_with_query),
    "another query": replace(by_hand(), path_with_query="/v1/nodes/x/standings?a=2"),
    "a query less": replace(by_hand(), path_with_query="/v1/nodes/x/standings"),
    "a query more": replace(by_hand(), path_with_query="/v1/nodes/x/standings?a=1&b=1"),
    "a fragment": replace(by_hand(), path_with_query="/v1/nodes/x/standings?a=1#x"),
    "another method": replace(by_hand(), method="PUT"),
    "a method in small letters": replace(by_hand(), method="post"),
    "another media type": replace(by_hand(), content_type="application/y"),
    "another body": replace(by_hand(), body=b"bodY"),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_whatever_else_came_is_not_what_was_signed(what: str) -> None:
    with pytest.raises(NotAuthentic):
        asked(OTHERWISE[what])
