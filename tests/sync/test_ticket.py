"""Tickets: numbers survive hands and voices, signatures survive paper, nothing else passes."""

import base64
import sys
from dataclasses import replace
from itertools import pairwise

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycose.headers import KID, Algorithm
from pycose.keys.okp import OKPKey
from pycose.messages.cosemessage import CoseMessage
from pycose.messages.sign1message import Sign1Message

from sync.errors import Malformed, NotAuthentic
from sync.signing import SigningKey
from sync.ticket import (
    MOST_BYTES,
    SignedTicket,
    UnknownSigner,
    check_digit,
    check_number,
    claimed,
    from_qr,
    key_id,
    load,
    name_of,
    read_ticket,
    sign_ticket,
    to_qr,
)
from sync.values import MOST_POINTS, MunicipalityCode, Points, TicketNumber
from sync.values import check_digit as town_digit

KAMAKURA = MunicipalityCode("142042")
KAWASAKI = MunicipalityCode("141305")
KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(32))
KEYS = {KAWASAKI: (KEY.public,)}
TICKET = SignedTicket(
    issuer="https://hub.example:8443",
    number=TicketNumber("101123456789" + check_digit("101123456789")),
    municipality=KAWASAKI,
    points=Points(500),
    valid_from="2026-04-01",
    valid_until="2026-06-30",
)
PAPER = sign_ticket(TICKET, KEY)

digits = st.text("0123456789", min_size=12, max_size=12)
towns = st.integers(1, 47999).map(lambda n: f"{n:05d}").map(lambda five: five + town_digit(five))
tickets = st.builds(
    lambda days, **values: SignedTicket(
        valid_from=min(days).isoformat(), valid_until=max(days).isoformat(), **values
    ),
    days=st.tuples(st.dates(), st.dates()),
    issuer=st.text(st.characters(codec="utf-8"), max_size=60),
    number=digits.map(lambda twelve: TicketNumber(twelve + check_digit(twelve))),
    municipality=towns.map(MunicipalityCode),
    points=st.integers(1, MOST_POINTS).map(Points),
    zones=st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=8).map(tuple),
    online_only=st.booleans(),
)


def test_the_check_digit_is_damm_s() -> None:
    assert check_digit("572") == "4"  # the published example of the algorithm


def test_the_check_digit_catches_every_wrong_digit_and_every_swap_of_neighbours() -> None:
    # The digits read so far leave one of ten interim digits; `to_reach` is a way to each.
    to_reach = {int(check_digit(str(digit))): str(digit) for digit in range(10)}

    def after(interim: int, digit: int) -> int:
        return int(check_digit(to_reach[interim] + str(digit)))

    ten = range(10)
    assert sorted(to_reach) == list(ten)
    for interim in ten:
        assert after(interim, interim) == 0, "a good number ends at 0"
        assert {after(interim, digit) for digit in ten} == set(ten), "a wrong digit shows"
        assert {after(other, interim) for other in ten} == set(ten), "and no later digit hides it"
        for one in ten:
            for two in range(one):
                assert after(after(interim, one), two) != after(after(interim, two), one)


@given(digits, st.integers(0, 12), st.integers(1, 9))
def test_a_wrong_digit_is_told(twelve: str, place: int, off: int) -> None:
    number = twelve + check_digit(twelve)
    wrong = str((int(number[place]) + off) % 10)
    with pytest.raises(Malformed, match="a digit is wrong"):
        check_number(number[:place] + wrong + number[place + 1 :])


@given(digits)
def test_any_two_neighbours_swapped_are_told(twelve: str) -> None:
    number = twelve + check_digit(twelve)
    for place, (one, two) in enumerate(pairwise(number)):
        swapped = number[:place] + two + one + number[place + 2 :]
        if one == two:
            assert check_number(swapped) == number
        else:
            with pytest.raises(Malformed, match="two are swapped"):
                check_number(swapped)


def test_a_number_is_read_as_people_type_it() -> None:
    number = TICKET.number
    for typed in (
        number,
        f"{number[:3]} {number[3:8]} {number[8:]}",
        f"{number[:3]}-{number[3:8]}ー{number[8:]}",
        "".join(chr(ord(digit) + 0xFEE0) for digit in number),
        f"  {number[:6]}　{number[6:]}\n",
    ):
        assert check_number(typed) == number


@pytest.mark.parametrize("typed", ["", "123", "1" * 14, "１０１a23456789", "١" * 13, "abc"])
def test_what_is_no_number_is_told(typed: str) -> None:
    with pytest.raises(Malformed, match="13 digits"):
        check_number(typed)


