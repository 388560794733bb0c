"""A button sends to a topic, and what comes from it is displayed."""

from pyscript import display, web, when

import pystomp_web as stomp

client = stomp.Client("/stomp")
client.on_state(lambda state, error: display(error or state, target="state", append=False))
client.subscribe("/topic/pyscript", lambda message: display(message, target="messages", append=False))
client.start()


@when("click", "#send")
def send(event):
    client.send_nowait("/topic/pyscript", {"symbol": "EURUSD", "price": 1.0842})


web.page["#send"].disabled = False
