"""What did one order owe to whom? The most telling order of a graph, told in a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graph_service.graph.session import Graph
from graph_service.referrals.teams import TeamQuestion, month_of, read_team, read_upline
from graph_service.rewards.orders import AttributionQuestion, read_attributions
from graph_service.rewards.plan import Plan

Answer = Mapping[str, Any]

ORDERS_TOGETHER = 1_000
UPLINES_MAX = 5
# A path of so many steps shows every rule and still fits a screen.
STEPS_TELLING = range(5, 9)
# Cells of an id, of a bar, and the levels after which a chain is no longer indented.
ID_CELLS = 18
BAR_CELLS = 12
INDENTS_MAX = 6
WIDTH_MAX = 80


@dataclass(frozen=True)
class Story:
    """An order's attribution answer and what has to be known beside it.

    orders_read: how many paid orders were looked at. silent: the step that brought most people
    is credited with none of them. teams: the closer's and then the uplines', nearest first, as
    referrals.teams answers.
    """

    answer: Answer
    zone: ZoneInfo
    pool_rate: Fraction
    beta: Fraction
    orders_read: int = 1
    silent: bool = False
    teams: Sequence[Answer] = ()


def choose_order(answers: Mapping[str, dict[str, Any]]) -> str | None:
    """The order whose answer shows most of the rules; None only where there is no answer.

    Wanted are 5 to 8 steps, nothing cut off, an allowance, and a middle step that brought most
    people and, best of all, is credited with no order. Ties go to the least order id.
    """
    credited = _credited(answers.values())
    return min(answers, key=lambda one: (*_dullness(answers[one], credited), one), default=None)


def _dullness(answer: Answer, credited: set[str]) -> tuple[int, ...]:
    path = answer["path"]
    best = _best(path)
    # The first and the last step are remembered anyway.
    middle = best is not None and 1 < best["position"] < len(path) and not best["excluded"]
    paid = sum(line["amountMinor"] > 0 for line in answer["allowance"]["lines"])
    qualities = (
        len(path) in STEPS_TELLING,
        bool(path) and not answer["truncated"],
        paid > 0,
        middle,
        middle and best is not None and best["memberId"] not in credited,
    )
    away = max(STEPS_TELLING[0] - len(path), len(path) - STEPS_TELLING[-1], 0)
    brought = best["clearedClickers"] if middle and best is not None else 0
    return -sum(qualities), away, -brought, -paid, -answer["allowance"]["poolMinor"]


async def tell_story(
    graph: Graph, console: Console, order_ids: Sequence[str], plan: Plan, now: datetime
) -> bool:
    """Print the most telling of these orders; False where none of them was paid.

    Cost: one answer per order in chunks of ORDERS_TOGETHER, then one question per upline.
    """
    wanted = list(dict.fromkeys(order_ids))
    answers: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), ORDERS_TOGETHER):
        together = wanted[start : start + ORDERS_TOGETHER]
        answers |= await read_attributions(graph.read, together, AttributionQuestion(), plan)
    order_id = choose_order(answers)
    if order_id is None:
        console.print("There is no paid order in this file, so there is no path to show.")
        return False
    answer = answers[order_id]
    story = Story(
        answer, plan.month_zone, plan.pool_rate, plan.beta, orders_read=len(answers)
    )
    if answer["path"]:
        best = _best(answer["path"])
        silent = best is not None and best["memberId"] not in _credited(answers.values())
        if best is not None and silent:
            team = await _team(graph, best["memberId"], story, now)
            silent = team["ownSalesMinor"] == 0
        closer_id = answer["path"][-1]["memberId"]
        uplines = await read_upline(graph, closer_id, None)
        named = [closer_id, *(row["memberId"] for row in uplines[:UPLINES_MAX])]
        teams = [await _team(graph, member_id, story, now) for member_id in named]
        story = replace(story, silent=silent, teams=teams)
    render_story(console, story)
    return True


async def _team(graph: Graph, member_id: str, story: Story, now: datetime) -> Answer:
    paid_at = datetime.fromisoformat(story.answer["paidAt"])
    month = month_of(paid_at, story.zone)
    return await read_team(graph, TeamQuestion(member_id, month, story.answer["currency"]), now)


def render_story(console: Console, story: Story) -> None:
    """Print the path, who is credited, what the allowance is, and the team above the closer."""
    answer = story.answer
    paid = _money(answer["amountMinor"], answer["currency"])
    _heading(console, "How did this order come about?", "这一单是怎么来的")
    buyer = _short(answer["buyerId"])
    paid_at = _moment(answer["paidAt"], story.zone, "%Y-%m-%d %H:%M")
    _say(console, f"Order {answer['orderId']}: {buyer} paid {paid} on {paid_at}.")
    if answer["refundedMinor"]:
        _say(console, f"{_money(answer['refundedMinor'], answer['currency'])} were paid back.")
    if not answer["path"]:
        _say(console, "Nobody brought it: no click, no coupon, no inviter is known.")
        return
    _render_path(console, story)
    _render_credit(console, answer)
    _render_allowance(console, story)
    _render_teams(console, story)


# --- the path ---


def _render_path(console: Console, story: Story) -> None:
    answer = story.answer
    path = answer["path"]
    total = sum(step["clearedClickers"] for step in path)
    if path[-1]["shareId"] is None:
        _say(console, "No share was clicked on the way to it.")
    else:
        _say(console, f"The last share the buyer clicked was passed on {_times(len(path) - 1)}:")
    if answer["truncated"]:
        _say(console, "(what came before the first step is not known)")
    console.print()
    table = _table("who shared", "when", "clicks", ("people brought", "left"), "allowance")
    most = max(step["clearedClickers"] for step in path)
    best = _best(path)
    for step, line in zip(path, answer["allowance"]["lines"], strict=True):
        name = _branch(step["position"], f"{step['position']} {_short(step['memberId'])}")
        if step["excluded"]:
            name += f" ({step['excluded']})"
        table.add_row(
            Text(name),
            _moment(step["sharedAt"], story.zone, "%m-%d %H:%M"),
            f"{step['clicks']:,}",
            _bar(step["clearedClickers"], most),
            _number(line["amountMinor"], answer["currency"]),
            style="bold" if step is best else "",
        )
    bought = _branch(len(path) + 1, f"{_short(answer['buyerId'])} buys")
    paid_at = _moment(answer["paidAt"], story.zone, "%m-%d %H:%M")
    table.add_row(Text(bought), paid_at, "", f"{total:,} in all", "")
    console.print(table)
    console.print()
    _point_out(console, story, best)


def _branch(position: int, text: str) -> str:
    if position == 1:
        return text
    return "  " * min(position - 2, INDENTS_MAX) + "└ " + text


def _bar(count: int, most: int) -> Text:
    full = count * BAR_CELLS // most if most else 0
    bar = "█" * full or ("▌" if count else "")
    return Text(f"{bar} {count:,}" if bar else "0")


def _point_out(console: Console, story: Story, best: Answer | None) -> None:
    """The one thing to remember about this path."""
    path = story.answer["path"]
    if best is None:
        _say(console, "Nobody but the buyer and the sharers clicked, so there is no allowance.")
        return
    total = sum(step["clearedClickers"] for step in path)
    brought = best["clearedClickers"]
    line = story.answer["allowance"]["lines"][best["position"] - 1]
    name = _short(best["memberId"])
    text = Text("► ", style="bold")
    if best["position"] == len(path):
        text.append(f"{name} brought most people ({brought} of {total}) and closed the order.")
    elif story.silent:
        amount = _money(line["amountMinor"], line_currency := story.answer["currency"])
        pool = _money(story.answer["allowance"]["poolMinor"], line_currency)
        text.append(f"{name} sold nothing: ", style="bold")
        text.append(f"none of the {story.orders_read:,} orders read is credited to them. ")
        text.append(f"But they brought {brought} of the {total} people", style="bold")
        text.append(f" on this path, and so get {amount} of the {pool} allowance.")
    else:
        text.append(f"{name} brought most people ({brought} of {total}); ")
        text.append(f"{_short(path[-1]['memberId'])} closed the order.")
    console.print(text, width=_width(console), highlight=False)
    _say(
        console,
        "People brought: those whose first click on this path was on that step's share."
        " The buyer and the sharers themselves are not counted.",
        style="dim",
    )


# --- the money ---


def _render_credit(console: Console, answer: Answer) -> None:
    _heading(console, "Who made the sale?", "业绩归谁")
    credits = answer["credits"]
    if not credits:
        _say(console, "Nobody is credited: the one who closed it may not earn from it.")
        return
    for credit in credits:
        amount = _money(credit["amountMinor"], answer["currency"])
        name = _short(credit["memberId"])
        _say(console, f"{name} is credited with {amount} ({_why(answer, name)}).")


def _why(answer: Answer, name: str) -> str:
    if answer["basis"] == "coupon":
        return f"the buyer used {name}'s exclusive coupon"
    if answer["basis"] == "binding":
        return f"no click in the {answer['windowDays']} days before, and {name} invited the buyer"
    clicks = len(answer["touches"])
    if answer["model"] == "last_touch" and clicks == 1:
        return f"{name}'s was the only share the buyer clicked before paying"
    if answer["model"] == "last_touch":
        return f"the last of {clicks} clicks of the buyer in {answer['windowDays']} days"
    return f"{answer['model']} over {clicks} clicks of the buyer"


def _render_allowance(console: Console, story: Story) -> None:
    answer = story.answer
    allowance = answer["allowance"]
    currency = answer["currency"]
    _heading(console, "Who helped, and what do they get?", "影响力津贴")
    pool = _money(allowance["poolMinor"], currency)
    rate = float(story.pool_rate)
    _say(console, f"{rate:.4g}".join(("", "")) if False else _pool_line(story, pool))
    beta = story.beta
    _say(console, f"  share(i) = π(S(i)/S(1)) - π(S(i+1)/S(1)),  π(x) = {beta}·x + {1 - beta}·x²")
    console.print()
    table = _table("step", ("who", "left"), "brought", "S(i)", "share", "allowance")
    left = sum(line["clicks"] for line in allowance["lines"])
    for step, line in zip(answer["path"], allowance["lines"], strict=True):
        table.add_row(
            str(step["position"]),
            Text(_short(line["memberId"])),
            f"{line['clicks']:,}",
            f"{left:,}",
            f"{float(line['share']):.2%}",
            _number(line["amountMinor"], currency),
        )
        left -= line["clicks"]
    kept = _number(allowance["keptMinor"], currency)
    table.add_row("", "kept by the platform", "", "", "", kept)
    total = sum(line["clicks"] for line in allowance["lines"])
    table.add_row("", "sum", f"{total:,}", "", "", _number(allowance["poolMinor"], currency))
    console.print(table)


def _render_teams(console: Console, story: Story) -> None:
    if not story.teams:
        return
    month = story.teams[0]["month"]
    _heading(console, "The team above the one who closed it", "上级团队")
    if len(story.teams) == 1:
        _say(console, "Nobody invited the closer as far as is known; the closer's own team:")
    unit = _unit(story.answer["currency"])
    _say(console, f"Sales of {month} in {unit}; team sales are those of everybody below.")
    console.print()
    table = _table("who", "invited", "team", "own sales", "direct sales", "team sales")
    for level, team in enumerate(story.teams):
        table.add_row(
            Text(f"{'closer' if level == 0 else f'{level} up'}  {_short(team['memberId'])}"),
            f"{team['directCount']:,}",
            f"{team['teamSize']:,}",
            *(
                _number(team[name], story.answer["currency"])
                for name in ("ownSalesMinor", "directSalesMinor", "teamSalesMinor")
            ),
        )
    console.print(table)
