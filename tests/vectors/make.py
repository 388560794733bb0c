r"""Writes decode/*.json and encode/*.json beside it: what STOMP says, told once for all versions.

Run `python tests/vectors/make.py` after a change; a test sees to it that the files are what this makes. Nothing in
here calls pystomp_web: every expectation is written down by hand, from the specification that `section` names and from
CONTRACT.md ("contract") where the specification leaves a choice. Octets stand as text, one character an octet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ALL = ("1.0", "1.1", "1.2")
ESCAPING = ("1.1", "1.2")
CLIENT = (
    "CONNECT",
    "STOMP",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "ACK",
    "NACK",
    "BEGIN",
    "COMMIT",
    "ABORT",
    "DISCONNECT",
)
SERVER = ("CONNECTED", "MESSAGE", "RECEIPT", "ERROR")
NEVER_ESCAPED = ("CONNECT", "STOMP", "CONNECTED")
WITH_BODY = ("SEND", "MESSAGE", "ERROR")

Pair = tuple[str, str]
Frame = tuple[str, tuple[Pair, ...], str]

_groups: dict[str, list[dict[str, Any]]] = {}
_names: set[str] = set()


def octets(text: str) -> str:
    """Text as its UTF-8 octets, one character an octet."""
    return text.encode().decode("latin-1")


def message(*headers: Pair, body: str = "") -> Frame:
    """A MESSAGE that is expected to come out."""
    return ("MESSAGE", headers, body)


def decode(
    group: str,
    name: str,
    data: str,
    *frames: Frame,
    versions: Iterable[str] = ALL,
    section: str,
    error: str | None = None,
    waits: bool = False,
    limits: dict[str, int] | None = None,
    switches: tuple[str, ...] = (),
) -> None:
    """One vector for each of the versions.

    Args:
        group: the file.
        name: unique together with the version.
        data: the octets.
        frames: what comes out, before the error if there is one.
        versions: whose rules the decoder starts with.
        section: where that is written.
        error: the exception that comes after the frames: ProtocolError, or FrameTooLarge, which is one.
        waits: whether the end of a frame is missing: nothing that follows can be foretold.
        limits: arguments of the decoder.
        switches: the version that is set after the first frame, after the second ...
    """
    for version in versions:
        vector: dict[str, Any] = {"name": f"{name} [{version}]", "version": version, "section": section, "bytes": data}
        if limits:
            vector["limits"] = limits
        if switches:
            vector["switches"] = list(switches)
        vector["frames"] = [[command, [list(pair) for pair in headers], body] for command, headers, body in frames]
        if error:
            vector["error"] = error
        if waits:
            vector["waits"] = True
        _add(f"decode/{group}", vector)


def encode(
    group: str,
    name: str,
    frame: Frame,
    data: str | None,
    *,
    versions: Iterable[str] = ALL,
    section: str,
    content_length: bool = True,
) -> None:
    """One vector for each of the versions: the octets of a frame, or None where it can't be said."""
    for version in versions:
        command, headers, body = frame
        vector: dict[str, Any] = {
            "name": f"{name} [{version}]",
            "version": version,
            "section": section,
            "frame": [command, [list(pair) for pair in headers], body],
        }
        if not content_length:
            vector["content_length"] = False
        if data is None:
            vector["error"] = "ProtocolError"
        else:
            vector["bytes"] = data
        _add(f"encode/{group}", vector)


def _add(file: str, vector: dict[str, Any]) -> None:
    key = f"{file} {vector['name']}"
    if key in _names:
        raise ValueError(f"two vectors are called {key}")
    _names.add(key)
    _groups.setdefault(file, []).append(vector)


# ------------------------------------------------------------------------------------------------ escapes

VALUE_ENCODING = "1.1 and 1.2 Value Encoding; 1.0 has none"


def escapes() -> None:
    g = "escapes"
    defined = {"\\n": "\n", "\\c": ":", "\\\\": "\\"}
    for written, meant in {**defined, "\\r": "\r"}.items():
        for place, raw, name_value in (
            ("value", f"k:a{written}b", ("k", f"a{meant}b")),
            ("name", f"a{written}b:v", (f"a{meant}b", "v")),
            ("whole value", f"k:{written}", ("k", meant)),
            ("whole name", f"{written}:v", (meant, "v")),
        ):
            data = f"MESSAGE\n{raw}\n\n\0"
            plain = raw.partition(":")
            decode(
                g,
                f"{written} in a {place}",
                data,
                message((plain[0], plain[2])),
                versions=["1.0"],
                section=VALUE_ENCODING,
            )
            if written == "\\r":
                decode(
                    g, f"{written} in a {place}", data, versions=["1.1"], section=VALUE_ENCODING, error="ProtocolError"
                )
            else:
                decode(
                    g, f"{written} in a {place}", data, message(name_value), versions=["1.1"], section=VALUE_ENCODING
                )
            decode(g, f"{written} in a {place}", data, message(name_value), versions=["1.2"], section=VALUE_ENCODING)
    undefined = [
        "\\t",
        "\\R",
        "\\N",
        "\\C",
        "\\0",
        "\\x41",
        "\\u0041",
        "\\ ",
        '\\"',
        "\\/",
        "\\b",
        octets("\\é"),
        "\\\\\\",
        "\\",
    ]
    for written in undefined:
        for place, raw in (("value", f"k:a{written}"), ("name", f"a{written}:v")):
            data = f"MESSAGE\n{raw}\n\n\0"
            name, _, value = raw.partition(":")
            kept = message((name.encode("latin-1").decode(), value.encode("latin-1").decode()))
            label = f"undefined {written} in a {place}"
            decode(g, label, data, kept, versions=["1.0"], section=VALUE_ENCODING)
            decode(g, label, data, versions=ESCAPING, section=VALUE_ENCODING, error="ProtocolError")
    decode(
        g, "\\: in a value", "MESSAGE\nk:a\\:b\n\n\0", message(("k", "a\\:b")), versions=["1.0"], section=VALUE_ENCODING
    )
    decode(
        g, "\\: in a value", "MESSAGE\nk:a\\:b\n\n\0", versions=ESCAPING, section=VALUE_ENCODING, error="ProtocolError"
    )
    decode(
        g,
        "a backslash ends the name",
        "MESSAGE\na\\:b\n\n\0",
        message(("a\\", "b")),
        versions=["1.0"],
        section=VALUE_ENCODING,
    )
    decode(
        g,
        "a backslash ends the name",
        "MESSAGE\na\\:b\n\n\0",
        versions=ESCAPING,
        section=VALUE_ENCODING,
        error="ProtocolError",
    )
    decode(
        g,
        "a CR behind a backslash",
        "MESSAGE\nk:a\\\rb\n\n\0",
        versions=ESCAPING,
        section=VALUE_ENCODING,
        error="ProtocolError",
    )
    one_pass = {
        "\\\\n": "\\n",
        "\\\\c": "\\c",
        "\\\\r": "\\r",
        "\\\\t": "\\t",
        "\\\\\\n": "\\\n",
        "\\\\\\c": "\\:",
        "\\\\\\\\": "\\\\",
        "\\\\\\\\n": "\\\\n",
        "\\\\\\\\\\n": "\\\\\n",
        "\\c\\c\\c": ":::",
        "\\n\\n": "\n\n",
        "\\nn\\cc": "\nn:c",
        "C\\c\\\\new": "C:\\new",
        "a:\\c:b": "a:::b",
    }
    for written, meant in one_pass.items():
        data = f"MESSAGE\nk:{written}\n\n\0"
        decode(g, f"one pass: {written}", data, message(("k", written)), versions=["1.0"], section=VALUE_ENCODING)
        decode(g, f"one pass: {written}", data, message(("k", meant)), versions=ESCAPING, section=VALUE_ENCODING)
    for name in ("a\\\\nb", "a\\\\\\nb", "\\c\\c", "\\\\\\\\"):
        meant = {"a\\\\nb": "a\\nb", "a\\\\\\nb": "a\\\nb", "\\c\\c": "::", "\\\\\\\\": "\\\\"}[name]
        decode(
            g,
            f"one pass in a name: {name}",
            f"MESSAGE\n{name}:v\n\n\0",
            message((meant, "v")),
            versions=ESCAPING,
            section=VALUE_ENCODING,
        )
    for command in NEVER_ESCAPED:
        for value in ("a\\cb", "a\\nb", "a\\\\b", "a\\rb", "a\\tb", "a\\:b", "p\\", "\\\\\\", "C:\\new"):
            decode(
                g,
                f"{command} is not escaped: {value}",
                f"{command}\npasscode:{value}\na\\tb:x\n\n\0",
                (command, (("passcode", value), ("a\\tb", "x")), ""),
                section="1.1 and 1.2 Value Encoding: all frames except the CONNECT and CONNECTED frames",
            )
        decode(
            g,
            f"{command} with CRLF is not escaped",
            f"{command}\r\npasscode:p\\c\\t\\\r\n\r\n\0",
            (command, (("passcode", "p\\c\\t\\"),), ""),
            versions=["1.2"],
            section="1.2 Value Encoding: all frames except the CONNECT and CONNECTED frames; STOMP Frames",
        )
    for command in (*CLIENT, *SERVER):
        if command in NEVER_ESCAPED:
            continue
        data = f"{command}\ni\\cd:a\\cb\\n\\\\\n\n\0"
        decode(
            g,
            f"{command} is escaped",
            data,
            (command, (("i:d", "a:b\n\\"),), ""),
            versions=ESCAPING,
            section=VALUE_ENCODING,
        )
        decode(
            g,
            f"{command} is not escaped",
            data,
            (command, (("i\\cd", "a\\cb\\n\\\\"),), ""),
            versions=["1.0"],
            section=VALUE_ENCODING,
        )
        decode(
            g,
            f"{command} with \\t",
            f"{command}\nid:a\\tb\n\n\0",
            versions=ESCAPING,
            section=VALUE_ENCODING,
            error="ProtocolError",
        )
    decode(
        g,
        "names are equal only after unescaping",
        "MESSAGE\na\\cb:1\na\\cb:2\nplain:3\n\n\0",
        message(("a:b", "1"), ("a:b", "2"), ("plain", "3")),
        versions=ESCAPING,
        section="1.2 Repeated Header Entries",
    )
    decode(
        g,
        "a body is not unescaped",
        "MESSAGE\nk:v\n\na\\nb\\t\\\0",
        message(("k", "v"), body="a\\nb\\t\\"),
        section="1.2 Value Encoding",
    )
    decode(
        g,
        "an unescaped LF and an escaped one",
        "MESSAGE\nk:a\\nb:c\nd:e\n\n\0",
        message(("k", "a\nb:c"), ("d", "e")),
        versions=ESCAPING,
        section=VALUE_ENCODING,
    )


