import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    await client.send("/topic/notes", "text")
    await client.send("/topic/notes", b"\x00\x01\x02")
    await client.send("/topic/notes", {"a": [1, 2, 3]}, headers={"priority": 4})
