"""What the front page tells people to type is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "README.zh.md")
COMMANDS = ("demo", "serve", "load", "verify", "neo4j start")


@pytest.mark.parametrize("page", PAGES)
def test_the_front_page_names_commands_that_there_are(page: str) -> None:
    named = set(
        re.findall(r"`graph-service ([a-z0-9]+(?: start)?)", (ROOT / page).read_text("utf-8"))
    )

    assert named == {"serve", "load", "verify", "neo4j start"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_worth_reading(command: str) -> None:
    code = "from graph_service.cli import main; main()"
    arguments = [sys.executable, "-c", code, *command.split(), "--help"]

    shown = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)

    assert f"{command} [OPTIONS]" in " ".join(shown.stdout.split())


@pytest.mark.parametrize("page", [*PAGES, *map(str, (ROOT / "docs").rglob("*.md"))])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    file = ROOT / page

    links = re.findall(r"\]\((?!http)([^)#]+)", file.read_text("utf-8"))

    assert [link for link in links if not (file.parent / link).exists()] == []
