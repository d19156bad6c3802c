"""How is it said, in Chinese and in English, what moves a member's score?"""

from math import exp, isnan
from typing import Final

from graph_service.fraud.members.scoring import AMONG, Why, split_name

UNITS: Final = {
    "days": "天",
    "hours": "小时",
    "seconds": "秒",
    "orders": "单",
    "members": "人",
    "accounts": "个账号",
    "tokens": "个标识",
    "clicks": "次点击",
    "pairs": "对",
    "steps": "层",
    "months": "个月",
    "meetings": "次",
    "loops": "圈",
    "bits": "比特",
}
NEAR: Final = {
    "identity": "共用标识者",
    "referral": "邀请上下级",
    "co_sync": "同步购买者",
    "earned": "有佣金往来者",
}
AMONG_ZH: Final = {"mean1": "平均", "mean2": "（两步之内）平均", "max1": "最高"}
CHINESE: Final = {
    "found": "检测器给出的最高分",
    "found_second": "另一类检测器给出的最高分",
    "age_days": "入会时长",
    "idle_days": "最近无任何行为的时长",
    "span_days": "首末次行为相隔",
    "pause_days_max": "最长沉寂",
    "after_pause_part": "长期沉寂后14天内的行为占比",
    "orders": "支付订单数",
    "amount_mean_minor": "单均金额（分）",
    "amount_variation": "订单金额离散度",
    "amount_repeated_part": "同价订单占比",
    "refunded_part": "退款订单占比",
    "refunded_money_part": "退款金额占比",
    "refund_lag_days": "支付到退款的时长",
    "refund_late_part": "确认收货后退款占比",
    "cancelled_part": "取消订单占比",
    "first_order_lag_days": "入会到首单的时长",
    "night_part": "凌晨下单占比",
    "order_gap_days": "下单间隔",
    "order_gap_variation": "下单间隔离散度",
    "shops_per_order": "每单店铺数",
    "products_per_order": "每单商品数",
    "shop_top_part": "集中于一家店的占比",
    "promoted_part": "产生佣金的订单占比",
    "promoter_top_part": "佣金集中于一人的占比",
    "inviter_part": "佣金归邀请人的占比",
    "touch_lag_seconds": "点击到下单的时长",
    "orders_hour_max": "一小时内最多下单",
    "orders_day_max": "一天内最多下单",
    "orders_week_part": "集中于一周的订单占比",
    "clicks_got_hour_max": "一小时内最多被点击",
    "clicks_got_day_max": "一天内最多被点击",
    "clicks_got_burst": "点击峰值为均值的倍数",
    "clicks_made_hour_max": "一小时内最多点击他人",
    "joins_day_max": "一天内最多拉新",
    "earned_day_max": "一天内最多带来佣金的订单",
    "devices": "使用设备数",
    "ips": "使用IP数",
    "addresses": "使用地址数",
    "payments": "使用支付方式数",
    "phones": "使用手机号数",
    "token_reach_mean": "每个标识的平均使用人数",
    "device_reach_max": "共用最多的设备的使用人数",
    "payment_reach_max": "共用最多的支付方式的使用人数",
    "phone_reach_max": "共用最多的手机号的使用人数",
    "address_reach_max": "共用最多的地址的使用人数",
    "ip_reach_max": "共用最多的IP的使用人数",
    "shared_weight": "共用标识的证据总权重",
    "shared_strong_weight": "共用强标识的证据权重",
    "shared_part": "共用标识占比",
    "token_entropy": "标识使用的均匀度",
    "person_accounts": "同一人的账号数",
    "household_part": "共用标识中属于小家庭的占比",
    "inviter_weight": "与邀请人共用标识的权重",
    "promoter_weight": "与拿佣金者共用标识的权重",
    "direct": "直接邀请人数",
    "depth": "上级层数",
    "team": "团队人数",
    "levels": "团队深度",
    "star_part": "团队中直接邀请的占比",
    "chain_part": "团队呈链状的程度",
    "invitee_tokens_part": "被邀请人标识的多样性",
    "invitee_gap_variation": "被邀请人入会间隔离散度",
    "invitee_idle_part": "被邀请人一天后再无行为的占比",
    "invitee_single_part": "被邀请人只下一单的占比",
    "invitee_lag_days": "被邀请人入会到首单的时长",
    "invitee_amount_variation": "被邀请人首单金额离散度",
    "invitee_shared_part": "被邀请人共用标识的占比",
    "sibling_weight": "与同一邀请人名下会员共用标识的权重",
    "sibling_gap_hours": "与相邻同邀者入会相隔",
    "sibling_run_variation": "前后同邀者入会间隔离散度",
    "sibling_run_idle_part": "前后同邀者至多一单的占比",
    "chain_run_variation": "上级链入会间隔离散度",
    "inviter_lag_days": "邀请人入会到本人入会的时长",
    "identity_neighbours": "共用标识的会员数",
    "identity_edges": "共用标识者之间的对数",
    "identity_oddity_edges": "共用标识关系数偏离常态",
    "identity_oddity_weight": "共用标识权重偏离常态",
    "identity_clustering": "共用标识者互相共用的占比",
    "identity_core": "所在标识圈的紧密度",
    "identity_rank": "标识关系PageRank",
    "step_neighbours": "多次同步购买的会员数",
    "step_weight": "同步购买次数",
    "step_edges": "同步购买者之间的对数",
    "step_oddity_edges": "同步购买关系数偏离常态",
    "step_clustering": "同步购买者互相同步的占比",
    "step_core": "所在同步购买圈的紧密度",
    "step_rank": "同步购买PageRank",
    "referral_rank": "邀请关系PageRank",
    "confirmed_identity": "按标识与已确认者的接近度",
    "confirmed_referral": "按邀请与已确认者的接近度",
    "confirmed_step": "按同步购买与已确认者的接近度",
    "clicks_made": "点击他人次数",
    "clicks_made_top_part": "点击集中于一人的占比",
    "clicks_got": "分享被点击次数",
    "clicks_per_clicker": "每位点击者的点击数",
    "click_gap_seconds": "点击间隔",
    "click_gap_variation": "点击间隔离散度",
    "click_close_part": "15秒内连续点击的占比",
    "visitor_part": "游客点击占比",
    "conversion": "点击转化（相对全站，对数）",
    "conversion_low": "多于其成交应有的点击",
    "earned_touch_seconds": "点击到带来订单的时长",
    "quick_part": "点击30秒内成交的占比",
    "snatched": "抢在他人之后的快速成交",
    "snatched_part": "抢单占比",
    "own_shop_part": "在本人店铺下单的占比",
    "self_earned_part": "佣金归本人的占比",
    "shop_sales_top_part": "本店订单集中于一人的占比",
    "shop_sales_inside_part": "本店订单来自关联者的占比",
    "shop_back_part": "店主互买的占比",
    "shop_loops": "三人互买店铺的圈数",
    "shop_exclusive": "所购店铺的冷门程度",
    "earned_back_part": "互相带来佣金的占比",
    "earned_loops": "三人互拿佣金的圈数",
    "earned_orders": "带来佣金的订单数",
    "earned_per_buyer": "每位买家带来的订单数",
    "earned_top_part": "佣金订单集中于一人的占比",
    "earned_inside_part": "佣金订单来自关联者的占比",
    "earned_refunded_part": "佣金订单的退款占比",
    "earned_late_part": "佣金订单收货后退款的占比",
    "earned_variation": "佣金订单金额离散度",
    "month_sales_max_minor": "单月最高推广额（分）",
    "step_above_part": "超出阶梯的比例",
    "step_rush_part": "达标月最后五天的占比",
    "step_lost": "退款后跌回阶梯以下的月数",
    "step_buyers_part": "达标月每单买家数",
}


