"""How much a finding matters."""

from enum import StrEnum


class Severity(StrEnum):
    """How much a finding of `lint` matters, the gravest first; each member equals its code as text.

    Example:
        >>> from trustdir import Severity
        >>> Severity.REFUSED == "REFUSED"
        True
    """

    REFUSED = "REFUSED"
    """Some client refuses outright; the finding names it."""
    WARNING = "WARNING"
    """Nobody refuses, and yet it is wrong or soon will be."""
    NOTE = "NOTE"
    """Worth knowing."""


Severity.__module__ = "trustdir"  # where it is imported from
