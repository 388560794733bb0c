"""The connection's panel: address, profiles, and what is known of the connection."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import js

from pystomp_web import State, brokers

from . import bodies, profiles, store, words
from .dialogs import Prompt
from .dom import blob, download, element, options
from .link import Options
from .page import Page
from .profiles import Profile

_FIELDS = ("url", "login", "host", "broker", "beats")


class ConnectionPanel:
    """The panel.

    Args:
        page: the page.
        prompt: asks for a name.
        on_profile: takes the profile that was chosen.
    """

    def __init__(self, page: Page, prompt: Prompt, on_profile: Callable[[Profile], None]) -> None:
        self._page = page
        self._prompt = prompt
        self._on_profile = on_profile
        self._own = self._kept()
        on_click = page.listeners.on_click
        page.listeners.on_submit("connect-form", self.connect)
        page.listeners.on(element("connect-form"), "input", lambda _: page.state_changed())
        page.listeners.on(element("profile"), "change", lambda _: self._choose())
        page.listeners.on(element("profile-file"), "change", lambda _: page.spawn(self._import()))
        on_click("disconnect", lambda: page.spawn(page.session.link.disconnect()))
        on_click("retry", lambda: page.session.link.reconnect_now())  # noqa: PLW0108 - of the session shown then
        on_click("profile-save", self._save)
        on_click("profile-duplicate", self._duplicate)
        on_click("profile-delete", self._delete)
        on_click("profile-export", self._export)
        on_click("profile-import", lambda: element("profile-file").click())
        names = sorted({broker.name for broker in brokers.BROKERS})
        options(element("broker"), ("", [("", "found out by itself"), *((name, name) for name in names)]))
        self._list("")

    def connect(self) -> None:
        """Connect as the form says."""
        link = self._page.session.link
        if link.client is not None:
            return
        given = {name: str(element(name).value).strip() for name in _FIELDS}
        try:
            link.connect(Options(**given, passcode=element("passcode").value))
        except ValueError as error:
            beats = "heart-beat" in str(error)
            self._page.report(str(error) if beats else f"That is no address: {error}", bad=True)
            element("more-options").open = beats or bool(element("more-options").open)
            element("beats" if beats else "url").focus()
        self._page.state_changed()

    # Profiles.

    def _kept(self) -> list[Profile]:
        found = []
        for data in store.read("profiles", []):
            try:
                found.append(profiles.load(data))
            except ValueError:
                continue
        return found

    def _keep(self, chosen: str) -> None:
        data = json.loads(profiles.dumps(self._own))["pystomp_web profiles"]
        if not store.write("profiles", data):
            self._page.report("The browser does not let this page keep anything: export the profiles", bad=True)
        self._list(chosen)

    def _list(self, chosen: str) -> None:
        own = [(f"own {number}", profile.name) for number, profile in enumerate(self._own)]
        presets = [(f"preset {number}", profile.name) for number, profile in enumerate(profiles.PRESETS)]
        options(element("profile"), ("", [("", "none")]), ("Yours", own), ("Presets", presets))
        element("profile").value = next((value for value, name in own if name == chosen), "")
        self._paint_profile()

    def _chosen(self) -> Profile | None:
        kind, _, number = str(element("profile").value).partition(" ")
        if not number:
            return None
        return (self._own if kind == "own" else profiles.PRESETS)[int(number)]

    def _choose(self) -> None:
        profile = self._chosen()
        self._paint_profile()
        if profile is None:
            return
        for name in _FIELDS:
            element(name).value = getattr(profile, name)
        element("passcode").value = ""
        self._on_profile(profile)
        self._page.state_changed()

    def _paint_profile(self) -> None:
        profile = self._chosen()
        slots = self._page.slots
        slots["profile-note"].text(profile.note if profile is not None else "")
        slots["profile-duplicate"].enable(profile is not None)
        slots["profile-delete"].enable(profile in self._own)
        slots["profile-export"].enable(bool(self._own))

    def _present(self, name: str) -> Profile:
        given = {field: str(element(field).value).strip() for field in _FIELDS}
        entries = [[entry.destination, entry.ack] for entry in self._page.session.link.entries.values()]
        return Profile(name=name, **given, subscriptions=entries)

    def _save(self) -> None:
        profile = self._chosen()
        name = profile.name if profile is not None else str(element("url").value)
        self._prompt.ask("Save this connection", "Name", name, self._save_as)

    def _save_as(self, name: str) -> None:
        new = self._present(name)
        self._own = [profile for profile in self._own if profile.name != name] + [new]
        self._keep(name)
        self._page.report(f"Saved the profile {name}, without the passcode")

    def _duplicate(self) -> None:
        profile = self._chosen()
        if profile is None:
            return
        name = profiles.free_name(profile.name, {each.name for each in self._own})
        self._own.append(profiles.load({**json.loads(json.dumps(profile.__dict__)), "name": name}))
        self._keep(name)
        self._page.report(f"Made the profile {name}")

    def _delete(self) -> None:
        profile = self._chosen()
        if profile in self._own:
            self._own.remove(profile)
            self._keep("")
            self._page.report(f"Deleted the profile {profile.name}")

    def _export(self) -> None:
        download("stomp-profiles.json", blob(profiles.dumps(self._own), "application/json"))
        self._page.report(f"Exported {words.many(len(self._own), 'profile')}, without passcodes")

    async def _import(self) -> None:
        js_file = element("profile-file").files.item(0)
        if not js_file:
            return
        text = str(await js_file.text())
        element("profile-file").value = ""
        found = profiles.loads(text)
        for profile in found:
            profile.name = profiles.free_name(profile.name, {each.name for each in self._own})
            self._own.append(profile)
        self._keep(found[-1].name if found else "")
        self._page.report(f"Imported {words.many(len(found), 'profile')}")

    # Painting.

    def paint(self) -> None:
        """Show how it stands."""
        link = self._page.session.link
        client, slots = link.client, self._page.slots
        light = words.FAILED if client is None and link.error is not None else words.LIGHTS[link.state]
        slots["light"].attribute("data-tone", light.tone)
        slots["light-word"].text(f"{light.word}{link.tries() if link.state is State.CONNECTING else ''}")
        version = client.version if client is not None and link.connected else None
        slots["light-version"].show(version is not None)
        slots["light-version"].text(f"STOMP {version}")
        self._paint_form(client is None)
        if client is None:
            return
        stats = client.stats
        slots["fact-url"].text(client.url.partition("?")[0])
        slots["fact-server"].text((client.server or "it does not say") if version else "\u2013")
        slots["fact-session"].text((client.session_id or "it does not say") if version else "\u2013")
        slots["fact-beats"].text(link.beats if version else "\u2013")
        size = bodies.octets_in_words
        slots["fact-traffic"].text(
            f"{size(stats.bytes_in)} in, {size(stats.bytes_out)} out"
            + (f", {words.many(stats.reconnects, 'reconnect')}" if stats.reconnects else "")
            + (f", {stats.dropped:,} dropped" if stats.dropped else "")
        )
        slots["disconnect"].enable(link.state is not State.CLOSING)
        slots["retry"].show(link.state is State.WAITING)

    def _paint_form(self, shown: bool) -> None:
        slots = self._page.slots
        js_focus: Any = js.document.activeElement
        was_in = next((id for id in ("connect-form", "facts") if element(id).contains(js_focus)), None)
        slots["connect-form"].show(shown)
        slots["facts"].show(not shown)
        if was_in == "connect-form" and not shown:
            element("disconnect").focus()
        elif was_in == "facts" and shown:
            element("connect").focus()
