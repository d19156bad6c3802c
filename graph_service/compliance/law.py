"""On which side of the law's lines does an organiser stand? Numbers with their source; no advice.

Sources: Regulation on the Prohibition of Pyramid Selling (decree 444 of the State Council of China,
2005), article 7; Opinions of the Supreme People's Court, the Supreme People's Procuratorate and the
Ministry of Public Security on applying the law to criminal cases of organising and leading pyramid
selling (2013), "the opinion" below. Its section 7 says that "or more" includes the number itself,
and that the organiser and the organiser's own level are counted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from graph_service.plans.member import Lang, amount_text

Flag = Literal["none", "amber", "red", "severe"]
Basis = Literal["own_sale", "level_1", "level_2_and_deeper", "head_count", "influence"]
FLAGS: tuple[Flag, ...] = ("none", "amber", "red", "severe")
BASES: tuple[Basis, ...] = (
    *("own_sale", "level_1", "level_2_and_deeper"),
    *("head_count", "influence"),
)
# The opinion, section 1: 30 people or more, in three levels or more.
LEVELS_LINE = 3
PEOPLE_LINE = 30
# The opinion, section 4 (1) and (2): 120 people or more; 2.5 million yuan or more collected.
SERIOUS_PEOPLE = 120
SERIOUS_MINOR = 250_000_000
# The law counts in yuan, so orders and entries in other currencies are left out.
CURRENCY = "CNY"
# Purchases this long before the buyer's promotion are signs of a forced one, decree 444, article
# 7 (2). The decree names no time; a week is how long goods bought at a distance may be returned
# without a reason (Law on the Protection of Consumers' Rights and Interests, article 25).
BEFORE_PROMOTION_DAYS = 7


@dataclass(frozen=True)
class Signs:
    """What the law looks at in one organiser's tree. money: earned by the organiser (minor)."""

    people: int
    levels: int
    collected_minor: int
    paid_levels_max: int
    orders_before_promotion: int
    money: Mapping[Basis, int]


def flag_of(people: int, levels: int, collected_minor: int) -> Flag:
    """The flag of a tree; people and levels with the organiser, collected in fen.

    severe does not ask for the line of 30 people in three levels, which the opinion does.
    """
    if people >= SERIOUS_PEOPLE or collected_minor >= SERIOUS_MINOR:
        return "severe"
    return FLAGS[(levels >= LEVELS_LINE) + (people >= PEOPLE_LINE)]


@cache
def words() -> dict[str, Any]:
    """Every sentence by language and code."""
    return json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))


def notice(lang: Lang) -> str:
    """That the report is no legal advice."""
    return words()[lang]["notice"]


def reasons(signs: Signs, lang: Lang) -> list[dict[str, str]]:
    """What of an organiser's tree the law speaks of, in words with the source."""
    values = {
        "people": f"{signs.people:,}",
        "levels": signs.levels,
        "collected": amount_text(signs.collected_minor, CURRENCY, lang),
        "paid": signs.paid_levels_max,
        "orders": f"{signs.orders_before_promotion:,}",
        "days": BEFORE_PROMOTION_DAYS,
        "downline": amount_text(_of_downline(signs), CURRENCY, lang),
        "heads": amount_text(signs.money["head_count"], CURRENCY, lang),
    }
    sentences = words()[lang]["reasons"]
    return [{"code": one, "text": sentences[one].format(**values)} for one in _codes(signs)]


def _of_downline(signs: Signs) -> int:
    return signs.money["level_1"] + signs.money["level_2_and_deeper"]


def _codes(signs: Signs) -> Iterator[str]:
    is_large, is_deep = signs.people >= PEOPLE_LINE, signs.levels >= LEVELS_LINE
    if is_large and is_deep:
        yield "prosecution_line"
    elif is_large:
        yield "thirty_people"
    elif is_deep:
        yield "three_levels"
    serious = [
        *(["serious_people"] if signs.people >= SERIOUS_PEOPLE else []),
        *(["serious_money"] if signs.collected_minor >= SERIOUS_MINOR else []),
    ]
    yield from serious
    if serious and not (is_large and is_deep):
        yield "serious_without_the_line"
    if signs.paid_levels_max >= LEVELS_LINE:
        yield "three_levels_paid"
    if signs.money["head_count"] > 0:
        yield "paid_by_heads"
    if signs.orders_before_promotion:
        yield "orders_before_promotion"
    if _of_downline(signs) > 0:
        yield "paid_by_downline_sales"
