"""Would chance alone make so dense a block, when all keep their degrees?

Sources: Karrer and Newman, "Stochastic blockmodels and community structure in networks", Physical
Review E 83 (2011); Grünwald, "The Minimum Description Length Principle" (2007).
"""

from math import lgamma, log


def excess(edges: float, expected: float) -> float:
    """By how many nats a denser block explains its edges better than chance; 0 if not denser."""
    if edges <= expected or expected <= 0:
        return 0.0
    return edges * log(edges / expected) - (edges - expected)


def naming_cost(chosen: int, among: int) -> float:
    """The nats that it takes to say which so many of so many: log of the binomial coefficient.

    A block whose excess is g nats above the cost of its rows and columns is found by chance, in
    all choices of rows and columns of that size together, with a probability of about exp(-g).
    """
    return lgamma(among + 1) - lgamma(chosen + 1) - lgamma(among - chosen + 1)
