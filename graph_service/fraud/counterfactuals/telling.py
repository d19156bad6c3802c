"""How is it told, in Chinese and English, without what an alert would not be one?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graph_service.fraud.counterfactuals.explaining import Explained
from graph_service.fraud.detectors.kinds import ALERT_SCORE

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "device": ("共用的设备", "the shared device"),
    "ip": ("共用的 IP", "the shared IP"),
    "address": ("共用的地址", "the shared address"),
    "payment": ("共用的支付方式", "the shared means of payment"),
    "phone": ("共用的手机号", "the shared phone"),
    "union": ("共用的 unionId", "the shared union id"),
    "token": ("共用的标识", "the shared identifier"),
    "shop": ("在店铺的订单", "the orders in shop"),
    "share": ("分享的点击", "the clicks on share"),
    "member": ("会员", "member"),
}
# Of a token's hash so much is told in a sentence; all of it stands beside.
TOLD_CHARACTERS: Final = 12
WEIGHT_DECIMALS: Final = 3
SCORE_DECIMALS: Final = 3


def told_of(found: Explained) -> dict[str, Any]:
    """As an alert keeps it: what was left out, the score without it, sentences, and weights."""
    zh, en = sentences(found)
    return {
        "falls": found.falls,
        "without": [{"kind": kind, "id": name} for kind, name in found.removed],
        "score": round(found.score, SCORE_DECIMALS),
        "zh": zh,
        "en": en,
        "weights": {
            f"{kind}:{name}": round(weight, WEIGHT_DECIMALS)
            for (kind, name), weight in sorted(found.weights.items())
        },
    }


def sentences(found: Explained) -> tuple[str, str]:
    """Chinese and English."""
    named = [in_words(kind, name) for kind, name in found.removed]
    zh = "、".join(one for one, _ in named)
    en = _listed([one for _, one in named])
    score = f"{found.score:.2f}"
    if found.falls:
        return (
            f"若没有{zh}，得分会降到 {score}，低于阈值 {ALERT_SCORE:g}。",
            f"Would fall below the threshold of {ALERT_SCORE:g} without {en}: to {score}.",
        )
    tried = len(found.weights)
    if not named:
        return (
            f"逐一去掉 {tried} 项证据，得分都不会降低。",
            f"Leaving out any one of {tried} pieces of evidence does not lower the score.",
        )
    return (
        f"即使没有{zh}，得分仍有 {score}，高于阈值 {ALERT_SCORE:g}。",
        f"Would stay above the threshold of {ALERT_SCORE:g} even without {en}: at {score}.",
    )


def in_words(kind: str, name: str) -> tuple[str, str]:
    """A piece of evidence in Chinese and English. name: its id; of a token kind, colon, hash."""
    if kind == "token":
        word, _, value = name.partition(":")
        zh, en = WORDS.get(word, WORDS["token"])
        shown = f"{value[:TOLD_CHARACTERS]}…" if len(value) > TOLD_CHARACTERS else value
    else:
        (zh, en), shown = WORDS[kind], name
    return f"{zh} {shown}", f"{en} {shown}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), *words[-1:]])
