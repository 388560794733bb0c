"""What the dashboard is made of: charts, tables, panels, the state light, and when they are painted."""

import time
from functools import cache

import js
from pyodide.ffi import create_proxy, jsnull, to_js

GAP = 2.0  # seconds without a point after which a line is broken
STEP, CALM_STEP = 0.1, 1.0  # seconds from one painting of the page to the next; where the user wants less motion
LIGHTS = {  # what the state light shows: its tone, which is its icon too, and its word
    "waiting": ("wait", "Waiting to reconnect"),
    "connecting": ("busy", "Connecting"),
    "connected": ("good", "Connected"),
    "closing": ("busy", "Closing"),
    "closed": ("bad", "Given up"),
}

_written = {}


@cache
def find(id):
    """The element of this id."""
    return js.document.getElementById(id)


def write(id, text):
    """Show this text in the element. What is written anew is laid out anew, so only what differs is written."""
    if _written.get(id) != text:
        _written[id] = find(id).textContent = text


def on_click(id, handler):
    """Call handler() when the element is clicked."""
    find(id).addEventListener("click", create_proxy(lambda _: handler()))


def show_state(state, error):
    """Show the client's state: by icon, colour and word, and with the error in the status line."""
    tone, word = LIGHTS[state]
    find("panels").dataset.live = str(state == "connected").lower()
    find("light").dataset.tone = tone
    write("light-word", word)
    write("status", f"{word}: {error}" if error else word)


def say(topic, state, title="", text=""):
    """Let the panels of a topic show their data (the state "data"), or say why they have none."""
    if _written.get(("panels", topic)) != (state, text):
        _written["panels", topic] = state, text
        for panel in js.document.querySelectorAll(f'.panel[data-topic="{topic}"]'):
            panel.dataset.state = state
            panel.querySelector(".say h3").textContent = title
            panel.querySelector(".say p").textContent = text


def paint_in_turn(parts):
    """Call one painter in each frame of the screen: those that parts() yields, again and again, but not too often."""
    calm = js.matchMedia("(prefers-reduced-motion: reduce)")
    due, began = iter(()), 0.0

    def on_frame(_):
        nonlocal due, began
        js.requestAnimationFrame(js_on_frame)
        paint, now = next(due, None), time.monotonic()
        if paint is None and now - began >= (CALM_STEP if calm.matches else STEP):
            due, began = parts(), now
            paint = next(due, None)
        if paint is not None:
            paint()

    js_on_frame = create_proxy(on_frame)
    js.requestAnimationFrame(js_on_frame)


class Table:
    """The rows of a <tbody>: as many as there will ever be, made once, and hidden until they are written."""

    def __init__(self, id, rows, columns):
        self.body = find(id)
        self.rows = [self.body.insertRow() for _ in range(rows)]
        self.cells = [[row.insertCell() for _ in range(columns)] for row in self.rows]
        self.texts = [[""] * columns for _ in range(rows)]
        for row in self.rows:
            row.hidden = True  # not by CSS's :has(:empty): WebKit misses, now and then, that it no longer holds

    def write(self, number, *texts):
        """Write the row of this number, from 0 on."""
        if not any(self.texts[number]):
            self.rows[number].hidden = False
        for column, text in enumerate(texts):
            if self.texts[number][column] != text:
                self.texts[number][column] = self.cells[number][column].textContent = text

    def push(self, *texts, **data):
        """Put a row on top, with these data- attributes; the last one goes."""
        for each in (self.rows, self.cells, self.texts):
            each.insert(0, each.pop())
        for name, value in data.items():
            setattr(self.rows[0].dataset, name, value)
        self.write(0, *texts)
        self.body.prepend(self.rows[0])


class Chart:
    """Values over the last minute. Set `newest[label]` as they come; each `paint` adds a point and draws.

    Its colours are the page's --series-1, --series-2 and so on, --chart-ink and --chart-grid.
    """

    def __init__(self, id, labels, seconds=60):
        self.box, self.labels, self.seconds, self.newest = find(id), labels, seconds, {}
        # Arrays of JavaScript's own, which uPlot reads as they are: a painting converts nothing but the newest point.
        self.times, *self.columns = self.data = to_js([[] for _ in range(len(labels) + 1)])
        self.last, self.plot = 0.0, None
        js.ResizeObserver.new(create_proxy(lambda *_: self.fit())).observe(self.box)
        js.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", create_proxy(lambda _: self.make()))

    def paint(self):
        """Add a point of the newest values, and draw."""
        now, before = time.time(), self.last
        self.last = now
        if now - before > GAP:
            self.add(now, {})
        self.add(now, self.newest)
        while self.times[0] < now - self.seconds:
            for column in self.data:
                column.shift()
        self.draw()

    def add(self, now, values):
        self.times.push(now)
        for label, column in zip(self.labels, self.columns, strict=True):
            column.push(values.get(label, jsnull))  # null breaks a line, undefined does not

    def draw(self):
        if self.plot and self.last:
            self.plot.setData(self.data, False)  # False: the scale comes next, and draws
            self.plot.setScale("x", js_object(min=self.last - self.seconds, max=self.last))

    def fit(self):
        """Make it as large as its box is now."""
        if self.plot and self.box.clientWidth:
            self.plot.setSize(js_object(width=self.box.clientWidth, height=self.box.clientHeight))
        else:
            self.make()

    def make(self):
        """Make it anew, in the colours that the page has now."""
        if self.plot:
            self.plot.destroy()
            self.plot = None
        if not self.box.clientWidth:
            return  # not in sight yet
        colour = js.getComputedStyle(self.box).getPropertyValue
        axis = {"stroke": colour("--chart-ink"), "grid": {"stroke": colour("--chart-grid"), "width": 1}, "size": 48}
        strokes = [colour(f"--series-{number}") for number, _ in enumerate(self.labels, 1)]
        options = js_object(
            width=self.box.clientWidth,
            height=self.box.clientHeight,
            axes=[{**axis, "size": 30, "space": 80, "values": "{HH}:{mm}:{ss}"}, axis],
            series=[{}, *({"stroke": stroke, "width": 1.5, "points": {"show": False}} for stroke in strokes)],
            legend={"show": False},
            cursor={"show": False},
        )
        self.plot = js.uPlot.new(options, self.data, self.box)
        self.draw()


def js_object(**entries):
    """A JavaScript object of these entries."""
    return to_js(entries, dict_converter=js.Object.fromEntries)
