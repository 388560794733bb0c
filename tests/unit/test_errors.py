from __future__ import annotations

import inspect
import re

import pytest

from pystomp_web import errors
from pystomp_web.protocol import Frame

#: CONTRACT.md: every error and what it is.
TREE: dict[str, tuple[type[BaseException], ...]] = {
    "StompError": (Exception,),
    "ProtocolError": (errors.StompError,),
    "FrameTooLarge": (errors.ProtocolError,),
    "ConnectError": (errors.StompError,),
    "ConnectRejected": (errors.ConnectError,),
    "ConnectTimeout": (errors.ConnectError, TimeoutError),
    "VersionMismatch": (errors.ConnectError,),
    "ConnectionLost": (errors.StompError,),
    "HeartbeatTimeout": (errors.ConnectionLost,),
    "BrokerError": (errors.StompError,),
    "ReceiptTimeout": (errors.StompError, TimeoutError),
    "OutboxFull": (errors.StompError,),
    "SlowConsumer": (errors.StompError,),
    "StaleMessage": (errors.StompError,),
    "ClientClosed": (errors.StompError,),
}
FRAME = Frame("ERROR", {"message": "no", "receipt-id": "r-1"}, b"why")


def defined() -> dict[str, type[BaseException]]:
    return {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == errors.__name__
    }


def test_the_tree() -> None:
    assert defined().keys() == TREE.keys()
    for name, bases in TREE.items():
        assert getattr(errors, name).__bases__ == bases


def test_all_are_exported() -> None:
    assert sorted(errors.__all__) == sorted(TREE)


def test_the_docstring_shows_the_tree() -> None:
    assert errors.__doc__ is not None
    shown = re.findall(r"^([ │├└─]*)([A-Z]\w+)", errors.__doc__.split("::", 1)[1], re.MULTILINE)
    assert [name for _, name in shown] == [*TREE]
    path: list[str] = []
    for lead, name in shown:
        depth = (len(lead) - 4) // 4
        path[depth:] = [name]
        if depth:
            assert TREE[name][0].__name__ == path[depth - 1]


@pytest.mark.parametrize("name", [n for n in TREE if n not in ("ConnectRejected", "BrokerError")])
def test_a_message_is_enough(name: str) -> None:
    error = getattr(errors, name)("what happened")
    assert str(error) == "what happened"
    assert inspect.getdoc(type(error))


@pytest.mark.parametrize("kind", [errors.ConnectError, errors.ConnectTimeout, errors.VersionMismatch])
def test_diagnosis(kind: type[errors.ConnectError]) -> None:
    assert kind("no").diagnosis == ""
    error = kind("it failed", diagnosis="nothing listens there")
    assert error.diagnosis == "nothing listens there"
    assert str(error) == "it failed: nothing listens there"


def test_connect_rejected() -> None:
    error = errors.ConnectRejected("refused", FRAME, diagnosis="wrong passcode")
    assert (error.frame, error.diagnosis, str(error)) == (FRAME, "wrong passcode", "refused: wrong passcode")
    assert errors.ConnectRejected("refused", FRAME).diagnosis == ""


@pytest.mark.parametrize("kind", [errors.ConnectionLost, errors.HeartbeatTimeout])
def test_connection_lost(kind: type[errors.ConnectionLost]) -> None:
    error = kind("gone")
    assert (error.code, error.reason, error.clean) == (1006, "", False)
    error = kind("gone", code=1001, reason="going away", clean=True)
    assert (error.code, error.reason, error.clean) == (1001, "going away", True)


def test_broker_error() -> None:
    error = errors.BrokerError("no", FRAME)
    assert (error.frame, error.receipt_id, str(error)) == (FRAME, "r-1", "no")
    assert errors.BrokerError("no", Frame("ERROR")).receipt_id is None


@pytest.mark.parametrize("kind", [errors.ConnectTimeout, errors.ReceiptTimeout])
def test_timeouts_are_timeouts_too(kind: type[errors.StompError]) -> None:
    with pytest.raises(TimeoutError):
        raise kind("late")
