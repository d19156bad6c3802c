"""The saved questions by topic: the query files of cypher/browser, as texts to paste."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from graph_service.errors import QueryInvalid
from graph_service.graph.queries import Query, load_queries
from graph_service.plans.member import Lang

ROOM = "browser/"
# In the order in which they are shown.
TOPICS = ("orders", "influence", "teams", "rings", "growth", "churn", "money", "shops", "risk")
# A text or a number, as Cypher and the Browser's :param write it.
VALUE = re.compile(r"(\w+) => ('[^'\\]*'|-?\d+(?:\.\d+)?)(?:, |$)")


@dataclass(frozen=True)
class Question:
    """One question. values: an example of each parameter, ready to be sent."""

    query: Query
    values: Mapping[str, str | int | float]

    @property
    def name(self) -> str:
        """Its name within the room: draw_team."""
        return self.query.name.removeprefix(ROOM)

    def asked(self, lang: Lang) -> str:
        """The question itself, in one sentence or two."""
        return self.query.zh if lang == "zh" else self.query.question

    @property
    def is_picture(self) -> bool:
        """Whether it answers nodes and relationships to look at rather than rows."""
        return self.query.returns == ("path",)

    @property
    def params(self) -> str:
        """What to paste into the Browser first; empty where it takes no parameters."""
        shown = {
            name: f"'{value}'" if isinstance(value, str) else str(value)
            for name, value in self.values.items()
        }
        return ";\n".join(f":param {name} => {value}" for name, value in shown.items())

    @property
    def statement(self) -> str:
        """What to paste then: alone, since the Browser draws nothing of several statements."""
        return self.query.text.partition("\n")[2]

    @property
    def texts(self) -> list[str]:
        """Both, one after the other."""
        return [one for one in (self.params, self.statement) if one]


def question_of(query: Query) -> Question:
    """The question in a query file. Raises QueryInvalid where a line of its header is missing."""
    if query.topic not in TOPICS:
        raise QueryInvalid(f"query {query.name} has no topic of {', '.join(TOPICS)}")
    if not query.zh:
        raise QueryInvalid(f"query {query.name} is not asked in Chinese")
    found = VALUE.findall(query.example)
    read = ", ".join(f"{name} => {text}" for name, text in found)
    values = {name: _value(text) for name, text in found}
    if read != query.example or values.keys() != query.params:
        raise QueryInvalid(f"query {query.name} has no example of each parameter")
    return Question(query, values)


@cache
def saved_questions() -> Mapping[str, Sequence[Question]]:
    """Every saved question by topic, in the order in which they are shown."""
    known = load_queries()
    found = [question_of(query) for name, query in known.items() if name.startswith(ROOM)]
    # Rows first: a picture is looked at once it is known of what.
    found.sort(key=lambda one: (one.is_picture, one.name))
    return {topic: [one for one in found if one.query.topic == topic] for topic in TOPICS}


def _value(text: str) -> str | int | float:
    if text.startswith("'"):
        return text[1:-1]
    return float(text) if "." in text else int(text)
