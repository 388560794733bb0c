"""Shows each price, and reports what it showed."""

import js

import pystomp_web as stomp

client = stomp.Client("/stomp", reconnect=stomp.Backoff(initial=0.01))


def show(message: stomp.Message) -> None:
    js.document.getElementById("price").textContent = message.json()["eur"]
    client.send_nowait("/queue/shown", message.body)


client.subscribe("/topic/prices", show)
client.start()
