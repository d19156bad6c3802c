"""Does docs/first-steps.md do what it says? Its commands are run, its answers compared."""

import json
import re
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest

from graph_service.settings import Settings
from tests.conftest import KEY, Database
from tests.test_cli import serving, until_ready, variables_for

PAGE = Path(__file__).parent.parent / "docs" / "first-steps.md"
BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)


@pytest.fixture
def running(settings: Settings, database: Database, tmp_path: Path) -> Generator[dict[str, str]]:
    """The service on the empty database, and the variables that the page's commands need."""
    environment = variables_for(settings, tmp_path)
    with serving(environment) as (_, url):
        until_ready(url)
        yield {**environment, "URL": url, "KEY": KEY}


def last_json(text: str) -> Any:
    """The last of the JSON values that were printed one after another."""
    decoder, place, value = json.JSONDecoder(), 0, None
    while place < len(text.strip()):
        value, place = decoder.raw_decode(text, place)
    return value


def holds(answer: Any, wanted: Any) -> bool:
    """Whether the answer says what is wanted and perhaps more; lists are as long as wanted."""
    if isinstance(wanted, dict):
        fields = cast("dict[str, Any]", wanted)
        return isinstance(answer, dict) and all(
            name in answer and holds(answer[name], value) for name, value in fields.items()
        )
    if isinstance(wanted, list):
        items = cast("list[Any]", wanted)
        return len(answer) == len(items) and all(map(holds, answer, items))
    return answer == wanted


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_every_command_of_the_first_steps_answers_as_the_page_says(
    running: dict[str, str],
) -> None:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    assert [kind for kind, _ in blocks] == ["sh", "json"] * 8

    for (_, typed), (_, shown) in zip(blocks[::2], blocks[1::2], strict=True):
        said = subprocess.run(
            ["bash", "-euc", typed], env=running, capture_output=True, text=True, check=True
        )

        answer = last_json(said.stdout)
        assert holds(answer, json.loads(shown)), f"{typed}\nanswered {said.stdout}"
