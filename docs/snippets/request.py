import pystomp_web as stomp

async with stomp.connect("/stomp") as client:

    async def answer(message):
        await client.send(
            message.headers["reply-to"],
            message.text.upper(),
            headers={"correlation-id": message.headers["correlation-id"]},
        )

    client.subscribe("/queue/upper", answer)
    reply = await client.request("/queue/upper", "hello", timeout=5)
    print(reply.text)
