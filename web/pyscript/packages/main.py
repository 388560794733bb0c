"""Each message triggers an event of PyScript: whatever wants it says so with @when."""

from pyscript import Event, display, web, when

import pystomp_web as stomp

price = Event()
client = stomp.Client("/stomp")
prices = client.subscribe("/topic/pyscript", price.trigger)
client.start()


@when(price)
def show(message):
    display(message.json()["price"], target="messages", append=False)
    display(prices, target="state", append=False)


@when("click", "#send")
def send(event):
    client.send_nowait("/topic/pyscript", {"symbol": "EURUSD", "price": 1.0842})


web.page["#send"].disabled = False
