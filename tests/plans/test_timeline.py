"""The plan of a moment is what the last activation that begins by then says."""

from hypothesis import given
from hypothesis import strategies as st

from graph_service.plans.document import Plan
from graph_service.plans.timeline import Activation, Plans

MOMENTS = st.integers(0, 9)


@given(starts=st.lists(MOMENTS, max_size=8), paid_at=MOMENTS)
def test_the_plan_of_a_moment_is_that_of_the_plain_reading(starts: list[int], paid_at: int) -> None:
    plans = Plans(
        Plan(version="seed"),
        tuple(
            (Activation(i, f"v{i}", start, 0, i), Plan(version=f"v{i}"))
            for i, start in enumerate(starts)
        ),
    )

    begun = [i for i, start in enumerate(starts) if start <= paid_at]

    assert plans.at(paid_at).version == (f"v{begun[-1]}" if begun else "seed")
    assert plans.at(paid_at) in plans.all
