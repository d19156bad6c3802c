"""How much of a bonus the first level below brought."""

from typing import Any

import pytest

from graph_service.compliance.earnings import Earned, of_first_level


@pytest.mark.parametrize(
    ("basis", "amount", "inputs", "depth", "near"),
    [
        ("team", 200, {"salesByLevelMinor": [3_000, 1_000]}, 2, 150),
        ("team", 200, {"salesByLevelMinor": [3_000, 0]}, 1, 200),
        ("team", 10, {"salesByLevelMinor": [1, 2]}, 2, 3),
        ("team", 0, {"salesByLevelMinor": [0, 0]}, 2, 0),
        ("team", 200, {"salesMinor": 10_000}, 1, 200),
        ("team", 200, {"salesMinor": 10_000}, 2, 0),
        ("partner", 90, {"directSalesMinor": 1_000, "teamSalesMinor": 3_000}, 1, 30),
        ("partner", 0, {}, 1, 0),
    ],
)
def test_a_bonus_is_split_by_the_sales_that_its_entry_names(
    basis: str, amount: int, inputs: dict[str, Any], depth: int, near: int
) -> None:
    assert of_first_level(basis, Earned(amount, "v", inputs), depth) == near
