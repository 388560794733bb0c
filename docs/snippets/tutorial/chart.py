"""A live chart of the last hundred prices."""

import js
import pystomp_web as stomp

POINTS = 100
prices = []


def on_price(message):
    prices.append(message.json()["eur"])
    del prices[:-POINTS]
    low, high = min(prices), max(prices)
    scale = 90 / (high - low or 1)
    points = [f"{x},{95 - (price - low) * scale:.2f}" for x, price in enumerate(prices)]
    js.document.getElementById("line").setAttribute("points", " ".join(points))
    js.document.getElementById("price").textContent = f"{prices[-1]:.4f}"


def on_state(state, error):
    js.document.getElementById("state").textContent = f"{state}: {error}" if error else str(state)


client = stomp.Client("/stomp")
client.on_state(on_state)
client.subscribe("/topic/prices", on_price)
client.start()