def zh_of(why: Why, *, is_trained: bool) -> str:
    """What moves a score, in Chinese."""
    among, own = _parts(why.feature)
    named = CHINESE.get(own, own)
    if among:
        what, relation = among
        named = f"{NEAR[relation]}的“{named}”{AMONG_ZH[what]}"
    told = "未知" if isnan(why.value) else f"{_number(why.value)}{UNITS.get(why.unit, '')}"
    above = "" if isnan(why.value) else f"，不低于 {why.percentile:.0f}% 的会员"
    if not is_trained:
        return f"{named}：{told}{above}，每 {exp(why.contribution):,.0f} 人中约有 1 人如此"
    way = "提高" if why.contribution > 0 else "降低"
    return f"{named}：{told}{above}；使可疑的几率{way}到 {exp(why.contribution):.2f} 倍"


def en_of(why: Why, *, is_trained: bool) -> str:
    """What moves a score, in English."""
    unit = why.unit if why.unit in UNITS else ""
    told = "unknown" if isnan(why.value) else f"{_number(why.value)} {unit}".strip()
    above = "" if isnan(why.value) else f", no less than {why.percentile:.0f} % of members"
    asked = why.question or why.feature
    if not is_trained:
        return f"{asked} {told}{above}; about one in {exp(why.contribution):,.0f} is like that"
    way = "raises" if why.contribution > 0 else "lowers"
    return f"{asked} {told}{above}; {way} the odds to {exp(why.contribution):.2f} times"


def _parts(name: str) -> tuple[tuple[str, str] | None, str]:
    """Of a neighbour's feature: (mean1 and so on, relation), and the name in the catalogue."""
    near, own = split_name(name)
    if not near:
        return None, own
    what = next(one for one in AMONG if name.startswith(f"{one}_"))
    return (what, name.removeprefix(f"{what}_").removesuffix(f"_{own}")), own


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
