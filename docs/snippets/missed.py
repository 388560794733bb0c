import asyncio

import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    async with client.subscribe("/topic/prices", maxsize=10) as prices:
        while True:
            try:
                message = await prices.get()
            except stomp.SlowConsumer:
                print("some are missing here:", prices.dropped)
                continue
            await asyncio.sleep(0.05)  # slow work
