"""The state of the page as Python: lines that do the same with pystomp_web."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def python(
    url: str,
    options: Mapping[str, object],
    subscriptions: Sequence[tuple[str, str]],
    message: tuple[str, str | bytes, Mapping[str, str], str] | None,
) -> str:
    """A program.

    Args:
        url: the address.
        options: of connect(); a passcode is asked for, and not in here.
        subscriptions: (destination, ack mode).
        message: destination, body, headers and content type of what is to be sent, if anything.
    """
    given = {name: value for name, value in options.items() if value}
    arguments = [repr(url), *(f"{name}={value!r}" for name, value in given.items())]
    imports = ["import asyncio", "import pystomp_web as stomp"]
    if "login" in given:
        arguments.append('passcode=getpass("Passcode: ")')
        imports.insert(1, "from getpass import getpass")
    names = [f"messages_{number}" if number > 1 else "messages" for number in range(1, len(subscriptions) + 1)]
    lines = [*imports, "", ""]
    for name, (destination, ack) in zip(names, subscriptions, strict=True):
        lines += [
            f"async def read_{name}(client):",
            f"    async with client.subscribe({destination!r}{_ack(ack)}) as {name}:",
            f"        async for message in {name}:",
            "            print(message.destination, message.text)",
            *(["            await message.ack()"] if ack != "auto" else []),
            "",
            "",
        ]
    lines += ["async def main():", f"    async with stomp.connect({', '.join(arguments)}) as client:"]
    body: list[str] = []
    if message is not None:
        destination, content, headers, content_type = message
        extra = (f", headers={dict(headers)!r}" if headers else "") + (
            f", content_type={content_type!r}" if content_type else ""
        )
        body.append(f"await client.send({destination!r}, {content!r}{extra})")
    if names:
        body.append(f"await asyncio.gather({', '.join(f'read_{name}(client)' for name in names)})")
    lines += [f"        {line}" for line in body or ["print(client.server, client.version)"]]
    return "\n".join([*lines, "", "", "asyncio.run(main())  # in a page: await main()", ""])


def _ack(mode: str) -> str:
    return "" if mode == "auto" else f", ack={mode!r}"
