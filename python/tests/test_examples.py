"""The examples for Home Assistant and MQTT."""

import asyncio
import dataclasses
import gc
import importlib.util
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import trustdir

EXAMPLES = Path(__file__).parents[2] / "examples"
COMPONENT = EXAMPLES / "home_assistant/custom_components/trustdir"


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(COMPONENT)
    Keeper = importlib.import_module("keeper").Keeper
    (tmp_path / "ssl").mkdir()
    return Keeper(
        authority=tmp_path / "pki",
        certificate=tmp_path / "ssl/fullchain.pem",
        key=tmp_path / "ssl/privkey.pem",
        names=["localhost", "192.168.1.5"],
        clients=tmp_path / "clients",
        passphrase="test",
    )


def test_files_are_kept_fresh(keeper: Any) -> None:
    """Whoever reads both files at any moment gets a pair."""
    assert keeper.refresh() and not keeper.refresh()
    first = trustdir.Identity.load(keeper.certificate, keeper.key)
    assert first.certificate.names == ["DNS:localhost", "IP:192.168.1.5"]
    modes = [path.stat().st_mode for path in (keeper.certificate, keeper.key)]

    soon = datetime.now(UTC) + timedelta(days=29)
    began = soon - timedelta(days=365)
    late = keeper.open().renew(first.certificate, not_before=began, not_after=soon).certificate
    keeper.certificate.write_bytes(late.pem)
    assert keeper.refresh() and not keeper.refresh()
    renewed = trustdir.Identity.load(keeper.certificate, keeper.key).certificate
    assert renewed.not_after > soon + timedelta(days=30) and renewed.names == first.certificate.names
    assert [path.stat().st_mode for path in (keeper.certificate, keeper.key)] == modes
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(keeper.certificate, keeper.key)


def test_other_names_are_taken(keeper: Any) -> None:
    """The key stays; how a name is written makes no difference."""
    keeper.refresh()
    first = trustdir.Identity.load(keeper.certificate, keeper.key)
    wider = dataclasses.replace(keeper, names=["LocalHost", "fd00:0::5"])
    assert wider.refresh() and not wider.refresh()
    second = trustdir.Identity.load(keeper.certificate, keeper.key)
    assert second.certificate.names == ["DNS:localhost", "IP:fd00::5"]
    assert second.key_pem() == first.key_pem()


def test_a_lost_key_is_made_again(keeper: Any) -> None:
    keeper.refresh()
    keeper.key.unlink()
    assert keeper.refresh() and not keeper.refresh()
    trustdir.Identity.load(keeper.certificate, keeper.key)


def test_an_authority_that_is_out_of_reach_is_not_made_again(keeper: Any) -> None:
    """A disk that is not mounted: its folder is empty, or not there."""
    keeper.refresh()
    keeper.authority.rename(keeper.authority.with_name("elsewhere"))
    with pytest.raises(trustdir.NotFoundError):
        keeper.refresh()
    with pytest.raises(trustdir.NotFoundError):
        dataclasses.replace(keeper, authority=keeper.authority / "disk/pki", certificate=keeper.key).open()
    assert not keeper.authority.exists()


def test_an_authority_without_a_passphrase_is_told_of(keeper: Any, caplog: pytest.LogCaptureFixture) -> None:
    keeper.refresh()
    assert not caplog.records
    keeper.certificate.unlink()
    dataclasses.replace(keeper, authority=keeper.authority.with_name("open"), passphrase=None).open()
    assert "not encrypted" in caplog.text


def test_what_visitors_and_owners_are_told(keeper: Any, alice: trustdir.Identity) -> None:
    keeper.refresh()
    assert keeper.root() == keeper.open().trust_anchor.der
    installed = trustdir.TrustDir(keeper.clients, create=True).install(alice.certificate)
    assert keeper.list_clients() == [
        {
            "subject": "CN=alice",
            "until": alice.certificate.not_after.isoformat(),
            "fingerprint": alice.certificate.fingerprint,
            "file": str(installed.file),
        }
    ]


