"""Real brokers, started by tests: one interface for all of them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import ClassVar, Self

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from pystomp_web.protocol import Decoder, Frame, encode

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUILD = ROOT / "build" / "brokers"
#: Seconds until a broker must answer STOMP; the first start on a busy machine is slow.
START = 90.0
#: Seconds that a broker has to stop by itself.
PATIENCE = 5.0


class BrokerFailure(Exception):
    """A broker did not start; the text ends with what it logged."""


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Launcher(ABC):
    """One broker in a scratch folder of its own, on free ports of 127.0.0.1. A context manager.

    Attributes:
        name: for the command line and tables.
        version: of the broker.
        row: its name in `pystomp_web.brokers`.
        login, passcode: that it takes.
        url: of its WebSocket; it stays the same over a restart.
        burst: how many messages may be under way to it.
        window: how many messages, of four, it delivers before the first ACK.
        acks: whether its messages can be acknowledged.
        beats_in, beats_out: how many heart-beats a test waits for.
        provoke: how to get an ERROR of it: a `destination` or `headers` whose SUBSCRIBE it refuses; with `unsubscribe`,
            whose UNSUBSCRIBE; `nack`; or something `raw`.

    Args:
        origin: of the pages that will use it, for those brokers that ask.
        names: what `topic` and `queue` will be asked for: some brokers must know them before they start.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    row: ClassVar[str]
    login: ClassVar[str | None] = None
    passcode: ClassVar[str | None] = None
    path: ClassVar[str] = "/"
    subprotocol: ClassVar[str] = "v11.stomp"
    connect_headers: ClassVar[Mapping[str, str]] = MappingProxyType({})
    acks: ClassVar[bool] = True
    window: ClassVar[int] = 4
    burst: ClassVar[int] = 200
    beats_in: ClassVar[int] = 4
    beats_out: ClassVar[int] = 4
    provoke: ClassVar[Mapping[str, object]] = MappingProxyType({})

    def __init__(self, origin: str = "http://127.0.0.1", names: Sequence[str] = ("test",)) -> None:
        self.origin = origin
        self.names = tuple(names)
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.log = self.folder / "broker.log"
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where a page connects to."""
        return f"ws://127.0.0.1:{self.port}{self.path}"

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What to run, in the scratch folder; it must stay in the foreground."""

    def environment(self) -> dict[str, str]:
        """The variables to run it with."""
        return {**os.environ, "HOME": str(self.folder)}

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Whatever must be built or written before the command runs."""

    def topic(self, name: str) -> str:
        """A topic that nobody else uses."""
        return f"/topic/{name}"

    def queue(self, name: str) -> str:
        """A queue that nobody else uses."""
        return f"/queue/{name}"

    def start(self) -> None:
        """Start it, and wait until it answers CONNECT.

        Raises:
            BrokerFailure: it does not; the log is in the text, and its file is kept.
        """
        self.prepare()
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, str(HERE / "guard.py"), str(PATIENCE), *self.command()],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # what ends the tests' own group must not end the guard before the broker
            )
        deadline = time.monotonic() + START
        problem: BaseException | None = None
        while time.monotonic() < deadline and self._guard.poll() is None:
            try:
                self.probe()
            except (OSError, TimeoutError, WebSocketException, AssertionError) as error:
                problem = error
                time.sleep(0.1)
            else:
                return
        self.stop(keep=True)
        text = self.log.read_text(errors="replace")[-4000:]
        raise BrokerFailure(
            f"{self.name} {self.version} does not answer at {self.url}: {problem!r}\n{self.log}:\n{text}"
        )

    def probe(self) -> Frame:
        """Open the WebSocket and speak STOMP; CONNECTED."""
        headers = {"accept-version": "1.0,1.1,1.2", **self.connect_headers}
        if self.login is not None and self.passcode is not None:
            headers |= {"login": self.login, "passcode": self.passcode}
        with connect(
            self.url, subprotocols=[Subprotocol(self.subprotocol)], open_timeout=5, close_timeout=0.2, proxy=None
        ) as websocket:
            websocket.send(encode(Frame("CONNECT", headers), "1.2").decode())
            data = websocket.recv(timeout=5)
            answer = next(Decoder("1.2").feed(data.encode() if isinstance(data, str) else data))
            assert answer.command == "CONNECTED", answer
            # Some leave a zombie behind where the socket is just dropped.
            websocket.send(encode(Frame("DISCONNECT", {"receipt": "bye"}), "1.2").decode())
            with suppress(TimeoutError, WebSocketException):
                websocket.recv(timeout=1)
            return answer

    def stop(self, *, keep: bool = False) -> None:
        """Stop it and remove its folder, unless that is to be kept."""
        self.kill()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """Stop it, and keep its folder and port: `start` starts it again."""
        guard, self._guard = self._guard, None
        if guard is not None:
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop(keep=error is not None)
