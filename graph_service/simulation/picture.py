"""How do earnings change, member by member and rule by rule? One drawing."""

# Matplotlib types its functions but not what they pass on.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType]
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graph_service.graph.session import Row

# Okabe and Ito's colours, which colour-blind people can tell apart.
INK, PALE, MORE, LESS = "#222222", "#bbbbbb", "#0072b2", "#d55e00"
INCHES = (11.0, 4.8)
BAR = 0.4
# The same answer gives the same file, text stays text.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "graph-service",
    "text.parse_math": False,
    "font.size": 9,
}
FORMATS = ("svg", "png")


def save_picture(answer: Row, file: Path) -> None:
    """Write the drawing as SVG or PNG, as the file's name ends. Raises OSError."""
    form = file.suffix.removeprefix(".").lower()
    drawn = BytesIO()
    metadata: dict[str, Any] = {"Date": None} if form == "svg" else {}
    with rc_context(STYLE):
        figure = figure_of(answer)
        figure.savefig(drawn, format=form, metadata=metadata, bbox_inches="tight", dpi=150)
    file.write_bytes(drawn.getvalue())


def figure_of(answer: Row) -> Figure:
    """Left how many members gain or lose how much, right what each rule costs now and then."""
    with rc_context(STYLE):
        figure = Figure(figsize=INCHES)
        changes, costs = figure.subplots(1, 2, width_ratios=(1, 1))
        _draw_changes(changes, answer["histogram"], answer["planVersion"])
        _draw_costs(costs, answer)
        figure.tight_layout()
    return figure


def _draw_changes(axes: Axes, bins: Sequence[Row], version: str) -> None:
    axes.set_title(f"Members by change under {version} (minor units)", loc="left", color=INK)
    names = [stretch_text(one) for one in bins]
    members = [one["members"] for one in bins]
    axes.barh(names, members, color=[_colour(one) for one in bins])
    for place, count in enumerate(members):
        axes.text(count, place, f" {count:,}", va="center", color=INK)
    axes.set_xlabel("members")
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)


def stretch_text(one: Row) -> str:
    """A stretch of the histogram in words: both ends are inside."""
    low, high = one["fromMinor"], one["toMinor"] - 1
    return "no change" if low == high == 0 else f"{low:+,} to {high:+,}"


def _colour(one: Row) -> str:
    if one["fromMinor"] == 0:
        return PALE
    return MORE if one["fromMinor"] > 0 else LESS


def _draw_costs(axes: Axes, answer: Row) -> None:
    axes.set_title(f"Cost by rule ({answer['currency']})", loc="left", color=INK)
    names = list(answer["byBasis"])
    costs = list(answer["byBasis"].values())
    places = range(len(names))
    unit, minors = ("yuan", 100) if answer["currency"] == "CNY" else ("minor units", 1)
    now = [one["currentMinor"] / minors for one in costs]
    then = [one["minor"] / minors for one in costs]
    axes.barh([place - BAR / 2 for place in places], now, BAR, color=PALE, label="in force")
    axes.barh(
        [place + BAR / 2 for place in places], then, BAR, color=MORE, label=answer["planVersion"]
    )
    axes.set_yticks(list(places), names)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)
    # Below, where no bar is.
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
