import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    async with client.subscribe("/topic/prices") as prices:
        await client.send("/topic/prices", {"eur": 1.08})
        async for message in prices:
            print(message.json())
