import pystomp_web as stomp

async with stomp.connect("/stomp") as client:
    try:
        await client.send("/queue/orders", {"item": 7}, receipt=True, timeout=5)
        print("the broker has it")
    except stomp.ReceiptTimeout:
        print("no answer: it may have arrived")
    except stomp.ConnectionLost:
        print("the connection ended: it may have arrived")
    except stomp.BrokerError as error:
        print("refused:", error)
