"""A Python prompt in the page, for `pystomp_web.sync`: a call that waits does so while the page goes on.

What is typed runs in a task, so that the browser can suspend it (JSPI). Stop cancels what it waits for, which raises
KeyboardInterrupt there; a loop that waits for nothing can't be stopped, since it leaves the page no turn.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from traceback import StackSummary, TracebackException
from typing import Any

import js
from pyodide.console import ConsoleFuture, PyodideConsole
from pyodide.ffi import can_run_sync, create_proxy

import pystomp_web as stomp
from pystomp_web.transport import page

MAX_CHUNKS = 2000  # of the output: older ones are taken out
MAX_HISTORY = 200
INDENT = "    "
HIDDEN = ("/pystomp_web/", "/pyodide/", "/_pyodide/", "/asyncio/", "/prompt.py")  # frames of no interest


def said(error: BaseException) -> str:
    """The traceback without the frames of the client and of the loop: what was typed, and what is wrong with it."""
    trace = whole = TracebackException.from_exception(error)
    while trace is not None:
        kept = [frame for frame in trace.stack if not any(part in frame.filename for part in HIDDEN)]
        trace.stack = StackSummary.from_list(kept)
        trace = trace.__cause__ or trace.__context__
    return "".join(whole.format())


def find(id: str) -> Any:
    return js.document.getElementById(id)


class Interrupted(Exception):
    """What ended a command that no exception of Python's own ended: its words are shown as they are."""


class Shell(PyodideConsole):
    """The console; its command can be cancelled, and what asyncio would let out of the loop does not leave it."""

    command: asyncio.Task[Any] | None = None
    stopped = False  # before its task has begun

    async def runcode(self, source: str, code: Any) -> Any:
        if self.stopped:
            raise Interrupted("KeyboardInterrupt")
        self.command = asyncio.current_task()
        try:
            return await super().runcode(source, code)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise Interrupted("KeyboardInterrupt") from None
        except SystemExit as error:  # the page stays
            raise Interrupted(f"SystemExit: {error}") from None
        finally:
            self.command = None


class Output:
    """Text of some kinds, written once per frame, bounded."""

    def __init__(self) -> None:
        self._js_box = find("output")
        self._waiting: deque[tuple[str, str]] = deque(maxlen=MAX_CHUNKS)
        self._asked = False
        self._js_paint = create_proxy(self._paint)

    def write(self, text: str, kind: str = "") -> None:
        """Add text; what has the kind of the text before it joins it."""
        if not text:
            return
        if self._waiting and self._waiting[-1][1] == kind and len(self._waiting[-1][0]) < 4000:
            text = self._waiting.pop()[0] + text
        self._waiting.append((text, kind))
        if not self._asked:
            self._asked = True
            js.requestAnimationFrame(self._js_paint)

    def clear(self) -> None:
        self._waiting.clear()
        self._js_box.replaceChildren()

    def _paint(self, _: float) -> None:
        self._asked = False
        js_box = self._js_box
        at_end = js_box.scrollHeight - js_box.scrollTop - js_box.clientHeight < 40
        for text, kind in self._waiting:
            js_chunk = js.document.createElement("span")
            js_chunk.className = kind
            js_chunk.textContent = text
            js_box.append(js_chunk)
        self._waiting.clear()
        while js_box.childElementCount > MAX_CHUNKS:
            js_box.firstElementChild.remove()
        if at_end:
            js_box.scrollTop = js_box.scrollHeight


