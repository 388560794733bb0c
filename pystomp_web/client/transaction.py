"""Transaction: several sends and acknowledgements that happen together or not at all ("BEGIN")."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..errors import ConnectionLost, StompError
from ..protocol import Frame
from .compose import send_frame
from .message import Message, unmark_settled

if TYPE_CHECKING:
    from .engine import Engine


class Transaction:
    """`async with client.transaction() as tx:` commits on leaving the block, and aborts when it raises.

    It lives on one connection: when that is lost, every call and the commit raise ConnectionLost, and nothing of it
    is sent on another.

    Attributes:
        id: the transaction's, unique in the client.
    """

    def __init__(self, engine: Engine, id: str, *, receipt: bool, timeout: float | None) -> None:
        self._engine = engine
        self.id = id
        self._receipt = receipt
        self._timeout = timeout
        self._epoch = 0
        self._open = False
        self._settled: list[tuple[Message, int]] = []

    async def __aenter__(self) -> Self:
        if self._epoch:
            raise ValueError("a transaction is used once: make another with client.transaction()")
        await self._engine.until_connected()
        self._epoch = self._engine.sender.epoch
        self._open = True
        await self._write(Frame("BEGIN", [("transaction", self.id)]))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._open:
            return
        if error is None:
            await self.commit()
        else:
            await self._abort_quietly()

    async def commit(self) -> None:
        """Make it happen; leaving the block does it.

        Raises:
            ConnectionLost: the connection ended: nothing of it has happened.
            BrokerError, ReceiptTimeout: with `receipt`.
        """
        self._check()
        self._open = False
        await self._write(Frame("COMMIT", [("transaction", self.id)]), receipt=self._receipt)

    async def abort(self) -> None:
        """Undo it; leaving the block by an exception does it."""
        self._check()
        self._open = False
        self._unsettle()
        await self._write(Frame("ABORT", [("transaction", self.id)]))

    async def _abort_quietly(self) -> None:
        try:
            await self.abort()
        except StompError:  # the connection is lost or closed: the broker aborts by itself
            self._open = False

    def _unsettle(self) -> None:
        while self._settled:
            unmark_settled(*self._settled.pop())

    def _check(self) -> None:
        if not self._open:
            raise ValueError("the transaction is not open: it was committed, aborted or never begun")
        if self._engine.sender.epoch != self._epoch or not self._engine.sender.live:
            raise ConnectionLost("the connection that the transaction began on has ended; the broker aborts it")

    async def _write(self, frame: Frame, *, content_length: bool = True, receipt: bool = False) -> None:
        await self._engine.write(
            frame, content_length=content_length, receipt=receipt, timeout=self._timeout, epoch=self._epoch
        )

    async def send(
        self,
        destination: str,
        body: Any = b"",
        *,
        headers: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        content_length: bool = True,
    ) -> None:
        """Send within the transaction; as `Client.send`."""
        self._check()
        frame = send_frame(destination, body, headers, content_type, ("transaction", self.id))
        await self._write(frame, content_length=content_length)

    async def ack(self, message: Message, *, headers: Mapping[str, Any] | None = None) -> None:
        """Acknowledge within the transaction: an abort undoes it, where the broker knows how."""
        await self._settle(message, "ACK", headers)

    async def nack(self, message: Message, *, headers: Mapping[str, Any] | None = None) -> None:
        """Refuse within the transaction."""
        await self._settle(message, "NACK", headers)

    async def _settle(self, message: Message, command: str, headers: Mapping[str, Any] | None) -> None:
        self._check()
        before = await self._engine.settle_and_wait(message, command, headers, transaction=self.id)
        self._settled.append((message, before))

    def __repr__(self) -> str:
        return f"<Transaction {self.id!r}, {'open' if self._open else 'not open'}>"
