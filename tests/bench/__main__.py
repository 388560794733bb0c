"""All benchmarks, or some: they write into docs/benchmarks; with --check they compare with what is there."""

from __future__ import annotations

import argparse
import sys

from tests.bench import boot, clients, codec, dashboard
from tests.bench.options import Options

PARTS = {"codec": codec.bench, "boot": boot.bench, "dashboard": dashboard.bench, "clients": clients.bench}


def main() -> int:
    default = Options()
    parser = argparse.ArgumentParser(prog="./build.sh bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; by default all")
    parser.add_argument("--rounds", type=int, default=default.rounds, help="in which the arms take turns (%(default)s)")
    parser.add_argument("--seconds", type=float, default=default.seconds, help="of the dashboard (%(default)g)")
    parser.add_argument("--only", default="", help="clients: rows in whose 'table: name' this is; writes nothing")
    parser.add_argument("--browser", choices=["chromium", "firefox"], help="clients: only this one; writes nothing")
    parser.add_argument("--check", action="store_true", help="fail where it is clearly worse; writes nothing")
    given = vars(parser.parse_args())
    parts = given.pop("parts") or (["clients"] if given["only"] or given["browser"] else list(PARTS))
    if unknown := set(parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))} (choose from {', '.join(PARTS)})")
    options = Options(**given)
    worse = [f"{part}: {line}" for part in parts for line in PARTS[part](options)]
    sys.stdout.writelines(f"LOSS {line}\n" for line in worse)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
