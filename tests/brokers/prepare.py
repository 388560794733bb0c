"""Download and compile what brokers need: python -m tests.brokers.prepare NAME... (or "all"). Done once."""

from __future__ import annotations

import sys

from tests.brokers import java


def main(names: list[str]) -> None:
    """Prepare the named ones that run on the JVM."""
    for kind in java.ALL:
        if kind.name in names or "all" in names:
            broker = kind()
            broker.prepare()
            broker.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
