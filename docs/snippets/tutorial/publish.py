"""A price ten times a second."""

import asyncio
import random

import pystomp_web as stomp


async def main():
    price = 1.08
    async with stomp.connect("ws://127.0.0.1:8080/stomp") as client:
        while True:
            price += random.uniform(-0.001, 0.001)  # noqa: S311
            await client.send("/topic/prices", {"eur": round(price, 4)})
            await asyncio.sleep(0.1)


asyncio.run(main())
