"""Are the pictures drawn from what the story tells, the same each time, whatever the ids?"""

from datetime import UTC, datetime
from fractions import Fraction
from math import dist, hypot
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from graph_service.demo.next_steps import requests_about
from graph_service.demo.pictures import (
    draw_pictures,
    path_figure,
    radial_spots,
    read_crown,
    svg_of,
    team_figure,
)
from graph_service.demo.story import Story, read_story
from graph_service.pipeline import Pipeline
from tests.demo.test_story import made_answer, made_team
from tests.worlds import NOW
from tests.worlds.named import five_levels, honest_tree

pytestmark = pytest.mark.anyio
ODD_ID = "$a_{b$ <&> 王芳 %s"


def story_of(answer: dict[str, Any], **known: Any) -> Story:
    return Story(answer, ZoneInfo("Asia/Shanghai"), Fraction(1, 100), Fraction(1, 4), **known)


def texts(svg: bytes) -> str:
    """What a reader of the picture reads; fails where it is no XML."""
    return " ".join(text.strip() for text in ElementTree.fromstring(svg).itertext() if text.strip())


def drawn(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_pictures_show_the_path_and_the_team_and_are_the_same_each_time(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    await pipeline.store(five_levels())
    await pipeline.settle(timeout_s=30)
    orders = [one["data"]["orderId"] for one in five_levels() if one["type"] == "order.paid"]
    story = await read_story(pipeline.graph, orders, pipeline.plans, NOW)
    assert story is not None

    for folder in ("one", "two"):
        await draw_pictures(pipeline.graph, story, tmp_path / folder, NOW)

    pictures = drawn(tmp_path / "one")
    assert set(pictures) == {"path.svg", "team.svg"}
    assert pictures == drawn(tmp_path / "two")
    path = texts(pictures["path.svg"])
    for step in story.answer["path"]:
        assert step["memberId"] in path
        assert f"{step['clearedClickers']} people" in path
    assert "Team of" in texts(pictures["team.svg"])


async def test_crown_holds_the_nearest_members_first_and_no_more_than_asked(
    pipeline: Pipeline,
) -> None:
    await pipeline.store(honest_tree(3, 3))
    await pipeline.settle(timeout_s=30)
    root = honest_tree(3, 3)[0]["data"]["memberId"]

    whole = await read_crown(pipeline.graph, root, 1_000)
    cut = await read_crown(pipeline.graph, root, 5)

    assert len(whole) == len({member for _, member in whole}) > 5
    assert len(cut) == 5
    assert {inviter for inviter, _ in cut[:3]} == {root}
    assert {inviter for inviter, _ in cut} <= {root, *(member for _, member in cut)}


def test_any_id_is_drawn_as_it_is() -> None:
    answer = made_answer()
    answer["path"][0]["memberId"] = ODD_ID

    figure = path_figure(story_of(answer))

    assert "$a_{b$" in texts(svg_of(figure))


@pytest.mark.parametrize("clickers", [(0,), (0, 0), (5_000,), (1,) * 20, (3, 4_000, 0)])
def test_short_long_empty_and_crowded_paths_are_drawn(clickers: tuple[int, ...]) -> None:
    text = texts(svg_of(path_figure(story_of(made_answer(clickers=clickers)))))

    assert all(f"{count:,} people" in text for count in clickers)


def test_frozen_step_says_so() -> None:
    answer = made_answer()
    answer["path"][1]["excluded"] = "frozen"

    assert "(frozen)" in texts(svg_of(path_figure(story_of(answer))))


def test_team_without_members_is_drawn() -> None:
    levels: list[dict[str, int]] = []
    team = {**made_team("alone"), "teamSize": 0, "currency": "CNY", "levels": levels}

    assert "all 0" in texts(svg_of(team_figure(team, [], set())))


def test_tree_has_one_ring_a_level_and_nobody_on_another() -> None:
    edges = [("r", f"a{one}") for one in range(5)]
    edges += [(f"a{one}", f"b{one}{two}") for one in range(5) for two in range(one)]

    spots = radial_spots("r", edges)

    rings = {name: round(hypot(*spot), 6) for name, spot in spots.items()}
    assert {rings[name] for name in rings if name.startswith("a")} == {1}
    assert {rings[name] for name in rings if name.startswith("b")} == {2}
    points = list(spots.values())
    assert min(dist(one, two) for i, one in enumerate(points) for two in points[:i]) > 0.2


def test_next_steps_ask_about_what_was_told() -> None:
    story = story_of(made_answer(), teams=[made_team("step-5"), made_team("top")])

    urls = [url for _, url in requests_about(story, "http://here")]

    assert urls[0] == "http://here/v1/orders/o-1/attribution"
    assert "http://here/v1/members/top/team?month=2026-05&levels=3" in urls
    assert "http://here/v1/members/step-5/upline" in urls


async def test_no_paid_order_is_no_story(pipeline: Pipeline) -> None:
    now = datetime.now(UTC)

    assert await read_story(pipeline.graph, ["nowhere"], pipeline.plans, now) is None
