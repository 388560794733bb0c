"""A live dashboard: charts, a table and a log, fed by three topics. Copy it and change it: all logic is in this file.

Three things keep it smooth at a thousand messages a second. A message only changes what is to be shown; nothing is
drawn for it. The browser asks for a painting once per frame, and ten a second are enough for eyes. And what is kept is
bounded: one minute of points, thirty lines of the log.
"""

import time
from collections import deque

import js
from pyodide.ffi import create_proxy, to_js

import pystomp_web as stomp

SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "BRENT", "BTCUSD"]
TOPICS = {"prices": "/topic/prices", "sensors": "/topic/sensors", "log": "/topic/log"}
STEP, POINTS, LINES = 0.1, 600, 30  # seconds between two paintings, points of a chart, lines of the log
LIGHTS = {  # what the state light shows: tone, which is its icon too, and word
    "waiting": ("wait", "Waiting to reconnect"),
    "connecting": ("busy", "Connecting"),
    "connected": ("good", "Connected"),
    "closing": ("busy", "Closing"),
    "closed": ("bad", "Given up"),
}


class Chart:
    """Some values over the last minute: `newest` takes them as they come, `paint` draws."""

    def __init__(self, name, labels):
        self.box, self.labels, self.newest, self.plot = find(f"{name}-chart"), labels, {}, None
        # Arrays of JavaScript's own, which uPlot reads as they are: a painting converts nothing but the newest point.
        start = time.time() - POINTS * STEP
        self.data = to_js([[start + STEP * n for n in range(POINTS)], *([None] * POINTS for _ in labels)])
        js.ResizeObserver.new(create_proxy(lambda *_: self.draw())).observe(self.box)
        js.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", create_proxy(lambda _: self.draw()))

    def draw(self):
        """Draw it anew, in the size and the colours that the page has now."""
        if self.plot:
            self.plot.destroy()
            self.plot = None
        if not self.box.clientWidth:
            return  # not in sight yet
        colour = js.getComputedStyle(self.box).getPropertyValue
        axis = {"stroke": colour("--chart-ink"), "grid": {"stroke": colour("--chart-grid"), "width": 1}, "size": 48}
        lines = [{"stroke": colour(f"--series-{number}"), "width": 1.5} for number, _ in enumerate(self.labels, 1)]
        options = {
            "width": self.box.clientWidth,
            "height": self.box.clientHeight,
            "axes": [{**axis, "size": 30, "space": 80, "values": "{HH}:{mm}:{ss}"}, axis],
            "series": [{}, *({**line, "points": {"show": False}} for line in lines)],
            "legend": {"show": False},
            "cursor": {"show": False},
        }
        self.plot = js.uPlot.new(to_js(options, dict_converter=js.Object.fromEntries), self.data, self.box)

    def paint(self):
        for column, value in zip(self.data, [time.time(), *map(self.newest.get, self.labels)], strict=True):
            column.shift()
            column.push(value)
        if self.plot:
            self.plot.setData(self.data)


