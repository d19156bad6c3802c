"""What did one order owe to whom? The most telling order of a graph, told in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from graph_service.clock import micros_of
from graph_service.graph.session import Graph
from graph_service.money import decimal_string
from graph_service.periods import month_of
from graph_service.plans.timeline import Plans
from graph_service.referrals.teams import TeamQuestion, read_team, read_upline
from graph_service.rewards.orders import AttributionQuestion, read_attributions

Answer = Mapping[str, Any]

ORDERS_TOGETHER = 1_000
# Orders of a large file among which the most telling is looked for.
ORDERS_READ_MAX = 2_000
UPLINES_MAX = 5
# A path of so many steps shows every rule and still fits a screen.
STEPS_TELLING = range(5, 9)
# Who brought fewer than one in so many of a path's people is not worth pointing out.
SILENT_ONE_IN = 10
# What fits 80 columns: cells of an id, of a branch of the path, of a bar; levels of indenting.
WIDTH_MAX = 80
ID_CELLS = 16
BRANCH_CELLS = 30
BAR_CELLS = 8
INDENTS_MAX = 6
# The letters kept at the end of an id that is too long.
TAIL_CELLS = 4


@dataclass(frozen=True)
class Story:
    """An order's attribution answer and what has to be known beside it.

    orders_read: how many paid orders were looked at. silent: the step that brought many people
    though its member is credited with none of these orders, nor sold anything in their month.
    teams: the closer's and then the uplines', nearest first, as referrals.teams answers.
    """

    answer: Answer
    zone: ZoneInfo
    pool_rate: Fraction
    beta: Fraction
    orders_read: int = 1
    silent: Answer | None = None
    teams: Sequence[Answer] = ()


def choose_order(answers: Mapping[str, dict[str, Any]]) -> str | None:
    """The order whose answer shows most of the rules; None only where there is no answer.

    Wanted are 5 to 8 steps, nothing cut off, an allowance, and a step that brought most people
    without closing it, or many without being credited at all. Ties go to the least order id.
    """
    credited = _credited(answers.values())
    return min(answers, key=lambda one: (*_dullness(answers[one], credited), one), default=None)


def _dullness(answer: Answer, credited: set[str]) -> tuple[int, ...]:
    path = answer["path"]
    silent = _silent(path, credited)
    paid = sum(line["amountMinor"] > 0 for line in answer["allowance"]["lines"])
    qualities = (
        len(path) in STEPS_TELLING,
        bool(path) and not answer["truncated"],
        paid > 0,
        # Whoever closed is seen anyway.
        _best(path) not in (None, *path[-1:]),
        silent is not None,
    )
    away = max(STEPS_TELLING[0] - len(path), len(path) - STEPS_TELLING[-1], 0)
    brought = silent["clearedClickers"] if silent is not None else 0
    return -sum(qualities), away, -brought, -paid, -answer["allowance"]["poolMinor"]


async def read_story(
    graph: Graph, order_ids: Sequence[str], plans: Plans, now: datetime, *, told: str | None = None
) -> Story | None:
    """The order `told`, else the most telling one, and what stands around it; None without one.

    Cost: one answer for each of at most ORDERS_READ_MAX orders, the first and others evenly.
    """
    wanted = list(dict.fromkeys(order_ids))
    wanted = wanted[:: max(1, -(-len(wanted) // ORDERS_READ_MAX))]
    answers: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), ORDERS_TOGETHER):
        together = wanted[start : start + ORDERS_TOGETHER]
        answers |= await read_attributions(graph.read, together, AttributionQuestion(), plans)
    answer = answers.get((told if told in answers else choose_order(answers)) or "")
    if answer is None:
        return None
    plan = plans.at(micros_of(answer["paidAt"]))
    story = Story(answer, plan.month_zone, plan.pool_rate, plan.beta, orders_read=len(answers))
    if not answer["path"]:
        return story
    silent = _silent(answer["path"], _credited(answers.values()))
    if silent and (await _team(graph, silent["memberId"], story, now))["ownSalesMinor"]:
        silent = None
    closer_id = answer["path"][-1]["memberId"]
    uplines = await read_upline(graph, closer_id, None)
    named = [closer_id, *(row["memberId"] for row in uplines[:UPLINES_MAX])]
    teams = [await _team(graph, member_id, story, now) for member_id in named]
    return replace(story, silent=silent, teams=teams)


async def _team(graph: Graph, member_id: str, story: Story, now: datetime) -> Answer:
    month = month_of(datetime.fromisoformat(story.answer["paidAt"]), story.zone)
    return await read_team(graph, TeamQuestion(member_id, month, story.answer["currency"]), now)


def render_story(console: Console, story: Story) -> None:
    """Print the path, who is credited, what the allowance is, and the team above the closer."""
    answer = story.answer
    currency = answer["currency"]
    print_heading(console, "How did this order come about?", "这一单是怎么来的")
    paid_at = spelled_moment(answer["paidAt"], story.zone, "%Y-%m-%d %H:%M")
    bought = f"{short_id(answer['buyerId'])} paid {spelled_money(answer['amountMinor'], currency)}"
    _say(console, f"{bought} on {paid_at} (order {answer['orderId']}).")
    if answer["refundedMinor"]:
        _say(console, f"{spelled_money(answer['refundedMinor'], currency)} of it were paid back.")
    if not answer["path"]:
        _say(console, "Nobody is known to have brought it: no click, no coupon, no inviter.")
        return
    _render_path(console, story)
    _point_out(console, story)
    _render_credit(console, answer)
    _render_allowance(console, story)
    _render_teams(console, story)


# --- the path ---


def _render_path(console: Console, story: Story) -> None:
    answer = story.answer
    path = answer["path"]
    _say(console, _opening(path, truncated=answer["truncated"]))
    console.print()
    table = _table(["who", "when", "*clicks", "people brought", "*allowance"])
    most = max(step["clearedClickers"] for step in path)
    marked = story.silent or _best(path)
    for step, line in zip(path, answer["allowance"]["lines"], strict=True):
        amount = spelled_number(line["amountMinor"], answer["currency"])
        _add(
            table,
            _branch(step["position"], f"{step['position']} ", step["memberId"]),
            spelled_moment(step["sharedAt"], story.zone, "%m-%d %H:%M"),
            f"{step['clicks']:,}",
            _bar(step["clearedClickers"], most) + (" ◄" if step is marked else ""),
            f"{step['excluded']} {amount}" if step["excluded"] else amount,
            style="bold" if step is marked else "",
        )
    _add(
        table,
        _branch(len(path) + 1, "buyer ", answer["buyerId"]),
        spelled_moment(answer["paidAt"], story.zone, "%m-%d %H:%M"),
        "",
        f"{'in all':{BAR_CELLS}} {_brought(path):,}",
        "",
    )
    console.print(table)
    console.print()


def _opening(path: Sequence[Answer], *, truncated: bool) -> str:
    """What the drawing shows, in one sentence."""
    if path[-1]["shareId"] is None:
        return "No share was clicked on the way to it."
    if truncated:
        return "The share behind it had been passed on; where it began is not known:"
    times = len(path) - 1
    if not times:
        return "It came straight from one share:"
    return f"The share behind it had been passed on {'once' if times == 1 else f'{times} times'}:"


def _branch(position: int, label: str, member_id: str) -> str:
    """A name under the one before it; far down the path it is no longer indented further."""
    lead = "  " * min(position - 2, INDENTS_MAX) + "└ " if position > 1 else ""
    return lead + label + short_id(member_id, BRANCH_CELLS - len(lead) - len(label))


def _bar(count: int, most: int) -> str:
    bar = "█" * (count * BAR_CELLS // max(most, 1)) or ("▌" if count else "")
    return f"{bar:{BAR_CELLS}} {count:,}"


def _point_out(console: Console, story: Story) -> None:
    """Say the one thing to remember about this path."""
    path = story.answer["path"]
    best = _best(path)
    if best is None:
        _say(console, "Nobody else clicked on this path, so there is nothing to share out.")
        return
    told = story.silent or best
    name = short_id(told["memberId"])
    brought = f"{told['clearedClickers']:,} of the {_brought(path):,} people"
    text = Text("► ")
    if story.silent:
        allowance = story.answer["allowance"]
        currency = story.answer["currency"]
        amount = spelled_number(allowance["lines"][told["position"] - 1]["amountMinor"], currency)
        text.append(f"{name} sold nothing", style="bold")
        text.append(f" (credited with none of the {story.orders_read:,} paid orders read) and yet")
        text.append(f" brought {brought}", style="bold")
        text.append(" on this path. Counting sales would overlook that; the allowance pays")
        text.append(f" {amount} of {spelled_money(allowance['poolMinor'], currency)}.")
    elif best is path[-1]:
        text.append(f"{name} brought {brought} on this path and closed the order too.")
    else:
        text.append(f"{name} brought {brought} on this path, more than any other step;")
        text.append(f" {short_id(path[-1]['memberId'])} closed the order.")
    _say(console, text)
    note = "People brought: whose first click on this path was on that step's share,"
    unit = _unit(story.answer["currency"])
    note += f" without the buyer and the sharers. Times: {story.zone}; allowance: {unit}."
    _say(console, note, style="dim")


# --- the money ---


def _render_credit(console: Console, answer: Answer) -> None:
    print_heading(console, "Who made the sale?", "业绩归谁")
    if not answer["credits"]:
        _say(console, "Nobody is credited: who closed it is not known or may not earn from it.")
    for credit in answer["credits"]:
        name = short_id(credit["memberId"])
        amount = spelled_money(credit["amountMinor"], answer["currency"])
        _say(console, f"{name} is credited with {amount}: {_why(answer, name)}.")


def _why(answer: Answer, name: str) -> str:
    days = answer["windowDays"]
    touches = len(answer["touches"])
    if answer["basis"] == "coupon":
        return f"the buyer used {name}'s exclusive coupon"
    if answer["basis"] == "binding":
        return f"{name} invited the buyer, who clicked no share in the {days} days before"
    if answer["model"] != "last_touch":
        return f"{answer['model']} over {touches} clicks of the buyer in {days} days"
    if touches == 1:
        return f"the buyer's only click in {days} days was on {name}'s share"
    return f"the last of the buyer's {touches} clicks in {days} days was on {name}'s share"


def _render_allowance(console: Console, story: Story) -> None:
    answer = story.answer
    allowance = answer["allowance"]
    currency = answer["currency"]
    lines = allowance["lines"]
    print_heading(console, "Who helped, and what do they get for it?", "影响力津贴")
    pool = spelled_money(allowance["poolMinor"], currency)
    rate = decimal_string(100 * story.pool_rate)
    _say(console, f"{rate} % of the order, {pool}, is shared out by the people brought:")
    curve = f"π(x) = {story.beta}·x + {1 - story.beta}·x²"
    _say(console, f"  share = π(S/S₁) - π(S′/S₁),  {curve}")
    _say(console, "S: people brought from this step on; S′: after it; S₁: in all.", style="dim")
    console.print()
    table = _table(["step", "who", "*brought", "*S", "*share", "*allowance"])
    left = _brought(answer["path"])
    for step, line in zip(answer["path"], lines, strict=True):
        _add(
            table,
            f"{step['position']}",
            short_id(line["memberId"]),
            f"{line['clicks']:,}",
            f"{left:,}",
            f"{float(line['share']):.2%}",
            spelled_number(line["amountMinor"], currency),
        )
        left -= line["clicks"]
    kept = spelled_number(allowance["keptMinor"], currency)
    _add(table, "", "kept by the platform", "", "", "", kept, style="dim")
    total = spelled_number(allowance["poolMinor"], currency)
    _add(table, "", "sum", f"{_brought(answer['path']):,}", "", "", total)
    console.print(table)


def _render_teams(console: Console, story: Story) -> None:
    """The closer first, then who stands above; nothing where no team was read."""
    if not story.teams:
        return
    currency = story.answer["currency"]
    print_heading(console, "Who stands above the closer?", "上级团队")
    if len(story.teams) == 1:
        name = short_id(story.teams[0]["memberId"])
        _say(console, f"No inviter of {name} is known, so nobody stands above.")
    month = f"{story.teams[0]['month']} in {_unit(currency)}"
    _say(console, f"Sales of {month}. Direct: of those invited; team: of all below them too.")
    console.print()
    table = _table(["", "who", "*invited", "*team", "*own sales", "*direct sales", "*team sales"])
    for level, team in enumerate(story.teams):
        sales = [team[name] for name in ("ownSalesMinor", "directSalesMinor", "teamSalesMinor")]
        _add(
            table,
            f"{level} up" if level else "closer",
            short_id(team["memberId"]),
            f"{team['directCount']:,}",
            f"{team['teamSize']:,}",
            *(spelled_number(amount, currency) for amount in sales),
        )
    console.print(table)


# --- spelling ---


def _best(path: Sequence[Answer]) -> Answer | None:
    """The step that brought most people, the first of equals; None where nobody was brought."""
    best = max(path, key=lambda step: step["clearedClickers"], default=None)
    return best if best is not None and best["clearedClickers"] else None


def _silent(path: Sequence[Answer], credited: set[str]) -> Answer | None:
    """Of those credited with nothing, who brought most: more than the closer, and not few."""
    able = [one for one in path if one["memberId"] not in credited and not one["excluded"]]
    best = _best(able)
    few = max(path[-1]["clearedClickers"], _brought(path) // SILENT_ONE_IN) if path else 0
    return best if best is not None and best["clearedClickers"] > few else None


def _brought(path: Sequence[Answer]) -> int:
    return sum(step["clearedClickers"] for step in path)


def _credited(answers: Iterable[Answer]) -> set[str]:
    return {credit["memberId"] for answer in answers for credit in answer["credits"]}


def print_heading(console: Console, text: str, subtitle: str) -> None:
    """A line with a question, in English and in Chinese."""
    console.print()
    title = Text.assemble((text, "bold"), "  ", (subtitle, "dim"))
    console.print(Rule(title, align="left", style="dim"), width=_width(console))


def _say(console: Console, text: str | Text, style: str = "") -> None:
    plain = Text(text) if isinstance(text, str) else text
    console.print(plain, width=_width(console), style=style or None)


def _width(console: Console) -> int:
    return min(console.width, WIDTH_MAX)


def _table(names: Sequence[str]) -> Table:
    """An unboxed table; a name that begins with * is of a column of numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in names:
        number = name.startswith("*")
        table.add_column(name.removeprefix("*"), justify="right" if number else "left")
    return table


