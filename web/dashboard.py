"""A live dashboard: charts, tables and a log out of three topics. Copy it, and change it.

A message changes only what is to be shown: nothing is drawn for it. The page is painted ten times a second, one part of
it in each frame of the screen, so a thousand messages a second cost little more than ten.
"""

import time
from collections import deque

from widgets import Chart, Table, find, on_click, paint_in_turn, say, show_state, write

import pystomp_web as stomp

SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "BRENT", "BTCUSD"]
LINES = 30  # of the log


class Dashboard:
    def __init__(self):
        self.prices, self.rates = Chart("prices-chart", SYMBOLS), Chart("rates-chart", ["all"])
        self.heat, self.pressure = Chart("heat-chart", ["boiler", "hall"]), Chart("pressure-chart", ["pressure"])
        self.quotes, self.quote_rows = {}, Table("quotes-rows", rows=len(SYMBOLS), columns=4)
        self.lines, self.line_rows = deque(maxlen=LINES), Table("log-rows", rows=LINES, columns=4)
        self.counts = deque([(time.monotonic(), 0)], maxlen=10)  # when, and how many messages until then
        self.seen, self.last, self.error, self.paused = set(), None, None, False

        # The client connects by itself, again whenever the connection ends, and then subscribes again.
        self.client = stomp.Client("/stomp")
        self.client.on_state(self.on_state)
        self.subscriptions = {  # a dashboard that can't keep up wants the newest messages, not all
            "prices": self.client.subscribe("/topic/prices", self.on_price, overflow="drop-oldest"),
            "sensors": self.client.subscribe("/topic/sensors", self.on_reading, overflow="drop-oldest"),
            "log": self.client.subscribe("/topic/log", self.on_line, overflow="drop-oldest"),
        }
        self.client.start()

        on_click("retry", self.client.reconnect_now)
        on_click("pause", self.on_pause)
        paint_in_turn(self.parts)

    # --- Messages, and what happens to the connection.

    def on_price(self, message):
        quote = message.json()
        self.quotes[quote["symbol"]] = quote
        self.prices.newest[quote["symbol"]] = quote["change"]
        self.seen.add("prices")

    def on_reading(self, message):
        reading = message.json()
        chart = self.pressure if reading["sensor"] == "pressure" else self.heat
        chart.newest[reading["sensor"]] = reading["value"]
        self.seen.add("sensors")

    def on_line(self, message):
        self.lines.append(message.json())
        self.seen.add("log")

    def on_state(self, state, error):
        self.error = error
        show_state(state, error)
        find("retry").hidden = state != "waiting"

    def on_pause(self):
        self.paused = not self.paused
        find("pause").ariaPressed = str(self.paused).lower()

    # --- Painting.

    def parts(self):
        yield self.paint_head
        yield self.paint_panels
        charts = [chart.paint for chart in (self.prices, self.heat, self.pressure, self.rates)]
        for part in [*charts, self.paint_quotes, self.paint_log]:
            if self.client.state == "connected" and not self.paused:
                yield part

    def paint_head(self):
        now, stats = time.monotonic(), self.client.stats
        if stats.messages > self.counts[-1][1]:
            self.last = now
        self.counts.append((now, stats.messages))
        then, before = self.counts[0]
        self.rates.newest["all"] = rate = (stats.messages - before) / (now - then)
        write("age", "none yet" if self.last is None else f"{now - self.last:.0f} s ago")
        write("rate", f"{rate:,.0f}")
        write("reconnects", str(stats.reconnects))

    def paint_panels(self):
        """A panel that has no data says why."""
        for topic, subscription in self.subscriptions.items():
            place = subscription.destination
            if topic in self.seen:
                say(topic, "data")
            elif error := subscription.error or self.error:
                say(topic, "error", f"Nothing from {place}", str(error))
            elif self.client.state == "connected":
                say(topic, "empty", "No message yet", f"Nothing came on {place}. ./build.sh --demo publishes some.")

    def paint_quotes(self):
        for number, symbol in enumerate(SYMBOLS):
            if quote := self.quotes.get(symbol):
                price, change, volume = quote["price"], quote["change"], quote["volume"]
                digits = 4 if price < 10 else 2
                arrow = "▲" if change > 0 else "▼" if change < 0 else "="
                figures = f"{price:,.{digits}f}", f"{arrow} {abs(change):.2f}", f"{volume:,}"
                self.quote_rows.write(number, symbol, *figures)
        for name, value in [*self.heat.newest.items(), *self.pressure.newest.items()]:
            write(f"{name}-value", f"{value:.1f}")

    def paint_log(self):
        while self.lines:
            line = self.lines.popleft()
            clock = time.strftime("%H:%M:%S", time.localtime(line["time"]))
            self.line_rows.push(clock, line["level"], line["source"], line["text"], level=line["level"])


def main():
    find("boot").hidden = True
    find("pause").disabled = False
    globals()["dashboard"] = Dashboard()  # lives as long as the page