# ------------------------------------------------------------------------------------------------ ends of lines


def ends_of_lines() -> None:
    g = "ends-of-lines"
    frames = "1.2 STOMP Frames: optional carriage return followed by a line feed; in 1.0 and 1.1 a line ends with LF"
    augmented = "1.2 Augmented BNF; 1.1 Augmented BNF"
    ok = message(("a", "b"), ("c", "d"))
    decode(g, "CRLF", "MESSAGE\r\na:b\r\nc:d\r\n\r\n\0", ok, versions=["1.2"], section=frames)
    decode(g, "CRLF", "MESSAGE\r\na:b\r\nc:d\r\n\r\n\0", versions=["1.0", "1.1"], section=frames, error="ProtocolError")
    decode(
        g,
        "CRLF and a body",
        "MESSAGE\r\na:b\r\n\r\nhello\0",
        message(("a", "b"), body="hello"),
        versions=["1.2"],
        section=frames,
    )
    decode(g, "CRLF and no header", "MESSAGE\r\n\r\nhello\0", message(body="hello"), versions=["1.2"], section=frames)
    decode(
        g, "CRLF and an empty value", "MESSAGE\r\na:\r\n\r\n\0", message(("a", "")), versions=["1.2"], section=frames
    )
    decode(
        g,
        "CRLF and content-length",
        "MESSAGE\r\ncontent-length:3\r\n\r\na\0b\0",
        message(("content-length", "3"), body="a\0b"),
        versions=["1.2"],
        section=frames,
    )
    decode(
        g,
        "CRLF in CONNECTED",
        "CONNECTED\r\nversion:1.2\r\n\r\n\0\r\n",
        ("CONNECTED", (("version", "1.2"),), ""),
        versions=["1.2"],
        section=frames,
    )
    decode(
        g,
        "CRLF and escapes",
        "MESSAGE\r\na\\r:\\n\\r\r\n\r\n\0",
        message(("a\r", "\n\r")),
        versions=["1.2"],
        section=frames,
    )
    for name, data in (
        ("command alone", "MESSAGE\r\na:b\nc:d\n\n\0"),
        ("first header", "MESSAGE\na:b\r\nc:d\n\n\0"),
        ("last header", "MESSAGE\na:b\nc:d\r\n\n\0"),
        ("empty line", "MESSAGE\na:b\nc:d\n\r\n\0"),
        ("command and empty line", "MESSAGE\r\na:b\nc:d\n\r\n\0"),
        ("all but the empty line", "MESSAGE\r\na:b\r\nc:d\r\n\n\0"),
    ):
        decode(g, f"LF and CRLF mixed: {name}", data, ok, versions=["1.2"], section=frames)
    decode(
        g,
        "CR at a value's end",
        "MESSAGE\na:b\r\nc:d\r\n\n\0",
        message(("a", "b\r"), ("c", "d\r")),
        versions=["1.0", "1.1"],
        section=frames,
    )
    decode(
        g, "CR alone as a value", "MESSAGE\na:\r\n\n\0", message(("a", "\r")), versions=["1.0", "1.1"], section=frames
    )
    decode(g, "CR alone as a value", "MESSAGE\na:\r\n\n\0", message(("a", "")), versions=["1.2"], section=frames)
    decode(
        g, "CR inside a value", "MESSAGE\na:b\rc\n\n\0", message(("a", "b\rc")), versions=["1.0", "1.1"], section=frames
    )
    decode(
        g, "CR inside a name", "MESSAGE\na\rb:c\n\n\0", message(("a\rb", "c")), versions=["1.0", "1.1"], section=frames
    )
    decode(
        g, "CR begins a name", "MESSAGE\n\ra:c\n\n\0", message(("\ra", "c")), versions=["1.0", "1.1"], section=frames
    )
    for name, data in (
        ("inside a value", "MESSAGE\na:b\rc\n\n\0"),
        ("inside a name", "MESSAGE\na\rb:c\n\n\0"),
        ("begins a name", "MESSAGE\n\ra:c\n\n\0"),
        ("begins a value", "MESSAGE\na:\rc\n\n\0"),
        ("before the colon", "MESSAGE\na\r:c\n\n\0"),
        ("CR CR LF behind a header", "MESSAGE\na:b\r\r\n\n\0"),
        ("CR CR LF as the empty line", "MESSAGE\na:b\n\r\r\n\n\0"),
        ("CR CR LF behind the command", "MESSAGE\r\r\na:b\n\n\0"),
        ("inside the command", "MESS\rAGE\na:b\n\n\0"),
        ("instead of LF behind the command", "MESSAGE\ra:b\n\n\0"),
        ("instead of LF behind a header", "MESSAGE\na:b\rc:d\n\n\0"),
        ("LF CR as an end of line", "MESSAGE\na:b\n\rc:d\n\n\0"),
        ("in a CONNECTED", "CONNECTED\na:b\rc\n\n\0"),
        ("in a head with CRLF", "MESSAGE\r\na:b\rc\r\n\r\n\0"),
    ):
        decode(
            g,
            f"bare CR: {name}",
            data,
            versions=["1.2"],
            section="contract: a bare CR in a head is an error",
            error="ProtocolError",
        )
    decode(
        g,
        "CR behind the command",
        "RECEIPT\r\nreceipt-id:1\n\n\0",
        versions=["1.0", "1.1"],
        section=frames,
        error="ProtocolError",
    )
    decode(
        g,
        "CR LF as the empty line",
        "MESSAGE\na:b\n\r\n\n\0",
        versions=["1.0", "1.1"],
        section=frames,
        error="ProtocolError",
    )
    decode(
        g,
        "LF CR LF, then LF: a body",
        "MESSAGE\na:b\n\r\n\nx\0",
        message(("a", "b"), body="\nx"),
        versions=["1.2"],
        section=frames,
    )
    two = (message(("n", "1")), message(("n", "2")))
    one, other = "MESSAGE\nn:1\n\n\0", "MESSAGE\nn:2\n\n\0"
    for name, eols in (("none", ""), ("LF", "\n"), ("many LF", "\n" * 40)):
        decode(g, f"between frames: {name}", f"{one}{eols}{other}", *two, section=augmented)
        decode(g, f"before the first frame: {name}", f"{eols}{one}", two[0], section=augmented)
        decode(g, f"behind the last frame: {name}", f"{one}{eols}", two[0], section=augmented)
    for name, eols in (("CRLF", "\r\n"), ("many CRLF", "\r\n" * 20), ("LF CRLF LF", "\n\r\n\n"), ("CRLF LF", "\r\n\n")):
        decode(g, f"between frames: {name}", f"{one}{eols}{other}", *two, versions=["1.2"], section=augmented)
        decode(
            g,
            f"between frames: {name}",
            f"{one}{eols}{other}",
            two[0],
            versions=["1.0", "1.1"],
            section=frames,
            error="ProtocolError",
        )
        decode(g, f"before the first frame: {name}", f"{eols}{one}", two[0], versions=["1.2"], section=augmented)
        decode(g, f"behind the last frame: {name}", f"{one}{eols}", two[0], versions=["1.2"], section=augmented)
    decode(g, "a bare CR between frames", f"{one}\r{other}", two[0], section=frames, error="ProtocolError")
    decode(g, "CR CR LF between frames", f"{one}\r\r\n{other}", two[0], section=frames, error="ProtocolError")
    decode(g, "a CR whose LF is to come", f"{one}\r", two[0], versions=["1.2"], section=frames, waits=True)
    decode(g, "only EOLs", "\n\n\n", section="1.1 and 1.2 Heart-beating")
    decode(g, "only CRLF", "\r\n\r\n", versions=["1.2"], section="1.2 Heart-beating")
    decode(g, "nothing", "", section="1.2 STOMP Frames")
    for name, char in (
        ("VT", "\v"),
        ("FF", "\f"),
        ("FS", "\x1c"),
        ("NEL", octets("\x85")),
        ("LINE SEPARATOR", octets("\u2028")),
    ):
        kept = f"b{char}c".encode("latin-1").decode()
        decode(g, f"{name} ends no line", f"MESSAGE\na:b{char}c\n\n\0", message(("a", kept)), section=frames)
    decode(g, "a body that begins with LF", "MESSAGE\n\n\n\nx\0", message(body="\n\nx"), section="1.2 STOMP Frames")
    decode(g, "a body that begins with CRLF", "MESSAGE\n\n\r\nx\0", message(body="\r\nx"), section="1.2 STOMP Frames")
    decode(
        g,
        "CR and LF in a body",
        "MESSAGE\n\na\rb\r\nc\n\nd\n\r\n\0",
        message(body="a\rb\r\nc\n\nd\n\r\n"),
        section="1.2 STOMP Frames",
    )
    decode(
        g,
        "EOLs behind a body of known length",
        "MESSAGE\ncontent-length:1\n\n\n\0\n\n",
        message(("content-length", "1"), body="\n"),
        section=augmented,
    )
    decode(g, "a blank before the command", " MESSAGE\n\n\0", section=frames, error="ProtocolError")
    decode(g, "a tab between frames", f"{one}\t{other}", two[0], section=frames, error="ProtocolError")
    decode(g, "NUL between frames", f"{one}\0{other}", two[0], section=augmented, error="ProtocolError")
    decode(g, "NUL alone", "\0", section=augmented, error="ProtocolError")


