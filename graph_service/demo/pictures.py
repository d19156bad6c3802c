"""What do the path of an order and the team above it look like? Two drawings as SVG."""

# Matplotlib types its functions but not what they pass on.
# pyright: reportUnknownMemberType=false

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from math import cos, pi, sin, sqrt
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType]
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graph_service.demo.story import Story, short_id, spelled_moment, spelled_money, spelled_number
from graph_service.graph.session import Graph
from graph_service.referrals.teams import TeamQuestion, read_team

Answer = Mapping[str, Any]
Edge = tuple[str, str]

# Okabe and Ito's colours, which colour-blind people can tell apart.
INK, PALE, MARKED, BOUGHT, PEOPLE = "#222222", "#bbbbbb", "#d55e00", "#009e73", "#0072b2"
STEP_INCHES = 1.9
STEPS_INCHES_MIN = 6.5
PATH_INCHES = 4.6
# People drawn as dots around a step; the number beside them counts all.
DOTS_MAX = 400
DOT_SPACING = 0.055
GOLDEN_ANGLE = pi * (3 - sqrt(5))
TEAM_INCHES = (11.0, 5.6)
TREE_MEMBERS_MAX = 400
NAMED_MEMBERS_MAX = 12
LEVELS = 10
HALO = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5}
# The same story gives the same file, text stays text.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "graph-service",
    "text.parse_math": False,
    "font.size": 9,
}


async def draw_pictures(graph: Graph, story: Story, folder: Path, now: datetime) -> list[Path]:
    """Write path.svg and, where somebody stands above the closer, team.svg; returns the files.

    Raises OSError where the folder cannot be written.
    """
    drawn: list[Path] = []
    if story.answer["path"]:
        drawn.append(_saved(path_figure(story), folder / "path.svg"))
    if story.teams:
        top = story.teams[-1]
        question = TeamQuestion(top["memberId"], top["month"], top["currency"], levels=LEVELS)
        team = await read_team(graph, question, now)
        edges = await read_crown(graph, top["memberId"], TREE_MEMBERS_MAX)
        marked = {step["memberId"] for step in story.answer["path"]}
        drawn.append(_saved(team_figure(team, edges, marked), folder / "team.svg"))
    return drawn


async def read_crown(graph: Graph, member_id: str, most: int) -> list[Edge]:
    """(inviter, member) of those nearest below a member, level by level, at most so many."""
    edges: list[Edge] = []
    frontier = [member_id]
    while frontier and len(edges) < most:
        rows = await graph.read(
            "referrals/list_directs", memberIds=frontier, after="", limit=most - len(edges)
        )
        edges.extend((row["inviterId"], row["memberId"]) for row in rows)
        frontier = [row["memberId"] for row in rows]
    return edges


