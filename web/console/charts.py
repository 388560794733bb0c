"""Plots: rates, round trips, and numbers out of JSON bodies. uPlot is loaded when it is wanted for the first time."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import js
from pyodide.ffi import create_once_callable, to_js

from .dom import Slot, clone, closest, element, js_object, options
from .meters import Series
from .page import Page
from .session import Session
from .steps import STEP

_LIBRARY = "vendor/uplot/uPlot.iife.min.js"
_SHEET = "vendor/uplot/uPlot.min.css"
_HEIGHT = 170
_PAUSE = 0.2  # seconds between two drawings
_PADDING = 20  # of .plot, both sides


class Plot:
    """One plot, drawn anew when its points have changed."""

    def __init__(self, title: str, series: Series, unit: str, *, removable: bool) -> None:
        self.series = series
        self._unit = unit
        self._js_plot: Any = None
        self._drawn = (-1, -1)
        self.js_element = clone("plot-template")
        self.js_element.querySelector("h3").textContent = title
        js_remove = self.js_element.querySelector("button")
        js_remove.hidden = not removable
        js_remove.setAttribute("aria-label", f"Remove the plot {title}")
        self._js_box = self.js_element.querySelector(".box")
        self._empty = Slot(self.js_element.querySelector(".empty"))
        self._figures = Slot(self.js_element.querySelector(".figures"))

    def draw(self) -> None:
        """Bring it up to date."""
        width = int(self.js_element.clientWidth) - _PADDING
        series = self.series
        now = (series.changes, width)
        if now == self._drawn or width <= 0:
            return
        enough = len(series.times) > 1
        self._empty.show(not enough)
        latest = [
            f"{name} {column[-1]:,.4g}{self._unit}"
            for name, column in zip(series.names, series.values, strict=True)
            if column
        ]
        self._figures.text(", ".join(latest))
        self._js_box.hidden = not enough
        if enough:
            js_data = to_js([list(series.times), *(list(column) for column in series.values)])
            if self._js_plot is None:
                self._js_plot = js.uPlot.new(self._options(width), js_data, self._js_box)
            else:
                if width != self._drawn[1]:
                    self._js_plot.setSize(js_object(width=width, height=_HEIGHT))
                self._js_plot.setData(js_data)
        self._drawn = now

    def _options(self, width: int) -> Any:
        colour = js.getComputedStyle(self._js_box)
        stamps = [
            [60, "{HH}:{mm}", None, None, "\n{YYYY}-{MM}-{DD}", None, None, None, 1],
            [1, "{HH}:{mm}:{ss}", None, None, None, None, None, None, 1],
            [0.001, "{ss}.{fff}", None, None, None, None, "\n{HH}:{mm}", None, 1],
        ]
        axis = {"stroke": colour.color, "grid": {"stroke": colour.borderTopColor, "width": 1}, "ticks": {"show": False}}
        strokes = [_colour(f"--colour-{number}") for number in range(1, len(self.series.names) + 1)]
        lines = [
            {"label": name, "stroke": stroke, "width": 2, "spanGaps": True, "points": {"show": False}}
            for name, stroke in zip(self.series.names, strokes, strict=True)
        ]
        return js_object(
            width=width,
            height=_HEIGHT,
            legend={"show": False},
            cursor={"drag": {"x": False, "y": False}},
            axes=[{**axis, "values": stamps}, {**axis, "size": 60}],
            series=[{}, *lines],
        )

    def close(self) -> None:
        """Let go of it."""
        if self._js_plot is not None:
            self._js_plot.destroy()
            self._js_plot = None
        self.js_element.remove()


class ChartsPanel:
    """The panel."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._plots: dict[tuple[str, str], Plot] = {}
        self._library = "wanted"  # then: loading, ready, failed
        self._offered: list[tuple[str, str]] = []
        self._drawn = 0.0
        self._due: dict[tuple[str, str], Plot] = {}
        self.shown = False
        page.listeners.on_submit("plot-form", self._add)
        page.listeners.on(element("plots"), "click", self._on_click)
        page.listeners.on_click("charts-again", self.show)
        js_scheme = js.matchMedia("(prefers-color-scheme: dark)")
        page.listeners.on(js_scheme, "change", lambda _: self.forget())

    def show(self) -> None:
        """It is in sight now."""
        self.shown = True
        if self._library in ("wanted", "failed"):
            self._library = "loading"
            self._page.spawn(self._load())
        self._page.ask()

    async def _load(self) -> None:
        js_sheet = js.document.createElement("link")
        js_sheet.rel, js_sheet.href = "stylesheet", _SHEET
        js_script = js.document.createElement("script")
        js_script.src = _LIBRARY
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        js_loaded = create_once_callable(lambda _: done.done() or done.set_result(True))
        js_failed = create_once_callable(lambda _: done.done() or done.set_result(False))
        js_script.addEventListener("load", js_loaded)
        js_script.addEventListener("error", js_failed)
        js.document.head.append(js_sheet, js_script)
        loaded = await done
        for js_proxy in (js_failed,) if loaded else (js_loaded,):
            js_proxy.destroy()
        self._library = "ready" if loaded else "failed"
        self._page.ask()

    def forget(self) -> None:
        """Another session is shown, or other colours."""
        for plot in self._plots.values():
            plot.close()
        self._plots.clear()
        self._due.clear()
        self._page.ask()

    def _add(self) -> None:
        session = self._page.session
        destination, _, path = str(element("plot-field").value).partition("\n")
        if path:
            self._page.report(f"Plotting {path} of {destination}")
            self._page.spawn(self._plot(session, destination, path))

    async def _plot(self, session: Session, destination: str, path: str) -> None:
        await session.meters.plot(destination, path, reversed(list(session.history)))
        self._page.ask()

    def _on_click(self, js_event: Any) -> None:
        js_plot = closest(js_event, "[data-plot]") if closest(js_event, "button") is not None else None
        if js_plot is None:
            return
        destination, _, path = str(js_plot.getAttribute("data-plot")).partition("\n")
        self._page.session.meters.fields.pop((destination, path), None)
        element("plot-field").focus()
        self._page.ask()

    def paint(self) -> None:
        """Draw what has changed, while it is in sight."""
        slots = self._page.slots
        if not self.shown:
            return
        slots["charts-loading"].show(self._library == "loading")
        slots["charts-failed"].show(self._library == "failed")
        slots["plots"].show(self._library == "ready")
        self._offer(self._page.session)
        if self._library != "ready":
            return
        wanted = self._wanted(self._page.session)
        for key in [key for key in self._plots if key not in wanted]:
            self._due.pop(key, None)
            self._plots.pop(key).close()
        for key, (title, series, unit) in wanted.items():
            if key not in self._plots:
                plot = self._plots[key] = Plot(title, series, unit, removable=bool(key[0]))
                plot.js_element.setAttribute("data-plot", "\n".join(key))
                element("plots").append(plot.js_element)
                self._due[key] = plot
            self._plots[key].series = series
        now = time.monotonic()
        if not self._due and now - self._drawn >= _PAUSE:  # thousands of points are no work for each frame
            self._drawn = now
            self._due = dict(self._plots)
        self._draw()

    def _draw(self) -> None:
        """Draw what is due, as much of it as half a frame allows; the rest has its turn in the next one."""
        ends = time.perf_counter() + STEP
        while self._due:
            self._due.pop(next(iter(self._due))).draw()
            if time.perf_counter() > ends:
                self._page.ask()
                break

    @staticmethod
    def _wanted(session: Session) -> dict[tuple[str, str], tuple[str, Series, str]]:
        meters = session.meters
        return {
            ("", "rates"): ("Messages in and frames out, a second", meters.rates, ""),
            ("", "round trips"): ("Round trip of what this page sends", meters.round_trips, " ms"),
            **{key: (f"{key[1]} of {key[0]}", series, "") for key, series in meters.fields.items()},
        }

    def _offer(self, session: Session) -> None:
        fields = [(f"{of}\n{path}", f"{path} of {of}") for of, paths in session.meters.seen.items() for path in paths]
        if fields != self._offered or not element("plot-field").options.length:
            self._offered = fields
            chosen = str(element("plot-field").value)
            options(element("plot-field"), ("", fields or [("", "no numbers in JSON seen yet")]))
            if chosen in dict(fields):  # a field that has come is no reason to choose anew
                element("plot-field").value = chosen
        self._page.slots["plot-add"].enable(bool(fields))


def _colour(name: str) -> str:
    """What a colour of the sheet is now: a canvas does not know light-dark()."""
    js_probe = element("colour-probe")
    js_probe.style.setProperty("color", f"var({name})")
    return str(js.getComputedStyle(js_probe).color)
