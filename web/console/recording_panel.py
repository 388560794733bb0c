"""The recording's panel: to a file while messages come, and from a file back to the broker."""

from __future__ import annotations

from . import bodies, recording, words
from .dom import download, element
from .page import Page
from .publisher import Publisher
from .recording import Taken
from .repeat import start

_KINDS = {"jsonl": "application/jsonl", "csv": "text/csv"}


class RecordingPanel:
    """The panel."""

    def __init__(self, page: Page) -> None:
        self._page = page
        on_click = page.listeners.on_click
        on_click("record", self._record)
        on_click("record-save", lambda: self._save(page.session.recorder.taken, "recording"))
        on_click("list-save", lambda: self._save([recording.taken(each) for each in page.session.listing], "messages"))
        page.listeners.on(element("replay-file"), "change", lambda _: page.spawn(self._load()))
        page.listeners.on_submit("replay-form", self._replay)
        on_click("replay-stop", lambda: page.session.publisher and page.session.publisher.stop())
        on_click("replay-own", self._own)

    def _record(self) -> None:
        recorder = self._page.session.recorder
        if recorder.running:
            recorder.stop()
            self._page.report(f"Recorded {words.many(len(recorder.taken), 'message')}: save them")
        else:
            recorder.start()
            self._page.report("Recording what comes")
        self._page.ask()

    def _save(self, messages: list[Taken], name: str) -> None:
        form = str(element("record-form").value)
        download(f"{name}.{form}", recording.dumps(messages, form), _KINDS[form])
        self._page.report(f"Saved {words.many(len(messages), 'message')} as {name}.{form}")

    async def _load(self) -> None:
        js_file = element("replay-file").files.item(0)
        if js_file:
            self._page.session.replay = recording.loads(str(await js_file.text()))
            self._page.report(
                f"{words.many(len(self._page.session.replay), 'message')} of {js_file.name} can be replayed"
            )
            self._page.ask()

    def _own(self) -> None:
        self._page.session.replay = list(self._page.session.recorder.taken)
        self._page.ask()

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
        taken = len(recorder.taken)
        told = f"{words.many(taken, 'message')}, {bodies.octets_in_words(recorder.octets)}"
        if recorder.full:
            told = f"{told}: it is full, and has stopped"
        slots["record-words"].text(told if taken or recorder.running else "Nothing recorded yet.")
        slots["record-save"].enable(taken > 0)
        slots["replay-own"].enable(taken > 0 and not recorder.running)
        slots["list-save"].enable(len(session.listing) > 0)
        replay = session.replay
        slots["replay-start"].enable(bool(replay))
        lasts = f" over {replay[-1].at - replay[0].at:,.1f} s" if replay else ""
        slots["replay-what"].text(
            f"{words.many(len(replay), 'message')}{lasts}" if replay else "No recording chosen yet."
        )
