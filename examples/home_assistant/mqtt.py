"""A sensor that reports to an MQTT broker over TLS, as a client whom the broker admits by the house's authority.

Make the identities, and start the broker (Debian: mosquitto) with the configuration that is printed::

    python3 mqtt.py house --make
    mosquitto -c house/mosquitto.conf

Report a temperature, and hear it::

    python3 mqtt.py house --publish 21.5
"""

from __future__ import annotations

import argparse
import queue
from pathlib import Path

import paho.mqtt.client as mqtt
import trustdir
from paho.mqtt.enums import CallbackAPIVersion

TOPIC = "house/temperature"

CONFIGURATION = """\
per_listener_settings true
listener {port} 127.0.0.1
cafile {directory}/pki/cacert.pem
certfile {directory}/broker.cert.pem
keyfile {directory}/broker.key.pem
require_certificate true
use_identity_as_username true
"""


def make(directory: Path, port: int) -> None:
    """The authority, the broker's identity and a sensor's; mosquitto admits whom the authority vouches for."""
    authority = trustdir.Authority.create(directory / "pki", name="House")
    authority.issue_server("localhost", "127.0.0.1").save(directory / "broker.cert.pem", directory / "broker.key.pem")
    authority.issue_client("sensor").save(directory / "sensor.cert.pem", directory / "sensor.key.pem")
    (directory / "mosquitto.conf").write_text(CONFIGURATION.format(port=port, directory=directory.resolve()))


def report(directory: Path, port: int, value: str) -> str:
    """Sends it, and waits until the broker has sent it back."""
    heard: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    identity = trustdir.Identity.load(directory / "sensor.cert.pem", directory / "sensor.key.pem")
    authority = trustdir.Certificate.load(directory / "pki/cacert.pem")
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.tls_set_context(trustdir.ClientContext(authorities=authority, identity=identity))

    def connected(*_: object) -> None:
        client.subscribe(TOPIC, qos=1)

    def subscribed(*_: object) -> None:
        client.publish(TOPIC, value, qos=1)

    def disconnected(*_: object) -> None:
        heard.put(None)

    def received(_: object, __: object, message: mqtt.MQTTMessage) -> None:
        heard.put(message.payload.decode())

    client.on_connect, client.on_subscribe = connected, subscribed
    client.on_disconnect, client.on_message = disconnected, received
    client.connect("localhost", port)
    client.loop_start()
    try:
        if (back := heard.get(timeout=10)) is None:
            raise ConnectionError("the broker has ended the connection; does its authority vouch for this sensor?")
        return back
    finally:
        client.disconnect()
        client.loop_stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A sensor that reports to an MQTT broker.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--make", action="store_true", help="make the identities and the broker's configuration")
    parser.add_argument("--publish", metavar="VALUE", default="21.5")
    parser.add_argument("--port", type=int, default=8883)
    options = parser.parse_args()
    if options.make:
        options.directory.mkdir()
        make(options.directory, options.port)
        print((options.directory / "mosquitto.conf").read_text())
    else:
        print(f"{TOPIC}: {report(options.directory, options.port, options.publish)}")


if __name__ == "__main__":
    main()
