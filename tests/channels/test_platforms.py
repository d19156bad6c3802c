"""A new platform is one file."""

import hashlib
from pathlib import Path

import pytest

from graph_service.channels import platforms as folder
from graph_service.channels.platforms import platforms
from graph_service.settings import Settings
from tests.channels.conftest import Shop, with_channels
from tests.channels.signing import Signed
from tests.conftest import Database, client_of
from tests.worlds import NOW

pytestmark = pytest.mark.anyio
ONE_FILE = '''
"""Weidian, made up for a test."""

import hashlib

from pydantic import SecretStr

from graph_service.channels.callbacks import Heard, Platform, Reply, Secrets, json_object
from graph_service.channels.callbacks import require, require_equal
from graph_service.channels.mapping import Message, parse_mapping

MAPPING = """
zone = "Asia/Shanghai"
currency = "CNY"
time = "unix_ms"
unit = "major"
[[kind]]
name = "weidian.order.already_payment"
report = "paid"
source = ["made up"]
order_no = "order_id"
at = "paid_ms"
amount = "price"
buyer_id = "buyer"
identifiers = { phone = "phone", address = ["province", "city", "street"] }
lines = { each = "items", product_id = "item_id", quantity = "quantity", amount = "total" }
"""


class WeidianSecrets(Secrets):
    secret: SecretStr | None = None


def hear(callback, secrets):
    secret = require(secrets.secret, "secret").encode()
    right = hashlib.sha256(secret + callback.body).hexdigest()
    require_equal(callback.headers.get("x-sign"), right)
    content = json_object(callback.body)
    message = Message(content["type"], content["id"], content["message"])
    return Heard(Reply('{"status":"success"}'), (message,))


PLATFORM = Platform("weidian", parse_mapping(MAPPING), WeidianSecrets, hear)
'''
BODY = b"""{"type": "weidian.order.already_payment", "id": "1", "message": {
  "order_id": "w-1", "paid_ms": 1767196800123, "price": "12.30", "buyer": "w-buyer",
  "phone": "13800001234", "province": "ZJ", "city": "HZ", "street": "Wensan Road 1",
  "items": [{"item_id": "p-1", "quantity": 3, "total": "12.30"}]}}"""


@pytest.fixture
def fourth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One more file where the platforms are."""
    file = tmp_path / "weidian.py"
    file.write_text(ONE_FILE, encoding="utf-8")
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    return file


def test_the_platforms_are_those_of_the_folder() -> None:
    assert sorted(platforms()) == ["douyin", "taobao", "wechat"]


@pytest.mark.usefixtures("fourth")
async def test_a_fourth_platform_is_one_file(settings: Settings, database: Database) -> None:
    sign = hashlib.sha256(b"s3cret" + BODY).hexdigest()
    signed = Signed("weidian", BODY, {"X-Sign": sign})
    configured = with_channels(settings, "[weidian]\nsecret = 's3cret'")

    async with client_of(configured, lambda: NOW) as client:
        shop = Shop(client, database)
        answer = await shop.send(signed)
        refused = await shop.send(Signed("weidian", BODY, {"X-Sign": "0"}))

    assert (answer.status_code, answer.text) == (200, '{"status":"success"}')
    assert refused.json()["code"] == "signature_invalid"
    _, (source, kind, data) = shop.events()
    assert (source, kind, data["orderId"]) == ("channel:weidian", "order.paid", "weidian:w-1")
    assert data["lines"] == [{"productId": "p-1", "quantity": 3, "amountMinor": 1_230}]
    tokens = {one["kind"]: one["value"] for one in data["identifiers"]}
    assert tokens.keys() == {"phone", "address"}
    stored = str(database.query("MATCH (n) RETURN properties(n) AS p"))
    assert "13800001234" not in stored
    assert "Wensan" not in stored


def test_a_file_without_a_platform_is_named(fourth: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("", encoding="utf-8")

    with pytest.raises(TypeError, match="empty has no PLATFORM"):
        platforms()
