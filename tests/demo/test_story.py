"""Is the most telling order chosen, and can a newcomer read what is printed?"""

import io
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.console import Console

from graph_service.demo.story import Story, choose_order, render_story
from graph_service.rewards.allowance import split_allowance

BETA = Fraction(1, 4)
CLICKERS = (10, 8, 47, 3, 1)


def made_answer(order_id: str = "o-1", clickers: tuple[int, ...] = CLICKERS) -> dict[str, Any]:
    """An answer of the HTTP shape about 500 yuan; step-1 is the origin, the last one closes."""
    split = split_allowance(500, clickers, [False] * len(clickers), BETA)
    names = [f"step-{number}" for number in range(1, len(clickers) + 1)]
    steps = list(zip(names, clickers, split.shares, split.amounts_minor, strict=True))
    return {
        "orderId": order_id,
        "buyerId": "buyer",
        "basis": "click" if names else "none",
        "model": "last_touch",
        "windowDays": 30,
        "paidAt": "2026-04-30T16:30:00Z",
        "amountMinor": 50_000,
        "refundedMinor": 0,
        "currency": "CNY",
        "path": [
            {
                "position": position,
                "memberId": name,
                "shareId": f"share-{position}",
                "sharedAt": f"2026-04-{10 + position:02d}T04:00:00Z",
                "clicks": count + 1,
                "clearedClickers": count,
                "excluded": None,
            }
            for position, (name, count, _, _) in enumerate(steps, 1)
        ],
        "truncated": False,
        "touches": [{"shareId": "share"}] if names else [],
        "credits": [
            {"memberId": name, "weight": "1", "amountMinor": 50_000} for name in names[-1:]
        ],
        "allowance": {
            "poolMinor": 500,
            "keptMinor": split.kept_minor,
            "currency": "CNY",
            "lines": [
                {
                    "memberId": name,
                    "clicks": count,
                    "share": str(float(share)),
                    "amountMinor": amount,
                }
                for name, count, share, amount in steps
            ],
        },
    }


def made_team(member_id: str, team_minor: int = 123_456) -> dict[str, Any]:
    return {
        "memberId": member_id,
        "directCount": 2,
        "teamSize": 1_234,
        "month": "2026-05",
        "ownSalesMinor": 50_000,
        "directSalesMinor": 0,
        "teamSalesMinor": team_minor,
    }


def printed(answer: dict[str, Any], *, width: int = 80, **known: Any) -> str:
    console = Console(record=True, width=width, file=io.StringIO())
    zone = ZoneInfo("Asia/Shanghai")
    render_story(console, Story(answer, zone, Fraction(1, 100), BETA, **known))
    return console.export_text()


