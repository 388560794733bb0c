"""The same in a worker: `async with`, and a loop over the messages."""

from pyscript import display, document, when

import pystomp_web as stomp


@when("click", "#send")
async def send(event):
    await client.send("/topic/pyscript", {"symbol": "EURUSD", "price": 1.0842})


async with stomp.connect("/stomp") as client, client.subscribe("/topic/pyscript") as messages:
    display(f"connected: STOMP {client.version}, from a worker", target="state", append=False)
    document.getElementById("send").disabled = False
    async for message in messages:
        display(message, target="messages", append=False)
