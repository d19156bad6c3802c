"""Exact money: integer minor units, rates as fractions, weights as decimal strings."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

# ISO 4217 list one (2024-06), active codes of currencies that people pay with.
CURRENCIES = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
    BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW
    KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
    SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
    VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()
)
AMOUNT_MINOR_MAX = 10**15
DECIMAL_PLACES = 10


def decimal_string(value: Fraction) -> str:
    """A fraction as a plain decimal string: at most 10 places, half to even, no trailing zeros."""
    numerator, denominator = value.as_integer_ratio()
    return str(numerator) if denominator == 1 else _decimal_string(numerator, denominator)


# The weights of a thousand orders are few different ones.
@lru_cache(maxsize=65_536)
def _decimal_string(numerator: int, denominator: int) -> str:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(numerator) / Decimal(denominator)
        text = f"{exact.quantize(Decimal(1).scaleb(-DECIMAL_PLACES), rounding=ROUND_HALF_EVEN):f}"
    return text.rstrip("0").rstrip(".") or "0"


def split_floor(amount_minor: int, weights: Sequence[Fraction], *, rest_to: int) -> list[int]:
    """Split an amount by weights: each part floored, what is left over goes to one of them.

    weights: add up to 1. rest_to: the index of the part that takes the rest.
    """
    parts = [amount_minor * weight.numerator // weight.denominator for weight in weights]
    parts[rest_to] += amount_minor - sum(parts)
    return parts
