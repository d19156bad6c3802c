"""What may be concluded of a case, and what does that say of its members?"""

from collections.abc import Mapping
from typing import Final, Literal

Conclusion = Literal[
    "confirmed_fraud", "policy_abuse", "false_positive", "inconclusive", "confirmed", "cleared"
]
Verdict = Literal["confirmed", "cleared", "inconclusive"]
# The words of the first contract are verdicts; abuse of the rules is learnt from as fraud is.
VERDICTS: Final[Mapping[Conclusion, Verdict]] = {
    "confirmed_fraud": "confirmed",
    "confirmed": "confirmed",
    "policy_abuse": "confirmed",
    "false_positive": "cleared",
    "cleared": "cleared",
    "inconclusive": "inconclusive",
}
# What a label of a member counts in learning, by its place in the case (decimals). Source: issue 8.
CORE_WEIGHT: Final = "1"
PERIPHERAL_WEIGHT: Final = "0.3"
