"""Connects, sends itself a message, and writes down when it came, in milliseconds since the navigation's start."""

import js

import pystomp_web as stomp


def main() -> None:
    client = stomp.Client("/stomp")

    def on_message(_: stomp.Message) -> None:
        js.document.documentElement.dataset.first = str(js.performance.now())

    client.subscribe("/topic/first", on_message)
    client.send_nowait("/topic/first", "x")
    client.start()
    globals()["client"] = client  # lives as long as the page