# ------------------------------------------------------------------------------------------------ bodies


def bodies() -> None:
    g = "bodies"
    body = "1.2 Body"
    length = "1.2 Header content-length; 1.0 and 1.1 Header content-length"
    for command in (*CLIENT, *SERVER):
        with_body = f"{command}\nh:v\n\nx\0"
        with_length = f"{command}\ncontent-length:1\n\nx\0"
        zero = f"{command}\ncontent-length:0\n\n\0"
        if command in WITH_BODY:
            decode(g, f"{command} with a body", with_body, (command, (("h", "v"),), "x"), section=body)
            decode(
                g,
                f"{command} with content-length",
                with_length,
                (command, (("content-length", "1"),), "x"),
                section=body,
            )
        else:
            decode(g, f"{command} with a body", with_body, section=body, error="ProtocolError")
            decode(g, f"{command} with content-length", with_length, section=body, error="ProtocolError")
            decode(
                g, f"{command} and LF instead of NUL", f"{command}\nh:v\n\n\n\0", section=body, error="ProtocolError"
            )
        decode(g, f"{command} with content-length 0", zero, (command, (("content-length", "0"),), ""), section=body)
        decode(g, f"{command} without body", f"{command}\nh:v\n\n\0", (command, (("h", "v"),), ""), section=body)
    decode(g, "a body runs to the first NUL", "MESSAGE\n\nab\0\n", message(body="ab"), section=body)
    decode(
        g,
        "what follows the first NUL is no body",
        "MESSAGE\n\na\0b\0",
        message(body="a"),
        section=body,
        error="ProtocolError",
    )
    decode(
        g,
        "NUL inside",
        "MESSAGE\ncontent-length:5\n\na\0b\0c\0",
        message(("content-length", "5"), body="a\0b\0c"),
        section=length,
    )
    decode(
        g,
        "only NUL",
        "MESSAGE\ncontent-length:3\n\n\0\0\0\0",
        message(("content-length", "3"), body="\0\0\0"),
        section=length,
    )
    decode(
        g,
        "a whole frame as body",
        "MESSAGE\ncontent-length:15\n\nMESSAGE\na:b\n\n\0\n\0",
        message(("content-length", "15"), body="MESSAGE\na:b\n\n\0\n"),
        section=length,
    )
    decode(
        g,
        "LF as the last octet",
        "MESSAGE\ncontent-length:2\n\na\n\0",
        message(("content-length", "2"), body="a\n"),
        section=length,
    )
    decode(
        g,
        "all octets",
        f"MESSAGE\ncontent-length:256\n\n{''.join(map(chr, range(256)))}\0",
        message(("content-length", "256"), body="".join(map(chr, range(256)))),
        section=length,
    )
    decode(
        g, "octets that are not UTF-8", "MESSAGE\n\n\xff\xfe\x80\xc3\0", message(body="\xff\xfe\x80\xc3"), section=body
    )
    decode(
        g,
        "octets, not characters",
        f"MESSAGE\ncontent-length:5\n\n{octets('é€')}\0",
        message(("content-length", "5"), body=octets("é€")),
        section=length,
    )
    decode(g, "content-length too short", "MESSAGE\ncontent-length:2\n\nabc\0", section=length, error="ProtocolError")
    decode(
        g,
        "content-length counts characters",
        f"MESSAGE\ncontent-length:2\n\n{octets('é€')}\0",
        section=length,
        error="ProtocolError",
    )
    decode(
        g, "content-length 0 and a body", "MESSAGE\ncontent-length:0\n\nabc\0", section=length, error="ProtocolError"
    )
    decode(
        g,
        "content-length too long by one",
        "MESSAGE\ncontent-length:4\n\nabc\0\n",
        section=length,
        error="ProtocolError",
    )
    decode(
        g,
        "content-length too long: the next frame is eaten",
        "MESSAGE\ncontent-length:9\n\nabc\0RECEIPT\nreceipt-id:1\n\n\0",
        section=length,
        error="ProtocolError",
    )
    decode(g, "content-length too long: waits", "MESSAGE\ncontent-length:100\n\nabc\0", section=length, waits=True)
    decode(g, "the NUL is missing", "MESSAGE\na:b\n\nabc", section="1.2 STOMP Frames", waits=True)
    decode(
        g, "the NUL behind content-length is missing", "MESSAGE\ncontent-length:3\n\nabc", section=length, waits=True
    )
    decode(
        g,
        "the NUL behind content-length is another octet",
        "MESSAGE\ncontent-length:3\n\nabc\n\0",
        section=length,
        error="ProtocolError",
    )
    decode(
        g,
        "the NUL of a frame without body is missing",
        "RECEIPT\nreceipt-id:1\n\n",
        section="1.2 STOMP Frames",
        waits=True,
    )
    decode(g, "the empty line is missing", "MESSAGE\na:b\n", section="1.2 STOMP Frames", waits=True)
    decode(
        g,
        "another frame where NUL is missing",
        "RECEIPT\nreceipt-id:1\n\nRECEIPT\nreceipt-id:2\n\n\0",
        section=body,
        error="ProtocolError",
    )
    decode(
        g,
        "a body of several heads",
        "MESSAGE\n\nMESSAGE\na:b\n\n\0RECEIPT\nr:1\n\n\0",
        message(body="MESSAGE\na:b\n\n"),
        ("RECEIPT", (("r", "1"),), ""),
        section=body,
    )


