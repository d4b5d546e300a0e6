"""Who gets how much, for any claims."""

from hypothesis import given
from hypothesis import strategies as st

from hub.settlement.plan import Claim, plan
from sync.values import OrganisationId

YEN = st.integers(0, 10**7)


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    numbers = draw(st.lists(st.integers(1, 999), unique=True, max_size=8))
    return [
        Claim(
            organisation=OrganisationId(f"141305-B{number}"),
            points=draw(st.integers(-1_000, 10**7)),
            brought=draw(st.integers(-1_000, 10**5)),
            owed=draw(YEN),
        )
        for number in numbers
    ]


@given(given_claims=claims(), minimum=st.integers(1, 10**6))
def test_nothing_is_lost_and_nothing_is_paid_twice(given_claims: list[Claim], minimum: int) -> None:
    planned = plan(given_claims, minimum=minimum)
    by_name = {claim.organisation: claim for claim in given_claims}

    assert [each.organisation for each in planned] == sorted(by_name)
    for each in planned:
        claim = by_name[each.organisation]
        due = claim.points + claim.brought
        assert each.netted + each.paid + each.carried == due
        assert 0 <= each.netted <= claim.owed
        assert each.paid == 0 or each.paid >= minimum
        assert each.paid == 0 or each.netted == claim.owed  # owed money comes first
        assert each.carried < minimum


@given(given_claims=claims(), minimum=st.integers(1, 10**6))
def test_the_files_lines_count_from_one_without_gaps(
    given_claims: list[Claim], minimum: int
) -> None:
    planned = plan(given_claims, minimum=minimum)
    assert [each.line for each in planned if each.paid] == list(
        range(1, 1 + sum(each.paid > 0 for each in planned))
    )
    assert all(each.line == 0 for each in planned if not each.paid)


@given(given_claims=claims(), minimum=st.integers(1, 10**6))
def test_the_order_in_which_claims_come_does_not_matter(
    given_claims: list[Claim], minimum: int
) -> None:
    assert plan(given_claims, minimum=minimum) == plan(given_claims[::-1], minimum=minimum)
