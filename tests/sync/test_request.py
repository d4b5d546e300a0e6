"""Signed requests: exactly what was agreed is accepted, and each refusal says its own reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import (
    Busy,
    MachikadoError,
    Malformed,
    NotAuthentic,
    RefusedByRule,
    TooMany,
    Unreachable,
)
from sync.request import (
    PROBLEM,
    ClockSkew,
    Problem,
    Request,
    Response,
    content_digest,
    header_of,
    instance_of,
    problem_response,
    raise_for_problem,
    sign_request,
    verify_request,
)
from sync.signing import SigningKey
from sync.values import Millis

ORIGIN = "https://hub.example:8443"
KEY = SigningKey(bytes(range(32)))
KEYID = "141305-B2108-1111/1-9f2c01d2e3f4a5b6"
CREATED = 1_700_000_000
NOW = Millis(CREATED * 1000)
MINUTE = 60_000
BATCH = Request(
    "PUT",
    "/v1/nodes/141305-B2108-1111/epochs/1-9f2c01d2e3f4a5b6/records/7?after=3",
    "application/vnd.machikado.records.v1+zstd",
    b"seven records",
    (("Accept", "*/*"),),
)


def signed(request: Request = BATCH, *, created: int = CREATED, key: SigningKey = KEY) -> Request:
    return sign_request(request, origin=ORIGIN, key=key, keyid=KEYID, created=created)


def verified(
    request: Request,
    *,
    origin: str = ORIGIN,
    find_key: Callable[[str], bytes | None] = {KEYID: KEY.public}.get,
    now: Millis = NOW,
) -> str:
    return verify_request(request, origin=origin, find_key=find_key, now=now, window_ms=MINUTE)


def with_header(request: Request, name: str, change: Callable[[str], str]) -> Request:
    headers = tuple((k, change(v) if k == name else v) for k, v in request.headers)
    return replace(request, headers=headers)


def instead(value: str) -> Callable[[str], str]:
    return lambda _: value


def signed_by_another_recipe(
    *,
    components: tuple[str, ...] = ("@method", "@target-uri", "content-digest", "content-type"),
    tag: str | None = "machikado",
    include_alg: bool = False,
    label: str = "machikado",
    onto: Request = BATCH,
) -> Request:
    """A good signature by the node's own key, over something else than what was agreed."""
    message = SimpleNamespace(
        method=onto.method,
        url=ORIGIN + onto.path_with_query,
        headers={
            "Content-Type": onto.content_type,
            "Content-Digest": content_digest(onto.body),
            **{k: v for k, v in onto.headers if k.startswith("Signature")},
        },
    )
    HTTPMessageSigner(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={KEYID: KEY.private}),
    ).sign(
        message,
        key_id=KEYID,
        created=datetime.fromtimestamp(CREATED, UTC),
        tag=tag,
        include_alg=include_alg,
        label=label,
        covered_component_ids=components,
        append_if_signature_exists=True,
        use_existing_digest=True,
    )
    headers = tuple((k, v) for k, v in message.headers.items() if k != "Content-Type")
    return replace(onto, headers=headers)


def test_the_hub_knows_who_signed_a_request() -> None:
    assert verified(signed()) == KEYID


def test_signing_keeps_the_other_headers_and_is_repeatable() -> None:
    assert signed().headers[0] == ("Accept", "*/*")
    assert signed() == signed()


def test_a_request_without_a_body_is_signed_with_the_digest_of_nothing() -> None:
    look = signed(replace(BATCH, method="GET", body=b""))

    assert verified(look) == KEYID
    assert header_of(look.headers, "content-digest") == content_digest(b"")


def test_the_digest_is_the_one_of_the_standard() -> None:
    # RFC 9530, appendix B.1: the SHA-256 of {"hello": "world"} and a line feed.
    example = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert content_digest(b'{"hello": "world"}\n') == example


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("method", replace(signed(), method="POST")),
        ("path", replace(signed(), path_with_query="/v1/nodes/141305-B2108-2222/feed")),
        ("query", replace(signed(), path_with_query=BATCH.path_with_query + "0")),
        ("content type", replace(signed(), content_type="text/plain")),
        ("body", replace(signed(), body=b"eight records")),
    ],
)
def test_a_changed_request_is_not_authentic(what: str, changed: Request) -> None:
    with pytest.raises(NotAuthentic) as refusal:
        verified(changed)
    assert ("Content-Digest" in str(refusal.value)) == (what == "body")