# ------------------------------------------------------------------------------------------------ commands


def commands() -> None:
    g = "commands"
    bnf = "1.2 Augmented BNF: command"
    for command in (*CLIENT, *SERVER):
        decode(g, f"{command}", f"{command}\n\n\0", (command, (), ""), section=bnf)
        decode(g, f"{command} in lower case", f"{command.lower()}\n\n\0", section=bnf, error="ProtocolError")
        decode(g, f"{command} and one letter more", f"{command}S\n\n\0", section=bnf, error="ProtocolError")
        decode(g, f"{command} without its last letter", f"{command[:-1]}\n\n\0", section=bnf, error="ProtocolError")
        decode(g, f"{command} and a blank", f"{command} \n\n\0", section=bnf, error="ProtocolError")
    for name, data in (
        ("unknown", "FOO\n\n\0"),
        ("two", "SENDSEND\n\n\0"),
        ("escaped", "ME\\cSSAGE\n\n\0"),
        ("with a colon", "MESSAGE:\n\n\0"),
        ("of a broker's own", "SUBSCRIBED\nid:1\n\n\0"),
        ("not ASCII", octets("MESSAGÉ\n\n\0")),
        ("not UTF-8", "\xff\xfe\n\n\0"),
        ("with a BOM", "\xef\xbb\xbfMESSAGE\n\n\0"),
        ("UTF-16", "M\0E\0S\0S\0A\0G\0E\0\n\0\n\0\0\0"),
        ("a header instead", "destination:/queue/a\n\n\0"),
        ("NUL inside", "MESS\0AGE\n\n\0"),
        ("NUL behind", "MESSAGE\0\n\n\0"),
    ):
        decode(g, f"{name}", data, section=bnf, error="ProtocolError")
    for name, data in (
        ("an HTTP answer", "HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("an HTTP request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("HTML", "<!DOCTYPE html>\n<html>"),
        ("SockJS open", "o"),
        ("SockJS array", 'a["CONNECTED\\nversion:1.1\\n\\n\\u0000"]'),
        ("SockJS heart-beat", "h"),
        ("JSON", '{"a":1}'),
        ("an AMQP header", "AMQP\x00\x00\x09\x01"),
        ("TLS", "\x16\x03\x01\x02\x00"),
        ("an MQTT CONNACK", "\x20\x02\x00\x00"),
    ):
        decode(
            g, f"no STOMP: {name}", data, section="contract: malformed input is an error at once", error="ProtocolError"
        )


# ------------------------------------------------------------------------------------------------ headers


def headers() -> None:
    g = "headers"
    bnf = "1.2 Augmented BNF: header"
    trims = "1.1 and 1.2 Standard Headers: never trim or pad; contract: not in 1.0 either"
    for name, data in (
        ("an empty name", "MESSAGE\n:v\n\n\0"),
        ("an empty name and value", "MESSAGE\n:\n\n\0"),
        ("an empty name further down", "MESSAGE\na:b\n:v\nc:d\n\n\0"),
        ("an empty name behind an escape", "MESSAGE\na:\\c\n:v\n\n\0"),
        ("no colon", "MESSAGE\nfoo\n\n\0"),
        ("no colon further down", "MESSAGE\na:b\nfoo\nc:d\n\n\0"),
        ("no colon, a blank", "MESSAGE\n \n\n\0"),
        ("NUL in a value", "MESSAGE\na:b\0c\n\n\0"),
        ("NUL in a name", "MESSAGE\na\0b:c\n\n\0"),
        ("NUL at the end of the last header", "MESSAGE\na:b\0\n\n"),
        ("NUL instead of the empty line", "RECEIPT\nreceipt-id:1\n\0"),
        ("NUL behind the command", "RECEIPT\n\0"),
        ("NUL in a head with an escape", "MESSAGE\na:\\c\nb:\0\n\n\0"),
        ("NUL in CONNECTED", "CONNECTED\nversion:1.2\0\n\n\0"),
        ("UTF-8: a lone continuation", "MESSAGE\na:\x80\n\n\0"),
        ("UTF-8: cut", "MESSAGE\na:\xc3\n\n\0"),
        ("UTF-8: overlong", "MESSAGE\na:\xc0\xaf\n\n\0"),
        ("UTF-8: a surrogate", "MESSAGE\na:\xed\xa0\x80\n\n\0"),
        ("UTF-8: above U+10FFFF", "MESSAGE\na:\xf4\x90\x80\x80\n\n\0"),
        ("UTF-8: Latin-1", "MESSAGE\na:caf\xe9\n\n\0"),
        ("UTF-8: bad in a name", "MESSAGE\n\xff:b\n\n\0"),
        ("UTF-8: bad beside an escape", "MESSAGE\na:\\c\xff\n\n\0"),
        ("UTF-8: bad in CONNECTED", "CONNECTED\na:\xff\n\n\0"),
        ("UTF-8: cut by the colon", "MESSAGE\na\xc3:\xa9\n\n\0"),
        ("UTF-8: cut by an end of line", "MESSAGE\na:\xc3\n\xa9:b\n\n\0"),
    ):
        decode(
            g,
            name,
            data,
            section=bnf if "UTF-8" not in name else "1.1 and 1.2: headers are UTF-8",
            error="ProtocolError",
        )
    decode(g, "an empty value", "MESSAGE\na:\nb:\n\n\0", message(("a", ""), ("b", "")), section=bnf)
    for value in ("b:c", ":", "::", ":b", "b:", "http://a:80/?b:c", "ID:vm-1:2:3"):
        decode(
            g,
            f"raw colons: {value}",
            f"MESSAGE\na:{value}\n\n\0",
            message(("a", value)),
            section="contract: a raw : in a received value is kept",
        )
    for raw, pair in (
        (" a:b", (" a", "b")),
        ("a :b", ("a ", "b")),
        ("a: b", ("a", " b")),
        ("a:b ", ("a", "b ")),
        (" : ", (" ", " ")),
        ("\ta\t:\tb\t", ("\ta\t", "\tb\t")),
        ("a:  b  c  ", ("a", "  b  c  ")),
        ("a\xc2\xa0:\xc2\xa0b", ("a\xa0", "\xa0b")),
    ):
        decode(g, f"kept: {raw}", f"MESSAGE\n{raw}\n\n\0", message(pair), section=trims)
    decode(
        g,
        "repeated",
        "MESSAGE\nfoo:World\nfoo:Hello\nbar:1\nfoo:World\n\n\0",
        message(("foo", "World"), ("foo", "Hello"), ("bar", "1"), ("foo", "World")),
        section="1.2 Repeated Header Entries",
    )
    decode(
        g,
        "names differ by case",
        "MESSAGE\nA:1\na:2\n\n\0",
        message(("A", "1"), ("a", "2")),
        section="1.2 STOMP Frames",
    )
    for text in ("é", "€", "😀", "中", "\ufeff", "e\u0301", "\u202e", "\ufffd", "\x01", "\x7f", "\U0010ffff"):
        decode(
            g,
            f"UTF-8: {text!a}",
            octets(f"MESSAGE\na{text}:{text}b\n\n\0"),
            message((f"a{text}", f"{text}b")),
            section="1.1 and 1.2: headers are UTF-8",
        )
    decode(
        g,
        "UTF-8 beside an escape",
        octets("MESSAGE\né\\c:\\c😀\n\n\0"),
        message(("é:", ":😀")),
        versions=ESCAPING,
        section=VALUE_ENCODING,
    )
    decode(
        g,
        "order is kept",
        "MESSAGE\nz:1\na:2\nm:3\n\n\0",
        message(("z", "1"), ("a", "2"), ("m", "3")),
        section="1.2 STOMP Frames",
    )
    many = tuple((f"h{n}", str(n)) for n in range(200))
    decode(
        g,
        "two hundred",
        "MESSAGE\n" + "".join(f"{n}:{v}\n" for n, v in many) + "\n\0",
        message(*many),
        section="1.2 STOMP Frames",
    )
    for word in (
        "MESSAGE",
        "content-length ",
        "Content-Length",
        " content-length",
        "content-length2",
        "xcontent-length",
    ):
        decode(
            g,
            f"no content-length: {word}",
            f"MESSAGE\n{word}:9\n\nx\0",
            message((word, "9"), body="x"),
            section="1.2 Header content-length",
        )


# ------------------------------------------------------------------------------------------------ content-length


def content_length() -> None:
    g = "content-length"
    section = "1.2 Header content-length; contract: ASCII digits only"
    bad = {
        "a sign": "+3",
        "negative": "-3",
        "minus nought": "-0",
        "hexadecimal": "0x3",
        "octal": "0o3",
        "a fraction": "3.0",
        "a point": "3.",
        "an exponent": "3e0",
        "an underscore": "1_0",
        "empty": "",
        "a leading blank": " 3",
        "a trailing blank": "3 ",
        "a trailing tab": "3\t",
        "a word": "three",
        "a list": "3,3",
        "Arabic-Indic digits": octets("\u0663"),
        "full-width digits": octets("\uff13"),
        "a superscript": octets("³"),
        "NaN": "nan",
        "a vertical tab": "3\v",
        "two colons": ":3",
        "quotes": '"3"',
    }
    for name, value in bad.items():
        decode(g, name, f"MESSAGE\ncontent-length:{value}\n\nabc\0", section=section, error="ProtocolError")
        decode(
            g,
            f"{name}, beside an escape",
            f"MESSAGE\na:\\\\\ncontent-length:{value}\n\nabc\0",
            section=section,
            error="ProtocolError",
        )
    decode(
        g,
        "a CR",
        "MESSAGE\ncontent-length:3\r\n\nabc\0",
        versions=["1.0", "1.1"],
        section=section,
        error="ProtocolError",
    )
    decode(g, "an escape in it", "MESSAGE\ncontent-length:3\\n\n\nabc\0", section=section, error="ProtocolError")
    for command in ("RECEIPT", "CONNECTED", "SUBSCRIBE", "SEND", "ERROR"):
        decode(
            g, f"no number in {command}", f"{command}\ncontent-length:x\n\n\0", section=section, error="ProtocolError"
        )
    for name, value in (("leading noughts", "003"), ("many leading noughts", "0" * 5000 + "3")):
        decode(
            g,
            name,
            f"MESSAGE\ncontent-length:{value}\n\na\0c\0",
            message(("content-length", value), body="a\0c"),
            section=section,
        )
    decode(g, "noughts only", "MESSAGE\ncontent-length:000\n\n\0", message(("content-length", "000")), section=section)
    repeated = "1.2 Repeated Header Entries: only the first"
    decode(
        g,
        "repeated, equal",
        "MESSAGE\ncontent-length:3\na:b\ncontent-length:3\n\na\0c\0",
        message(("content-length", "3"), ("a", "b"), ("content-length", "3"), body="a\0c"),
        section=repeated,
    )
    for second in ("1", "4", "0", "1000000000"):
        decode(
            g,
            f"repeated, the second is {second}",
            f"MESSAGE\ncontent-length:3\ncontent-length:{second}\n\na\0c\0",
            message(("content-length", "3"), ("content-length", second), body="a\0c"),
            section=repeated,
        )
    decode(
        g,
        "repeated, the first is wrong",
        "MESSAGE\ncontent-length:1\ncontent-length:3\n\na\0c\0",
        message(("content-length", "1"), ("content-length", "3"), body="a"),
        section=repeated,
        error="ProtocolError",
    )
    for name, value in (
        ("a terabyte", "1099511627776"),
        ("2**63", "9223372036854775808"),
        ("2**64", "18446744073709551616"),
        ("5000 digits", "9" * 5000),
        ("one above 16 MiB", "16777217"),
    ):
        decode(
            g,
            f"too large: {name}",
            f"MESSAGE\ncontent-length:{value}\n\nabc\0",
            section="contract: sizes are checked before anything is buffered",
            error="FrameTooLarge",
        )


# ------------------------------------------------------------------------------------------------ limits


def limits() -> None:
    g = "limits"
    section = "contract: limits, inclusive; 1.2 Size Limits"
    plain = "MESSAGE\na:b\n\nhello\0"  # 19 octets
    known = "MESSAGE\ncontent-length:5\n\nhello\0"  # 32 octets
    receipt = "RECEIPT\nreceipt-id:1\n\n\0"  # 23 octets
    for name, data, frame in (
        ("no content-length", plain, message(("a", "b"), body="hello")),
        ("content-length", known, message(("content-length", "5"), body="hello")),
        ("no body", receipt, ("RECEIPT", (("receipt-id", "1"),), "")),
    ):
        size = len(data)
        decode(g, f"frame size, {name}: at", data, frame, section=section, limits={"max_frame_size": size})
        decode(
            g,
            f"frame size, {name}: one above",
            data,
            section=section,
            limits={"max_frame_size": size - 1},
            error="FrameTooLarge",
        )
        decode(
            g,
            f"frame size, {name}: EOLs don't count",
            f"\n\n\n{data}\n\n{data}",
            frame,
            frame,
            section=section,
            limits={"max_frame_size": size},
        )
        decode(
            g,
            f"frame size, {name}: a good one before",
            f"MESSAGE\n\n\0{data}",
            message(),
            section=section,
            limits={"max_frame_size": size - 1},
            error="FrameTooLarge",
        )
        head = data.index("\n\n") + 2
        decode(g, f"header size, {name}: at", data, frame, section=section, limits={"max_header_size": head})
        decode(
            g,
            f"header size, {name}: one above",
            data,
            section=section,
            limits={"max_header_size": head - 1},
            error="FrameTooLarge",
        )
        decode(
            g,
            f"header size, {name}: EOLs don't count",
            f"\n\n\n{data}\n\n{data}",
            frame,
            frame,
            section=section,
            limits={"max_header_size": head},
        )
        decode(g, f"header count, {name}: at", data, frame, section=section, limits={"max_header_count": 1})
        decode(
            g,
            f"header count, {name}: one above",
            data,
            section=section,
            limits={"max_header_count": 0},
            error="FrameTooLarge",
        )
    crlf = "MESSAGE\r\na:b\r\n\r\nhello\0"
    decode(
        g,
        "header size: a CR counts, at",
        crlf,
        message(("a", "b"), body="hello"),
        versions=["1.2"],
        section=section,
        limits={"max_header_size": 16},
    )
    decode(
        g,
        "header size: a CR counts, above",
        crlf,
        versions=["1.2"],
        section=section,
        limits={"max_header_size": 15},
        error="FrameTooLarge",
    )
    decode(
        g,
        "header count: CRLF, at",
        crlf,
        message(("a", "b"), body="hello"),
        versions=["1.2"],
        section=section,
        limits={"max_header_count": 1},
    )
    decode(
        g,
        "header count: CRLF, above",
        crlf,
        versions=["1.2"],
        section=section,
        limits={"max_header_count": 0},
        error="FrameTooLarge",
    )
    decode(
        g,
        "header count: escapes, at",
        "MESSAGE\na:\\c\nb:\\c\n\n\0",
        message(("a", ":"), ("b", ":")),
        versions=ESCAPING,
        section=section,
        limits={"max_header_count": 2},
    )
    decode(
        g,
        "header count: escapes, above",
        "MESSAGE\na:\\c\nb:\\c\n\n\0",
        section=section,
        limits={"max_header_count": 1},
        error="FrameTooLarge",
    )
    decode(
        g,
        "header count: repeated ones count",
        "MESSAGE\na:1\na:2\na:3\n\n\0",
        section=section,
        limits={"max_header_count": 2},
        error="FrameTooLarge",
    )
    decode(
        g,
        "header count: none allowed, none there",
        "MESSAGE\n\nx\0",
        message(body="x"),
        section=section,
        limits={"max_header_count": 0},
    )
    decode(
        g,
        "a head that does not end",
        "MESSAGE\na:bbbbbbbbbbbbbbbbbbbbbbbb",
        section=section,
        limits={"max_header_size": 20},
        error="FrameTooLarge",
    )
    decode(
        g,
        "a head that does not end is larger than a frame may be",
        "MESSAGE\na:bbbbbbbbbbbbbbbbbbbbbbbb",
        section=section,
        limits={"max_frame_size": 20},
        error="FrameTooLarge",
    )
    decode(
        g,
        "a body that does not end",
        "MESSAGE\n\nbbbbbbbbbbbbbbbbbbbbbbbb",
        section=section,
        limits={"max_frame_size": 20},
        error="FrameTooLarge",
    )
    for name, data in (
        ("head", "MESSAGE\na:bbbbbbbbbb"),
        ("head of CRLF lines", "MESSAGE\r\na:bbbbbbbbb"),
        ("body", "MESSAGE\n\nbbbbbbbbbbb"),
    ):
        of = ["1.2"] if "CRLF" in name else ALL
        size = len(data)  # 20: what is to come makes it 21 or more
        label = f"a {name} that does not end, as large as a frame may be"
        decode(g, label, data, versions=of, section=section, limits={"max_frame_size": size}, error="FrameTooLarge")
        label = f"a {name} that does not end, one less"
        decode(g, label, data, versions=of, section=section, limits={"max_frame_size": size + 1}, waits=True)
        if "head" in name:
            label = f"a {name} that does not end, as large as a head may be"
            decode(
                g, label, data, versions=of, section=section, limits={"max_header_size": size}, error="FrameTooLarge"
            )
            label = f"a {name} that does not end, less than a head may be"
            decode(g, label, data, versions=of, section=section, limits={"max_header_size": size + 1}, waits=True)
    decode(
        g,
        "a body that is announced",
        "MESSAGE\ncontent-length:1000\n\n",
        section=section,
        limits={"max_frame_size": 1000},
        error="FrameTooLarge",
    )
    decode(
        g,
        "a body that is announced where none may be",
        "RECEIPT\ncontent-length:1000\n\n",
        section=section,
        limits={"max_frame_size": 1000},
        error="ProtocolError",
    )
    default = "contract: 16 MiB, 128 KiB, 1000"
    thousand = tuple((f"h{n}", "") for n in range(1000))
    lines = "".join(f"{name}:\n" for name, _ in thousand)
    decode(g, "a thousand headers", f"MESSAGE\n{lines}\n\0", message(*thousand), versions=["1.2"], section=default)
    decode(
        g,
        "a thousand and one headers",
        f"MESSAGE\n{lines}more:\n\n\0",
        versions=["1.2"],
        section=default,
        error="FrameTooLarge",
    )


# ------------------------------------------------------------------------------------------------ streams


def streams() -> None:
    g = "streams"
    section = "contract: malformed input raises after the good frames before it, and the decoder then stays failed"
    good = "MESSAGE\nn:1\n\nx\0"
    frame = message(("n", "1"), body="x")
    for name, bad in (
        ("an unknown command", "FOO\n\n\0"),
        ("no colon", "MESSAGE\nfoo\n\n\0"),
        ("a body where none may be", "RECEIPT\nreceipt-id:1\n\nx\0"),
        ("a wrong content-length", "MESSAGE\ncontent-length:1\n\nxx\0"),
        ("NUL in a head", "MESSAGE\na:b\0\n\n\0"),
        ("bad UTF-8", "MESSAGE\na:\xff\n\n\0"),
        ("garbage", "\x00\x01\x02"),
    ):
        decode(g, f"good, then {name}", f"{good}{bad}", frame, section=section, error="ProtocolError")
        decode(
            g,
            f"three good, then {name}",
            f"{good}\n{good}{good}\n{bad}",
            frame,
            frame,
            frame,
            section=section,
            error="ProtocolError",
        )
        decode(g, f"good, {name}, good", f"{good}{bad}{good}", frame, section=section, error="ProtocolError")
        decode(g, f"{name}, good", f"{bad}{good}", section=section, error="ProtocolError")
    receipt = ("RECEIPT", (("receipt-id", "1"),), "")
    error = ("ERROR", (("message", "no"),), "why")
    decode(
        g,
        "frames of every kind",
        "CONNECTED\nversion:1.1\n\n\0\n\nMESSAGE\nn:1\n\nx\0RECEIPT\nreceipt-id:1\n\n\0\nERROR\nmessage:no\n\nwhy\0",
        ("CONNECTED", (("version", "1.1"),), ""),
        frame,
        receipt,
        error,
        section="1.2 Server Frames",
    )
    decode(g, "a hundred frames", good * 100, *[frame] * 100, section="1.2 STOMP Frames")
    decode(g, "good, then half a frame", f"{good}MESSAGE\nn", frame, section="1.2 STOMP Frames", waits=True)
    known = "MESSAGE\ncontent-length:4\n\n\n\n\0\n\0"
    decode(
        g,
        "bodies that look like heads",
        known * 3,
        *[message(("content-length", "4"), body="\n\n\0\n")] * 3,
        section="1.2 Header content-length",
    )
    crlf = "MESSAGE\r\nn:1\r\n\r\nx\0"
    decode(
        g,
        "LF and CRLF frames by turns",
        f"{good}{crlf}\r\n{good}\n{crlf}{crlf}{good}{good}",
        *[frame] * 7,
        versions=["1.2"],
        section="1.2 STOMP Frames",
    )
    decode(
        g,
        "CRLF heads and bodies of empty lines",
        "MESSAGE\r\n\r\n\n\n\0" * 3 + "MESSAGE\n\n\n\r\n\0",
        *[message(body="\n\n")] * 3,
        message(body="\n\r\n"),
        versions=["1.2"],
        section="1.2 STOMP Frames",
    )
    # What may stand in the next frame depends on the version that is set when it is read.
    escaped, raw = "MESSAGE\na:b\\rc\n\n\0", "MESSAGE\na:b\rc\n\n\0"
    section = "contract: the version is settable between frames and holds for the next frame; 1.2 Protocol Negotiation"
    connected = "CONNECTED\nversion:1.1\n\n\0"
    c = ("CONNECTED", (("version", "1.1"),), "")
    decode(
        g,
        "1.2, then 1.1: an escaped CR",
        connected + escaped,
        c,
        versions=["1.2"],
        switches=("1.1",),
        section=section,
        error="ProtocolError",
    )
    decode(
        g,
        "1.2, then 1.0: an escaped CR",
        connected + escaped,
        c,
        message(("a", "b\\rc")),
        versions=["1.2"],
        switches=("1.0",),
        section=section,
    )
    decode(
        g,
        "1.2, then 1.1: a raw CR",
        connected + raw,
        c,
        message(("a", "b\rc")),
        versions=["1.2"],
        switches=("1.1",),
        section=section,
    )
    decode(
        g,
        "1.0, then 1.2: an escaped CR",
        connected + escaped,
        c,
        message(("a", "b\rc")),
        versions=["1.0"],
        switches=("1.2",),
        section=section,
    )
    decode(
        g,
        "1.0, then 1.2: a raw CR",
        connected + raw,
        c,
        versions=["1.0"],
        switches=("1.2",),
        section=section,
        error="ProtocolError",
    )
    decode(
        g,
        "1.1, then 1.2: CRLF between and in the next",
        connected + "\r\n" + crlf,
        c,
        frame,
        versions=["1.1"],
        switches=("1.2",),
        section=section,
    )
    decode(
        g,
        "1.2, then 1.1: CRLF in the next",
        connected + crlf,
        c,
        versions=["1.2"],
        switches=("1.1",),
        section=section,
        error="ProtocolError",
    )
    decode(
        g,
        "a version a frame",
        escaped * 4,
        message(("a", "b\rc")),
        message(("a", "b\\rc")),
        message(("a", "b\rc")),
        versions=["1.2"],
        switches=("1.0", "1.2", "1.1"),
        section=section,
        error="ProtocolError",
    )
    decode(
        g,
        "CRLF heads around others",
        crlf + good + crlf + raw + crlf,
        frame,
        frame,
        frame,
        message(("a", "b\rc")),
        frame,
        versions=["1.2"],
        switches=("1.1", "1.2", "1.0", "1.2"),
        section=section,
    )


# ------------------------------------------------------------------------------------------------ encode


def encoded() -> None:
    g = "escapes"
    for char, name, written in (
        ("\r", "CR", "\\r"),
        ("\n", "LF", "\\n"),
        (":", "a colon", "\\c"),
        ("\\", "a backslash", "\\\\"),
    ):
        for place, pair, raw, escaped in (
            ("value", ("k", f"a{char}b"), f"k:a{char}b", f"k:a{written}b"),
            ("name", (f"a{char}b", "v"), f"a{char}b:v", f"a{written}b:v"),
            ("whole value", ("k", char), f"k:{char}", f"k:{written}"),
            ("whole name", (char, "v"), f"{char}:v", f"{written}:v"),
        ):
            sayable = char == "\\" or (char == ":" and "value" in place)
            label = f"{name} in a {place}"
            for command in ("MESSAGE", "SEND", "RECEIPT", "SUBSCRIBE", "ERROR", "DISCONNECT"):
                frame = (command, (pair,), "")
                encode(
                    g,
                    f"{command}: {label}",
                    frame,
                    f"{command}\n{raw}\n\n\0" if sayable else None,
                    versions=["1.0"],
                    section=VALUE_ENCODING,
                )
                encode(
                    g,
                    f"{command}: {label}",
                    frame,
                    None if char == "\r" else f"{command}\n{escaped}\n\n\0",
                    versions=["1.1"],
                    section=VALUE_ENCODING,
                )
                encode(
                    g,
                    f"{command}: {label}",
                    frame,
                    f"{command}\n{escaped}\n\n\0",
                    versions=["1.2"],
                    section=VALUE_ENCODING,
                )
            for command in NEVER_ESCAPED:
                encode(
                    g,
                    f"{command}: {label}",
                    (command, (pair,), ""),
                    f"{command}\n{raw}\n\n\0" if sayable else None,
                    section="1.2 Value Encoding: not CONNECT and CONNECTED",
                )
    for value, written in (
        ("a\\nb", "a\\\\nb"),
        ("C:\\new", "C\\c\\\\new"),
        ("\\\\", "\\\\\\\\"),
        ("::", "\\c\\c"),
        ("\\c", "\\\\c"),
    ):
        encode(
            g,
            f"one pass: {value}",
            ("SEND", (("k", value),), ""),
            f"SEND\nk:{written}\n\n\0",
            versions=ESCAPING,
            section=VALUE_ENCODING,
        )
        encode(
            g,
            f"one pass: {value}",
            ("SEND", (("k", value),), ""),
            f"SEND\nk:{value}\n\n\0",
            versions=["1.0"],
            section=VALUE_ENCODING,
        )
    g = "refused"
    smuggling = "contract: no header can smuggle a second frame"
    for command in ("SEND", "CONNECT", "STOMP", "CONNECTED", "MESSAGE", "SUBSCRIBE"):
        for name, pair in (
            ("NUL in a value", ("k", "a\0b")),
            ("NUL in a name", ("a\0b", "v")),
            ("NUL at the end", ("k", "a\0")),
            ("a frame in a value", ("k", "v\n\n\0SEND\ndestination:/a\n\nx")),
            ("NUL beside an escape", ("k:", "\\\0")),
            ("an empty name", ("", "v")),
            ("an empty name and value", ("", "")),
            ("a lone surrogate in a value", ("k", "\ud800")),
            ("a lone surrogate in a name", ("\udfff", "v")),
            ("a lone surrogate beside an escape", ("k", "\ud800\\")),
        ):
            encode(g, f"{command}: {name}", (command, (("a", "b"), pair, ("c", "d")), ""), None, section=smuggling)
        encode(
            g,
            f"{command}: an empty line in a value",
            (command, (("k", "v\n\nbody"),), ""),
            None,
            versions=["1.0"],
            section=smuggling,
        )
        encode(
            g,
            f"{command}: a header in a value",
            (command, (("k", "v\nx:y"),), ""),
            None,
            versions=["1.0"],
            section=smuggling,
        )
        encode(
            g,
            f"{command}: a header in a value after CR",
            (command, (("k", "v\rx:y"),), ""),
            None,
            versions=["1.0", "1.1"],
            section=smuggling,
        )
    for command in (*CLIENT, *SERVER):
        if command not in WITH_BODY:
            encode(g, f"{command} with a body", (command, (("a", "b"),), "x"), None, section="1.2 Body")
            encode(g, f"{command} with a body of NUL", (command, (("a", "b"),), "\0"), None, section="1.2 Body")
            encode(
                g,
                f"{command} with content-length 1",
                (command, (("content-length", "1"),), ""),
                None,
                section="1.2 Body",
            )
    for command in ("FOO", "send", "", "SEND ", "SEND\n", "SEND\na:b", "SEND\0", "SEND\r", "\nSEND", "HEARTBEAT", "\n"):
        encode(g, f"command {command}", (command, (), ""), None, section="1.2 Augmented BNF: command")
    encode(g, "NACK in 1.0", ("NACK", (("message-id", "1"),), ""), None, versions=["1.0"], section="1.0 has no NACK")
    g = "content-length"
    length = "1.2 Header content-length"
    for command in WITH_BODY:
        encode(
            g,
            f"{command} with a body",
            (command, (("a", "b"),), "hello"),
            f"{command}\na:b\ncontent-length:5\n\nhello\0",
            section=length,
        )
        encode(
            g,
            f"{command} with a body, not wanted",
            (command, (("a", "b"),), "hello"),
            f"{command}\na:b\n\nhello\0",
            section=length,
            content_length=False,
        )
        encode(g, f"{command} without body", (command, (("a", "b"),), ""), f"{command}\na:b\n\n\0", section=length)
        encode(g, f"{command} without anything", (command, (), ""), f"{command}\n\n\0", section="1.2 STOMP Frames")
        encode(
            g,
            f"{command} brings it",
            (command, (("content-length", "5"), ("a", "b")), "hello"),
            f"{command}\ncontent-length:5\na:b\n\nhello\0",
            section=length,
        )
        encode(
            g,
            f"{command} brings it, not wanted",
            (command, (("content-length", "5"),), "hello"),
            f"{command}\ncontent-length:5\n\nhello\0",
            section=length,
            content_length=False,
        )
        encode(
            g,
            f"{command} brings it without body",
            (command, (("content-length", "0"),), ""),
            f"{command}\ncontent-length:0\n\n\0",
            section=length,
        )
        encode(
            g,
            f"{command} brings it twice",
            (command, (("content-length", "1"), ("content-length", "1")), "x"),
            f"{command}\ncontent-length:1\ncontent-length:1\n\nx\0",
            section=length,
        )
        for value in ("4", "6", "0", "", "+5", " 5", "5 ", "-5", "x", "5.0", "0x5", "\u0665", "5\r", "5\n", "5\0"):
            encode(
                g,
                f"{command} brings a wrong one: {value!a}",
                (command, (("content-length", value),), "hello"),
                None,
                section=length,
            )
        encode(
            g,
            f"{command} brings a wrong one without body",
            (command, (("content-length", "1"),), ""),
            None,
            section=length,
        )
        encode(
            g,
            f"{command} brings a wrong one, not wanted",
            (command, (("content-length", "1"),), "hello"),
            None,
            section=length,
            content_length=False,
        )
    encode(g, "NUL in a body", ("SEND", (), "a\0b"), "SEND\ncontent-length:3\n\na\0b\0", section=length)
    encode(
        g,
        "octets are counted",
        ("SEND", (), octets("é€😀")),
        f"SEND\ncontent-length:9\n\n{octets('é€😀')}\0",
        section=length,
    )
    encode(
        g, "any octets", ("SEND", (), "\xff\x80\r\n"), "SEND\ncontent-length:4\n\n\xff\x80\r\n\0", section="1.2 Body"
    )
    for command in ("SUBSCRIBE", "CONNECT", "RECEIPT"):
        encode(
            g,
            f"{command} with content-length 0",
            (command, (("content-length", "0"),), ""),
            f"{command}\ncontent-length:0\n\n\0",
            section=length,
        )
    encode(
        g,
        "its name in another case",
        ("SEND", (("Content-Length", "9"),), "x"),
        "SEND\nContent-Length:9\ncontent-length:1\n\nx\0",
        section=length,
    )
    g = "frames"
    for command in (*CLIENT, *SERVER):
        versions = ESCAPING if command == "NACK" else ALL
        encode(
            g,
            command,
            (command, (("a", "b"), ("c", ""), ("a", "d")), ""),
            f"{command}\na:b\nc:\na:d\n\n\0",
            versions=versions,
            section="1.2 STOMP Frames",
        )
    for value in (" b", "b ", "\tb\t", "  "):
        encode(
            g,
            f"kept: {value}",
            ("SEND", ((f"a{value}", value),), ""),
            f"SEND\na{value}:{value}\n\n\0",
            section="1.2: never trim or pad",
        )
    for text in ("é", "😀", "\ufeff", "\x7f", "\x85", "\u2028", "\v\f"):
        encode(
            g,
            f"UTF-8: {text!a}",
            ("SEND", ((f"a{text}", text),), ""),
            octets(f"SEND\na{text}:{text}\n\n\0"),
            section="1.1 and 1.2: headers are UTF-8",
        )


def made() -> dict[str, str]:
    """Path below this folder -> text of each file."""
    _groups.clear()
    _names.clear()
    for part in (escapes, ends_of_lines, bodies, commands, headers, content_length, limits, streams, encoded):
        part()
    return {
        f"{file}.json": "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=True) for vector in vectors) + "\n]\n"
        for file, vectors in _groups.items()
    }


def main() -> None:
    """Write the files."""
    for name, text in made().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
