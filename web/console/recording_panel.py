"""The recording's panel: to a file while messages come, and from a file back to the broker."""

from __future__ import annotations

from typing import Any

from . import bodies, files, recording, words
from .dom import download, element
from .page import Page
from .publisher import Publisher
from .recorder import Recorder, Target
from .recording import Taken
from .repeat import start
from .session import Session
from .steps import in_steps

_LINES = 500  # that are handed to the browser at once


class RecordingPanel:
    """The panel."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._asking = False  # a file is being chosen
        on_click = page.listeners.on_click
        on_click("record", self._record)
        on_click("record-save", lambda: page.spawn(self._save()))
        on_click("list-save", lambda: page.spawn(self._save_list()))
        page.listeners.on(element("replay-file"), "change", lambda _: self._load())
        page.listeners.on_submit("replay-form", self._replay)
        on_click("replay-stop", lambda: page.session.publisher and page.session.publisher.stop())
        on_click("replay-own", self._own)

    def _record(self) -> None:
        recorder = self._page.session.recorder
        if recorder.running:
            recorder.stop()
        elif not self._asking:
            self._asking = True
            self._page.spawn(self._run(recorder, str(element("record-form").value)))

    async def _run(self, recorder: Recorder, form: str) -> None:
        try:
            await recorder.whole()  # the one before may still be written
            target = await files.choose("recording", form)
        finally:
            self._asking = False
        if target is None:
            self._page.report("Nothing is recorded: no file was chosen")
            return
        recorder.start(target, form)
        self._page.report(f"Recording what comes, to {target.where}")
        self._page.ask()
        try:
            await recorder.run(self._page.ask)
        finally:
            self._page.ask()
        advice = "" if target.own else ": save it"
        self._page.report(f"Recorded {words.many(recorder.count, 'message')} to {target.where}{advice}")

    async def _save(self) -> None:
        recorder = self._page.session.recorder
        if recorder.target is not None:
            name = f"recording.{recorder.form}"
            download(name, await recorder.target.file())
            self._page.report(f"Saved {words.many(recorder.count, 'message')} as {name}")

    async def _save_list(self) -> None:
        form = str(element("record-form").value)
        records = list(self._page.session.listing)
        target = files.InMemory(files.KINDS[form])
        lines = [recording.head(form)]
        async for each in in_steps(records):
            lines.append(recording.line(recording.taken(each), form))
            if len(lines) > _LINES:
                await target.write("".join(lines).encode())
                lines.clear()
        await target.write("".join(lines).encode())
        download(f"messages.{form}", await target.file())
        self._page.report(f"Saved {words.many(len(records), 'message')} as messages.{form}")

    def _load(self) -> None:
        js_file = element("replay-file").files.item(0)
        if js_file:
            self._forget_replay()
            self._page.spawn(self._take(self._page.session, js_file))

    async def _take(self, session: Session, js_file: Any) -> None:
        session.replay = await _read(js_file)
        self._page.report(f"{words.many(len(session.replay), 'message')} of {js_file.name} can be replayed")
        self._page.ask()

    def _own(self) -> None:
        session = self._page.session
        if session.recorder.target is not None:
            self._forget_replay()
            self._page.spawn(self._take_own(session, session.recorder.target))

    async def _take_own(self, session: Session, target: Target) -> None:
        session.replay = await _read(await target.file())
        self._page.ask()

    def _forget_replay(self) -> None:
        """At once, in sight too: the one before is not to be replayed while the next one is read."""
        self._page.session.replay = []
        self.paint()

    def _replay(self) -> None:
        session = self._page.session
        messages = session.replay
        if not messages:
            raise ValueError("There is nothing to replay: choose a recording first")
        speed = float(element("replay-speed").value)
        began = messages[0].at

        async def send(number: int) -> None:
            each = messages[number]
            headers = recording.sendable(each)
            kind = headers.pop("content-type", "")
            await session.link.send(each.destination, each.body, headers, kind, receipt=False)

        def due(number: int) -> float:
            return (messages[number].at - began) / speed if speed else 0.0

        start(self._page, session, Publisher(send, len(messages), due, self._page.ask))

    def paint(self) -> None:
        """Show how it stands."""
        session, slots = self._page.session, self._page.slots
        recorder = session.recorder
        slots["record"].text("Stop recording" if recorder.running else "Record")
        slots["record"].attribute("aria-pressed", "true" if recorder.running else "false")
        slots["recording-mark"].show(recorder.running)
        slots["record-words"].text(self._told(recorder))
        slots["record-form"].enable(recorder.closed)
        some = recorder.closed and recorder.count > 0
        slots["record-save"].show(recorder.target is not None and not recorder.target.own)
        slots["record-save"].enable(some)
        slots["replay-own"].enable(some)
        slots["list-save"].enable(len(session.listing) > 0)
        replay = session.replay
        slots["replay-start"].enable(bool(replay))
        lasts = f" over {replay[-1].at - replay[0].at:,.1f} s" if replay else ""
        slots["replay-what"].text(
            f"{words.many(len(replay), 'message')}{lasts}" if replay else "No recording chosen yet."
        )

    @staticmethod
    def _told(recorder: Recorder) -> str:
        target = recorder.target
        if target is None:
            return "Nothing recorded yet."
        told = f"{words.many(recorder.count, 'message')}, {bodies.octets_in_words(recorder.octets)} in {target.where}"
        if recorder.full:
            return f"{told}: it is full, and has stopped"
        if not recorder.running:
            return told if recorder.closed else f"{told}, {recorder.waiting:,} waiting"
        room = f", which has room for {bodies.octets_in_words(target.room)}" if target.room is not None else ""
        return f"{told}{room}" + (f"; {recorder.waiting:,} waiting" if recorder.waiting else "")


async def _read(js_blob: Any) -> list[Taken]:
    js_buffer = await js_blob.arrayBuffer()
    return await recording.loads(js_buffer.to_bytes())
