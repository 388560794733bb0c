"""Who waits for which RECEIPT."""

from __future__ import annotations

import asyncio
import re

import pytest

from pystomp_web.client.alarm import Alarm
from pystomp_web.client.receipts import Receipt, Receipts
from pystomp_web.errors import ConnectionLost, ReceiptTimeout


async def test_ids_are_plain_and_never_repeat() -> None:
    alarm = Alarm()
    all_ids = [Receipts(alarm).expect("SEND").id for _ in range(50)]
    receipts = Receipts(alarm)
    all_ids += [receipts.expect("SEND").id for _ in range(50)]
    assert len(set(all_ids)) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", id) for id in all_ids)
    assert len(receipts) == 50


async def test_the_first_end_counts() -> None:
    receipts = Receipts(Alarm())
    seen: list[str] = []
    receipt = receipts.expect("SEND")
    receipt.on_receipt = lambda: seen.append("receipt")
    receipt.on_failure = lambda _error: seen.append("failure")
    assert receipts.get(receipt.id) is receipt
    assert receipts.get(None) is None
    assert receipts.received(receipt.id) is receipt
    assert receipts.received(receipt.id) is None
    receipts.fail(receipt.id, ConnectionLost("late"))
    receipt.future.wake()
    await receipt.future
    assert seen == ["receipt"]
    assert receipts.is_ours(receipt.id)
    assert not receipts.is_ours("another")
    other = receipts.expect("SEND")
    other.on_failure = lambda _error: seen.append("failure")
    receipts.fail(other.id, ConnectionLost("first"))
    assert not receipts.received(other.id)
    with pytest.raises(ConnectionLost):
        await other.future
    assert seen == ["receipt", "failure"]


async def test_a_timeout_tells_whether_it_was_sent() -> None:
    alarm = Alarm()
    receipts = Receipts(alarm)
    taken_back: list[Receipt] = []
    waiting = receipts.expect("SEND to '/a'", 0.01, taken_back.append)
    written = receipts.expect("SEND to '/b'", 0.01)
    receipts.wrote(written)
    with pytest.raises(ReceiptTimeout, match="was not sent"):
        await waiting.future
    with pytest.raises(TimeoutError, match="may have arrived"):
        await written.future
    assert taken_back == [waiting]
    assert len(receipts) == 0
    alarm.close()


async def test_a_loss_fails_what_was_written_and_the_end_the_rest() -> None:
    receipts = Receipts(Alarm())
    written, kept = receipts.expect("a"), receipts.expect("b")
    receipts.wrote(written)
    receipts.fail_all(lambda: ConnectionLost("lost"), unwritten=False)
    assert written.future.done()
    assert not kept.future.done()
    receipts.fail_all(lambda: ConnectionLost("over"), unwritten=True)
    with pytest.raises(ConnectionLost, match="over"):
        await kept.future


async def test_nobody_waits_any_more() -> None:
    receipts = Receipts(Alarm())
    receipt = receipts.expect("SEND", 10)
    receipts.wrote(receipt)
    receipts.forget(receipt)
    receipts.forget(receipt)
    assert not receipts.received(receipt.id)
    assert not receipt.future.done()
    assert receipts.round_trip is None
    unawaited = receipts.expect("SEND")
    receipts.fail(unawaited.id, ConnectionLost("nobody asks"))
    del unawaited
    await asyncio.sleep(0)


async def test_the_round_trip_is_measured() -> None:
    receipts = Receipts(Alarm())
    receipt = receipts.expect("SEND")
    receipts.wrote(receipt)
    receipts.received(receipt.id)
    assert receipts.round_trip is not None
    assert receipts.round_trip >= 0