@pytest.fixture
def home_assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the component uses of Home Assistant, as that documents it."""
    told = SimpleNamespace(views=[], services={}, notes=[], intervals=[])

    async def run(work: Callable[[], object]) -> object:
        return await asyncio.to_thread(work)

    def module(name: str, **contents: object) -> None:
        made = ModuleType(name)
        vars(made).update(contents)
        monkeypatch.setitem(sys.modules, name, made)

    notification = SimpleNamespace(async_create=lambda hass, text, **options: told.notes.append(text))
    module("homeassistant")
    module("homeassistant.components", persistent_notification=notification)
    module("homeassistant.components.http", HomeAssistantView=object)
    module("homeassistant.core", HomeAssistant=object, ServiceCall=object, SupportsResponse=SimpleNamespace(ONLY="only"))
    module("homeassistant.helpers")
    module("homeassistant.helpers.event", async_track_time_interval=lambda *of: told.intervals.append(of))
    told.hass = SimpleNamespace(
        config=SimpleNamespace(config_dir=str(tmp_path)),
        http=SimpleNamespace(register_view=told.views.append),
        services=SimpleNamespace(async_register=lambda _, name, service, **how: told.services.update({name: service})),
        async_add_executor_job=run,
    )
    return told


def test_the_component(home_assistant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specification = importlib.util.spec_from_file_location(
        "component", COMPONENT / "__init__.py", submodule_search_locations=[str(COMPONENT)]
    )
    assert specification is not None and specification.loader is not None
    component: Any = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "component", component)
    specification.loader.exec_module(component)
    assert json.loads((COMPONENT / "manifest.json").read_text())["domain"] == component.DOMAIN

    async def main() -> None:
        settings = {"authority": "pki", "certificate": "chain.pem", "key": "key.pem", "names": ["localhost"], "clients": "c"}
        trustdir.TrustDir(tmp_path / "c", create=True)
        assert await component.async_setup(home_assistant.hass, {"trustdir": settings})
        (view,) = home_assistant.views
        root = trustdir.Certificate.from_der((await view.get(None)).body)
        assert root.is_authority and trustdir.Certificate.load(tmp_path / "chain.pem").is_signed_by(root)
        assert await home_assistant.services["list_clients"](None) == {"clients": []}
        await home_assistant.services["refresh"](None)
        assert len(home_assistant.notes) == len(home_assistant.intervals) == 1

    asyncio.run(main())


@pytest.mark.parametrize("file", ["home_assistant/mqtt.py", "home_assistant/custom_components/trustdir/keeper.py"])
def test_types(file: str, tmp_path: Path) -> None:
    copy = tmp_path / Path(file).name  # where it lies, its folder would be taken for the package
    copy.write_text((EXAMPLES / file).read_text())
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "/dev/null", copy.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def start(configuration: Path) -> "subprocess.Popen[bytes] | None":
    """mosquitto once it runs; none when it ends before."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    process = subprocess.Popen(["mosquitto", "-c", configuration], env={"PATH": path}, stderr=subprocess.PIPE)
    assert process.stderr is not None
    if any(b"running" in line for line in process.stderr):
        return process
    process.stderr.close()
    process.wait()
    return None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Any]:
    """mosquitto, with what the example makes for it."""
    sys.path.insert(0, str(EXAMPLES / "home_assistant"))
    example = importlib.import_module("mqtt")
    sys.path.pop(0)
    for attempt in range(10):  # somebody else may take the port first
        directory = tmp_path / str(attempt)
        directory.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        example.make(directory, port)
        configuration = directory / "mosquitto.conf"
        if os.getuid() == 0:
            configuration.write_text(configuration.read_text() + "user root\n")
        if process := start(configuration):
            break
    assert process is not None and process.stderr is not None, "mosquitto ends by itself"
    with process:
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        yield SimpleNamespace(example=example, port=port, directory=directory)
        process.terminate()
        process.wait()
        drain.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves its sockets to the collector
def test_mqtt(broker: Any) -> None:
    assert broker.example.report(broker.directory, broker.port, "21.5") == "21.5"
    stranger = trustdir.Authority.create(broker.directory / "other").issue_client("sensor")
    for path, text in (("sensor.cert.pem", stranger.chain_pem), ("sensor.key.pem", stranger.key_pem())):
        (broker.directory / path).write_bytes(text)
    with pytest.raises(ConnectionError):
        broker.example.report(broker.directory, broker.port, "21.5")
    gc.collect()
