"""What the hub's own records hold: numbers of banks are ASCII digits and nothing else."""

import msgspec
import pytest

from hub.bodies import BankDetails

GOOD = ("0001", "370", 1, "2108001", "ヤオヤ")


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize(
    "spoil", [lambda it: it + "\n", lambda it: "１" + it[1:], lambda it: it[1:]]
)
def test_a_bank_s_numbers_are_ascii_digits_to_the_last(place: int, spoil: object) -> None:
    assert callable(spoil)
    wrong = list(GOOD)
    wrong[place] = spoil(GOOD[place])

    assert msgspec.convert(GOOD, BankDetails).number == "2108001"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, BankDetails)
