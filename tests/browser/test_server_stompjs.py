"""stompjs, a client that nobody here wrote, in a page of the server and on its embedded broker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import Serving, serving
from tests.support.loopthread import LoopThread

ROOT = Path(__file__).parents[2]
STOMPJS = ROOT / "build" / "npm" / "node_modules" / "@stomp" / "stompjs" / "bundles" / "stomp.umd.min.js"
VERSIONS = ["1.0", "1.1", "1.2"]

#: In the page: a client with a list of what happened, and a wait for the next thing of a kind.
PRELUDE = """
([version, passcode, beat]) => {
  const events = [], waiting = [];
  const note = (kind, value) => {
    events.push([kind, value]);
    waiting.splice(0).forEach(wake => wake());
  };
  const next = async kind => {
    for (;;) {
      const index = events.findIndex(event => event[0] === kind);
      if (index >= 0) return events.splice(index, 1)[0][1];
      if (events.some(event => event[0] === 'closed')) throw new Error(JSON.stringify(events));
      await new Promise(wake => waiting.push(wake));
    }
  };
  const plain = frame => ({headers: {...frame.headers}, body: frame.body});
  const client = new StompJs.Client({
    brokerURL: `ws://${location.host}/stomp`,
    stompVersions: new StompJs.Versions([version]),
    connectHeaders: {login: 'al', passcode},
    reconnectDelay: 0,
    heartbeatIncoming: beat,
    heartbeatOutgoing: beat,
    debug: line => line === '<<< PONG' && note('beat', null),
    onConnect: frame => note('connected', plain(frame)),
    onStompError: frame => note('error', plain(frame)),
    onWebSocketClose: event => note('closed', [event.code, event.wasClean, client.webSocket?.protocol]),
    onDisconnect: () => note('disconnected', null),
  });
  window.scenario = {client, events, next, note, plain};
  client.activate();
}
"""


@pytest.fixture(scope="module")
def server(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    root = tmp_path_factory.mktemp("stompjs")
    shutil.copy(STOMPJS, root / "stomp.js")
    (root / "index.html").write_text("<!doctype html><meta charset=utf-8><script src='stomp.js'></script>")
    context = serving(ServerConfig(root=root, login="al", passcode="geheim", heartbeat=(100, 100)))
    yield loop_thread.run(context.__aenter__())
    loop_thread.run(context.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """One page for all tests of this module, and what its console said."""
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page, said
    context.close()


@pytest.fixture
def page(tab: tuple[Page, list[str]], server: Serving) -> Iterator[Page]:
    """The page afresh, with stompjs in it; whatever its console says is an error."""
    page, said = tab
    page.goto(f"{server.url}/")
    said.clear()
    yield page
    assert said == []


def start(page: Page, version: str = "1.2", passcode: str = "geheim", beat: int = 10_000) -> None:
    page.evaluate(PRELUDE, [version, passcode, beat])


def connected(page: Page, version: str, beat: int = 10_000) -> Any:
    start(page, version, beat=beat)
    return page.evaluate("() => scenario.next('connected')")


@pytest.mark.parametrize("version", VERSIONS)
def test_publish_and_subscribe(page: Page, version: str) -> None:
    assert connected(page, version)["headers"]["version"] == version
    message = page.evaluate(
        """
        async () => {
          const {client, next, note, plain} = scenario;
          client.subscribe('/topic/a', message => note('message', plain(message)), {receipt: 'sub'});
          client.watchForReceipt('sub', () => note('receipt', 'sub'));
          await next('receipt');
          client.publish({destination: '/topic/a', body: 'grüße: \\\\ 😀', headers: {foo: 'b:r'}});
          return next('message');
        }
        """
    )
    assert message["body"] == "grüße: \\ 😀"
    # stompjs escapes and unescapes in 1.2 only, though 1.1 has escapes too.
    assert message["headers"]["foo"] == ("b\\cr" if version == "1.1" else "b:r")
    assert message["headers"]["subscription"] == "sub-0"


@pytest.mark.parametrize("version", VERSIONS)
def test_acknowledgement_redelivery_and_transactions(page: Page, server: Serving, version: str) -> None:
    connected(page, version)
    seen = page.evaluate(
        """
        async queue => {
          const {client, next, note, plain} = scenario;
          for (const body of ['1', '2', '3']) client.publish({destination: queue, body});
          client.subscribe(queue, message => note('message', message), {ack: 'client-individual'});
          const [one, two, three] = [await next('message'), await next('message'), await next('message')];
          const seen = [one.body, two.body, three.body];
          const transaction = client.begin();
          two.ack({transaction: transaction.id});
          client.publish({destination: queue, body: '4', headers: {transaction: transaction.id}});
          transaction.commit();
          const four = await next('message');
          four.ack();
          seen.push(four.body);
          if (client.connectedVersion !== '1.0') {
            one.nack();
            const again = await next('message');
            seen.push(again.body, again.headers.redelivered);
          }
          await client.deactivate();
          return seen;
        }
        """,
        f"/queue/{version}",
    )
    assert seen == ["1", "2", "3", "4"] + (["1", "true"] if version != "1.0" else [])
    assert server.broker is not None
    assert server.broker.length(f"/queue/{version}") == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_deactivate_ends_cleanly(page: Page, version: str) -> None:
    connected(page, version)
    closed = page.evaluate("async () => { scenario.client.deactivate(); return scenario.next('closed') }")
    assert closed[:2] == [1000, True]
    page.evaluate("() => scenario.next('disconnected')")


def test_binary_bodies(page: Page) -> None:
    connected(page, "1.2")
    octets = page.evaluate(
        """
        async () => {
          const {client, next, note} = scenario;
          client.subscribe('/topic/binary', message => note('message', [...message.binaryBody]));
          client.publish({destination: '/topic/binary', binaryBody: new Uint8Array([0, 255, 254, 0, 10])});
          return next('message');
        }
        """
    )
    assert octets == [0, 255, 254, 0, 10]


def test_heart_beats_keep_the_connection(page: Page) -> None:
    assert connected(page, "1.2", beat=400)["headers"]["heart-beat"] == "100,100"
    # Four of the server's beats: without the page's own it would be dead long since.
    page.evaluate("async () => { for (let i = 0; i < 4; i++) await scenario.next('beat') }")
    assert page.evaluate("() => scenario.client.connected")


def test_an_error_closes_the_socket(page: Page) -> None:
    connected(page, "1.2")
    page.evaluate("() => scenario.client.publish({destination: '/nowhere', headers: {receipt: 'r'}})")
    error = page.evaluate("() => scenario.next('error')")
    assert error["headers"]["message"] == "Unknown destination"
    assert error["headers"]["receipt-id"] == "r"
    assert page.evaluate("() => scenario.next('closed')")[:2] == [1002, True]


def test_a_wrong_passcode(page: Page) -> None:
    start(page, passcode="falsch")
    assert page.evaluate("() => scenario.next('error')")["headers"]["message"] == "Access refused"
    assert page.evaluate("() => scenario.next('closed')")[:2] == [1008, True]


def test_a_page_of_another_origin_is_refused(browser: Browser, server: Serving) -> None:
    context = browser.new_context(bypass_csp=True)  # the page's own policy would forbid it before the server can
    page = context.new_page()
    # The same server under another name is another origin to the browser, and to the server.
    page.goto(f"{server.url}/stomp.js".replace("127.0.0.1", "localhost"))
    result = page.evaluate(
        """
        url => new Promise(done => {
          const socket = new WebSocket(url);
          socket.onopen = () => done('open');
          socket.onclose = event => done(event.code);
        })
        """,
        server.socket_url,
    )
    assert result == 1006
    context.close()