@given(tickets)
def test_a_signed_ticket_reads_back(ticket: SignedTicket) -> None:
    data = sign_ticket(ticket, KEY)

    assert read_ticket(data, {ticket.municipality: (OTHER.public, KEY.public)}) == ticket
    assert sign_ticket(ticket, KEY) == data


def test_any_cose_library_can_verify_a_ticket() -> None:
    message = CoseMessage.decode(PAPER)

    assert isinstance(message, Sign1Message)
    assert message.phdr[KID] == key_id(KEY.public)
    assert message.phdr[Algorithm].fullname == "EDDSA"
    message.key = OKPKey(crv="ED25519", x=KEY.public)
    assert message.verify_signature()
    claims = cbor2.loads(message.payload or b"")
    assert claims == {
        1: "https://hub.example:8443",
        4: 1_782_831_600,  # 2026-07-01T00:00+09:00
        5: 1_774_969_200,  # 2026-04-01T00:00+09:00
        7: TICKET.number.encode(),
        -65537: "141305",
        -65538: 500,
        -65539: [],
        -65540: False,
    }


def test_the_key_id_is_the_thumbprint_of_the_standard() -> None:
    # RFC 8037, appendix A.3.
    public = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    thumbprint = base64.urlsafe_b64decode("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k=")
    assert key_id(public) == thumbprint[:8]


def test_every_changed_byte_is_noticed() -> None:
    for place in range(len(PAPER)):
        changed = bytearray(PAPER)
        changed[place] ^= 1
        with pytest.raises((Malformed, NotAuthentic)):
            read_ticket(bytes(changed), KEYS)


def test_a_ticket_of_an_unknown_key_is_not_authentic() -> None:
    for keys in ({}, {KAWASAKI: (OTHER.public,)}):
        with pytest.raises(NotAuthentic, match="no ticket key"):
            read_ticket(PAPER, keys)


def test_a_ticket_of_an_unknown_town_says_whose_it_claims_to_be() -> None:
    with pytest.raises(UnknownSigner) as told:
        read_ticket(PAPER, {})
    assert told.value.says == KAWASAKI
    with pytest.raises(UnknownSigner) as told:
        read_ticket(resigned("no claims"), {})
    assert told.value.says == ""


def test_what_paper_says_of_itself_is_read_without_believing_it() -> None:
    forged = PAPER[:-1] + bytes([PAPER[-1] ^ 1])

    assert claimed(forged) == TICKET
    assert claimed(b"no ticket") is None


def test_a_program_loads_what_reads_tickets_before_the_first_one() -> None:
    load()

    assert {"cbor2", "cwt"} <= sys.modules.keys()


def test_one_town_s_key_cannot_make_another_town_s_tickets() -> None:
    with pytest.raises(NotAuthentic, match="the key of 142042 signed a ticket of 141305"):
        read_ticket(PAPER, {KAMAKURA: (KEY.public,), KAWASAKI: (OTHER.public,)})


def test_a_forged_signature_under_a_known_key_id_is_not_authentic() -> None:
    forged = PAPER[:-64] + bytes(64)
    with pytest.raises(NotAuthentic, match="was changed"):
        read_ticket(forged, KEYS)


def resigned(claims: object) -> bytes:
    """Whatever claims under the town's own good signature."""
    message = Sign1Message(
        phdr={Algorithm: "EDDSA", KID: key_id(KEY.public)}, payload=cbor2.dumps(claims)
    )
    message.key = OKPKey(crv="ED25519", x=KEY.public, d=KEY.seed)
    data: bytes = message.encode()
    return data


GOOD = cbor2.loads(CoseMessage.decode(PAPER).payload or b"")


def test_the_same_claims_signed_by_another_library_are_the_same_ticket() -> None:
    assert resigned(GOOD) == PAPER


@pytest.mark.parametrize(
    "claims",
    [
        {**GOOD, 6: 1},
        {key: value for key, value in GOOD.items() if key != -65539},
        {**GOOD, -65538: 500.0},
        {**GOOD, -65538: True},
        {**GOOD, -65538: 0},
        {**GOOD, -65538: MOST_POINTS + 1},
        {**GOOD, -65537: "141306"},
        {**GOOD, -65537: "１４１３０５"},
        {**GOOD, -65539: [1]},
        {**GOOD, -65539: ["x"] * 17},
        {**GOOD, -65540: 0},
        {**GOOD, 7: b"1234567890124"},
        {**GOOD, 7: b" " + GOOD[7]},
        {**GOOD, 7: GOOD[7].decode()},
        {**GOOD, 4: GOOD[4] + 1},
        {**GOOD, 4: GOOD[5]},
        {**GOOD, 5: 10**17 * 86_400 - 9 * 3600},
        {**GOOD, 1: "h" * 201},
        dict(reversed(GOOD.items())),
        [],
        "claims",
        {},
    ],
)
def test_no_signature_makes_odd_claims_a_ticket(claims: object) -> None:
    with pytest.raises(Malformed):
        read_ticket(resigned(claims), KEYS)


