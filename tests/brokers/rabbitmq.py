"""RabbitMQ with its Web-STOMP plugin, Debian's package."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from tests.brokers.launcher import Launcher, free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def installed_version() -> str | None:
    """The installed version; None where there is none."""
    if not SERVER.exists():
        return None
    found = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"], capture_output=True, text=True, check=False
    )
    return found.stdout.partition("-")[0] or "unknown"


class RabbitMQ(Launcher):
    """A node of its own, with an epmd of its own, so that both end with it."""

    name = "rabbitmq"
    version = installed_version() or "not installed"
    row = "rabbitmq"
    login = "guest"
    passcode = "guest"
    path = "/ws"
    connect_headers = MappingProxyType({"host": "/"})
    provoke = MappingProxyType({"destination": "/exchange/nowhere/key"})

    def prepare(self) -> None:
        (self.folder / "plugins").write_text("[rabbitmq_stomp,rabbitmq_web_stomp].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{free_port()}\n"
            f"stomp.listeners.tcp.1 = 127.0.0.1:{free_port()}\n"
            "web_stomp.tcp.ip = 127.0.0.1\n"
            f"web_stomp.tcp.port = {self.port}\n"
            "loopback_users = none\n"
            "log.console = true\nlog.console.level = warning\n"
        )

    def command(self) -> Sequence[str]:
        epmd = shutil.which("epmd") or "epmd"
        return ["sh", "-c", f'{epmd} -address 127.0.0.1 -port "$ERL_EPMD_PORT" & exec {SERVER}']

    def environment(self) -> dict[str, str]:
        epmd_port, dist_port = free_port(), free_port()
        return {
            **super().environment(),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port),
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_NODENAME": f"test-{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
