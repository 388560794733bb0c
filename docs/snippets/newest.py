import asyncio

import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    async with client.subscribe("/topic/prices", maxsize=1, overflow="drop-oldest") as prices:
        async for message in prices:
            print("now", message.text)
            await asyncio.sleep(0.2)  # slow work; what comes meanwhile replaces what waits
