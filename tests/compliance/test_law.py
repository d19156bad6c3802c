"""The lines are where the law draws them, and every reason has its words in both languages."""

import pytest

from graph_service.compliance.law import BASES, Flag, Signs, flag_of, notice, reasons, words

YUAN = 100
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("people", "levels", "yuan", "flag"),
    [
        (29, 2, 0, "none"),
        (30, 2, 0, "amber"),
        (29, 3, 0, "amber"),
        (30, 3, 0, "red"),
        (119, 3, 2.5 * MILLION - 1, "red"),
        (120, 3, 0, "severe"),
        (120, 2, 0, "severe"),
        (30, 3, 2.5 * MILLION, "severe"),
        (2, 2, 2.5 * MILLION, "severe"),
    ],
)
def test_each_line_is_crossed_by_the_number_itself(
    people: int, levels: int, yuan: float, flag: Flag
) -> None:
    assert flag_of(people, levels, int(yuan * YUAN)) == flag


def signs(people: int, levels: int, **changes: int) -> Signs:
    money = dict.fromkeys(BASES, 0)
    money["head_count"], money["level_1"] = changes.get("heads", 0), changes.get("level_1", 0)
    return Signs(
        people,
        levels,
        changes.get("collected", 0),
        changes.get("paid", 1),
        changes.get("orders", 0),
        money,
    )


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (signs(2, 2), []),
        (signs(30, 2), ["thirty_people"]),
        (signs(3, 3), ["three_levels"]),
        (signs(30, 3, paid=3), ["prosecution_line", "three_levels_paid"]),
        (signs(120, 2), ["thirty_people", "serious_people", "serious_without_the_line"]),
        (
            signs(120, 3, collected=250_000_000),
            ["prosecution_line", "serious_people", "serious_money"],
        ),
        (
            signs(2, 2, heads=1, orders=2, level_1=3),
            ["paid_by_heads", "orders_before_promotion", "paid_by_downline_sales"],
        ),
    ],
)
def test_reasons_say_which_lines_are_crossed(found: Signs, codes: list[str]) -> None:
    assert [one["code"] for one in reasons(found, "en")] == codes
    assert [one["code"] for one in reasons(found, "zh")] == codes


def test_both_languages_say_the_same_things_and_that_they_are_no_advice() -> None:
    assert words()["zh"]["reasons"].keys() == words()["en"]["reasons"].keys()
    assert "no legal advice" in notice("en")
    assert "不是法律意见" in notice("zh")
