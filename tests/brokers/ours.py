"""Our own server: with its embedded broker, and as a gateway before CoilMQ."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from importlib.metadata import version
from types import MappingProxyType

from tests.brokers.launcher import ROOT, Launcher, free_port


class Embedded(Launcher):
    """The embedded broker of `python -m pystomp_web.server`."""

    name = "embedded"
    version = version("pystomp-web")
    row = "unknown"
    provoke = MappingProxyType({"destination": "nowhere"})
    beats_in = beats_out = 1  # it wants and sends one in 10 s
    login = "alice"
    passcode = "wonderland"
    path = "/stomp"

    def command(self) -> Sequence[str]:
        return [
            *(sys.executable, "-m", "pystomp_web.server", "--port", str(self.port), "--root", str(ROOT / "web")),
            *("--allow-origin", self.origin, "--login", str(self.login)),
        ]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYSTOMP_PASSCODE": str(self.passcode)}


class CoilMQ(Launcher):
    """CoilMQ, which speaks plain TCP only, behind our gateway."""

    name = "coilmq"
    version = version("coilmq")
    row = "coilmq"
    window = 1
    burst = 40  # its parser fails when a read of 4096 octets ends in a header
    provoke = MappingProxyType({"nack": True})
    path = "/stomp"

    def command(self) -> Sequence[str]:
        tcp = free_port()
        gateway = (
            f"{sys.executable} -m pystomp_web.server --port {self.port} --root {ROOT / 'web'} "
            f"--allow-origin {self.origin} --broker tcp://127.0.0.1:{tcp} --vhost {socket.getfqdn()}"
        )
        return ["sh", "-c", f"{sys.executable} -m coilmq.start -b 127.0.0.1 -p {tcp} & exec {gateway}"]
