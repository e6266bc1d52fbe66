"""Keeps Home Assistant's certificate fresh, offers the house's authority for download, and lists who is admitted.

Install the wheel of trustdir where Home Assistant runs (`python -m pip install trustdir-….whl`), copy this folder to
`config/custom_components/trustdir`, and write into configuration.yaml::

    trustdir:
      authority: pki
      certificate: ssl/fullchain.pem
      key: ssl/privkey.pem
      names: [home.example.org, 192.168.1.5]
      clients: clients
      passphrase: !secret trustdir

    http:
      ssl_certificate: ssl/fullchain.pem
      ssl_key: ssl/privkey.pem

Start once without the `http` part, so that the files are made. Visitors take in `https://…/api/trustdir/ca.crt`. Home
Assistant reads its certificate when it starts, and it makes its own TLS: a notification asks for the restart after a
renewal, and the directory of clients is for the house's other services, such as an MQTT broker - it admits nobody to
Home Assistant, and keeps nobody out.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from homeassistant.components import persistent_notification
from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers.event import async_track_time_interval

from .keeper import Keeper

DOMAIN = "trustdir"


class RootView(HomeAssistantView):
    """The authority's certificate, for everybody: it is no secret."""

    url = "/api/trustdir/ca.crt"
    name = "api:trustdir:ca"
    requires_auth = False

    def __init__(self, hass: HomeAssistant, keeper: Keeper) -> None:
        self._hass = hass
        self._keeper = keeper

    async def get(self, request: web.Request) -> web.Response:
        root = await self._hass.async_add_executor_job(self._keeper.root)
        return web.Response(body=root, content_type="application/x-x509-ca-cert")


async def async_setup(hass: HomeAssistant, config: dict[str, Any]) -> bool:
    """Home Assistant's way in."""
    keeper = keeper_of(config[DOMAIN], Path(hass.config.config_dir))

    async def refresh(_: object = None) -> None:
        if await hass.async_add_executor_job(keeper.refresh):
            text = f"{keeper.certificate} is new: restart Home Assistant, which reads it when it starts."
            persistent_notification.async_create(hass, text, title="Certificate renewed", notification_id=DOMAIN)

    async def list_clients(call: ServiceCall) -> dict[str, Any]:
        return {"clients": await hass.async_add_executor_job(keeper.list_clients)}

    await refresh()
    hass.http.register_view(RootView(hass, keeper))
    hass.services.async_register(DOMAIN, "refresh", refresh)
    hass.services.async_register(DOMAIN, "list_clients", list_clients, supports_response=SupportsResponse.ONLY)
    async_track_time_interval(hass, refresh, timedelta(days=1))
    return True


def keeper_of(settings: dict[str, Any], config: Path) -> Keeper:
    """What configuration.yaml asks for; paths are relative to its folder."""
    paths = {name: config / settings[name] for name in ("authority", "certificate", "key", "clients") if name in settings}
    return Keeper(names=settings["names"], passphrase=settings.get("passphrase"), **paths)
