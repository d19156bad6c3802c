"""Does the page about persons say what the weights are?"""

import re
from pathlib import Path

from graph_service.identity.standings import KIN_MAX
from graph_service.identity.telling import SUGGEST_REACH, WORDS
from graph_service.identity.weights import (
    BITS,
    JOIN_BITS,
    REACH_MAX,
    REACHES,
    RECYCLED_AFTER_DAYS,
    RECYCLED_BITS,
    SUGGEST_BITS,
    token_bits,
)

PAGE = (Path(__file__).parent.parent.parent / "docs/persons.md").read_text("utf-8")


def test_the_page_has_the_bits_of_every_kind_and_the_words_of_the_staff() -> None:
    head = re.search(r"^\| kind \| staff read \| (.+) \|$", PAGE, re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ([\d |]+) \|$", PAGE, re.MULTILINE)

    assert head is not None
    assert [int(one) for one in head[1].split(" | ")] == [most for most, _ in REACHES]
    # What an IP says is never asked for.
    assert {kind: (zh, [int(one) for one in bits.split(" | ")]) for kind, zh, bits in rows} == {
        kind: (WORDS[kind][1], [token_bits(kind, most) for most, _ in REACHES])
        for kind in BITS
        if kind != "ip"
    }


def test_the_page_has_the_marks_and_limits() -> None:
    said = " ".join(PAGE.split())

    assert f"joined from {JOIN_BITS} bits on" in said
    assert f"From {SUGGEST_BITS} bits on the pair is a suggestion" in said
    assert f"more than {REACH_MAX} accounts" in said
    assert (
        f"{RECYCLED_AFTER_DAYS} days or more before the other first was, {-RECYCLED_BITS}" in said
    )
    assert f"| {KIN_MAX:,} (`KIN_MAX`)" in said
    assert f"may have to suggest somebody | {SUGGEST_REACH} |" in said
