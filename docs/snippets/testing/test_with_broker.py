"""Against the real thing: the embedded broker on a free port."""

import asyncio

import pystomp_web as stomp
from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import serving


async def newest_price(url):
    """What is tested."""
    async with stomp.connect(url) as client:
        message = await client.subscribe("/topic/prices").get(timeout=5)
        return message.json()["eur"]


async def scenario():
    async with serving(ServerConfig()) as server:
        task = asyncio.create_task(newest_price(server.socket_url))
        while "/topic/prices" not in server.broker.destinations:
            await asyncio.sleep(0.01)  # until it has subscribed
        server.broker.publish("/topic/prices", '{"eur": 1.08}')
        return await task


def test_the_newest_price():
    assert asyncio.run(scenario()) == 1.08