def svg_of(figure: Figure) -> bytes:
    """The figure as SVG, its text as text."""
    drawn = BytesIO()
    with rc_context(STYLE), catch_warnings():
        # The reader's fonts draw the text, so it does not matter what the fonts here lack.
        filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(drawn, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return drawn.getvalue()


def _saved(figure: Figure, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(svg_of(figure))
    return file


# --- the path ---


def path_figure(story: Story) -> Figure:
    """Steps from left to right, the people whom each brought as dots below it, then the buyer."""
    path = story.answer["path"]
    with rc_context(STYLE):
        width = max(STEPS_INCHES_MIN, STEP_INCHES * (len(path) + 1))
        figure = Figure(figsize=(width, PATH_INCHES))
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set_xlim(-0.7, len(path) + 0.7)
        axes.set_ylim(-1.55, 0.85)
        axes.set_title(_title(story), loc="left", color=INK)
        lines = story.answer["allowance"]["lines"]
        best = max(path, key=lambda step: step["clearedClickers"])
        marked = story.silent or best
        for place, (step, line) in enumerate(zip(path, lines, strict=True)):
            _draw_step(axes, place, step, line, story, colour=MARKED if step is marked else INK)
        _draw_buyer(axes, len(path), story)
    return figure


def _title(story: Story) -> str:
    answer = story.answer
    paid = spelled_money(answer["amountMinor"], answer["currency"])
    pool = spelled_money(answer["allowance"]["poolMinor"], answer["currency"])
    return f"Order {answer['orderId']}: {paid}, allowance {pool}"


def _draw_step(
    axes: Axes, place: int, step: Answer, line: Answer, story: Story, *, colour: str
) -> None:
    brought = step["clearedClickers"]
    _draw_dots(axes, place, brought, MARKED if colour == MARKED else PEOPLE)
    _draw_node(axes, place, f"{step['position']}", colour)
    when = spelled_moment(step["sharedAt"], story.zone, "%m-%d %H:%M")
    _write(axes, place, 0.36, f"{short_id(step['memberId'])}\n{when}", colour, weight="bold")
    amount = spelled_number(line["amountMinor"], story.answer["currency"])
    excluded = f" ({step['excluded']})" if step["excluded"] else ""
    _write(axes, place, -1.38, f"{brought:,} people\n{amount}{excluded}", colour)
    _draw_arrow(axes, place)


def _draw_dots(axes: Axes, place: int, count: int, colour: str) -> None:
    """A sunflower of dots: as dense at its rim as in its middle (Vogel 1979)."""
    shown = range(min(count, DOTS_MAX))
    scale = min(DOT_SPACING, 0.42 / sqrt(max(len(shown), 1)))
    xs = [place + scale * sqrt(dot) * cos(dot * GOLDEN_ANGLE) for dot in shown]
    ys = [-0.78 + scale * sqrt(dot) * sin(dot * GOLDEN_ANGLE) for dot in shown]
    if shown:
        axes.plot([place, place], [-0.15, max(ys)], color=PALE, linewidth=1, zorder=1)
    axes.scatter(xs, ys, s=min(14.0, 5_000 * scale**2), color=colour, zorder=2, linewidths=0)


def _draw_node(axes: Axes, place: int, label: str, colour: str) -> None:
    axes.scatter([place], [0], s=420, color="white", edgecolors=colour, linewidths=2, zorder=3)
    _write(axes, place, 0, label, colour, weight="bold", centred=True)


def _draw_buyer(axes: Axes, place: int, story: Story) -> None:
    answer = story.answer
    axes.scatter([place], [0], s=420, marker="s", color=BOUGHT, zorder=3)
    paid_at = spelled_moment(answer["paidAt"], story.zone, "%m-%d %H:%M")
    text = f"{short_id(answer['buyerId'])}\n{paid_at}"
    _write(axes, place, 0.36, text, BOUGHT, weight="bold")
    paid = spelled_number(answer["amountMinor"], answer["currency"])
    _write(axes, place, -0.42, f"buyer\n{paid}", BOUGHT)


def _draw_arrow(axes: Axes, place: int) -> None:
    axes.annotate(
        "",
        xy=(place + 0.78, 0),
        xytext=(place + 0.22, 0),
        arrowprops={"arrowstyle": "-|>", "color": PALE, "linewidth": 1.6},
    )


def _write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    weight: str = "normal",
    centred: bool = False,
) -> None:
    axes.text(
        x,
        y,
        text,
        color=colour,
        ha="center",
        va="center" if centred else "bottom",
        fontweight=weight,
        zorder=4,
        bbox=None if centred else HALO,
    )


# --- the team ---


def team_figure(team: Answer, edges: Sequence[Edge], marked: set[str]) -> Figure:
    """Left the members nearest below as a tree seen from above, right all of them by level."""
    with rc_context(STYLE):
        figure = Figure(figsize=TEAM_INCHES)
        tree, levels = figure.subplots(1, 2, width_ratios=(1, 1))
        _draw_tree(tree, team, edges, marked)
        _draw_levels(levels, team)
        figure.tight_layout()
    return figure


def _draw_tree(axes: Axes, team: Answer, edges: Sequence[Edge], marked: set[str]) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal")
    size = team["teamSize"]
    shown = f"the nearest {len(edges):,} of {size:,}" if size > len(edges) else f"all {size:,}"
    axes.set_title(f"Team of {short_id(team['memberId'])}: {shown}", loc="left", color=INK)
    spots = radial_spots(team["memberId"], edges)
    reach = 0.5 + max(max(abs(x), abs(y)) for x, y in spots.values())
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    for inviter, member in edges:
        (x0, y0), (x1, y1) = spots[inviter], spots[member]
        axes.plot([x0, x1], [y0, y1], color=PALE, linewidth=0.6, zorder=1)
    for member, (x, y) in spots.items():
        on_path = member in marked
        axes.scatter(
            [x], [y], s=36 if on_path else 9, color=MARKED if on_path else PEOPLE, zorder=2
        )
    named = [team["memberId"], *(one for one in spots if one in marked)]
    for member in list(dict.fromkeys(named))[:NAMED_MEMBERS_MAX]:
        x, y = spots[member]
        _write(axes, x, y + 0.07, short_id(member), MARKED if member in marked else INK)


def radial_spots(root: str, edges: Sequence[Edge]) -> dict[str, tuple[float, float]]:
    """Where each member stands: the root in the middle, one ring a level, room by leaves."""
    below: dict[str, list[str]] = {}
    for inviter, member in edges:
        below.setdefault(inviter, []).append(member)
    order = [root, *(member for _, member in edges)]
    leaves: dict[str, int] = {}
    for member in reversed(order):
        leaves[member] = sum(leaves[one] for one in below.get(member, ())) or 1
    sectors = {root: (0.0, 2 * pi, 0)}
    spots: dict[str, tuple[float, float]] = {}
    for member in order:
        start, width, level = sectors[member]
        middle = start + width / 2
        spots[member] = (level * cos(middle), level * sin(middle))
        for one in below.get(member, ()):
            part = width * leaves[one] / leaves[member]
            sectors[one] = (start, part, level + 1)
            start += part
    return spots


def _draw_levels(axes: Axes, team: Answer) -> None:
    levels = team["levels"]
    axes.set_title(f"By level, sales of {team['month']}", loc="left", color=INK)
    names = [f"{level['level']}" for level in levels]
    axes.barh(names, [level["members"] for level in levels], color=PALE, label="members")
    active = [level["activeMembers"] for level in levels]
    axes.barh(names, active, height=0.45, color=PEOPLE, label="active in 30 days")
    for place, level in enumerate(levels):
        sales = spelled_number(level["salesMinor"], team["currency"])
        axes.text(level["members"], place, f"  {sales}", va="center", color=INK)
    axes.set_ylabel("levels below")
    axes.set_xlabel("members; beside the bars their own sales")
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if levels:
        axes.legend(frameon=False, loc="lower right")
