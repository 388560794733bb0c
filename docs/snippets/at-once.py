import asyncio

import pystomp_web as stomp


async def work(message):
    await asyncio.sleep(0.2)
    print("done", message.text)


client = await stomp.connect("/stomp")
client.subscribe("/queue/jobs", work, concurrency=5)  # five calls of work() at a time