class Waits:
    """What the running command waits for, so that it can be stopped."""

    def __init__(self) -> None:
        self.stopped = False  # as a wait had ended already: the next one is not to begin
        self._tasks: list[asyncio.Future[Any]] = []
        self._wait = page.wait

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """`page.wait`, which `pystomp_web.sync` waits by; KeyboardInterrupt when it is stopped."""

        async def settled() -> tuple[
            Any, Exception | None
        ]:  # an exception that passed JavaScript would be printed there
            try:
                return await coroutine, None
            except Exception as error:
                return None, error

        if self.stopped:
            coroutine.close()
            raise KeyboardInterrupt
        task = asyncio.ensure_future(settled())
        self._tasks.append(task)
        try:
            value, error = self._wait(task)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            self._tasks.remove(task)
        if error is not None:
            raise error
        return value

    def stop(self) -> bool:
        """Cancel the innermost, or the one after it if it has just ended; whether there was one."""
        if not self._tasks:
            return False
        self.stopped = not self._tasks[-1].cancel()
        return True


class History:
    """The commands so far, to walk through with the arrow keys."""

    def __init__(self) -> None:
        self._entries: list[str] = []
        self._place = 0
        self._draft = ""

    def add(self, text: str) -> None:
        if text.strip() and self._entries[-1:] != [text]:
            self._entries = [*self._entries, text][-MAX_HISTORY:]
        self._place = len(self._entries)

    def walk(self, step: int, present: str) -> str | None:
        """The entry so many steps away; None when there is none."""
        if self._place == len(self._entries):
            self._draft = present
        place = self._place + step
        if not 0 <= place <= len(self._entries):
            return None
        self._place = place
        return self._draft if place == len(self._entries) else self._entries[place]


