"""The auto-responder: when this arrives, send that."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pystomp_web import Message


@dataclass
class Rule:
    """When a message comes from `pattern` (* and ? stand for anything) and holds `text`, send `body` to `to`.

    `to` empty: to the message's own reply-to. {body} and {destination} in the body stand for the message's.
    """

    pattern: str
    text: str
    to: str
    body: str
    on: bool = True
    answers: int = 0

    def fits(self, message: Message) -> bool:
        """Whether it is to be answered."""
        return (
            self.on
            and fnmatchcase(message.destination, self.pattern or "*")
            and self.text.encode() in message.body
            and bool(self.to or message.headers.get("reply-to"))
        )

    def answer(self, message: Message) -> tuple[str, str, dict[str, str]]:
        """Destination, body and headers."""
        text = message.body.decode("utf-8", "replace")
        body = self.body.replace("{destination}", message.destination).replace("{body}", text)
        correlation = message.headers.get("correlation-id")
        headers = {} if correlation is None else {"correlation-id": correlation}
        return self.to or message.headers.get("reply-to") or "", body, headers

    def kept(self) -> dict[str, Any]:
        """What is kept of it."""
        return {name: value for name, value in asdict(self).items() if name != "answers"}


class Responder:
    """Answers messages. What it sent itself it does not answer, so that two rules do not play ball for ever."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self._sent: deque[tuple[str, bytes]] = deque(maxlen=200)

    def answers(self, message: Message) -> list[tuple[str, str, dict[str, str]]]:
        """What is to be sent because of this message."""
        if not self.rules:
            return []
        own = (message.destination, message.body)
        if own in self._sent:
            self._sent.remove(own)
            return []
        found = []
        for rule in self.rules:
            if rule.fits(message):
                rule.answers += 1
                answer = rule.answer(message)
                self._sent.append((answer[0], answer[1].encode()))
                found.append(answer)
        return found
