"""How the figures about persons are written down: as JSON, and as a page with a picture."""

# Matplotlib types its functions but not what they pass on.
# pyright: reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType]
from matplotlib.figure import Figure as Drawing

from graph_service.quality.runs import Figure, Level

PICTURE = "pictures/persons-quality.svg"
# Okabe and Ito's colours, which colour-blind people can tell apart.
LINES = (
    ("precision", "precision (pairs)", "#222222"),
    ("recall", "recall (pairs)", "#0072b2"),
    ("fraudAccountsJoined", "fraudsters' accounts joined to another", "#d55e00"),
    ("cubedF1", "B-cubed F1", "#009e73"),
)
# The same figures give the same file, text stays text.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "graph-service",
    "font.size": 9,
}
PAGE = """# How well persons are found

Written by `graph-service persons evaluate --write docs/persons-quality.md`, here with {accounts:,}
accounts and {seeds} seeds. Made-up people, of whom it is known whose each account is, live through
a year with everything that makes two people look like one. Their events are taken as the service
takes them, and the accounts joined as the service joins them ([persons.md](persons.md)); a test
compares that with what a real Neo4j holds. Weights were not fitted to these people.

How often each thing happens is **assumed** (the numbers stand in
`graph_service/worlds/persons.py`), so the figures show which things lead the joining astray and
by how much, not how a given mall would fare. All are means over {seeds} seeds with the interval
that holds the mean at 95 % (Student's t).

*Camouflage* is the part of a fraudster's phones, means of payment and devices that are fresh for
each account. Fraudsters have 5 to 60 accounts, and together one account in twenty; under
camouflage 1 theirs share addresses and IPs only.

## By camouflage

![Precision and recall by camouflage]({picture})

{levels}

*Fraud accounts joined*: to at least one other of the same fraudster. Pairs count a fraudster of
60 accounts 1,770 times and a person of two once; B-cubed counts each account once.

## Against simpler rules

*Any strong*: whoever shares a phone, a means of payment or a union id is
joined, however many share it and however long it rested. *Anything but an IP*: devices and
addresses join, too.

{rules}

## What joins different people

Pairs of accounts of two people that are joined, by what made the two look like one; under
camouflage 0. *Uses*: how often an account was seen with what is another's for that reason.

{noise}

Honest persons who are joined to somebody else: {wrong} of {honest}; to a fraudster: {with_fraud}.

## Households and suggestions

Pairs of people who live together: {families}; joined {families_joined}, suggested to the staff
and not joined {families_suggested}. Suggestions are of pairs of accounts:

{suggestions}
"""
LEVEL_COLUMNS = {
    "precision": "precision",
    "recall": "recall",
    "recallOfHonest": "recall, honest",
    "recallOfFraudsters": "recall, fraudsters",
    "fraudAccountsJoined": "fraud accounts joined",
    "cubedPrecision": "B-cubed precision",
    "cubedRecall": "B-cubed recall",
    "cubedF1": "B-cubed F1",
}
NONE = Figure(0, 0, 0)
RULES = {"": "the service", "anyStrong": "any strong", "anythingButIp": "anything but an IP"}
RULE_COLUMNS = ("precision", "recall", "cubedF1")
SUGGESTION_COLUMNS = {
    "suggestions": "suggested",
    "suggestionsRight": "of one person",
    "suggestionsRightOfFraudsters": "of them of one fraudster",
}


def answer_of(levels: Sequence[Level], accounts: int, seeds: int) -> dict[str, Any]:
    """The figures as JSON."""
    return {"accounts": accounts, "seeds": seeds, "levels": [asdict(one) for one in levels]}


def write_page(levels: Sequence[Level], accounts: int, seeds: int, file: Path) -> None:
    """The page, and the picture beside it. Raises OSError."""
    picture = file.parent / PICTURE
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(draw(levels))
    file.write_text(page_of(levels, accounts, seeds), encoding="utf-8")


def page_of(levels: Sequence[Level], accounts: int, seeds: int) -> str:
    """The page in Markdown."""
    plain = levels[0].figures
    return PAGE.format(
        accounts=accounts,
        seeds=seeds,
        picture=PICTURE,
        levels=_table(
            ["camouflage", *LEVEL_COLUMNS.values()],
            [
                [f"{one.camouflage:g}", *(_part(one.figures[name]) for name in LEVEL_COLUMNS)]
                for one in levels
            ],
        ),
        rules=_rules(levels),
        noise=_noise(levels[0]),
        wrong=_count(plain["honestJoined"]),
        honest=_count(plain["honestPersons"]),
        with_fraud=_count(plain["honestJoinedToFraudsters"]),
        families=_count(plain["householdPairs"]),
        families_joined=_count(plain["householdPairsJoined"]),
        families_suggested=_count(plain["householdPairsSuggested"]),
        suggestions=_table(
            ["camouflage", *SUGGESTION_COLUMNS.values()],
            [
                [f"{one.camouflage:g}", *(_count(one.figures[name]) for name in SUGGESTION_COLUMNS)]
                for one in levels
            ],
        ),
    )


def _rules(levels: Sequence[Level]) -> str:
    rows: list[list[str]] = []
    for level in levels:
        for name, told in RULES.items():
            keys = [f"{name}{one[0].upper()}{one[1:]}" if name else one for one in RULE_COLUMNS]
            wrong = level.figures[f"{name}HonestJoined" if name else "honestJoined"]
            figures = (_part(level.figures[key]) for key in keys)
            rows.append([f"{level.camouflage:g}", told, *figures, _count(wrong)])
    heads = ["camouflage", "rule", "precision", "recall", "B-cubed F1", "honest joined"]
    return _table(heads, rows)


def _noise(level: Level) -> str:
    """Every noise, also that which joins nobody, and how often there was occasion for it."""
    names = sorted({*level.noise, *level.uses}, key=lambda one: -level.noise.get(one, NONE).mean)
    rows = [
        [name, *(_count(found.get(name, NONE)) for found in (level.uses, level.noise))]
        for name in names
    ]
    return _table(["what", "uses", "false pairs"], rows)


def _part(figure: Figure) -> str:
    """A part of 1, which the ends of its interval are, too."""
    return f"{figure.mean:.3f} ({max(figure.low, 0):.3f}-{min(figure.high, 1):.3f})"


def _count(figure: Figure) -> str:
    return f"{figure.mean:,.1f} ({max(figure.low, 0):,.1f}-{figure.high:,.1f})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def draw(levels: Sequence[Level]) -> bytes:
    """Precision and recall over camouflage with their intervals, as SVG."""
    drawn = BytesIO()
    places = [one.camouflage for one in levels]
    with rc_context(STYLE):
        drawing = Drawing(figsize=(7.0, 3.6))
        axes = drawing.subplots()
        for name, told, colour in LINES:
            figures = [one.figures[name] for one in levels]
            axes.plot(places, [one.mean for one in figures], color=colour, marker="o", label=told)
            lows, highs = [one.low for one in figures], [one.high for one in figures]
            axes.fill_between(places, lows, highs, color=colour, alpha=0.2, linewidth=0)
        axes.set_ylim(0, 1.02)
        axes.set_xticks(places)
        axes.set_xlabel("camouflage: part of what is fresh for each account")
        axes.legend(loc="lower left", frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
        drawing.savefig(drawn, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return drawn.getvalue()
