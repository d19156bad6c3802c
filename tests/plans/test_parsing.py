"""The same plan from JSON and from YAML; what is neither is refused."""

import json
from decimal import Decimal

import pytest
from pydantic import ValidationError

from graph_service.errors import Malformed
from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.parsing import parse_plan
from graph_service.plans.versions import document_of

TEXT = b"""
version: launch-2026
base:
  categories: {fmcg: 0.0800000001, no: 0.1}
products:
  - productId: p
    rate: 0.1
    from: 2026-02-01T00:00:00+08:00
    to: 2026-03-01T00:00:00Z
"""


def test_yaml_is_read_exactly() -> None:
    plan = parse_plan(TEXT, is_yaml=True)

    assert plan.base.categories == {"fmcg": Decimal("0.0800000001"), "no": Decimal("0.1")}
    product = plan.products[0]
    assert product.starts is not None
    assert product.starts.isoformat() == "2026-02-01T00:00:00+08:00"
    assert parse_plan(json.dumps(document_of(plan)).encode(), is_yaml=False) == plan


def test_json_is_yaml_too() -> None:
    text = json.dumps(document_of(seed_plan())).encode()

    assert parse_plan(text, is_yaml=True) == parse_plan(text, is_yaml=False) == seed_plan()


def test_a_number_of_json_is_read_as_it_is_written() -> None:
    plan = parse_plan(b'{"version": "v", "partner": {"rate": 0.1}}', is_yaml=False)

    assert plan.partner.rate == Decimal("0.1")


@pytest.mark.parametrize(
    ("text", "is_yaml"),
    [
        (b"{", False),
        (b"\xff", False),
        (b'{"version": NaN}', False),
        (b"a: [", True),
        (b"\xff", True),
        (b"a: &x [1]\nb: *x", True),
        (b"a: 1\na: 2", True),
        (b"a: 1\n---\nb: 2", True),
        (b"[" * 1_000 + b"]" * 1_000, True),
        (b"!!python/object:os.system {}", True),
        (b"a: \x00", True),
    ],
)
def test_what_is_no_document_is_malformed(text: bytes, *, is_yaml: bool) -> None:
    with pytest.raises(Malformed):
        parse_plan(text, is_yaml=is_yaml)


@pytest.mark.parametrize("text", [b"", b"[]", b"text", b"version: 1.0", b"version: 2026-01-01 x"])
def test_a_document_that_is_no_plan_is_invalid(text: bytes) -> None:
    with pytest.raises(ValidationError):
        parse_plan(text + b"\nbonus: 1" if text.startswith(b"version") else text, is_yaml=True)


def test_a_version_may_look_like_a_number() -> None:
    assert parse_plan(b"version: 1.0", is_yaml=True) == Plan(version="1.0")
