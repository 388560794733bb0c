"""The console: plots, frames, recording and replay."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.console import Console, Site, fits, shoot

JSON = {"content-type": "application/json"}


def test_plots_of_rates_and_of_any_number_in_json(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/topic/plots")
    served.publish("/topic/plots", *(f'{{"price": {{"eur": {1.08 + 0.01 * (i % 9)}}}}}' for i in range(60)), **JSON)
    console.send("/topic/plots", '{"price": {"eur": 1.5}}', "application/json")
    console.send("/topic/plots", '{"price": {"eur": 1.5}}', "application/json")
    expect(console.row(62)).to_have_count(1)
    console["#show-charts"].click()
    console["#plot-field"].select_option(label="price.eur of /topic/plots")
    console["#plot-add"].click()
    plots = console["#plots .plot"]
    expect(plots).to_have_count(3)
    expect(plots.locator("canvas")).to_have_count(3)
    expect(plots.nth(2).locator(".figures")).to_have_text("price.eur 1.5")
    expect(plots.nth(1).locator(".figures")).to_contain_text("ms")
    served.publish("/topic/plots", '{"price": {"eur": 2}}', **JSON)
    expect(plots.nth(2).locator(".figures")).to_have_text("price.eur 2")
    fits(console)
    plots.nth(2).get_by_role("button", name="Remove the plot").click()
    expect(plots).to_have_count(2)
    expect(console["#plot-field"]).to_be_focused()


def test_plots_that_do_not_load_can_be_asked_for_again(console: Console) -> None:
    console.page.reload()
    console.ready()

    def none(route: Route) -> None:
        route.fulfill(status=404, headers={**route.fetch().headers, "cache-control": "no-store"})

    console.page.route("**/uPlot.iife.min.js", none)
    console["#show-charts"].click()
    expect(console["#charts-failed"]).to_be_visible()
    console.says("#charts-failed", "The plots did not load")
    console.page.unroute("**/uPlot.iife.min.js")
    console["#charts-again"].click()
    expect(console["#charts-failed"]).to_be_hidden()
    console.says("#plots", "Nothing to draw yet")
    console.console.clear()  # the browser's line about the 404


def test_frames_in_and_out_with_secrets_masked(console: Console, served: Site) -> None:
    console["#show-frames"].click()
    console["#frames-clear"].click()
    console.says("#frames-empty", "No frame yet")
    console.connect("alice", "open sesame")
    frames = console["#frames li"]
    expect(frames.filter(has_text="CONNECTED")).to_have_attribute("data-direction", "in")
    connect = frames.filter(has_text="accept-version")
    expect(connect).to_have_attribute("data-direction", "out")
    expect(connect).to_contain_text("login:alice")
    assert "open sesame" not in console["body"].inner_text()
    console.subscribe("/topic/frames")
    expect(frames.filter(has_text="SUBSCRIBE")).to_have_count(0)
    console["#frames-watch"].check()
    served.publish("/topic/frames", *(f"body {number}" for number in range(150)))
    expect(frames.first).to_contain_text("body 149")
    expect(frames).to_have_count(100)
    console["#frames-clear"].click()
    expect(frames).to_have_count(0)
    console["#frames-watch"].uncheck()
    served.publish("/topic/frames", "unwatched")
    console.says("#subscriptions .counter", "151")
    expect(frames).to_have_count(0)


#: The picker can't be shown to nobody: what it would hand out is a real file of the browser's storage.
_PICKER = """() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
        const folder = await navigator.storage.getDirectory();
        return folder.getFileHandle(`picked-${suggestedName}`, { create: true });
    };
}"""
_NO_PICKER = "() => { window.showSaveFilePicker = undefined; }"
_PICKED = """async (name) => {
    const folder = await navigator.storage.getDirectory();
    const text = await (await (await folder.getFileHandle(name)).getFile()).text();
    await folder.removeEntry(name);
    return text;
}"""


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("place", ["the picked file", "this browser's storage", "the page's memory"])
def test_a_recording_is_written_while_messages_come_and_replayed(
    console: Console, served: Site, form: str, place: str, tmp_path: Path
) -> None:
    console.page.evaluate(_PICKER if place == "the picked file" else _NO_PICKER)
    if place == "the page's memory":
        console.page.evaluate("() => { navigator.storage.getDirectory = () => Promise.reject(new Error('private')); }")
    where = f"picked-recording.{form}" if place == "the picked file" else place
    console.connect()
    console.subscribe("/topic/record")
    served.publish("/topic/record", "before")
    expect(console.row(1)).to_be_visible()
    console["#show-recording"].click()
    console["#record-form"].select_option(form)
    console["#record"].click()
    expect(console["#recording-mark"]).to_be_visible()
    expect(console["#record-form"]).to_be_disabled()
    console.says("#record-words", f"in {where}")
    served.publish("/topic/record", 'Grüße,\n"Welt"', shop="berlin")
    served.publish("/topic/record", b"\x00\xff", **{"content-type": "application/octet-stream"})
    console.says("#record-words", re.compile(rf"^2 messages, [1-9]\d\d B in {where}"))
    console["#record"].click()
    console.says("#status", f"Recorded 2 messages to {where}")
    expect(console["#recording-mark"]).to_be_hidden()
    file = tmp_path / f"recording.{form}"
    if place == "the picked file":
        expect(console["#record-save"]).to_be_hidden()
        file.write_text(console.page.evaluate(_PICKED, where), encoding="utf-8", newline="")
    else:
        name, octets = console.saved("#record-save")
        assert name == file.name
        file.write_bytes(octets)
    text = file.read_text(encoding="utf-8")
    rows = (
        list(csv.DictReader(io.StringIO(text))) if form == "csv" else [json.loads(line) for line in text.splitlines()]
    )
    assert [base64.b64decode(row["body_base64"]) for row in rows] == ['Grüße,\n"Welt"'.encode(), b"\x00\xff"]
    assert rows[0]["destination"] == "/topic/record"
    assert "berlin" in str(rows[0]["headers"])
    console["#replay-file"].set_input_files(file)
    console.says("#replay-what", "2 messages")
    for number, speed in enumerate(("as it came", "twice as fast", "at full speed"), 1):
        console["#replay-speed"].select_option(speed)
        console["#replay-start"].click()
        console.says("#subscriptions .counter", str(3 + 2 * number))
        expect(console["#replay-start"]).to_be_visible()
    console["#show-messages"].click()
    expect(console.row(9)).to_contain_text("hex 00 ff")
    console.row(8).click()
    console.says("#detail-headers", "berlin")
    if place == "the page's memory":
        console.page.evaluate("() => { delete navigator.storage.getDirectory; }")


def test_a_burst_is_recorded_whole_and_a_second_recording_begins_anew(console: Console, served: Site) -> None:
    console.page.evaluate(_NO_PICKER)
    console.connect()
    console.subscribe("/topic/record")
    console["#show-recording"].click()
    console["#record-form"].select_option("jsonl")
    for last in (3000, 1):
        console["#record"].click()
        console.says("#record-words", re.compile("^0 messages"))
        served.publish("/topic/record", *map(str, range(1, last + 1)))
        console.says("#record-words", re.compile(f"^{last:,} message"))
        console["#record"].click()
        console.says("#status", f"Recorded {last:,} message")
    lines = console.saved("#record-save")[1].decode().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["1"]


def test_a_recording_may_follow_the_one_before_at_once(console: Console) -> None:
    console.page.evaluate(_NO_PICKER)
    console["#show-recording"].click()
    begun = console["#activity li"].filter(has_text="Recording what comes")
    before = begun.count()
    console["#record"].click()
    expect(begun).to_have_count(before + 1)
    # Stopped and begun again in one task of the page: the file of the one before is not whole yet.
    console["#record"].evaluate("button => { button.click(); button.click(); }")
    expect(begun).to_have_count(before + 2)
    expect(console["#record"]).to_have_text("Stop recording")
    console["#record"].click()
    console.says("#status", "Recorded 0 messages")


def test_a_recording_is_not_lost_unasked_and_old_ones_are_tidied_up(console: Console) -> None:
    console.page.evaluate(_NO_PICKER)
    in_storage = """async (add) => {
        const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle("recordings", { create: true });
        for (const name of add) await folder.getFileHandle(name, { create: true });
        const names = [];
        for await (const name of folder.keys()) names.push(name);
        return names;
    }"""
    leave = """() => {
        const event = new Event("beforeunload", { cancelable: true });
        dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    old, foreign = "1000-recording.jsonl", "notes.txt"
    assert {old, foreign} <= set(console.page.evaluate(in_storage, [old, foreign]))
    assert console.page.evaluate(leave) is False
    console["#show-recording"].click()
    console["#record"].click()
    expect(console["#record"]).to_have_text("Stop recording")
    assert console.page.evaluate(leave) is True
    names = console.page.evaluate(in_storage, [])
    assert old not in names
    assert foreign in names
    console["#record"].click()
    console.says("#status", "Recorded 0 messages")
    assert console.page.evaluate(leave) is False


@pytest.mark.parametrize(
    ("picker", "words"),
    [
        ("Promise.reject(new DOMException('cancelled', 'AbortError'))", "no file was chosen"),
        ("Promise.reject(new DOMException('not there', 'SecurityError'))", "The file could not be written: not there"),
        (
            """({ name: "x", createWritable: async () => ({
                write: async () => { throw new DOMException("the disk is full", "QuotaExceededError"); },
                close: async () => {},
            }) })""",
            "The file could not be written: x: the disk is full",
        ),
    ],
)
def test_a_file_that_is_not_written_is_said(console: Console, served: Site, picker: str, words: str) -> None:
    console.page.evaluate(f"() => {{ window.showSaveFilePicker = async () => {picker}; }}")
    console.connect()
    console.subscribe("/topic/record")
    console["#show-recording"].click()
    console["#record"].click()
    if "disk" in words:
        expect(console["#record"]).to_have_text("Stop recording")
        served.publish("/topic/record", "x")
    console.says("#status", words)
    expect(console["#record"]).to_have_text("Record")


def test_what_the_list_shows_is_saved_and_a_wrong_file_is_said(console: Console, served: Site, tmp_path: Path) -> None:
    console.connect()
    console.subscribe("/topic/list")
    served.publish("/topic/list", "tea", "coffee", "more tea")
    console["#filter"].fill("tea")
    console.says("#tally", "2 of 3")
    console["#show-recording"].click()
    console["#record-form"].select_option("jsonl")
    lines = console.saved("#list-save")[1].decode().splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["tea", "more tea"]
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"at": 1}')
    console["#replay-file"].set_input_files(wrong)
    console.says("#status", "That file is no recording")


def test_a_recording_of_this_page_is_replayed_without_a_file(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/topic/own")
    console.page.evaluate(_NO_PICKER)
    console["#show-recording"].click()
    console["#record"].click()
    expect(console["#recording-mark"]).to_be_visible()
    served.publish("/topic/own", "one")
    console.says("#record-words", "1 message")
    console["#record"].click()
    console["#replay-own"].click()
    console.says("#replay-what", "1 message")
    console["#replay-start"].click()
    console.says("#replay-words", "1 of 1 sent")
    fits(console)
    shoot(console, "recording-desk-light")
