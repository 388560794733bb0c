"""`python -m pystomp_web.server`: the real process, and its command line."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from pystomp_web.server.__main__ import main

COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "pystomp_web.server", "--port", "0"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<p>page")
    return tmp_path


@contextlib.contextmanager
def process(*arguments: object, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server and the line that it printed."""
    command = [*COMMAND, *map(str, arguments)]
    environ = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as started:
        assert started.stdout is not None
        try:
            yield started, started.stdout.readline()
        finally:
            started.kill()


def stop(started: subprocess.Popen[str], number: signal.Signals) -> None:
    started.send_signal(number)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out, err) == (0, "", "")


def closed(socket: ClientConnection) -> tuple[int | None, str | None]:
    for _ in socket:
        pass
    return socket.close_code, socket.close_reason


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_comes(root: Path, number: signal.Signals) -> None:
    with process("--root", root, "--tcp-port", "0") as (started, line):
        found = re.fullmatch(
            r"serving (http://127\.0\.0\.1:\d+/) with STOMP at (ws://127\.0\.0\.1:\d+/stomp)"
            r" and tcp://127\.0\.0\.1:(\d+) \(embedded broker\)\n",
            line,
        )
        assert found is not None, line
        with (
            connect(found[2], subprotocols=["v12.stomp"], proxy=None) as page,  # type: ignore[list-item]
            connect(found[2], proxy=None) as idle,
            socket.create_connection(("127.0.0.1", int(found[3]))) as plain,
        ):
            for send in (page.send, lambda text: plain.sendall(text.encode())):
                send("CONNECT\naccept-version:1.2\nhost:h\n\n\0")
            assert str(page.recv()).startswith("CONNECTED")
            assert plain.recv(9) == b"CONNECTED"
            started.send_signal(number)
            # Both at once: each answers the closing handshake while the other is waited for.
            ends: list[tuple[int | None, str | None]] = []
            threads = [threading.Thread(target=lambda one=one: ends.append(closed(one))) for one in (page, idle)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            assert ends == [(1001, "the server is stopping")] * 2
            while plain.recv(1000):
                pass
        out, err = started.communicate(timeout=30)
        assert (started.returncode, out, err) == (0, "", "")


def test_a_second_signal_does_no_harm(root: Path) -> None:
    with process("--root", root) as (started, _):
        started.send_signal(signal.SIGTERM)
        stop(started, signal.SIGINT)


def test_a_client_that_does_not_answer_does_not_hold_it_up(root: Path) -> None:
    with process("--root", root) as (started, line):
        port = int(re.findall(r":(\d+)/", line)[0])
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(
                f"GET /stomp HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
            )
            assert deaf.recv(100).startswith(b"HTTP/1.1 101")
            stop(started, signal.SIGTERM)


def test_the_gateway_stops_as_well(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker:
        port = broker.getsockname()[1]
        with process("--root", root, "--broker", f"tcp://127.0.0.1:{port}", "--vhost", "v") as (started, line):
            assert line.endswith(f"(tcp://127.0.0.1:{port} broker)\n")
            with connect(re.findall(r"ws://\S+", line)[0], proxy=None) as page:
                page.send("CONNECT\naccept-version:1.2\nhost:h\n\n\0")
                accepted, _ = broker.accept()
                with accepted:
                    assert b"host:v\n" in accepted.recv(1000)
                    started.send_signal(signal.SIGTERM)
                    assert closed(page) == (1001, "the server is stopping")
                    assert accepted.recv(1000) == b""
            out, err = started.communicate(timeout=30)
            assert (started.returncode, out, err) == (0, "", "")


def test_the_passcode_from_the_environment(root: Path) -> None:
    with process("--root", root, "--login", "al", PYSTOMP_PASSCODE="geheim") as (started, line):
        for passcode, answer in (("geheim", "CONNECTED"), ("falsch", "ERROR")):
            with connect(re.findall(r"ws://\S+", line)[0], proxy=None) as page:
                page.send(f"CONNECT\naccept-version:1.2\nhost:h\nlogin:al\npasscode:{passcode}\n\n\0")
                assert str(page.recv()).startswith(answer)
        stop(started, signal.SIGTERM)


def failing(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    try:
        code = main([*map(str, arguments)])
    except SystemExit as error:
        code = int(error.code or 0)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    return code, err.splitlines()[-1]


def in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def test_a_port_in_use(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    assert in_main_thread()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = failing(capsys, "--root", root, "--port", port)
    assert code == 1
    assert line == f"python -m pystomp_web.server: can't listen on 127.0.0.1:{port}: Address already in use"


def test_a_tcp_port_in_use(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = failing(capsys, "--root", root, "--port", 0, "--tcp-port", port)
    assert code == 1
    assert line == f"python -m pystomp_web.server: can't listen on 127.0.0.1:{port}: Address already in use"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--root", "/none"], 1, "the root folder '/none' does not exist"),
        (["--pyodide", "/none"], 1, "the pyodide folder '/none' does not exist"),
        (["--wheel", "/none"], 1, "the wheel '/none' does not exist"),
        (["--broker", "http://a"], 1, "'http://a' is no broker: give 'embedded' or tcp://HOST:PORT"),
        (["--allow-origin", "*"], 1, "'*' is no origin: "),
        (["--connect", "ws://a/b"], 1, "'ws://a/b' is no WebSocket's origin: "),
        (["--port", "x"], 2, "invalid _port value: 'x'"),
        (["--port", "65536"], 2, "65536 is no port"),
        (["--login", "al"], 2, "--login needs --passcode or PYSTOMP_PASSCODE"),
        (["--passcode", "x"], 2, "--passcode needs --login"),
        (["--broker", "tcp://a", "--login", "a", "--passcode", "b"], 2, "--login is for the embedded broker"),
        (["--broker", "tcp://a", "--tcp-port", "0"], 2, "--tcp-port is for the embedded broker"),
        (["--vhost", "v"], 2, "--vhost is for the gateway"),
        (["--vendor", "/none"], 1, "the vendor folder '/none' does not exist"),
        (["--demo", "0"], 2, "0 is no number of messages a second"),
        (["--demo", "x"], 2, "x is no number of messages a second"),
        (["--broker", "tcp://a", "--demo"], 2, "--demo is for the embedded broker"),
    ],
)
def test_one_line_says_what_is_wrong(  # noqa: PLR0917
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.delenv("PYSTOMP_PASSCODE", raising=False)
    got, line = failing(capsys, "--port", "0", "--root", root, *arguments)
    assert got == code
    assert words in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_handlers_are_put_back(capsys: pytest.CaptureFixture[str], root: Path, number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    listening = threading.Event()

    def kill() -> None:
        while not capsys.readouterr().out:
            time.sleep(0.01)
        listening.set()
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    assert main(["--port", "0", "--root", str(root)]) == 0
    thread.join()
    assert listening.is_set()
    assert {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)} == before
