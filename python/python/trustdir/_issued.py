"""How what an authority has issued stands, and why it was revoked."""

from datetime import UTC, datetime
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trustdir._trustdir import Issued


class IssuedStatus(StrEnum):
    """How a certificate stands with its authority; each member equals its code as text.

    Example:
        >>> from trustdir import IssuedStatus
        >>> IssuedStatus.VALID == "VALID"
        True
    """

    VALID = "VALID"
    """Neither revoked nor over."""
    EXPIRED = "EXPIRED"
    """Its validity is over."""
    REVOKED = "REVOKED"
    """Revoked."""


class RevocationReason(StrEnum):
    """Why a certificate was revoked, in the words of `openssl ca`; each member equals its word as text.

    Example:
        >>> from trustdir import RevocationReason
        >>> RevocationReason.KEY_COMPROMISE
        <RevocationReason.KEY_COMPROMISE: 'keyCompromise'>
    """

    UNSPECIFIED = "unspecified"
    """No reason is given."""
    KEY_COMPROMISE = "keyCompromise"
    """Somebody else may have the private key."""
    CA_COMPROMISE = "CACompromise"
    """Somebody else may have the authority's private key."""
    AFFILIATION_CHANGED = "affiliationChanged"
    """The subject's name or relation has changed."""
    SUPERSEDED = "superseded"
    """Another certificate has taken its place."""
    CESSATION_OF_OPERATION = "cessationOfOperation"
    """It is needed no more."""
    CERTIFICATE_HOLD = "certificateHold"
    """On hold: the one reason that can be taken back."""


class IssuedList(list["Issued"]):
    """What an authority has issued: a list, and a table where a notebook shows it.

    Example:
        >>> import trustdir
        >>> ca = trustdir.Authority.create("pki")
        >>> nas = ca.issue_server("nas.home.arpa")
        >>> [issued.subject for issued in ca.issued()]
        ['CN=nas.home.arpa']
        >>> "<td>CN=nas.home.arpa</td>" in ca.issued()._repr_html_()
        True
    """

    def plot(self, axes: Any = None) -> Any:
        """Draws how long each certificate lasts, the one that ends first at the top.

        Args:
            axes: Where matplotlib draws; its own current axes if not given.

        Returns:
            The axes.
        """
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.gca()
        colours = {IssuedStatus.VALID: "tab:green", IssuedStatus.EXPIRED: "tab:red", IssuedStatus.REVOKED: "tab:gray"}
        now = datetime.now(UTC)
        lasting = sorted(self, key=lambda issued: issued.not_after, reverse=True)
        days = [(issued.not_after - now).total_seconds() / 86400 for issued in lasting]
        axes.barh(range(len(lasting)), days, color=[colours[issued.status] for issued in lasting])
        axes.set_yticks(range(len(lasting)), [f"{issued.subject} ({issued.serial[-6:]})" for issued in lasting])
        axes.set_xlabel("days")
        return axes

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(issued.subject)}</td><td>{issued.not_after:%Y-%m-%d}</td>"
            f"<td>{issued.status}</td><td>{issued.serial}</td></tr>"
            for issued in self
        )
        head = "<tr><th>subject</th><th>until</th><th>status</th><th>serial</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


for _class in (IssuedStatus, IssuedList, RevocationReason):
    _class.__module__ = "trustdir"  # where they are imported from
