import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    async with client.subscribe("/queue/in", ack="client-individual") as incoming:
        await client.send("/queue/in", "a job")
        message = await incoming.get(timeout=5)
        async with client.transaction(receipt=True) as tx:
            await tx.send("/queue/out", message.text.upper())
            await tx.ack(message)
        print("both happened")
