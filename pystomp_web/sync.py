"""A blocking face, for notebooks and the prompt, where the browser can wait (JSPI: JavaScript Promise Integration).

::

    from pystomp_web import sync

    client = sync.connect("/stomp")
    prices = client.subscribe("/topic/prices")
    client.send("/topic/prices", "1.08")
    print(prices.get(timeout=5).text)
    for message in prices:
        print(message.json())

The page goes on meanwhile: only this Python waits. On CPython the client lives in a thread of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from .client.client import Client as _Client
from .client.client import connect as _connect
from .client.message import Message as _Message
from .client.state import State, Stats
from .client.subscription import Subscription as _Subscription
from .client.transaction import Transaction as _Transaction
from .protocol import Headers, Version

__all__ = ["Client", "Message", "Subscription", "Transaction", "connect"]

_T = TypeVar("_T")


class _Waiter(Protocol):
    """How a plain function waits for a coroutine."""

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T: ...

    def stop(self) -> None: ...


class _PageWaiter:
    """In a page: JSPI suspends the Python that called."""

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        from .transport import page

        if not page.can_wait():
            coroutine.close()
            raise RuntimeError(
                "this call cannot wait: the browser has no JSPI (Chromium 137 and Firefox 153 have it), or the code "
                "was entered by a plain callback or runPython; call from runPythonAsync, an async function or the "
                "prompt, or use the asynchronous client: await stomp.connect(...)"
            )
        result: _T = page.wait(coroutine)
        return result

    def stop(self) -> None:
        """Nothing to stop."""


class _ThreadWaiter:
    """On CPython: a loop in a thread of its own."""

    def __init__(self) -> None:
        import threading

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pystomp_web.sync", daemon=True)
        self._thread.start()

    def wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the thread, once what the client left in the loop has ended."""
        if self._loop.is_closed():
            return

        async def settle() -> None:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:
                await asyncio.wait(left, timeout=2)

        self.wait(settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def connect(url: str | Sequence[str], **options: Any) -> Client:
    """Connect, and wait for it. Options and errors as `pystomp_web.connect`.

    Raises:
        RuntimeError: this call cannot wait here; the text says what can.
    """
    waiter: _Waiter = _PageWaiter() if sys.platform == "emscripten" else _ThreadWaiter()

    async def connected() -> _Client:
        return await _connect(url, **options)

    try:
        return Client(waiter.wait(connected()), waiter)
    except BaseException:
        waiter.stop()
        raise


class Client:
    """What `sync.connect()` returns: a client whose calls block. A context manager that closes it."""

    def __init__(self, client: _Client, waiter: _Waiter) -> None:
        self._client = client
        self._waiter = waiter

    def _call(self, function: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
        """A plain call, made where the client lives."""

        async def call() -> _T:
            return function(*arguments, **options)

        return self._waiter.wait(call())

    def send(self, destination: str, body: Any = b"", **options: Any) -> None:
        """As `pystomp_web.Client.send`: headers, content_type, content_length, receipt, timeout."""
        self._waiter.wait(self._client.send(destination, body, **options))

    def subscribe(self, destination: str, **options: Any) -> Subscription:
        """As `pystomp_web.Client.subscribe`, to be iterated: id, ack, headers, maxsize, overflow, restore."""
        return Subscription(self, self._call(self._client.subscribe, destination, None, **options))

    def request(self, destination: str, body: Any = b"", **options: Any) -> Message:
        """As `pystomp_web.Client.request`: reply_to, headers, content_type, timeout."""
        return Message(self, self._waiter.wait(self._client.request(destination, body, **options)))

    @contextmanager
    def transaction(self, *, receipt: bool = False, timeout: float | None = None) -> Iterator[Transaction]:
        """`with client.transaction() as tx:` - commits on leaving, aborts when the block raises."""
        transaction = self._client.transaction(receipt=receipt, timeout=timeout)
        self._waiter.wait(transaction.__aenter__())
        try:
            yield Transaction(self, transaction)
        except BaseException as error:
            self._waiter.wait(transaction.__aexit__(type(error), error, error.__traceback__))
            raise
        self._waiter.wait(transaction.__aexit__(None, None, None))

    def close(self, timeout: float = 5.0) -> None:
        """As `pystomp_web.Client.close`."""
        if self._client.state is State.CLOSED:
            return
        self._waiter.wait(self._client.close(timeout))
        self._waiter.stop()

    def reconnect_now(self) -> None:
        """As `pystomp_web.Client.reconnect_now`."""
        self._call(self._client.reconnect_now)

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._client.state

    @property
    def version(self) -> Version | None:
        """The negotiated version."""
        return self._client.version

    @property
    def server(self) -> str | None:
        """CONNECTED's `server`."""
        return self._client.server

    @property
    def stats(self) -> Stats:
        """A snapshot of the counters."""
        return self._client.stats

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._client)


class Subscription:
    """An iterator of messages that blocks until the next one comes. A context manager that unsubscribes."""

    def __init__(self, client: Client, subscription: _Subscription) -> None:
        self._client = client
        self._subscription = subscription

    def get(self, timeout: float | None = None) -> Message:
        """The next message; as `pystomp_web.Subscription.get`."""
        return Message(self._client, self._client._waiter.wait(self._subscription.get(timeout)))

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        async def following() -> _Message | None:
            async for message in self._subscription:
                return message
            return None  # StopIteration can't leave a coroutine

        message = self._client._waiter.wait(following())
        if message is None:
            raise StopIteration
        return Message(self._client, message)

    def confirmed(self, timeout: float | None = None) -> None:
        """Wait until the broker took it; as `pystomp_web.Subscription.confirmed`."""
        self._client._waiter.wait(self._subscription.confirmed(timeout))

    def unsubscribe(self) -> None:
        """End it."""
        self._client._waiter.wait(self._subscription.unsubscribe())

    @property
    def id(self) -> str:
        """Its id."""
        return self._subscription.id

    @property
    def destination(self) -> str:
        """As subscribed."""
        return self._subscription.destination

    @property
    def pending(self) -> int:
        """Messages that are here and were not taken yet."""
        return self._subscription.pending

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unsubscribe()

    def __repr__(self) -> str:
        return repr(self._subscription)


class Message:
    """A message whose `ack` and `nack` block; all else as `pystomp_web.Message`."""

    def __init__(self, client: Client, message: _Message) -> None:
        self._client = client
        self._message = message

    def ack(self, **options: Any) -> None:
        """As `pystomp_web.Message.ack`: headers, receipt, timeout."""
        self._client._waiter.wait(self._message.ack(**options))

    def nack(self, **options: Any) -> None:
        """As `pystomp_web.Message.nack`: headers, receipt, timeout."""
        self._client._waiter.wait(self._message.nack(**options))

    @property
    def body(self) -> bytes:
        """The octets."""
        return self._message.body

    @property
    def text(self) -> str:
        """The body as text."""
        return self._message.text

    def json(self) -> Any:
        """The body as JSON."""
        return self._message.json()

    @property
    def headers(self) -> Headers:
        """Every header."""
        return self._message.headers

    @property
    def destination(self) -> str:
        """Where it was sent."""
        return self._message.destination

    @property
    def id(self) -> str:
        """The `message-id`."""
        return self._message.id

    @property
    def content_type(self) -> str | None:
        """The `content-type`."""
        return self._message.content_type

    @property
    def redelivered(self) -> bool:
        """Whether it was delivered before."""
        return self._message.redelivered

    def _repr_html_(self) -> str:
        return self._message._repr_html_()

    def __repr__(self) -> str:
        return repr(self._message)


class Transaction:
    """The inside of `with client.transaction():`."""

    def __init__(self, client: Client, transaction: _Transaction) -> None:
        self._client = client
        self._transaction = transaction

    def send(
        self, destination: str, body: Any = b"", *, headers: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        """Send within the transaction."""
        self._client._waiter.wait(self._transaction.send(destination, body, headers=headers, **options))

    def ack(self, message: Message) -> None:
        """Acknowledge within the transaction."""
        self._client._waiter.wait(self._transaction.ack(message._message))

    def nack(self, message: Message) -> None:
        """Refuse within the transaction."""
        self._client._waiter.wait(self._transaction.nack(message._message))
