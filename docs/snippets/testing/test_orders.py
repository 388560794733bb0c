import asyncio

import pystomp_web as stomp


async def order(url, item):
    """What is tested."""
    async with stomp.connect(url) as client:
        await client.send("/queue/orders", {"item": item}, receipt=True)


def test_an_order_arrives(stomp_broker):
    asyncio.run(order(stomp_broker.url, 7))
    [message] = stomp_broker.received("/queue/orders")
    assert message.json() == {"item": 7}


def test_an_order_survives_a_broken_connection(stomp_broker):
    async def scenario():
        async with stomp.connect(stomp_broker.url) as client:
            await stomp_broker.aio.cut()
            await client.send("/queue/orders", "tea")  # waits in the outbox
            await stomp_broker.aio.received("/queue/orders")

    asyncio.run(scenario())