def words(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


# --- choosing ---


def test_no_order_is_chosen_of_none() -> None:
    assert choose_order({}) is None


def test_path_of_five_steps_is_preferred_to_shorter_and_much_longer_ones() -> None:
    short, five, long = (1, 30, 1), CLICKERS, (*CLICKERS, *CLICKERS)
    answers = {
        "a": made_answer("a", short),
        "b": made_answer("b", long),
        "c": made_answer("c", five),
    }

    assert choose_order(answers) == "c"


def test_longest_path_is_chosen_where_none_has_five_steps() -> None:
    answers = {"a": made_answer("a", (1, 9, 1)), "b": made_answer("b", (1, 9, 1, 1))}

    assert choose_order(answers) == "b"


def test_whole_path_is_preferred_to_a_truncated_one() -> None:
    cut = made_answer("a") | {"truncated": True}

    assert choose_order({"a": cut, "b": made_answer("b")}) == "b"


def test_step_before_the_closer_that_brought_most_is_preferred_to_a_closer() -> None:
    answers = {"a": made_answer("a", (1, 1, 1, 1, 60)), "b": made_answer("b", (1, 1, 20, 1, 1))}

    assert choose_order(answers) == "b"


def test_step_that_sold_nothing_is_preferred_to_one_with_sales() -> None:
    sold = made_answer("a", (1, 60, 1, 1, 1))
    answers = {"a": sold, "b": made_answer("b"), "c": made_answer("c", (1, 2))}

    assert choose_order(answers) == "b"


def test_allowance_is_preferred_to_a_path_that_nobody_else_clicked() -> None:
    assert choose_order({"a": made_answer("a", (0,) * 5), "b": made_answer("b")}) == "b"


def test_ties_go_to_the_least_order_id_in_any_arrangement() -> None:
    answers = {order_id: made_answer(order_id) for order_id in ("o-2", "o-1", "o-3")}

    assert choose_order(answers) == "o-1"


def test_order_without_a_path_is_chosen_where_there_is_no_other() -> None:
    assert choose_order({"o-1": made_answer("o-1", ())}) == "o-1"


# --- telling ---


def test_path_shows_every_step_with_its_people_and_its_allowance() -> None:
    lines = printed(made_answer()).splitlines()

    shown = [line.split() for line in lines if " 04-1" in line]
    assert [line[-1] for line in shown] == ["1.18", "0.83", "2.88", "0.06", "0.01"]
    assert "└ 3 step-3 04-13 12:00 48 ████████ 47 ◄ 2.88" in words("\n".join(lines))


def test_step_that_sold_nothing_is_pointed_out() -> None:
    answer = made_answer()

    text = words(printed(answer, orders_read=462, silent=answer["path"][2]))

    assert "step-3 sold nothing (credited with none of the 462 paid orders read)" in text
    assert "brought 47 of the 69 people" in text


def test_nothing_is_said_about_sales_of_a_step_that_sold() -> None:
    text = words(printed(made_answer(), silent=None))

    assert "sold nothing" not in text
    assert "more than any other step; step-5 closed the order." in text


def test_closer_who_brought_most_is_said_to_have_closed_too() -> None:
    text = words(printed(made_answer(clickers=(1, 2, 9))))

    assert "step-3 brought 9 of the 12 people on this path and closed the order too." in text


def test_path_that_nobody_else_clicked_has_nothing_to_share_out() -> None:
    assert "there is nothing to share out" in words(printed(made_answer(clickers=(0, 0))))


def test_credit_and_its_basis_are_told() -> None:
    text = words(printed(made_answer()))

    assert "step-5 is credited with 500.00 yuan: the buyer's only click in 30 days" in text


def test_coupon_owner_is_credited_with_the_reason() -> None:
    credit = {"memberId": "owner", "weight": "1", "amountMinor": 50_000}

    text = words(printed(made_answer() | {"basis": "coupon", "credits": [credit]}))

    assert "owner is credited with 500.00 yuan: the buyer used owner's exclusive coupon." in text


def test_allowance_table_ends_with_what_is_kept_and_the_sum() -> None:
    text = words(printed(made_answer()))

    assert "share = π(S/S₁) - π(S′/S₁), π(x) = 1/4·x + 3/4·x²" in text
    assert "1 % of the order, 5.00 yuan" in text
    assert "kept by the platform 0.04 sum 69 5.00" in text


def test_team_of_the_closer_and_of_the_uplines_is_shown() -> None:
    text = words(printed(made_answer(), teams=[made_team("step-5"), made_team("step-4")]))

    assert "closer step-5 2 1,234 500.00 0.00 1,234.56" in text
    assert "1 up step-4 2 1,234 500.00 0.00 1,234.56" in text


def test_closer_without_an_inviter_is_shown_alone() -> None:
    text = words(printed(made_answer(), teams=[made_team("step-5")]))

    assert "No inviter of step-5 is known" in text
    assert "closer step-5 2 1,234" in text


def test_times_and_days_are_those_of_the_zone() -> None:
    assert "on 2026-05-01 00:30" in words(printed(made_answer()))


def test_order_without_a_path_says_so_and_stops() -> None:
    text = printed(made_answer(clickers=()))

    assert "Nobody is known to have brought it" in words(text)
    assert "allowance" not in text


def test_excluded_step_is_marked() -> None:
    answer = made_answer()
    answer["path"][1]["excluded"] = "buyer"

    assert "buyer 0.83" in words(printed(answer))


def test_long_and_wide_ids_fit_80_columns_and_the_order_id_is_whole() -> None:
    answer = made_answer("order-" + "x" * 60, (3,) * 19)
    for step in answer["path"]:
        step["memberId"] = "林月推广大使" * 10 + "-" + "m" * 40
    answer["buyerId"] = "b" * 128

    text = printed(answer, teams=[made_team("t" * 90, 98_765_432)])

    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert text.replace("\n", "").count(answer["orderId"]) == 1


def test_ids_are_not_read_as_markup() -> None:
    answer = made_answer("[red]")
    answer["buyerId"] = "[bold]x[/bold]"
    answer["path"][0]["memberId"] = "[/nothing]"

    text = words(printed(answer))

    assert "[bold]x[/bold] paid 500.00 yuan" in text
    assert "1 [/nothing]" in text


def test_money_of_another_currency_is_told_in_minor_units() -> None:
    assert "paid 50,000 JPY minor units" in words(printed(made_answer() | {"currency": "JPY"}))
