"""Against a line that breaks when the test says so: no socket, no server."""

import asyncio

import pystomp_web as stomp
from pystomp_web.protocol import Decoder, encode

SUBSCRIBED = asyncio.Queue()


def serve(end):
    """A broker of twelve lines: it says CONNECTED, and tells the test of each SUBSCRIBE."""
    decoder = Decoder("1.2")

    def on_data(data):
        for frame in decoder.feed(data):
            if frame.command == "CONNECT":
                end.send(encode(stomp.Frame("CONNECTED", {"version": "1.2"}), "1.2").decode())
            elif frame.command == "SUBSCRIBE":
                SUBSCRIBED.put_nowait((end, frame.headers["id"]))

    end.on_data = on_data


async def scenario():
    client = stomp.Client(
        "ws://anything.example/stomp",
        transport=stomp.MemoryTransport.factory(serve),
        reconnect=stomp.Backoff(initial=0.01),
    )
    client.start()
    prices = client.subscribe("/topic/prices")
    end, _ = await SUBSCRIBED.get()
    end.cut()  # the network breaks
    end, id = await SUBSCRIBED.get()  # the client is back, and has subscribed again
    head = {"subscription": id, "message-id": "1", "destination": "/topic/prices"}
    end.send(encode(stomp.Frame("MESSAGE", head, b"1.08"), "1.2").decode())
    message = await prices.get(timeout=5)
    await client.close(timeout=0)
    return message.text


def test_prices_go_on_after_a_break():
    assert asyncio.run(scenario()) == "1.08"
