"""The Python prompt (web/prompt.html) in Chromium, against our server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, ViewportSize, expect

from tests.browser.console import Console, Site, accessible, failed, shoot
from tests.support.loopthread import LoopThread


class Prompt(Console):
    """The prompt's page."""

    def open(self) -> Prompt:
        self.page.goto(f"{self.origin}/prompt.html")
        self.ready()
        return self

    def type(self, text: str) -> None:
        """Type it, and press Enter; does not wait for its end."""
        self["#input"].fill(text)
        self["#input"].press("Enter")

    def run(self, text: str) -> None:
        """Type it, press Enter and wait until it has run."""
        self.type(text)
        self.idle()

    def idle(self) -> None:
        expect(self["#status"]).not_to_have_text("Running")

    @property
    def output(self) -> Locator:
        return self["#output"]


@pytest.fixture(scope="module")
def site(loop_thread: LoopThread) -> Iterator[Site]:
    with Site(loop_thread) as served:
        yield served


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=ViewportSize(width=1280, height=800))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def booted() -> Iterator[list[Prompt]]:
    """The page that the tests share; not there when a test has failed in it."""
    shared: list[Prompt] = []
    yield shared
    for prompt in shared:
        prompt.page.close()


@pytest.fixture
def prompt(
    booted: list[Prompt], context: BrowserContext, site: Site, request: pytest.FixtureRequest
) -> Iterator[Prompt]:
    """The page, its output empty; a failure of one test does not reach the next."""
    prompt = booted.pop() if booted else Prompt(context, site.origin).open()
    try:
        prompt["#clear"].click()
        yield prompt
        prompt["#input"].press("Control+c")  # the button may be disabled just now
        prompt.idle()
        prompt["#input"].fill("")
        prompt.check()
    except BaseException:
        prompt.page.close()
        raise
    if failed(request):
        prompt.page.close()
    else:
        booted.append(prompt)


def test_expressions_and_statements(prompt: Prompt) -> None:
    expect(prompt["#no-jspi"]).to_be_hidden()
    prompt.run("x = 6 * 7")
    prompt.run("x")
    prompt.run("print('<b>out</b>')")
    expect(prompt.output).to_have_text(">>> x = 6 * 7\n>>> x\n42\n>>> print('<b>out</b>')\n<b>out</b>\n")
    prompt.run("_ is None, _")  # as in every prompt: the last value
    expect(prompt.output).to_contain_text("(False, 42)")


def test_what_fails_is_shown_with_its_place(prompt: Prompt) -> None:
    prompt.run("1 / 0")
    expect(prompt.output.locator(".error")).to_have_text(
        'Traceback (most recent call last):\n  File "<prompt>", line 1, in <module>\n'
        "ZeroDivisionError: division by zero\n"
    )
    prompt.run("stomp.Client('/stomp').subscribe(1)")
    prompt.says("#output", "in <module>\nTypeError: a destination is a str")
    prompt.run("x = = 1")
    prompt.says("#output", "SyntaxError")
    prompt.run("raise SystemExit(3)")
    prompt.says("#output", "SystemExit: 3")
    prompt.run("'still here'")
    prompt.says("#output", "'still here'")


def test_a_block_goes_over_several_lines(prompt: Prompt) -> None:
    prompt.type("for i in range(3):")
    expect(prompt["#mark"]).to_have_text("...")
    expect(prompt["#status"]).to_have_text("An empty line ends the block")
    expect(prompt["#input"]).to_have_value("    ")
    prompt.type("    print('round', i)")
    expect(prompt["#input"]).to_have_value("    ")
    prompt.run("")
    prompt.says("#output", "round 0\nround 1\nround 2\n")
    expect(prompt["#mark"]).to_have_text(">>>")
    prompt.run("def double(x):\n    return 2 * x")
    prompt.run("double(21)")
    prompt.says("#output", ">>> double(21)\n42\n")


def test_the_arrow_keys_walk_through_what_was_typed(prompt: Prompt) -> None:
    prompt.run("first = 1")
    prompt.run("second = 2")
    entry = prompt["#input"]
    entry.fill("dra")
    for key, value in (
        ("ArrowUp", "second = 2"),
        ("ArrowUp", "first = 1"),
        ("ArrowDown", "second = 2"),
        ("ArrowDown", "dra"),
        ("ArrowDown", "dra"),
    ):
        entry.press(key)
        expect(entry).to_have_value(value)


def test_tab_completes_a_name_and_leaves_an_empty_line(prompt: Prompt) -> None:
    entry = prompt["#input"]
    entry.fill("stomp.Back")
    entry.press("Tab")
    expect(entry).to_have_value("stomp.Backoff(")
    entry.fill("stomp.s")
    entry.press("Tab")
    entry.fill("")
    entry.press("Tab")
    expect(prompt["#run"]).to_be_focused()


def test_the_lines_of_a_block_may_follow_at_once(prompt: Prompt) -> None:
    # Both in one task of the page, as when keys come faster than its timers do.
    prompt["#input"].evaluate(
        """input => {
            for (const line of ["for i in range(2): print('turn', i)", ""]) {
                input.value = line;
                input.form.requestSubmit();
            }
        }"""
    )
    prompt.says("#output", "turn 0\nturn 1\n")
    expect(prompt["#mark"]).to_have_text(">>>")
    expect(prompt["#input"]).to_have_value("")