def test_a_ticket_has_one_spelling_only() -> None:
    payload, signature = CoseMessage.decode(PAPER).payload, PAPER[-64:]
    protected = PAPER[3:16]
    for other in (
        PAPER + b"\x00",
        b"\xd8\x3d" + PAPER,  # the CWT tag in front
        b"\xd8\x12" + PAPER[1:],  # tag 18 in two bytes
        cbor2.dumps(cbor2.CBORTag(18, [protected, {4: b"x"}, payload, signature])),
        cbor2.dumps(cbor2.CBORTag(17, [protected, {}, payload, signature])),
        cbor2.dumps([protected, {}, payload, signature]),
        PAPER.replace(b"\xa2\x01\x27", b"\xa2\x01\x26", 1),  # ES256
    ):
        with pytest.raises(Malformed, match="not a signed ticket"):
            read_ticket(other, KEYS)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: PAPER[:20] + tail))
def test_foreign_bytes_are_no_ticket(data: bytes) -> None:
    for read in (name_of, lambda bad: read_ticket(bad, KEYS)):
        with pytest.raises(Malformed):
            read(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x5b" + b"\xff" * 8,
        b"\x9b" + b"\xff" * 8,
        b"\x81" * MOST_BYTES,
        b"\xd2" * MOST_BYTES,
        bytes.fromhex("d81c81d81d00"),
        bytes.fromhex("d28446a104d81c8000a04040"),
        bytes.fromhex("d28447a104d81c81d81d00a04040"),
        PAPER.ljust(MOST_BYTES + 1, b"\0"),
    ],
)
def test_bytes_made_to_hurt_a_reader_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        name_of(data)


@pytest.mark.parametrize(
    "ticket",
    [
        replace(TICKET, valid_from="2026-07-01"),
        replace(TICKET, valid_until="20260630"),
        replace(TICKET, valid_until="2026-02-30"),
        replace(TICKET, points=Points(0)),
        replace(TICKET, number=TicketNumber("1011234567890")),
        replace(TICKET, number=TicketNumber(f" {TICKET.number}")),
        replace(TICKET, municipality=MunicipalityCode("１４１３０５")),
        replace(TICKET, zones=("あ" * 32,) * 16),
    ],
)
def test_a_ticket_that_nobody_could_read_is_not_signed(ticket: SignedTicket) -> None:
    with pytest.raises(Malformed):
        sign_ticket(ticket, KEY)


def test_a_ticket_of_one_day_is_good() -> None:
    today = replace(TICKET, valid_until=TICKET.valid_from)
    assert read_ticket(sign_ticket(today, KEY), KEYS) == today


def test_the_qr_text_fits_alphanumeric_mode_and_reads_back() -> None:
    text = to_qr(PAPER)

    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    assert from_qr(text) == PAPER


def test_a_scanner_s_way_of_typing_does_not_matter() -> None:
    text = to_qr(PAPER)
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in text)
    for typed in (
        text.lower(),
        text + "\r\n",
        full_width,
        " ".join(text),
        text[:9] + "\n" + text[9:],
    ):
        assert from_qr(typed) == PAPER


@given(st.binary(min_size=1, max_size=MOST_BYTES))
def test_every_ticket_s_bytes_survive_the_qr_code(data: bytes) -> None:
    assert from_qr(to_qr(data)) == data


@pytest.mark.parametrize("text", ["", "https://example.jp", "A1B8", "MFRGG==", "あ", "A" * 2049])
def test_another_qr_code_is_told(text: str) -> None:
    with pytest.raises(Malformed, match="not a point ticket"):
        from_qr(text)


@pytest.mark.parametrize("text", ["A", "ABC", "AB234567A", "AF"])
def test_a_code_that_was_cut_off_is_told(text: str) -> None:
    with pytest.raises(Malformed, match="scan it again"):
        from_qr(text)


@given(st.text(max_size=60))
def test_any_scanned_text_is_bytes_or_refused(text: str) -> None:
    try:
        data = from_qr(text)
    except Malformed:
        return
    assert from_qr(to_qr(data)) == data


def test_a_list_s_name_tells_tickets_apart_and_no_number() -> None:
    second = sign_ticket(replace(TICKET, points=Points(501)), KEY)

    assert len(name_of(PAPER)) == 16
    assert name_of(PAPER) != name_of(second)