def test_a_request_signed_for_another_hub_is_not_authentic() -> None:
    with pytest.raises(NotAuthentic, match="does not hold"):
        verified(signed(), origin="https://other.example")


def test_another_body_with_its_own_digest_is_not_authentic() -> None:
    other = replace(signed(), body=b"forged")
    other = with_header(other, "Content-Digest", lambda _: content_digest(b"forged"))
    with pytest.raises(NotAuthentic, match="does not hold"):
        verified(other)


def test_a_second_digest_beside_ours_is_not_authentic() -> None:
    with pytest.raises(NotAuthentic, match="Content-Digest"):
        verified(with_header(signed(), "Content-Digest", lambda v: v + ", sha-512=:AA==:"))


def test_an_unsigned_request_says_so() -> None:
    with pytest.raises(NotAuthentic, match="is not signed"):
        verified(BATCH)


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(NotAuthentic, match="no key is known here as '141305-B2108-1111"):
        verified(signed(), find_key=lambda _: None)


def test_another_key_than_the_known_one_does_not_fit() -> None:
    with pytest.raises(NotAuthentic, match="fits neither this request nor this key"):
        verified(signed(key=SigningKey(bytes(32))))


def test_a_failing_key_store_is_not_taken_for_a_forged_request() -> None:
    def broken(_: str) -> bytes | None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        verified(signed(), find_key=broken)


@pytest.mark.parametrize(
    "components",
    [
        ("@method", "@target-uri", "content-digest"),
        ("@method", "@target-uri", "content-digest", "content-type", "@authority"),
        ("@target-uri", "@method", "content-digest", "content-type"),
        ("@method", "@path", "content-digest", "content-type"),
        ("@method", "@target-uri", '"content-digest";key="sha-256"', "content-type"),
        (),
    ],
)
def test_exactly_the_agreed_components_are_accepted(components: tuple[str, ...]) -> None:
    with pytest.raises(NotAuthentic, match="must cover exactly @method"):
        verified(signed_by_another_recipe(components=components))


def test_the_agreed_recipe_made_by_the_library_alone_is_accepted() -> None:
    assert verified(signed_by_another_recipe()) == KEYID


def test_another_tag_is_refused() -> None:
    with pytest.raises(NotAuthentic, match="tag is 'other'"):
        verified(signed_by_another_recipe(tag="other"))


def test_no_tag_and_more_parameters_are_refused() -> None:
    for other in (
        signed_by_another_recipe(tag=None),
        signed_by_another_recipe(include_alg=True),
    ):
        with pytest.raises(NotAuthentic, match="must say created, keyid, tag"):
            verified(other)


def test_a_signature_without_its_time_is_refused() -> None:
    timeless = with_header(
        signed(), "Signature-Input", lambda v: v.replace(f";created={CREATED}", "")
    )
    with pytest.raises(NotAuthentic, match="must say created"):
        verified(timeless)


def test_two_signatures_are_refused_though_both_are_good() -> None:
    twice = signed_by_another_recipe(onto=signed(), label="second")
    assert header_of(twice.headers, "signature").count(":,") == 1
    with pytest.raises(NotAuthentic, match="more than one"):
        verified(twice)


def test_a_signature_input_that_is_no_structured_field_is_refused() -> None:
    for words in ("((", "a=1", "a=();created=x", "é", "machikado=?1", "a=b;c;d"):
        with pytest.raises(NotAuthentic):
            verified(with_header(signed(), "Signature-Input", instead(words)))


def test_a_moment_that_is_no_whole_number_is_refused() -> None:
    for moment in ("1.5", '"now"', "?1"):
        says = header_of(signed().headers, "signature-input").replace(str(CREATED), moment)
        with pytest.raises(NotAuthentic):
            verified(with_header(signed(), "Signature-Input", instead(says)))


@given(st.text(max_size=200))
def test_any_signature_header_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotAuthentic):
        verified(with_header(signed(), "Signature", instead(text)))


@pytest.mark.parametrize(("off", "word"), [(61_000, "behind"), (-61_000, "ahead of")])
def test_a_wrong_clock_is_told_apart_from_a_forged_request(off: int, word: str) -> None:
    with pytest.raises(ClockSkew, match=f"61 s {word} the hub's; at most 60 s"):
        verified(signed(), now=Millis(NOW + off))


