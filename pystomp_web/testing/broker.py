"""The broker of a test: the embedded one on a free port, in a thread of its own, with the faults a real one has."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..client.compose import body_of
from ..client.message import Message
from ..protocol import Frame
from ..server.broker import Broker
from ..server.config import BrokerLimits, ServerConfig
from ..server.connection import Connection, State
from ..server.messages import Message as Published
from ..server.subscriptions import Subscription

if TYPE_CHECKING:
    from aiohttp import web

    from ..server.destinations import Consumer

_T = TypeVar("_T")


class StompBroker:
    """A broker to test against; what the fixture `stomp_broker` gives. A context manager, for use without pytest.

    Every method may be called from any thread. Those that wait block it: a coroutine awaits their twins in `aio`
    (`await stomp_broker.aio.received("/queue/orders")`), or a client in the same loop would never get its turn.

    Args:
        login: who may connect; None: everybody.
        passcode: that login's passcode.
        allow_origins: origins whose pages may connect, besides pages of the broker's own origin.
        heartbeat: seconds: (the broker sends, the broker wants); 0 is off.

    Attributes:
        aio: every method once more, to be awaited.
        port: in use; it stays the same across restarts.
    """

    def __init__(
        self,
        *,
        login: str | None = None,
        passcode: str | None = None,
        allow_origins: Iterable[str] = (),
        heartbeat: tuple[float, float] = (10.0, 10.0),
    ) -> None:
        self._config = ServerConfig(
            login=login,
            passcode=passcode,
            allow_origins=tuple(allow_origins),
            heartbeat=(round(heartbeat[0] * 1000), round(heartbeat[1] * 1000)),
            limits=BrokerLimits(close_timeout=1.0),
        )
        self.aio = _Async(self)
        self.port = 0
        self._csp: str | None = ""
        self._delay = 0.0
        self._refusing = 0
        self._sent: list[Message] = []
        self._changed = asyncio.Event()
        self._sockets: set[asyncio.Transport] = set()
        self._broker = _Broker(self)
        self._runner: web.AppRunner | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="stomp_broker", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What a client connects to: ws://127.0.0.1:PORT/stomp."""
        return f"ws://127.0.0.1:{self.port}/stomp"

    @property
    def origin(self) -> str:
        """http://127.0.0.1:PORT, where `serve` has its pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many clients are connected (got their CONNECTED)."""
        return self._call(lambda: len(self._connected()))

    def publish(self, destination: str, body: Any = b"", headers: Mapping[str, str] | None = None) -> str:
        """Publish a message; `received` does not tell of it.

        Args:
            destination: such as "/topic/prices".
            body: str, bytes, or what JSON takes: that gets a content-type application/json unless one is given.
            headers: more headers.

        Returns:
            Its message-id.

        Raises:
            ValueError: the broker has no such kind of destination.
            RuntimeError: the broker is stopped.
        """
        octets, content_type = body_of(body)
        implied = {} if content_type is None else {"content-type": content_type}

        def publish() -> str:
            if self._runner is None:
                raise RuntimeError("the broker is stopped: start() it")
            return self._broker.publish(destination, octets, implied | dict(headers or {}))

        return self._call(publish)

    def received(self, destination: str | None = None, count: int = 1, timeout: float = 10.0) -> list[Message]:
        """Wait until clients have sent `count` messages to the destination (None: to any) since the test began.

        Returns:
            All of them so far, in order; they may be more. With count=0 it does not wait.

        Raises:
            TimeoutError: fewer came within `timeout` seconds.
        """
        words = f"messages to {destination or 'any destination'} came"
        return self._wait(self._until(count, timeout, words, lambda: self._sent, destination))

    def wait_connected(self, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until `count` clients are connected, or raise TimeoutError."""
        self._wait(self._until(count, timeout, "clients were connected", self._connected))

    def wait_subscribed(self, destination: str, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until there are `count` subscriptions to the destination, or raise TimeoutError."""

        def found() -> list[Subscription]:
            return [each for one in self._broker.connections for each in one.subscriptions.values()]

        self._wait(self._until(count, timeout, f"subscriptions to {destination} came", found, destination))

    def cut(self) -> None:
        """Break every connection without a handshake (clients see 1006), and wait until the broker has let go."""
        self._wait(self._cut())

    def refuse(self, status: int = 503) -> None:
        """Answer new handshakes with this HTTP status until `accept`. Connections that are open stay: see `cut`."""
        self._refusing = status

    def accept(self) -> None:
        """Take new connections again."""
        self._refusing = 0

    def delay(self, seconds: float) -> None:
        """Hold back every frame and beat from now on for so long; 0 ends it. Their order stays."""
        self._delay = seconds

    def stop(self) -> None:
        """Close every connection with 1001 and let go of the port. Subscriptions and queues are gone."""
        self._wait(self._stop())

    def start(self) -> None:
        """Listen, on the port of before if there was one. Does nothing when it does already."""
        self._wait(self._start())

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def serve(
        self, root: Path | None = None, pyodide: Path | None = None, wheel: Path | None = None, csp: str | None = ""
    ) -> None:
        """Restart as a server of pages too, on the same origin.

        Args:
            root: the folder of the pages.
            pyodide: the folder served at /pyodide/.
            wheel: the file served at /wheel/ and named by /wheel.json.
            csp: the pages' Content-Security-Policy; "": the strict one of `python -m pystomp_web.server`; None: none.
        """
        self._config = replace(self._config, root=root, pyodide=pyodide, wheel=wheel)
        self._csp = csp
        self.restart()

    def close(self) -> None:
        """End it all, without a handshake. Twice is fine."""
        if self._thread.is_alive():
            self.refuse()
            self.cut()
            self.stop()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    # --- across threads

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
        except TimeoutError as error:
            with suppress(RuntimeError):
                if asyncio.current_task() is not None:
                    error.add_note("This call has blocked the event loop that it was made in: await the one in `.aio`.")
            raise

    def _call(self, function: Callable[[], _T]) -> _T:
        async def call() -> _T:
            return function()

        return self._wait(call())

    # --- in the broker's own thread

    def _note(self) -> None:
        """Something has happened: who waits looks again."""
        self._changed.set()
        self._changed.clear()

    async def _until(
        self, count: int, timeout: float, words: str, found: Callable[[], Iterable[_T]], destination: str | None = None
    ) -> list[_T]:
        """Wait for so many, of a destination where one is given."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    everything = list(found())
                    fitting = [it for it in everything if destination in (None, getattr(it, "destination", None))]
                    if len(fitting) >= count:
                        return fitting
                    await self._changed.wait()
        except TimeoutError:
            elsewhere = sorted({getattr(it, "destination", "") for it in everything if it not in fitting})
            raise TimeoutError(
                f"{len(fitting)} of {count} {words} within {timeout:g} s" + f", but: {elsewhere}" * bool(elsewhere)
            ) from None

    def _connected(self) -> list[Connection]:
        return [connection for connection in self._broker.connections if connection.state is State.OPEN]

    async def _cut(self) -> None:
        sockets = set(self._sockets)
        for socket in sockets:
            socket.abort()
        while sockets & self._sockets:
            await self._changed.wait()

    async def _stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _start(self) -> None:
        if self._runner is not None:
            return
        from aiohttp import web

        from ..server.app import STOMP_PATH, create_app

        @web.middleware
        async def tap(
            request: web.Request, handler: Callable[..., Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            if request.path != STOMP_PATH:
                return await handler(request)
            if self._refusing:
                return web.Response(status=self._refusing, text="refused by the test\n")
            socket = request.transport
            assert socket is not None
            self._sockets.add(socket)
            try:
                return await handler(request)
            finally:
                self._sockets.discard(socket)
                self._note()

        async def set_policy(_: web.Request, response: web.StreamResponse) -> None:
            if self._csp != "":
                response.headers.popall("Content-Security-Policy", None)
            if self._csp:
                response.headers["Content-Security-Policy"] = self._csp

        self._broker = _Broker(self)
        app = create_app(self._config, broker=self._broker)
        app.middlewares.append(tap)
        app.on_response_prepare.append(set_policy)
        self._runner = runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, self._config.host, self.port).start()
        self.port = runner.addresses[0][1]


class _Async:
    """The methods of a `StompBroker`, each in a thread in which it may wait."""

    def __init__(self, broker: StompBroker) -> None:
        self._broker = broker

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(asyncio.to_thread, getattr(self._broker, name))


class _Broker(Broker):
    """The embedded broker, that tells a test of what happens and holds back what goes out."""

    def __init__(self, test: StompBroker) -> None:
        config = test._config
        super().__init__(login=config.login, passcode=config.passcode, heartbeat=config.heartbeat, limits=config.limits)
        self._test = test
        self._seen: set[str] = set()
        self._publishing = False

    def connect(self, send: Any, close: Any, **options: Any) -> Connection:
        loop = asyncio.get_running_loop()
        line: deque[Callable[[], None]] = deque()
        last = 0.0

        def put_next() -> None:
            line.popleft()()

        def put(call: Callable[..., None], *arguments: object) -> None:
            nonlocal last
            last = max(last, loop.time() + self._test._delay)
            line.append(partial(call, *arguments))
            if self._test._delay > 0 or len(line) > 1:
                loop.call_at(last, put_next)  # not the item: timers of the same time have no order
            else:
                put_next()
            self._test._note()

        return super().connect(partial(put, send), partial(put, close), **options)

    def forget(self, connection: Connection) -> None:
        super().forget(connection)
        self._test._note()

    def attach(self, name: str, consumer: Consumer, owner: object) -> None:
        super().attach(name, consumer, owner)
        self._test._note()

    def publish(self, *arguments: Any, **options: Any) -> str:
        self._publishing = True
        try:
            return super().publish(*arguments, **options)
        finally:
            self._publishing = False

    def route(self, message: Published) -> None:
        if message.id not in self._seen:  # a dead letter comes a second time
            self._seen.add(message.id)
            if not self._publishing:
                headers = (("destination", message.destination), *message.headers)
                self._test._sent.append(Message(Frame("SEND", headers, message.body), None, 0, 0))
        super().route(message)
        self._test._note()
