"""Which numbers are there of a member, in what unit, and does more of one mean more risk?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Direction = Literal[-1, 0, 1]
# More of it is more risk, less of it is, or neither is certain.
MORE, LESS, NEITHER = 1, -1, 0
Told = tuple[str, str, Direction, str]


@dataclass(frozen=True)
class Feature:
    """One number of a member. direction: MORE, LESS or NEITHER of it is more risk."""

    name: str
    family: str
    unit: str
    direction: Direction
    question: str


@dataclass(frozen=True)
class Features:
    """Numbers of members. values: (n, d) float32, a row by number of the member, NaN unknown.

    names, families, directions: by column.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    families: tuple[str, ...]
    directions: tuple[Direction, ...]

    def column(self, name: str) -> NDArray[np.float32]:
        """The values of one feature by member."""
        return self.values[:, self.names.index(name)]


def _family(name: str, *told: Told) -> tuple[Feature, ...]:
    return tuple(Feature(one, name, unit, way, asks) for one, unit, way, asks in told)


FEATURES: Final[tuple[Feature, ...]] = (
    *_family(
        "behaviour",
        ("age_days", "days", 0, "How long ago did the member join?"),
        ("idle_days", "days", 0, "For how long has the member done nothing?"),
        ("span_days", "days", 0, "How long from the first own doing to the last?"),
        ("pause_days_max", "days", 0, "How long was the longest pause between own doings?"),
        ("after_pause_part", "part", 1, "Which part of doings is in 14 days after a long pause?"),
        ("orders", "orders", 0, "How many orders were paid?"),
        ("amount_mean_minor", "minor units", 0, "What does an order cost?"),
        ("amount_variation", "ratio", -1, "How far are the amounts of orders apart?"),
        ("amount_repeated_part", "part", 1, "Which part of orders costs the same as another?"),
        ("refunded_part", "part", 1, "Which part of orders went back?"),
        ("refunded_money_part", "part", 1, "Which part of the money went back?"),
        ("refund_lag_days", "days", 0, "How long after paying does money go back?"),
        ("refund_late_part", "part", 1, "Which part of orders went back after its completion?"),
        ("cancelled_part", "part", 0, "Which part of orders was cancelled?"),
        ("first_order_lag_days", "days", 0, "How long from joining to the first order?"),
        ("night_part", "part", 1, "Which part of orders was paid from 0 to 6 o'clock?"),
        ("order_gap_days", "days", 0, "How long is it from order to order?"),
        ("order_gap_variation", "ratio", -1, "How regular are the gaps between orders?"),
        ("shops_per_order", "ratio", -1, "How many shops for each order?"),
        ("products_per_order", "ratio", -1, "How many products for each order?"),
        ("shop_top_part", "part", 1, "Which part of orders is from one shop?"),
        ("promoted_part", "part", 1, "Which part of orders earns somebody a commission?"),
        ("promoter_top_part", "part", 1, "Which part of those earns it to one promoter?"),
        ("inviter_part", "part", 0, "Which part of orders earns it to the own inviter?"),
        ("touch_lag_seconds", "seconds", -1, "How long from the last click to the order?"),
    ),
    *_family(
        "burst",
        ("orders_hour_max", "orders", 1, "What is the most orders in one hour?"),
        ("orders_day_max", "orders", 1, "What is the most orders in one day?"),
        ("orders_week_part", "part", 1, "Which part of three orders or more is in one week?"),
        ("clicks_got_hour_max", "clicks", 1, "What is the most clicks on own shares in one hour?"),
        ("clicks_got_day_max", "clicks", 1, "What is the most clicks on own shares in one day?"),
        ("clicks_got_burst", "ratio", 1, "How many times its mean is the most in one hour?"),
        ("clicks_made_hour_max", "clicks", 1, "What is the most own clicks in one hour?"),
        ("joins_day_max", "members", 0, "What is the most invitees that joined in one day?"),
        ("earned_day_max", "orders", 0, "What is the most orders earned from in one day?"),
    ),
    *_family(
        "identity",
        ("devices", "tokens", 0, "With how many devices is the member seen?"),
        ("ips", "tokens", 0, "With how many IPs is the member seen?"),
        ("addresses", "tokens", 0, "With how many addresses is the member seen?"),
        ("payments", "tokens", 1, "With how many means of payment is the member seen?"),
        ("phones", "tokens", 1, "With how many phones is the member seen?"),
        ("token_reach_mean", "members", 0, "How many members has a token of the member?"),
        ("device_reach_max", "members", 1, "How many members has the most shared device?"),
        ("payment_reach_max", "members", 1, "How many members has the most shared payment?"),
        ("phone_reach_max", "members", 1, "How many members has the most shared phone?"),
        ("address_reach_max", "members", 0, "How many members has the most shared address?"),
        ("ip_reach_max", "members", 0, "How many members has the most shared IP?"),
        ("shared_weight", "weight", 1, "How much do shared tokens say, all together?"),
        ("shared_strong_weight", "weight", 1, "How much do those say but address and IP?"),
        ("shared_part", "part", 1, "Which part of the tokens is shared?"),
        ("token_entropy", "bits", 0, "How evenly are the tokens used?"),
        ("person_accounts", "accounts", 1, "How many accounts does the person have?"),
        ("household_part", "part", -1, "Which part of what is shared is a small home's?"),
        ("inviter_weight", "weight", 1, "How much is shared with the inviter?"),
        ("promoter_weight", "weight", 1, "How much is shared with who earns from the orders?"),
    ),
    *_family(
        "tree",
        ("direct", "members", 0, "How many did the member invite?"),
        ("depth", "steps", 0, "How many inviters are above the member?"),
        ("team", "members", 0, "How many are below the member?"),
        ("levels", "steps", 0, "How deep is it below the member?"),
        ("star_part", "part", 0, "Which part of the team was invited by the member?"),
        ("chain_part", "part", 0, "How many levels for each of the team?"),
        ("invitee_tokens_part", "part", -1, "How many different tokens for each that they use?"),
        ("invitee_gap_variation", "ratio", -1, "How regular are the gaps between their joins?"),
        ("invitee_idle_part", "part", 1, "Which part of the invitees did nothing after a day?"),
        ("invitee_single_part", "part", 1, "Which part of them placed one order and no more?"),
        ("invitee_lag_days", "days", -1, "How long until their first order, in the middle?"),
        ("invitee_amount_variation", "ratio", -1, "How far are their first orders' amounts apart?"),
        ("invitee_shared_part", "part", 1, "Which part of them shares tokens among them or above?"),
        ("sibling_weight", "weight", 1, "How much is shared with who has the same inviter?"),
        ("sibling_gap_hours", "hours", 0, "How long from the join to the nearest sibling's?"),
        ("sibling_run_variation", "ratio", -1, "How regular are the joins of siblings around?"),
        ("sibling_run_idle_part", "part", 1, "Which part of these placed one order or none?"),
        ("chain_run_variation", "ratio", -1, "How regular are the joins of the inviters above?"),
        ("inviter_lag_days", "days", 0, "How long after the inviter did the member join?"),
    ),
    *_family(
        "ego",
        ("identity_neighbours", "members", 1, "With how many members are tokens shared?"),
        ("identity_edges", "pairs", 0, "How many pairs of those share tokens, too?"),
        ("identity_oddity_edges", "log ratio", 1, "How far from usual is pairs by neighbours?"),
        ("identity_oddity_weight", "log ratio", 1, "How far from usual is weight by pairs?"),
        ("identity_clustering", "part", 0, "Which part of pairs of neighbours share, too?"),
        ("identity_core", "members", 1, "In how dense a part of shared tokens is the member?"),
        ("identity_rank", "rank", 0, "What is the PageRank by shared tokens?"),
        ("step_neighbours", "members", 1, "With how many was bought in step twice or more?"),
        ("step_weight", "meetings", 1, "How many such meetings were there?"),
        ("step_edges", "pairs", 0, "How many pairs of those buy in step, too?"),
        ("step_oddity_edges", "log ratio", 1, "How far from usual is pairs by these neighbours?"),
        ("step_clustering", "part", 1, "Which part of pairs of these neighbours, too?"),
        ("step_core", "members", 1, "In how dense a part of those in step is the member?"),
        ("step_rank", "rank", 0, "What is the PageRank by buying in step?"),
        ("referral_rank", "rank", 0, "What is the PageRank by invitations?"),
    ),
    *_family(
        "propagation",
        ("confirmed_identity", "part", 1, "How near are confirmed members by tokens?"),
        ("confirmed_referral", "part", 1, "How near are confirmed members by invitations?"),
        ("confirmed_step", "part", 1, "How near are confirmed members by buying in step?"),
    ),
    *_family(
        "clicks",
        ("clicks_made", "clicks", 0, "How many clicks did the member make?"),
        ("clicks_made_top_part", "part", 0, "Which part of five or more is on one's shares?"),
        ("clicks_got", "clicks", 0, "How many clicks did own shares get?"),
        ("clicks_per_clicker", "ratio", 1, "How many clicks does one clicker make?"),
        ("click_gap_seconds", "seconds", -1, "How long is it from click to click?"),
        ("click_gap_variation", "ratio", 0, "How regular are these gaps?"),
        ("click_close_part", "part", 1, "Which part of clicks is 15 s or less after another?"),
        ("visitor_part", "part", 0, "Which part of clicks is of unknown visitors?"),
        ("conversion", "log ratio", 0, "How many orders for a click, against all shares?"),
        ("conversion_low", "clicks", 1, "How many more clicks than its orders take elsewhere?"),
        ("earned_touch_seconds", "seconds", -1, "How long from click to order that it earned?"),
        ("quick_part", "part", 1, "Which part of earned orders is within 30 s of the click?"),
        ("snatched", "orders", 1, "How many quick ones had another's click before?"),
        ("snatched_part", "part", 1, "Which part of earned orders is such?"),
    ),
    *_family(
        "ties",
        ("own_shop_part", "part", 1, "Which part of orders is from the person's own shops?"),
        ("self_earned_part", "part", 1, "Which part of orders earns the person itself?"),
        ("shop_sales_top_part", "part", 1, "Which part of own shops' orders is one buyer's?"),
        ("shop_sales_inside_part", "part", 1, "Which part is of who shares tokens with the owner?"),
        ("shop_back_part", "part", 1, "Which part of orders is from owners who buy back?"),
        ("shop_loops", "loops", 1, "How many rounds of three buy from each other's shops?"),
        ("shop_exclusive", "weight", 1, "How little do the shops sell to others who buy much?"),
        ("earned_back_part", "part", 1, "Which part of orders earns who earns the member too?"),
        ("earned_loops", "loops", 1, "How many rounds of three earn from each other?"),
        ("earned_orders", "orders", 0, "How many orders does the member earn from?"),
        ("earned_per_buyer", "ratio", 1, "How many of them for each buyer?"),
        ("earned_top_part", "part", 1, "Which part of three or more is one buyer's?"),
        ("earned_inside_part", "part", 1, "Which part is of who shares tokens with the earner?"),
        ("earned_refunded_part", "part", 1, "Which part of these went back?"),
        ("earned_late_part", "part", 1, "Which part of these went back after completion?"),
        ("earned_variation", "ratio", -1, "How far are their amounts apart?"),
    ),
    *_family(
        "ladder",
        ("month_sales_max_minor", "minor units", 0, "What are the most promoted sales of a month?"),
        (
            "step_above_part",
            "part",
            -1,
            "How far above a step of the ladder was a month, at least?",
        ),
        ("step_rush_part", "part", 1, "Which part of such a month was in its last five days?"),
        ("step_lost", "months", 1, "How many months were above a step only before refunds?"),
        ("step_buyers_part", "part", -1, "How many buyers for each order of such a month?"),
    ),
)
BY_NAME: Final[Mapping[str, Feature]] = {one.name: one for one in FEATURES}
FAMILIES: Final[tuple[str, ...]] = tuple(dict.fromkeys(one.family for one in FEATURES))
