import asyncio

import pystomp_web as stomp


async def main():
    async with stomp.connect("ws://127.0.0.1:8080/stomp") as client:
        await client.send("/topic/prices", {"eur": 1.08}, receipt=True)
        print("sent")


asyncio.run(main())
