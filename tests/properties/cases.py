"""How many cases each property is tried on, and the worlds that they are drawn from."""

import os

import hypothesis
from hypothesis import HealthCheck
from hypothesis import strategies as st

from graph_service.plans.document import Plan, seed_plan
from graph_service.plans.timeline import Plans
from tests.worlds.random_mall import MOVE_BYTES, mall_of

CASES = int(os.environ.get("GRAPH_SERVICE_TEST_EXAMPLES", "100"))
MODELS = ("last_touch", "linear", "first_touch", "time_decay", "position_based")
cases = hypothesis.settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


def plan_of(model: str, beta: str, levels_max: int) -> Plan:
    """The seed plan with another model, curve and cap, and with more that pays."""
    return Plan.model_validate(
        {
            **seed_plan().model_dump(by_alias=True),
            "version": f"{model}-{beta}-{levels_max}",
            "attribution": {"model": model, "windowDays": 20},
            "base": {"categories": {"tea": "0.08", "phone": "0.03"}, "otherRate": "0.013"},
            "products": [{"productId": "product-3", "rate": "0.31"}],
            "campaigns": [
                {"name": "launch", "multiplier": "1.5", "categories": ["tea"]},
                {"name": "week", "multiplier": "1.1"},
            ],
            "influence": {"poolRate": "0.017", "beta": beta},
            "paidLevelsMax": levels_max,
        }
    )


PLANS = [
    plan_of(model, beta, levels_max)
    for model in MODELS
    for beta, levels_max in (("0.25", 0), ("0", 2), ("1", 0), ("0.6", 3))
]
plans = st.sampled_from(PLANS)
rules = st.sampled_from([Plans(plan) for plan in PLANS])
moves = st.lists(st.binary(min_size=MOVE_BYTES, max_size=MOVE_BYTES), min_size=5, max_size=15)
malls = st.builds(mall_of, st.integers(3, 7), moves)
# How many facts are stored or booked at a time, in turn.
limits = st.lists(st.integers(1, 40), min_size=1, max_size=3)
# Seeds of an order of arrival; 0 leaves facts in order of time.
arrivals = st.integers(0, 2**16)
