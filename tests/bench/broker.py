"""RabbitMQ, with messages waiting in a queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple
from urllib.parse import urlsplit

import pystomp_web as stomp
from tests.brokers.rabbitmq import RabbitMQ
from tests.support.loopthread import LoopThread


class FilledBroker(NamedTuple):
    """A broker that runs.

    Attributes:
        version: its own.
        address: ws://HOST:PORT, the path of its STOMP, and the headers of CONNECT.
    """

    version: str
    address: tuple[str, str, Mapping[str, str]]
    client: stomp.Client
    loop: LoopThread
    numbers: Iterator[int]

    def fill(self, messages: int, size: int) -> str:
        """Put so many messages of so many octets into a new queue, and give its destination when they are there.

        A queue that was used before may still have its last consumer, which would take some of them along.
        """
        destination = f"/queue/flood-{next(self.numbers)}"
        self.loop.run(self._fill(destination, messages, size))
        return destination

    async def _fill(self, destination: str, messages: int, size: int) -> None:
        body = ("0123456789abcdef" * (size // 16 + 1))[:size]
        for _ in range(messages - 1):
            await self.client.send(destination, body)
        await self.client.send(destination, body, receipt=True)


@contextmanager
def filled_broker(loop: LoopThread) -> Iterator[FilledBroker]:
    """A RabbitMQ of its own."""
    with RabbitMQ() as broker:
        url = urlsplit(broker.url)
        headers = {"login": broker.login, "passcode": broker.passcode, **broker.connect_headers}
        client = loop.run(_connected(broker.url, headers))
        yield FilledBroker(broker.version, (f"{url.scheme}://{url.netloc}", url.path, headers), client, loop, count(1))
        loop.run(client.close())


async def _connected(url: str, headers: Mapping[str, str]) -> stomp.Client:
    # Without beats: under load RabbitMQ 3.10 kills connections on which the client sends some.
    return await stomp.connect(url, heartbeat=(0, 0), **headers)