class Prompt:
    def __init__(self) -> None:
        self.output, self.history, self.waits = Output(), History(), Waits()
        page.wait = self.waits.wait
        self.namespace: dict[str, Any] = {"__name__": "__main__", "stomp": stomp}
        self.console = Shell(
            self.namespace,
            stdout_callback=self.output.write,
            stderr_callback=lambda text: self.output.write(text, "error"),
            persistent_stream_redirection=True,  # a callback prints while no command runs
            filename="<prompt>",
        )
        self.js_input = find("input")
        self.running: asyncio.Task[None] | None = None
        self.lines: deque[str] = deque()  # typed, and not yet given to the console
        self.more = False
        self.js_proxies: list[Any] = []
        self.on(find("form"), "submit", self.on_submit)
        self.on(self.js_input, "keydown", self.on_key)
        self.on(find("stop"), "click", lambda _: self.stop())
        self.on(find("clear"), "click", lambda _: self.output.clear())
        self.on(js.document, "click", self.on_click)
        version = sys.version.partition(" ")[0]
        self.output.write(f"Python {version}, pystomp_web as stomp. stomp.sync waits, await does too.\n", "note-line")
        self.tasks = [asyncio.ensure_future(self.look_for_jspi())]
        self.show()

    def on(self, js_target: Any, event: str, handler: Callable[[Any], object]) -> None:
        js_proxy = create_proxy(handler)
        self.js_proxies.append(js_proxy)
        js_target.addEventListener(event, js_proxy)

    async def look_for_jspi(self) -> None:
        find("no-jspi").hidden = can_run_sync()

    # --- what is typed

    def on_submit(self, js_event: Any) -> None:
        js_event.preventDefault()
        self.enter()

    def on_key(self, js_event: Any) -> None:
        key, js_input = js_event.key, self.js_input
        plain = not (js_event.shiftKey or js_event.altKey or js_event.metaKey or js_event.ctrlKey)
        text, start = js_input.value, js_input.selectionStart
        if key == "Enter" and plain and not js_event.isComposing:
            js_event.preventDefault()
            self.enter()
        elif key == "c" and js_event.ctrlKey and start == js_input.selectionEnd:
            js_event.preventDefault()
            self.stop()
        elif key == "l" and js_event.ctrlKey:
            js_event.preventDefault()
            self.output.clear()
        elif (key == "ArrowUp" and plain and "\n" not in text[:start]) or (
            key == "ArrowDown" and plain and "\n" not in text[start:]
        ):
            found = self.history.walk(-1 if key == "ArrowUp" else 1, text)
            if found is not None:
                js_event.preventDefault()
                self.type(found)
        elif key == "Tab" and plain and (text.strip() or self.more):  # on an empty line it leaves, as everywhere
            js_event.preventDefault()
            self.complete(text[:start], text[start:])

    def on_click(self, js_event: Any) -> None:
        if js_event.target.hasAttribute("data-example"):
            self.type(js_event.target.textContent)
            self.js_input.focus()

    def type(self, text: str) -> None:
        self.js_input.value = text
        self.js_input.setSelectionRange(len(text), len(text))

    def complete(self, before: str, after: str) -> None:
        """Complete a name as far as it is clear, or list what it may be."""
        line = before.rpartition("\n")[2]
        if not line.strip():
            self.js_input.setRangeText(INDENT, len(before), len(before), "end")
            return
        found, start = self.console.complete(line)
        if not found:
            return
        common = found[0]
        for name in found:
            while not name.startswith(common):
                common = common[:-1]
        kept = before[: len(before) - len(line) + start]
        self.js_input.value = kept + common + after
        self.js_input.setSelectionRange(len(kept + common), len(kept + common))
        if len(found) > 1 and common == line[start:]:
            self.output.write("  ".join(found) + "\n", "note-line")

    # --- what runs

    def enter(self) -> None:
        """Take what is in the line. Only what runs takes time: the next line of a block may follow at once."""
        if self.running is not None:
            return
        text = self.js_input.value
        self.type("")
        self.history.add(text)
        lines = text.split("\n")
        if len(lines) > 1 and lines[-1].strip():
            lines.append("")  # an empty line ends a block
        self.lines.extend(lines)
        self.push()

    def push(self) -> None:
        """Give the console the lines, one after the other, as if each were typed, until one makes something run."""
        last = ""
        while self.lines and self.running is None:
            line = self.lines.popleft()
            last = line if line.strip() else last
            self.output.write(f"{'...' if self.more else '>>>'} {line}\n", "in")
            future = self.console.push(line)
            self.more = future.syntax_check == "incomplete"
            if future.syntax_check == "syntax-error":
                self.output.write(future.formatted_error or "", "error")
            elif not self.more:
                self.running = asyncio.ensure_future(self.finish(future))
        if self.more:
            indent = last[: len(last) - len(last.lstrip())] + (INDENT if last.rstrip().endswith(":") else "")
            self.type(indent)
        self.show()

    async def finish(self, future: ConsoleFuture) -> None:
        """Show what it came to. Whoever sees that can type on: what follows is taken in the same turn."""
        try:
            value = await future
            if value is not None:
                self.namespace["_"] = value
                self.output.write(f"{value!r}\n")
        except Interrupted as interrupted:
            self.output.write(f"{interrupted}\n", "error")
        except Exception as error:
            self.output.write(said(error), "error")
        finally:
            self.running = None
            self.console.stopped = self.waits.stopped = False
            self.push()

    def stop(self) -> None:
        """End what runs, and forget the lines after it; without it, forget those of an unfinished block."""
        self.lines.clear()
        if self.running is None:
            self.console.buffer.clear()
            self.more = False
            self.type("")
            self.output.write("KeyboardInterrupt\n", "error")
            self.show()
        elif self.console.command is None:  # it begins with the page's next turn, if it has not just ended
            self.console.stopped = True
        elif not self.waits.stop():
            self.console.command.cancel()

    def show(self) -> None:
        running = self.running is not None
        find("run").disabled = running
        find("stop").disabled = not (running or self.more)
        find("mark").textContent = "..." if self.more else ">>>"
        find("status").textContent = "Running" if running else "An empty line ends the block" if self.more else "Ready"


def main() -> None:
    find("boot").hidden = True
    for id in ("input", "clear"):
        find(id).disabled = False
    globals()["prompt"] = Prompt()  # lives as long as the page
    find("input").focus()
