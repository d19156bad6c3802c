"""Does every saved question answer what it should, and does docs/browser.md say so?"""

import os
from collections.abc import Mapping, Sequence

import pytest

from graph_service.browser.questions import TOPICS, Question, question_of, saved_questions
from graph_service.errors import QueryInvalid
from graph_service.graph.queries import parse_query
from graph_service.graph.session import Graph
from graph_service.settings import Settings
from tests.browser.answers import ANSWERS
from tests.browser.mall import fill
from tests.browser.page import PAGE, page_of
from tests.browser.telling import Row, drawn, listed
from tests.conftest import Database

pytestmark = pytest.mark.anyio
QUESTIONS = {one.name: one for those in saved_questions().values() for one in those}
HEADER = """// Which members are these?
// zh: 这些会员是谁？
// topic: teams
// mode: read
// params: $memberId string, $days integer
// example: memberId => 'm-1', days => 30
// returns: memberId string
// timeout: 5 s
"""
STATEMENT = """MATCH (m:Member {memberId: $memberId})
WHERE m.directCount > $days
RETURN m.memberId AS memberId
LIMIT 9"""


def made(header: str = HEADER) -> Question:
    return question_of(parse_query("browser/list_members", header + STATEMENT))


@pytest.fixture(scope="module")
async def answers(
    settings: Settings, graph: Graph, anyio_backend: str
) -> Mapping[str, Sequence[Row]]:
    """What every question answers of the mall."""
    Database(settings).clear()
    await fill(graph)
    return {name: await graph.read(one.query.name, **one.values) for name, one in QUESTIONS.items()}


def test_there_are_questions_on_every_topic() -> None:
    found = saved_questions()

    assert set(found) == set(TOPICS)
    assert all(found.values())
    assert len(QUESTIONS) >= 25
    assert sum(one.is_picture for one in QUESTIONS.values()) >= 10


@pytest.mark.parametrize("name", QUESTIONS)
async def test_a_question_answers_what_was_checked_by_hand(
    name: str, answers: Mapping[str, Sequence[Row]]
) -> None:
    rows = answers[name]

    assert (drawn(rows) if QUESTIONS[name].is_picture else listed(rows)) == ANSWERS[name]


async def test_without_a_share_that_was_told_an_order_came_through_the_last_click(
    answers: Mapping[str, Sequence[Row]], graph: Graph
) -> None:
    steps = await graph.read("browser/list_order_steps", orderId="o-ring-1")
    picture = await graph.read("browser/draw_order_path", orderId="o-ring-1")

    assert answers
    assert listed(steps) == ["1 | lin-yue | partner | s-showcase-1 | 4 | true"]
    assert drawn(picture) == [
        "lin-yue CREATED s-showcase-1",
        "ring-1 CLICKED s-showcase-1",
        "ring-1 PLACED o-ring-1",
    ]


async def test_the_page_shows_what_is_answered(answers: Mapping[str, Sequence[Row]]) -> None:
    before = PAGE.read_text("utf-8")

    page = page_of(before, saved_questions(), answers)

    if os.environ.get("WRITE_PAGES"):
        PAGE.write_text(page, "utf-8")
        before = page
    assert page == before, "run it again with WRITE_PAGES=1"


def test_a_question_is_pasted_after_its_parameters() -> None:
    assert made().texts == [":param memberId => 'm-1';\n:param days => 30", STATEMENT]


def test_the_values_of_an_example_are_ready_to_be_sent() -> None:
    assert made().values == {"memberId": "m-1", "days": 30}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("// topic: teams\n", "", "no topic"),
        ("teams", "weather", "no topic"),
        ("// zh: 这些会员是谁？\n", "", "not asked in Chinese"),
        ("// example: memberId => 'm-1', days => 30\n", "", "no example"),
        (", days => 30", "", "no example"),
        ("days => 30", "day => 30", "no example"),
        ("=> 30", "=> soon", "no example"),
        ("'m-1'", "'m' + '-1'", "no example"),
    ],
)
def test_a_question_without_a_line_of_its_header_is_refused(
    old: str, new: str, complaint: str
) -> None:
    with pytest.raises(QueryInvalid, match=complaint):
        made(HEADER.replace(old, new))
