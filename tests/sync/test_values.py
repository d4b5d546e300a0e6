"""Names and numbers as people write them, and everything that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Malformed
from sync.values import (
    MOST_POINTS,
    PLATFORM,
    EpochId,
    NodeId,
    account_id,
    check_digit,
    epoch_id,
    epoch_number,
    home_of,
    municipality_code,
    mykey_id,
    node_id,
    organisation_id,
    organisation_of,
    points,
    short,
)


@pytest.mark.parametrize(
    ("five", "whole"),
    [
        ("14130", "141305"),  # Kawasaki
        ("13116", "131164"),  # Toshima
        ("14204", "142042"),  # Kamakura
        ("01100", "011002"),  # Sapporo: a remainder of 0 or 1 keeps the last digit
        ("13000", "130001"),  # Tokyo, a prefecture
        ("17000", "170003"),  # Ishikawa
    ],
)
def test_real_municipalities_have_their_check_digit(five: str, whole: str) -> None:
    assert five + check_digit(five) == whole
    assert municipality_code(whole) == whole


@given(st.integers(0, 99_999).map(lambda number: f"{number:05d}"))
def test_of_ten_codes_one_is_right(five: str) -> None:
    accepted = []
    for digit in "0123456789":
        try:
            accepted.append(municipality_code(five + digit))
        except Malformed as refusal:
            words = str(refusal)
            assert f"it would be {check_digit(five)}" in words
    assert set(accepted) - {PLATFORM} == {five + check_digit(five)}


@pytest.mark.parametrize(
    "text", ["17009x", "", "14130", "1413050", "14130-5", "一四一三〇五", "١٤١٣٠٥"]
)
def test_what_is_no_municipality_code_is_told(text: str) -> None:
    with pytest.raises(Malformed, match="it has six digits"):
        municipality_code(text)


def test_a_wrong_check_digit_is_told_with_the_right_one() -> None:
    with pytest.raises(Malformed, match="for 14130 it would be 5"):
        municipality_code("141306")


def test_the_platform_has_a_code_that_no_town_can_have() -> None:
    assert municipality_code("000000") == PLATFORM
    assert check_digit("00000") != "0"


def test_names_are_read_as_people_type_them() -> None:
    assert municipality_code(" １４１３０５ ") == "141305"
    assert organisation_id("141305-b2108") == "141305-B2108"
    assert organisation_id("141305-B") == "141305-B"
    assert node_id("１４１３０５－Ｂ２１０８－１１１１") == "141305-B2108-1111"
    assert points("１，０００") == 1_000
    assert points(" 300 ") == 300


def test_a_name_says_where_it_belongs() -> None:
    node = NodeId("141305-B2108-1111")

    assert home_of(node) == "141305"
    assert organisation_of(node) == "141305-B2108"
    assert short(node) == "B2108-1111"
    assert short(organisation_of(node)) == "B2108"


@pytest.mark.parametrize(
    "text",
    ["", "B2108", "141306-B2108", "141305-2108", "141305-B234567890123", "141305B"],
)
def test_what_is_no_organisation_is_told(text: str) -> None:
    with pytest.raises(Malformed):
        organisation_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "141305-B2108",
        "141306-B2108-1111",
        "141305-B2108-",
        "141305-B2108-123456789",
        "141305-B2108-11 1",
    ],
)
def test_what_is_no_node_is_told(text: str) -> None:
    with pytest.raises(Malformed):
        node_id(text)


def test_an_epoch_s_name_tells_its_number() -> None:
    assert epoch_number(epoch_id("12-0123456789abcdef")) == 12
    assert epoch_number(EpochId("3-0123456789abcdef")) == 3


@pytest.mark.parametrize(
    "text",
    ["", "0-0123456789abcdef", "03-0123456789abcdef", "3-0123456789ABCDEF", "3-0123456789abcde\n"],
)
def test_what_is_no_epoch_is_told(text: str) -> None:
    with pytest.raises(Malformed, match="epoch"):
        epoch_id(text)


def test_a_mykey_id_is_exactly_what_was_chosen() -> None:
    assert mykey_id("SAKURA12") == "SAKURA12"
    for text in ("sakura12", "SAKURA1", "SAKURA123", "ＳＡＫＵＲＡ１２", "SAKURA 1", "SAKURA1\n"):
        with pytest.raises(Malformed, match="exactly 8 half-width"):
            mykey_id(text)


def test_an_account_is_16_hexadecimal_digits() -> None:
    assert account_id("00112233445566ff") == "00112233445566ff"
    for text in (
        "",
        "00112233445566FF",
        "00112233445566f",
        "00112233445566ff0",
        "00112233445566f\n",
    ):
        with pytest.raises(Malformed, match="16 hexadecimal digits"):
            account_id(text)


@given(st.integers(1, MOST_POINTS))
def test_every_amount_is_read_with_and_without_commas(amount: int) -> None:
    assert points(str(amount)) == points(f"{amount:,}") == amount


@pytest.mark.parametrize(
    "text", ["", "0", "-5", "1.5", "10000000", "1e3", "千", "٣", "1 000", "9" * 30]
)
def test_what_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(Malformed, match="a whole number from 1 to 9,999,999"):
        points(text)
