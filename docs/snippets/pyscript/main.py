"""Prices, live, and a button that sends one."""

import pystomp_web as stomp

from pyscript import display, when

client = stomp.Client("/stomp")
client.subscribe("/topic/prices", lambda message: display(message.text, target="prices"))
client.start()


@when("click", "#send")
def send(event):
    client.send_nowait("/topic/prices", "1.08")
