import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    prices = client.subscribe("/topic/prices")
    await prices.confirmed()
    await client.send("/topic/prices", "1.08")
    message = await prices.get(timeout=5)
    print(message.text, message.destination, message.headers["message-id"])
    try:
        await prices.get(timeout=0.1)
    except TimeoutError:
        print("nothing more")
    await prices.unsubscribe()
