import pystomp_web as stomp


def handle(order):
    if order["item"] == 13:
        raise ValueError("we don't sell that")
    print("sold", order["item"])


async with stomp.connect("/stomp") as client:
    async with client.subscribe("/queue/orders", ack="client-individual") as orders:
        await client.send("/queue/orders", {"item": 13})
        await client.send("/queue/orders", {"item": 7})
        async for message in orders:
            try:
                async with message.process():  # ACK on leaving, NACK when the block raises
                    handle(message.json())
            except ValueError as error:
                print("refused:", error)
