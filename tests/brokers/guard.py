"""Run a command so that nothing of it outlives whoever started it: python guard.py SECONDS COMMAND...

The command has a process group of its own. When our standard input ends, because its other end was closed or because
that process is gone, or when we get SIGTERM, the group gets SIGTERM, and after SECONDS what is left of it SIGKILL. The
command's own standard input is a pipe that ends first.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time


def main() -> int:
    """Until the command or our standard input ends; the command's exit status."""
    patience, command = float(sys.argv[1]), sys.argv[2:]
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _raise)
    child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    ended = os.pidfd_open(child.pid)
    try:
        ready, _, _ = select.select([sys.stdin.fileno(), ended], [], [])
    except _Stop:
        ready = []
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if ended not in ready:
        assert child.stdin is not None
        child.stdin.close()
        _signal(child.pid, signal.SIGTERM)
        select.select([ended], [], [], patience)
    deadline = time.monotonic() + patience
    while _signal(child.pid, signal.SIGTERM) and time.monotonic() < deadline:
        try:  # the group may outlive its leader
            child.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        time.sleep(0.05)
    _signal(child.pid, signal.SIGKILL)
    return child.wait()


class _Stop(BaseException):
    pass


def _raise(_number: int, _frame: object) -> None:
    raise _Stop


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
