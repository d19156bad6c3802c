"""Whose account a buyer's is follows what callbacks say, and goes when the member is erased."""

import json
from datetime import timedelta

import pytest

from graph_service.ingest.tokens import Tokeniser
from tests.channels.conftest import Shop
from tests.channels.payloads import paid_by_wechat
from tests.worlds import START

pytestmark = pytest.mark.anyio
TOKENISER = Tokeniser(b"pepper-of-the-tests")
DAY = timedelta(days=1)
WITH_UNION = json.dumps({"memberId": "m-1", "unionId": "union-1"})


async def test_a_second_order_of_a_buyer_with_a_union_id_leaves_nothing_in_quarantine(
    shop: Shop,
) -> None:
    first = paid_by_wechat("mall-1", attach=WITH_UNION)
    second = paid_by_wechat("mall-2", payment="4200002", at=START + DAY, attach=WITH_UNION)
    await shop.take(first, second)
    before = shop.events()

    await shop.take(first, second)

    assert shop.rejected() == []
    assert shop.events() == before


async def test_an_account_that_goes_back_to_its_first_member_is_linked_to_it(shop: Shop) -> None:
    for place, member_id in enumerate(("m-1", "m-2", "m-1")):
        await shop.take(
            paid_by_wechat(
                f"mall-{place}",
                payment=f"420000{place}",
                at=START + place * DAY,
                attach=json.dumps({"memberId": member_id}),
            )
        )
    found = shop.database.query(
        "MATCH (:Account {externalId: 'wx-buyer'})-[:BELONGS_TO]->(m) RETURN m.memberId AS id"
    )

    assert (shop.rejected(), found) == ([], [{"id": "m-1"}])


async def test_what_an_erasure_takes_out_of_reports_does_not_come_back(shop: Shop) -> None:
    sale = paid_by_wechat(attach=WITH_UNION)
    other = paid_by_wechat("mall-2", payment="2", attach=json.dumps({"memberId": "m-2"}))
    await shop.take(sale, other)
    await shop.client.post("/v1/events?wait=true", json=[])
    token = TOKENISER.token("union", "union-1")

    answer = await shop.client.delete("/v1/members/m-1/personal-data")
    erased = reports(shop)
    await shop.take(sale)

    assert answer.status_code == 200
    assert erased["mall-1"] == (None, None, None)
    assert erased["mall-2"][0] == "m-2"
    assert token not in str(shop.database.query("MATCH (n) RETURN properties(n) AS p"))
    assert reports(shop)["mall-1"][1] == ["member m-1"]


def reports(shop: Shop) -> dict[str, tuple[object, object, object]]:
    """Member, tokens and details of what channels report, by number."""
    rows = shop.database.query(
        "MATCH (c:ChannelOrder) RETURN c.platformOrderNo AS number, c.memberId AS memberId, "
        "c.buyerTokens AS tokens, c.details AS details"
    )
    return {row["number"]: (row["memberId"], row["tokens"], row["details"]) for row in rows}
