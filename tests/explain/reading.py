"""Reads a formula again as a person would: from its text alone, without the code that wrote it."""

import re
from fractions import Fraction
from math import floor

TEXT = re.compile(r"floor\((?P<product>.*)\)(?P<less>( − [\d,]+)*) = (?P<result>-?[\d,]+)")


def number(text: str) -> Fraction:
    """10,000 or 0.08 or 3/4 or (1.5 − 1)."""
    plain = text.strip().replace(",", "")
    if plain.startswith("("):
        first, second = plain[1:-1].split(" − ")
        return number(first) - number(second)
    return Fraction(plain)


def read_formula(text: str) -> tuple[int, int]:
    """What a formula comes to by its numbers, and what it says that it comes to."""
    found = TEXT.fullmatch(text)
    assert found is not None, text
    product = Fraction(1)
    for part in found["product"].split(" × "):
        product *= number(part)
    less = sum(int(one.replace(",", "")) for one in found["less"].split(" − ")[1:])
    return floor(product) - less, int(found["result"].replace(",", ""))


def read_share(text: str) -> tuple[Fraction, Fraction]:
    """A share of the pool by the numbers of its curve, and what it says."""
    if text == "0":
        return Fraction(0), Fraction(0)
    curve = r"\(([\d./]+) × (\d+)/(\d+) \+ ([\d./]+) × \((\d+)/(\d+)\)²\)"
    found = re.fullmatch(rf"{curve} − {curve} = (\S+)", text)
    assert found is not None, text
    numbers = [Fraction(one) for one in found.groups()[:12]]

    def height(a: Fraction, b: Fraction, c: Fraction, d: Fraction, e: Fraction, f: Fraction):
        return a * b / c + d * (e / f) ** 2

    return height(*numbers[:6]) - height(*numbers[6:]), Fraction(found.group(13))
