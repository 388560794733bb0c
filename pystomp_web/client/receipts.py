"""Who waits for which RECEIPT."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from ..errors import ReceiptTimeout, StompError
from .alarm import Alarm, Deadline
from .waking import Waiter


class Receipt:
    """One awaited RECEIPT.

    Attributes:
        id: letters, digits and "-".
        what: of which frame, in words.
        written: whether the frame is with the transport.
        future: done when RECEIPT, ERROR, the timeout or the end came.
    """

    __slots__ = ("deadline", "future", "id", "on_failure", "on_receipt", "sent_at", "what", "written")

    def __init__(self, id: str, what: str) -> None:
        self.id = id
        self.what = what
        self.written = False
        self.sent_at = 0.0
        self.future = Waiter()
        self.deadline: Deadline | None = None
        self.on_receipt: Callable[[], None] | None = None
        self.on_failure: Callable[[BaseException], None] | None = None


class Receipts:
    """The RECEIPTs that a client waits for. Ids do not repeat, not across reconnects either."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._prefix = os.urandom(4).hex()
        self._count = 0
        self._waiting: dict[str, Receipt] = {}
        self.round_trip: float | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(
        self, what: str, timeout: float | None = None, on_timeout: Callable[[Receipt], None] | None = None
    ) -> Receipt:
        """Wait for a new receipt; after `timeout` seconds (None: without limit) it fails with ReceiptTimeout."""
        self._count += 1
        receipt = Receipt(f"{self._prefix}-{self._count}", what)
        self._waiting[receipt.id] = receipt
        if timeout is not None:

            def expire() -> None:
                if on_timeout is not None:
                    on_timeout(receipt)
                state = "was sent, and may have arrived" if receipt.written else "was not sent"
                self.fail(receipt.id, ReceiptTimeout(f"no RECEIPT for {what} within {timeout:g} s; it {state}"))

            receipt.deadline = self._alarm.after(timeout, expire)
        return receipt

    def wrote(self, receipt: Receipt) -> None:
        """Its frame is with the transport now."""
        receipt.written = True
        receipt.sent_at = time.monotonic()

    def is_ours(self, id: str) -> bool:
        """Whether this client made the id, be it waited for or not."""
        return id.startswith(self._prefix)

    def get(self, id: str | None) -> Receipt | None:
        """The one that is waited for by this id."""
        return self._waiting.get(id) if id is not None else None

    def _take(self, id: str) -> Receipt | None:
        receipt = self._waiting.pop(id, None)
        if receipt is not None and receipt.deadline is not None:
            receipt.deadline.cancel()
        return receipt

    def received(self, id: str) -> Receipt | None:
        """RECEIPT came. The one that was waited for: whoever got it wakes its `future`."""
        receipt = self._take(id)
        if receipt is not None:
            if receipt.sent_at:
                self.round_trip = time.monotonic() - receipt.sent_at
            if receipt.on_receipt is not None:
                receipt.on_receipt()
        return receipt

    def fail(self, id: str, error: BaseException) -> None:
        """This one will not come."""
        receipt = self._take(id)
        if receipt is None:
            return
        receipt.future.fail(error)
        if receipt.on_failure is not None:
            receipt.on_failure(error)

    def forget(self, receipt: Receipt) -> None:
        """Nobody waits any more; a RECEIPT that comes late is ignored."""
        self._take(receipt.id)

    def fail_all(self, make: Callable[[], StompError], *, unwritten: bool) -> None:
        """The connection is over: fail those that were written, or really all."""
        for id, receipt in list(self._waiting.items()):
            if receipt.written or unwritten:
                self.fail(id, make())
