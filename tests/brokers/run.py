"""Start one broker by hand, as the tests do: python -m tests.brokers.run NAME [ORIGIN]. Ctrl-C ends it."""

from __future__ import annotations

import sys
from contextlib import suppress

from tests.brokers.abilities import NAMES
from tests.brokers.test_brokers import LAUNCHERS


def main() -> None:
    """Until our input ends."""
    name, origin = [*sys.argv[1:], "http://127.0.0.1:8080"][:2]
    with LAUNCHERS[name](origin, NAMES) as broker:
        sys.stderr.write(f"{name} {broker.version}: {broker.url} login={broker.login} passcode={broker.passcode}\n")
        sys.stderr.write(f"topic {broker.topic('topic')}, queue {broker.queue('ack_client')}, log {broker.log}\n")
        with suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    main()
