"""Whose signature is good is taken and answered in the platform's form; all else is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from graph_service.channels.callbacks import sha1_of
from graph_service.channels.taking import open_channels
from graph_service.settings import Settings
from tests.channels.conftest import Shop
from tests.channels.payloads import (
    paid_by_wechat,
    paid_in_mini_program,
    paid_on_douyin,
    paid_on_taobao,
    pushed_by_wechat,
    told_by_doudian,
)
from tests.channels.signing import (
    ECPAY_TAKEN,
    OPEN_SECRET,
    PAY_TAKEN,
    SERIAL,
    SHOP_TAKEN,
    TOKEN,
    TOP_TAKEN,
    Signed,
    douyin_pay,
    douyin_shop,
    douyin_webhook,
    seconds,
    sha1,
    taobao,
    wechat_pay,
    wechat_push,
)
from tests.conftest import Database
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
PUSHED = {"order_id": 3705115058471208928, "pay_time": 1767196800}
GOOD: list[tuple[Callable[[], Signed], str]] = [
    (paid_by_wechat, PAY_TAKEN),
    (lambda: pushed_by_wechat("channels_ec_order_pay", PUSHED), "success"),
    (lambda: told_by_doudian("101", pay_amount=100, pay_type=1), SHOP_TAKEN),
    (paid_on_douyin, SHOP_TAKEN),
    (paid_in_mini_program, ECPAY_TAKEN),
    (paid_on_taobao, TOP_TAKEN),
]
SCHEMES = ["wechat pay", "wechat push", "doudian", "webhook", "ecpay", "taobao"]


@pytest.mark.parametrize(("made", "taken"), GOOD, ids=SCHEMES)
async def test_a_signed_callback_is_taken_in_the_form_of_its_platform(
    made: Callable[[], Signed], taken: str, shop: Shop
) -> None:
    answer = await shop.send(made())

    assert (answer.status_code, answer.text) == (200, taken)
    assert shop.rejected() == []


@pytest.mark.parametrize("made", [made for made, _ in GOOD], ids=SCHEMES)
async def test_a_body_that_was_changed_is_refused(made: Callable[[], Signed], shop: Shop) -> None:
    signed = made()

    answer = await shop.send(replace(signed, body=signed.body.replace(b"1", b"2")))

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert shop.orders() == []


@pytest.mark.parametrize("made", [made for made, _ in GOOD], ids=SCHEMES)
async def test_a_callback_without_its_signature_is_refused(
    made: Callable[[], Signed], shop: Shop
) -> None:
    signed = made()
    bare = replace(signed, headers={}, query={}, body=signed.body.replace(b"msg_sign", b"x"))

    answer = await shop.send(bare)

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")


async def test_a_refusal_has_the_fields_that_the_platform_looks_at(shop: Shop) -> None:
    wechat = await shop.send(replace(paid_by_wechat(), body=b"{}"))
    taobao = await shop.send(replace(paid_on_taobao(), body=b"{}"))
    douyin = await shop.send(replace(paid_on_douyin(), body=b"{}"))

    assert wechat.json()["message"]
    assert douyin.json()["err_no"] == 1
    assert taobao.json()["errorCode"] == "sign-check-failure"
    assert taobao.json()["success"] is False


async def test_a_notice_of_an_unknown_key_is_refused(shop: Shop) -> None:
    signed = paid_by_wechat()

    answer = await shop.send(
        replace(signed, headers={**signed.headers, "Wechatpay-Serial": "another"})
    )

    assert answer.json()["code"] == "signature_invalid"


async def test_a_callback_with_an_idempotency_key_is_taken_as_any_other(shop: Shop) -> None:
    signed = paid_by_wechat()

    await shop.take(replace(signed, headers={**signed.headers, "Idempotency-Key": "k"}))

    assert len(shop.orders()) == 1


STALE: list[Callable[[], Signed]] = [
    lambda: wechat_pay("TRANSACTION.SUCCESS", {}, at=NOW - timedelta(minutes=6)),
    lambda: wechat_pay("TRANSACTION.SUCCESS", {}, at=NOW + timedelta(minutes=6)),
    lambda: wechat_push({}, at=NOW - timedelta(hours=5)),
    lambda: douyin_pay("payment", {}, at=NOW - timedelta(hours=27)),
    lambda: taobao("x", {}, at=NOW - timedelta(minutes=6)),
]


@pytest.mark.parametrize("made", STALE)
async def test_a_callback_that_was_signed_too_long_ago_is_refused(
    made: Callable[[], Signed], shop: Shop
) -> None:
    answer = await shop.send(made())

    assert (answer.status_code, answer.json()["code"]) == (401, "callback_stale")


async def test_a_retry_of_a_payment_after_a_day_is_taken(shop: Shop) -> None:
    message = {"status": "SUCCESS", "order_id": "N", "paid_at": 1767196800, "total_amount": 1}

    answer = await shop.send(douyin_pay("payment", message, at=NOW - timedelta(hours=25)))

    assert answer.status_code == 200


async def test_a_message_for_another_app_is_refused(shop: Shop) -> None:
    answer = await shop.send(wechat_push({"Event": "x"}, app_id="wx-of-others"))

    assert answer.json()["code"] == "signature_invalid"


async def test_a_message_in_plain_mode_is_refused_since_its_body_is_not_signed(shop: Shop) -> None:
    signed_at = seconds(NOW)
    query = {
        "timestamp": signed_at,
        "nonce": "1",
        "signature": sha1(*sorted((TOKEN, signed_at, "1"))),
    }

    answer = await shop.send(Signed("wechat", b'{"Event": "x"}', query=query))

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert "safe mode" in answer.json()["detail"]


def test_the_signature_is_that_of_the_documents_example() -> None:
    signature = sha1_of(*sorted(("AAAAA", "1714036504", "1514711492")))

    assert signature == "f464b24fc39322e44b38aa78f5edd27bd1441696"


async def test_wechat_verifies_an_address_and_gets_its_echo(shop: Shop) -> None:
    signed_at = seconds(NOW)
    right = sha1(*sorted((TOKEN, signed_at, "1")))
    query = {"timestamp": signed_at, "nonce": "1", "echostr": "4375120948345356249"}
    no_key = {"Authorization": ""}
    path = "/v1/channels/wechat/callbacks"

    good = await shop.client.get(path, params={**query, "signature": right}, headers=no_key)
    wrong = await shop.client.get(path, params={**query, "signature": "0"}, headers=no_key)
    other = await shop.client.get("/v1/channels/taobao/callbacks", headers=no_key)

    assert (good.status_code, good.text) == (200, "4375120948345356249")
    assert wrong.json()["code"] == "signature_invalid"
    assert other.status_code == 404


async def test_douyin_verifies_an_address_and_gets_its_challenge(shop: Shop) -> None:
    webhook = await shop.send(douyin_webhook("verify_webhook", {"challenge": 12345}))
    probe = await shop.send(douyin_shop(("0", {})))

    assert webhook.json() == {"challenge": 12345}
    assert probe.text == SHOP_TAKEN
    assert shop.rejected() == []


async def test_a_channel_without_secrets_is_not_configured(shop: Shop) -> None:
    answer = await shop.send(Signed("kuaishou", b"{}"))

    assert (answer.status_code, answer.json()["code"]) == (404, "channel_not_configured")


async def test_a_signed_callback_that_is_no_json_is_malformed(shop: Shop) -> None:
    signed = douyin_webhook("x", {})
    body = b"not json"
    answer = await shop.send(
        replace(signed, body=body, headers={"X-Douyin-Signature": sha1(OPEN_SECRET, body.decode())})
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


async def test_a_callback_that_is_too_large_is_refused(shop: Shop) -> None:
    answer = await shop.send(Signed("wechat", b" " * (2**20 + 1)))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("secrets", "complaint"),
    [
        ("not toml", "is not TOML"),
        ("[pinduoduo]\nkey = 'hidden'", "pinduoduo"),
        ("[taobao]\nsecret = 'hidden'", "taobao: secret"),
        ("[wechat]\npay_api_v3_key = 'hidden'", "wechat: pay_api_v3_key"),
        ("[wechat.pay_public_keys]\na = 'hidden'", "wechat: pay_public_keys"),
    ],
)
def test_wrong_secrets_are_named_when_the_service_starts_and_never_shown(
    secrets: str, complaint: str
) -> None:
    settings = Settings(channel_secrets=SecretStr(secrets))

    with pytest.raises(ValueError, match=complaint) as caught:
        open_channels(settings)

    assert "hidden" not in str(caught.value)


async def test_nothing_raw_of_a_buyer_is_stored_or_answered(
    shop: Shop, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    phone = "13800001234"
    odd = wechat_push({"Event": "unheard_of", "CreateTime": 1, "tel_number": phone})

    answer = await shop.send(odd)

    assert answer.text == "success"
    assert shop.rejected() == [("unheard_of", "channel_kind_unknown")]
    stored = str(database.query("MATCH (n) RETURN properties(n) AS p"))
    assert phone not in stored + capsys.readouterr().out
    assert SERIAL not in stored
