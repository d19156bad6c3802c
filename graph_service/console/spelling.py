"""How are amounts, times, shares and codes spelled for people?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from graph_service.clock import from_micros
from graph_service.hypertext.rendering import room_words
from graph_service.plans.member import Lang, amount_text

DASH = "–"
HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Speller:
    """Spells in a language, times in a zone."""

    lang: Lang
    zone: tzinfo

    @property
    def words(self) -> Mapping[str, Any]:
        """The texts of the console."""
        return room_words("console")[self.lang]

    def named(self, group: str, code: str | None) -> str:
        """What a code of a group is called; a code without a name is told as it is.

        What a case is at and what was done with it is called as in its report.
        """
        words = self.words if group in self.words else room_words("case_reports")[self.lang]
        return DASH if code is None else words[group].get(code, code)

    def own(self, text: str) -> str:
        """The part in the reader's language of a text that says it in Chinese and in English."""
        chinese, slash, english = text.partition(" / ")
        if not slash or not HAN.search(chinese) or HAN.search(english):
            return text
        return chinese if self.lang == "zh" else english

    def value(self, value: float | str | None) -> str:
        """A value of whichever sort."""
        return self.number(value) if isinstance(value, int | float) else (value or DASH)

    def money(self, minor: int | None, currency: str | None) -> str:
        """An amount; nothing where there is none."""
        return DASH if minor is None else amount_text(minor, currency or "CNY", self.lang)

    def moment(self, time: str | int | None) -> str:
        """A time (RFC 3339, or ms since 1970) to the minute."""
        if time is None:
            return DASH
        at = from_micros(time * 1_000) if isinstance(time, int) else datetime.fromisoformat(time)
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def number(self, value: float | None) -> str:
        """A number with commas between thousands, at most 3 decimals."""
        if value is None:
            return DASH
        return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")

    def score(self, value: float | str | None) -> str:
        """A score from 0 to 1."""
        return DASH if value is None else f"{float(value):.2f}"
