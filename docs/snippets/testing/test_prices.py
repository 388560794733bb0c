import asyncio

import pystomp_web as stomp


async def scenario(pair):
    client = stomp.Client("ws://test/stomp", transport=pair.transport, reconnect=stomp.Backoff(initial=0.01))
    client.start()
    prices = client.subscribe("/topic/prices")
    await pair.connected()
    await pair.receive("SUBSCRIBE")

    pair.end.cut()  # the network breaks
    await pair.connected()
    subscribe = await pair.receive("SUBSCRIBE")  # the client is back, and subscribes again
    head = {"subscription": subscribe.headers["id"], "message-id": "1", "destination": "/topic/prices"}
    pair.send("MESSAGE", head, "1.08")
    message = await prices.get(timeout=5)
    await client.close(timeout=0)
    return message.text


def test_prices_go_on_after_a_break(stomp_pair):
    assert asyncio.run(scenario(stomp_pair)) == "1.08"
