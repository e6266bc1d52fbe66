"""For requests: whom to trust, as a `ClientContext` says it."""

from typing import Any

from requests.adapters import HTTPAdapter

from trustdir._context import ClientContext
from trustdir._errors import UnsupportedError

__all__ = ["Adapter"]


class Adapter(HTTPAdapter):
    """What a session of requests is given for the servers that a context is meant for.

    The context alone says whom to trust and who calls: the bundle of public authorities that requests comes with does
    not count, nor one that the environment names. urllib3 takes the context as it is, as
    `PoolManager(ssl_context=context)`.

    Args:
        context: Whom to trust, and who calls.
        options: As for `requests.adapters.HTTPAdapter`.

    Raises:
        UnsupportedError: A request asks for `verify=False` or for a `cert` of its own, which would have no effect.

    Example:
        >>> import requests, trustdir.requests
        >>> node = trustdir.Authority.create("pki").issue_server("node.home.arpa")
        >>> session = requests.Session()
        >>> context = trustdir.ClientContext(pins=node.certificate)
        >>> session.mount("https://node.home.arpa/", trustdir.requests.Adapter(context))
    """

    def __init__(self, context: ClientContext, **options: Any) -> None:
        self._context = context
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Makes the connections' pools, with the context."""
        super().init_poolmanager(*args, **{**options, "ssl_context": self._context})  # type: ignore[no-untyped-call]

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Makes the pools of the connections that go through a proxy, with the context.

        Args:
            proxy: The proxy's address.
            options: As for `requests.adapters.HTTPAdapter.proxy_manager_for`.
        """
        return super().proxy_manager_for(proxy, **{**options, "ssl_context": self._context})

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Says which pool a request uses: one for each host.

        Args:
            request: The request.
            verify: Has no effect here.
            cert: Has no effect here.
        """
        return super().build_connection_pool_key_attributes(request, True, None)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leaves the connection as it is, where requests would have it trust a bundle.

        Args:
            conn: The connection.
            url: The address.
            verify: Anything but False.
            cert: None.

        Raises:
            UnsupportedError: They are something else.
        """
        if verify is False:
            raise UnsupportedError("verify=False would have no effect: the adapter's context says whom it trusts")
        if cert is not None:
            raise UnsupportedError("cert would have no effect: give the adapter's context an identity")


Adapter.__module__ = "trustdir.requests"