def test_stop_forgets_the_lines_that_follow(prompt: Prompt) -> None:
    prompt.type("import asyncio\nawait asyncio.sleep(3600)\nprint('never')")
    expect(prompt["#status"]).to_have_text("Running")
    prompt.says("#output", ">>> await")
    prompt["#stop"].click()
    prompt.idle()
    prompt.run("'after'")
    prompt.says("#output", "KeyboardInterrupt\n>>> 'after'\n'after'\n")
    expect(prompt.output).not_to_contain_text("never")


def test_stop_ends_what_has_not_begun_yet(prompt: Prompt) -> None:
    # Both in one task of the page: the command's own task has not had its turn.
    prompt["#input"].evaluate(
        """input => {
            input.value = "print('never')";
            input.form.requestSubmit();
            document.getElementById("stop").click();
        }"""
    )
    prompt.says("#output", "KeyboardInterrupt")
    prompt.run("'after'")
    prompt.says("#output", "KeyboardInterrupt\n>>> 'after'\n'after'\n")
    expect(prompt.output.locator("span", has_text="never")).to_have_count(1)  # what was typed


def test_a_client_that_waits(prompt: Prompt, site: Site) -> None:
    prompt.run('client = stomp.sync.connect("/stomp")')
    prompt.run('notes = client.subscribe("/queue/waits")')
    prompt.run('client.send("/queue/waits", "hello", receipt=True)')
    prompt.run("notes.get(timeout=5)")
    prompt.says("#output", "<Message '")
    prompt.says("#output", "from '/queue/waits': 'hello'>")

    # Typed on one line and on several; the page goes on while it waits.
    prompt.type("for message in notes: print('came', message.text)")
    prompt.type("")
    expect(prompt["#status"]).to_have_text("Running")
    expect(prompt["#run"]).to_be_disabled()
    for text in ("one", "two"):
        site.publish("/queue/waits", text)
        prompt.says("#output", f"came {text}\n")
    prompt["#input"].press("Control+c")
    prompt.says("#output", "KeyboardInterrupt")
    prompt.idle()

    # The subscription lives on, and nothing was lost.
    site.publish("/queue/waits", "three")
    prompt.run("notes.get(timeout=5).text")
    prompt.says("#output", "'three'")
    prompt.type("notes.get()")
    expect(prompt["#stop"]).to_be_enabled()
    prompt["#stop"].click()
    prompt.idle()
    prompt.run("client.close()")
    prompt.run("client.state")
    prompt.says("#output", "State.CLOSED")


def test_await_works_too_and_can_be_stopped(prompt: Prompt, site: Site) -> None:
    prompt.run('aclient = await stomp.connect("/stomp")')
    prompt.run('later = aclient.subscribe("/topic/later", lambda message: print("called back", message.text))')
    prompt.run("await later.confirmed()")
    site.publish("/topic/later", "x")  # prints while nothing runs
    prompt.says("#output", "called back x")
    prompt.type('async for message in aclient.subscribe("/topic/never"): pass')
    prompt.type("")
    expect(prompt["#status"]).to_have_text("Running")
    prompt["#stop"].click()
    prompt.says("#output", "KeyboardInterrupt")
    prompt.idle()
    prompt.run("await aclient.close()")


def test_stop_forgets_an_unfinished_block(prompt: Prompt) -> None:
    prompt.type("if True:")
    expect(prompt["#mark"]).to_have_text("...")
    prompt["#input"].press("Control+c")
    expect(prompt["#mark"]).to_have_text(">>>")
    prompt.run("'fresh'")
    prompt.says("#output", "'fresh'")


def test_an_example_goes_into_the_line(prompt: Prompt) -> None:
    prompt["[data-example]"].first.click()
    expect(prompt["#input"]).to_have_value('client = stomp.sync.connect("/stomp")')
    expect(prompt["#input"]).to_be_focused()


def test_the_output_is_bounded(prompt: Prompt) -> None:
    prompt.run("import sys; [print(i, file=sys.stderr if i % 2 else sys.stdout) for i in range(5000)] and None")
    prompt.says("#output", "4999")
    assert prompt.output.evaluate("box => box.childElementCount") <= 2000
    assert prompt.output.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 40


def test_where_the_browser_can_not_wait_it_says_so(context: BrowserContext, site: Site) -> None:
    with Prompt(context, site.origin) as prompt:
        prompt.page.add_init_script("delete WebAssembly.Suspending; delete WebAssembly.promising;")
        prompt.open()
        expect(prompt["#no-jspi"]).to_be_visible()
        prompt.run('stomp.sync.connect("/stomp")')
        prompt.says("#output", "RuntimeError: this call cannot wait: the browser has no JSPI")
        prompt.run('client = await stomp.connect("/stomp")')
        prompt.run("client")
        prompt.says("#output", "connected")
        prompt.run("await client.close()")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_screenshots(browser: Browser, site: Site, scheme: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    with Prompt(context, site.origin) as prompt:
        prompt.open()
        prompt.run('client = stomp.sync.connect("/stomp")')
        prompt.run('notes = client.subscribe("/queue/notes")')
        prompt.run('client.send("/queue/notes", {"symbol": "EURUSD", "price": 1.0842})')
        prompt.run("notes.get(timeout=5)")
        prompt.run("client.subscribe(1)")
        errors = prompt.output.locator(".error")
        expect(errors).to_have_text(
            'Traceback (most recent call last):\n  File "<prompt>", line 1, in <module>\n'
            "TypeError: a destination is a str, not int\n"
        )
        name = f"python-prompt-{'desk' if width > 400 else 'phone'}-{scheme}"
        shoot(prompt, name)
        assert prompt.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        accessible(prompt)
        prompt.run("client.close()")
    context.close()