class Dashboard:
    def __init__(self):
        self.prices, self.quotes = Chart("prices", SYMBOLS), {}
        self.heat, self.pressure = Chart("heat", ["boiler", "hall"]), Chart("pressure", ["pressure"])
        self.rates, self.counts = Chart("rates", ["all"]), deque([0], maxlen=round(1 / STEP) + 1)
        self.lines, self.new_lines = deque(maxlen=LINES), False
        self.seen, self.last, self.painted, self.error = set(), 0.0, 0.0, None

        # The client tries again by itself, and its subscriptions come back with each new connection.
        self.client = stomp.Client("/stomp")
        self.client.on_state(self.on_state)
        on_message = {"prices": self.on_price, "sensors": self.on_reading, "log": self.on_line}
        self.subscriptions = {  # a dashboard that can't keep up wants the newest messages, and no error
            name: self.client.subscribe(topic, on_message[name], overflow="drop-oldest")
            for name, topic in TOPICS.items()
        }
        self.client.start()

        find("retry").addEventListener("click", create_proxy(lambda _: self.client.reconnect_now()))
        find("pause").addEventListener("click", create_proxy(self.on_pause))
        self.js_on_frame = create_proxy(self.on_frame)
        self.on_frame(0)

    # --- A message only changes what is to be shown.

    def on_price(self, message):
        quote = message.json()
        self.quotes[quote["symbol"]] = quote
        self.prices.newest[quote["symbol"]] = quote["change"]
        self.came("prices")

    def on_reading(self, message):
        reading = message.json()
        chart = self.pressure if reading["sensor"] == "pressure" else self.heat
        chart.newest[reading["sensor"]] = reading["value"]
        self.came("sensors")

    def on_line(self, message):
        self.lines.appendleft(message.json())
        self.new_lines = True
        self.came("log")

    def came(self, name):
        self.seen.add(name)
        self.last = time.monotonic()

    # --- What happens to the connection is in the user's sight.

    def on_state(self, state, error):
        self.error = error if state != "connected" else None
        tone, word = LIGHTS[state]
        find("light").dataset.tone = tone
        find("light-icon").setAttribute("href", f"#icon-{tone}")
        find("light-word").textContent = word
        find("retry").hidden = state != "waiting"
        find("status").textContent = f"{word}: {error}" if error else word

    def on_pause(self, _):
        paused = find("pause").ariaPressed != "true"
        find("pause").ariaPressed = str(paused).lower()

    # --- The browser asks for a painting once per frame.

    def on_frame(self, _):
        js.requestAnimationFrame(self.js_on_frame)
        if time.monotonic() - self.painted >= STEP:
            self.painted = time.monotonic()
            self.paint_head()
            if find("pause").ariaPressed != "true":
                self.paint_panels()

    def paint_head(self):
        stats, age = self.client.stats, self.painted - self.last
        self.counts.append(stats.messages)
        write("age", "none yet" if not self.seen else "now" if age < 1 else f"{age:.0f} s ago")
        write("rate", f"{self.counts[-1] - self.counts[0]:,}")
        write("reconnects", str(stats.reconnects))

    def paint_panels(self):
        live = self.client.state == "connected"
        js.document.querySelector("main").dataset.live = str(live).lower()
        for panel in js.document.querySelectorAll(".panel"):
            self.paint_state(panel, panel.dataset.topic)
        if live:  # without a connection the charts stand still
            self.rates.newest["all"] = self.counts[-1] - self.counts[0]
            for chart in (self.prices, self.heat, self.pressure, self.rates):
                chart.paint()
        for symbol, quote in self.quotes.items():
            change = quote["change"]
            write(f"{symbol}-price", f"{quote['price']:,}")
            write(f"{symbol}-change", f"{'▲' if change > 0 else '▼' if change < 0 else '='} {abs(change):.2f}")
            write(f"{symbol}-volume", f"{quote['volume']:,}")
        for chart in (self.heat, self.pressure):
            for name, value in chart.newest.items():
                write(f"{name}-value", f"{value:.1f}")
        if self.new_lines:
            self.new_lines = False
            self.paint_log()

    def paint_state(self, panel, name):
        """Every panel says why it has nothing to show: loading, empty or error."""
        error = self.subscriptions[name].error or self.error
        state = "data" if name in self.seen else "error" if error else "empty"
        if state == "empty" and self.client.state != "connected":
            state = "loading"
        if panel.dataset.state != state:
            panel.dataset.state = state
            title, text = {
                "data": ("", ""),
                "loading": ("Connecting", f"{TOPICS[name]} is subscribed to with the connection."),
                "empty": ("No message yet", f"Nothing came on {TOPICS[name]}. ./build.sh serve --demo publishes some."),
                "error": ("No connection", str(error)),
            }[state]
            panel.querySelector(".say h3").textContent = title
            panel.querySelector(".say p").textContent = text

    def paint_log(self):
        for row, line in zip(find("log-rows").rows, self.lines, strict=False):
            row.dataset.level = line["level"]
            clock = time.strftime("%H:%M:%S", time.localtime(line["time"]))
            for cell, text in zip(row.cells, (clock, line["level"], line["source"], line["text"]), strict=True):
                cell.textContent = text


def find(id):
    return js.document.getElementById(id)


def write(id, text):
    """Write text where it differs: what is written anew is laid out anew."""
    if (place := find(id)).textContent != text:
        place.textContent = text


def main():
    for number, symbol in enumerate(SYMBOLS, 1):
        row = find("quotes-rows").insertRow()
        for name in ("name", "price", "change", "volume"):
            cell = row.insertCell()
            cell.id, cell.className = f"{symbol}-{name}", "number"
        row.cells[0].textContent, row.cells[0].className = symbol, f"swatch series-{number}"
    for _ in range(LINES):
        row = find("log-rows").insertRow()
        for _ in range(4):
            row.insertCell()
    find("boot").hidden = True
    find("pause").disabled = False
    globals()["dashboard"] = Dashboard()  # lives as long as the page
