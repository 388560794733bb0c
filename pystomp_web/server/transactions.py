"""What happens only at COMMIT ("BEGIN", "COMMIT", "ABORT")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .destinations import Delivery
    from .messages import Message
    from .subscriptions import Subscription


class Transaction:
    """One open transaction of one connection.

    Attributes:
        sends: what is published at COMMIT, in order.
        settled: what was acknowledged (True) or refused (False) in it: taken from its subscription at once, so that it
            can't be settled twice, and final at COMMIT.
    """

    __slots__ = ("sends", "settled")

    def __init__(self) -> None:
        self.sends: list[Message] = []
        self.settled: list[tuple[Subscription, dict[str, Delivery], bool]] = []

    def __len__(self) -> int:
        return len(self.sends) + len(self.settled)

    def abort(self) -> None:
        """Everything is as if the transaction had never been: what was settled in it is open again."""
        for subscription, deliveries, _ in self.settled:
            subscription.reopen(deliveries)

    def commit(self) -> None:
        """What was acknowledged is gone for good, what was refused goes back. The sends are the broker's to route."""
        for subscription, deliveries, consumed in self.settled:
            if not consumed:
                subscription.give_back(deliveries)
