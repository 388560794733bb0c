import pystomp_web as stomp


def on_price(message):
    print("price", message.json())


client = stomp.Client("/stomp")
client.subscribe("/topic/prices", on_price)
client.start()
client.send_nowait("/topic/prices", 1.08)
