"""Attribution, teams and fraud on a graph of a social-commerce mall's referrals."""

from importlib.metadata import version

__version__ = version("graph-service")