def _add(table: Table, *cells: str, style: str = "") -> None:
    """A row whose cells are shown as they are; a str would be read as markup."""
    table.add_row(*map(Text, cells), style=style)


def short_id(name: str, cells: int = ID_CELLS) -> str:
    """An id, or its beginning and end where it is too long."""
    if cell_len(name) <= cells:
        return name
    tail = name[-TAIL_CELLS:]
    while cell_len(tail) > TAIL_CELLS:
        tail = tail[1:]
    return f"{set_cell_size(name, cells - 1 - cell_len(tail))}…{tail}"


def spelled_moment(text: str | None, zone: ZoneInfo, form: str) -> str:
    """A time in the zone; nothing where it is not known."""
    return "" if text is None else datetime.fromisoformat(text).astimezone(zone).strftime(form)


def _unit(currency: str) -> str:
    return "yuan" if currency == "CNY" else f"{currency} minor units"


def spelled_number(amount_minor: int, currency: str) -> str:
    """An amount in yuan, in other currencies in minor units."""
    return f"{Decimal(amount_minor) / 100:,.2f}" if currency == "CNY" else f"{amount_minor:,}"


def spelled_money(amount_minor: int, currency: str) -> str:
    """An amount with its unit."""
    return f"{spelled_number(amount_minor, currency)} {_unit(currency)}"
