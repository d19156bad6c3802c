"""Templates of the console run no script of their own, and each of their forms has its token."""

import re
from typing import Any

import pytest

from graph_service.hypertext.rendering import ROOMS, environment

TEMPLATES = sorted((ROOMS / "console" / "templates").glob("*.html"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_runs_and_styles_nothing_inline(file: Any) -> None:
    text = file.read_text("utf-8")

    inline = re.findall(
        r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|style=|\|\s*safe|javascript:", text
    )
    assert inline == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
    environment().get_template(f"console/{file.name}")


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_each_form_that_changes_something_sends_its_token(file: Any) -> None:
    text = file.read_text("utf-8")

    forms = re.findall(r'<form[^>]*method="post"[^>]*>\s*(.{0,60})', text, re.DOTALL)
    assert all(one.startswith('<input type="hidden" name="token"') for one in forms)
