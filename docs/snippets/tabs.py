"""One connection for all tabs: the tab that holds the lock connects, and tells the others."""

import js
import pystomp_web as stomp
from pyodide.ffi import create_proxy

channel = js.BroadcastChannel.new("prices")


def show(text):
    print(text)


async def lead(_lock):
    async with stomp.connect("/stomp") as client:
        async for message in client.subscribe("/topic/prices"):
            show(message.text)
            channel.postMessage(message.text)


channel.onmessage = create_proxy(lambda event: show(event.data))
# When this tab closes, the browser gives the lock to the next one, which then connects.
js.navigator.locks.request("stomp", create_proxy(lead))
