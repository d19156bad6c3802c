"""Which shape has the answer about what a case changed?"""

from pydantic import Field

from graph_service.answers import Answer


class BookedSum(Answer):
    """What was booked for a payee on one basis."""

    payee_id: str
    basis: str
    currency: str
    amount_minor: int = Field(description="below 0: taken back (minor units)")


class Share(Answer):
    """A member's part of an order."""

    member_id: str
    amount_minor: int


class Attributed(Answer):
    """How an order is attributed."""

    credits: list[Share]
    allowance: list[Share]


class AttributionChange(Answer):
    """An order whose attribution is otherwise since."""

    order_id: str
    before: Attributed
    after: Attributed


class CaseEffect(Answer):
    """What the ledger booked because of the holds and decisions of a case, so far."""

    booked: bool = Field(description="false: the ledger has not followed all of it yet")
    total_minor: int = Field(description="of all members (minor units)")
    kept_minor: int = Field(description="of what the platform keeps (minor units)")
    lines: list[BookedSum] = Field(description="by payee and basis, most taken back first")
    order_count: int = Field(description="orders for which something was booked")
    orders: list[AttributionChange] = Field(
        description="of the first 50 of them, those that differ"
    )
