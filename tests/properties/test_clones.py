"""Nobody gains by being several, and whoever brings more people never has a smaller part."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given

from graph_service.plans.document import Plan
from graph_service.rewards.allowance import split_allowance
from tests.properties.cascade import Cascade, cascades, click_of, dice, split_up, worth_of
from tests.properties.cases import cases, plans
from tests.worlds.random_mall import Dice

ON_SALES = ("own_sale", "campaign", "reward")


@cases
@given(honest=cascades, plan=plans, dice=dice)
def test_no_split_of_a_step_into_clones_gains(honest: Cascade, plan: Plan, dice: Dice) -> None:
    _, member_id = honest.shares[dice.roll(len(honest.shares))]
    assume(member_id != honest.buyer)
    cloned, accounts = split_up(honest, member_id, dice)

    alone, several = worth_of(honest, plan), worth_of(cloned, plan)

    assert several.part_of(accounts) <= alone.part_of({member_id})
    assert several.earned(accounts, *ON_SALES) <= alone.earned({member_id}, *ON_SALES)
    # The amounts of two steps are floored apart, so of them only the exact parts compare.
    if honest.steps_of(member_id) == 1:
        assert several.earned(accounts, "influence") <= alone.earned({member_id}, "influence")


@cases
@given(before=cascades, plan=plans, dice=dice)
def test_more_clicks_on_a_steps_own_shares_never_lower_its_part(
    before: Cascade, plan: Plan, dice: Dice
) -> None:
    assume(before.on_path)
    fewer = worth_of(before, plan)
    place = dice.roll(len(fewer.path.steps))
    own = fewer.path.steps[place].share_ids
    more = (click_of(dice, own) for _ in range(1 + dice.roll(4)))
    # A click of the buyer would be a touch and may lead along another path.
    added = tuple(one for one in more if one.clicker != before.buyer)

    several = worth_of(replace(before, clicks=before.clicks + added), plan)

    assert several.parts[place] >= fewer.parts[place]
    assert several.amount_of_step(place) >= fewer.amount_of_step(place)


def test_one_more_person_through_a_second_step_may_cost_more_on_the_first() -> None:
    # The rule speaks of steps. Who shares, and again below somebody else, is two of them.
    before = split_allowance(1_000, [1, 1, 0], [False] * 3, Fraction(1, 4))
    after = split_allowance(1_000, [1, 1, 1], [False] * 3, Fraction(1, 4))

    assert before.amounts_minor == (687, 312, 0)
    assert after.amounts_minor == (500, 333, 166)