def test_the_window_is_judged_by_the_given_time_only() -> None:
    for created in (1, 4_102_444_800):  # 1970 and 2100
        assert verified(signed(created=created), now=Millis(created * 1000 + MINUTE)) == KEYID


def test_a_forged_request_with_a_wrong_clock_is_forged() -> None:
    with pytest.raises(NotAuthentic) as refusal:
        verified(replace(signed(), method="POST"), now=Millis(0))
    assert not isinstance(refusal.value, ClockSkew)


def test_what_cannot_stand_in_a_request_is_not_signed() -> None:
    for wrong in (replace(BATCH, path_with_query="/a b"), replace(BATCH, method="put")):
        with pytest.raises(Malformed, match="cannot be signed"):
            signed(wrong)


def test_a_problem_says_type_reason_and_detail() -> None:
    answer = problem_response(409, "fork", "another record stands there", retry_after=7)

    assert answer.content_type == PROBLEM
    assert answer.headers == (("Retry-After", "7"),)
    assert msgspec.json.decode(answer.body, type=Problem) == Problem(
        type="urn:machikado:fork",
        title="Conflict",
        status=409,
        detail="another record stands there",
        reason="fork",
    )


def test_a_good_answer_raises_nothing() -> None:
    for status in (200, 201, 204):
        raise_for_problem(Response(status, "", b""))


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "bad-batch", Malformed),
        (413, "too-long", Malformed),
        (415, "media-type", Malformed),
        (422, "bad-field", Malformed),
        (401, "not-authentic", NotAuthentic),
        (403, "not-authentic", NotAuthentic),
        (401, "clock-skew", ClockSkew),
        (429, "throttled", TooMany),
        (500, "broken", Unreachable),
        (503, "starting", Busy),
    ],
)
def test_each_status_means_one_thing(status: int, reason: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^what happened$") as raised:
        raise_for_problem(problem_response(status, reason, "what happened"))
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("status", "named"), [(500, True), (503, True), (429, False), (409, False)]
)
def test_what_the_hub_could_not_do_names_the_call(status: int, *, named: bool) -> None:
    said = msgspec.json.decode(problem_response(status, "busy", "what happened").body)
    body = msgspec.json.encode(said | {"instance": instance_of("ABCDEFGHIJKL")})
    with pytest.raises(MachikadoError) as raised:
        raise_for_problem(Response(status, PROBLEM, body))
    assert str(raised.value) == "what happened" + (" (call ABCDEFGHIJKL)" if named else "")


@pytest.mark.parametrize(("status", "reason"), [(403, "revoked"), (404, "gone"), (409, "fork")])
def test_a_rule_that_says_no_keeps_its_reason(status: int, reason: str) -> None:
    with pytest.raises(RefusedByRule, match="what happened") as raised:
        raise_for_problem(problem_response(status, reason, "what happened"))
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("header", "wait"),
    [("5", 5.0), ("0", 0.0), ("999999999999", 3600.0), ("soon", None), ("-1", None), ("", None)],
)
def test_the_wait_that_was_asked_for_is_bounded(header: str, wait: float | None) -> None:
    busy = Response(503, "text/plain", b"", (("retry-after", header),))
    with pytest.raises(Unreachable) as raised:
        raise_for_problem(busy)
    assert raised.value.retry_after == wait


@pytest.mark.parametrize(
    "answer",
    [
        Response(302, "text/html", b"<html>welcome to our Wi-Fi</html>"),
        Response(502, PROBLEM, b'{"detail": '),
        Response(503, "text/html", b"<html>a proxy's own page</html>"),
        Response(500, "", b"\xff"),
    ],
)
def test_somebody_elses_page_counts_as_silence(answer: Response) -> None:
    with pytest.raises(Unreachable, match=f"answered {answer.status}"):
        raise_for_problem(answer)


def test_a_refusal_with_a_broken_body_has_words_too() -> None:
    for body in (b"", b"[]", b"\xff\xfe", b'{"status": "x"}'):
        with pytest.raises(RefusedByRule, match="answered 404") as raised:
            raise_for_problem(Response(404, PROBLEM + "; charset=utf-8", body))
        assert raised.value.reason == "http-404"
