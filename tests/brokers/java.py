"""Brokers that run on the JVM: resolved by Maven once, compiled by javac, started from the class path."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from tests.brokers.launcher import BUILD, HERE, BrokerFailure, Launcher

REPOSITORY = BUILD / "m2"
#: Seconds that one resolution by Maven may take; from an empty repository it is about 20.
RESOLVE = 600


class JavaBroker(Launcher):
    """A broker whose launcher is `tests/brokers/SOURCE/` with a pom for each version.

    Attributes:
        source: its folder.
        pom: the file in it.
        main: the class that holds `main`.
    """

    source: ClassVar[str]
    pom: ClassVar[str] = "pom.xml"
    main: ClassVar[str] = "Main"

    def arguments(self) -> Sequence[str]:
        """What comes behind the class's name."""
        return [str(self.port), "127.0.0.1"]

    def flags(self) -> Sequence[str]:
        """More for the JVM."""
        return []

    @property
    def built(self) -> Path:
        """Where the classes and the class path of this version lie."""
        return BUILD / f"{self.name}-{self.version}"

    def prepare(self) -> None:
        """Resolve and compile, once for each state of the sources."""
        source = HERE / self.source
        files = sorted([*source.rglob("*.java"), source / self.pom, HERE / "settings.xml"])
        key = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        stamp = self.built / "stamp"
        if stamp.exists() and stamp.read_text() == key:
            return
        for tool in ("java", "javac", "mvn"):
            if shutil.which(tool) is None:
                raise BrokerFailure(f"{tool} is missing: ./build.sh interop installs a JDK and Maven on Debian")
        shutil.rmtree(self.built, ignore_errors=True)
        self.built.mkdir(parents=True)
        class_path = self.built / "class-path"
        _run(
            *("mvn", "-B", "-q", "-ntp", "-s", str(HERE / "settings.xml"), f"-Dmaven.repo.local={REPOSITORY}"),
            *("-f", str(source / self.pom), "dependency:build-classpath"),
            *("-Dmdep.includeScope=runtime", f"-Dmdep.outputFile={class_path}"),
        )
        sources = [str(file) for file in files if file.suffix == ".java"]
        _run(
            *("javac", "-nowarn", "-parameters", "-encoding", "UTF-8", "-d", str(self.built / "classes")),
            *("-cp", class_path.read_text(), *sources),
        )
        stamp.write_text(key)

    def command(self) -> Sequence[str]:
        class_path = f"{self.built / 'classes'}{os.pathsep}{(self.built / 'class-path').read_text()}"
        return [
            *("java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", *self.flags()),
            *("-cp", class_path, self.main, *self.arguments()),
        ]


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RESOLVE, check=False
    )
    if done.returncode:
        raise BrokerFailure(f"{' '.join(command)[:300]} failed:\n{(done.stdout + done.stderr)[-4000:]}")


class HornetQ(JavaBroker):
    """HornetQ 2.4, STOMP in the server's own WebSocket."""

    name = "hornetq-2.4"
    version = "2.4.9.Final"
    row = "hornetq"
    path = "/stomp"
    provoke = MappingProxyType({"destination": "jms.queue.nowhere"})
    source = "hornetq"
    pom = "pom-2.4.9.xml"

    def topic(self, name: str) -> str:
        return f"jms.topic.{name}"

    def queue(self, name: str) -> str:
        return f"jms.queue.{name}"

    def arguments(self) -> Sequence[str]:
        return [str(self.port), ",".join(self.queue(name) for name in self.names)]

    def flags(self) -> Sequence[str]:
        return [f"-Dtopics={','.join(self.topic(name) for name in self.names)}", "-Dpersist=true"]


class HornetQ23(HornetQ):
    """HornetQ 2.3, with an acceptor of its own for STOMP over WebSocket."""

    name = "hornetq-2.3"
    version = "2.3.25.Final"
    row = "hornetq-2.3"
    pom = "pom-2.3.25.xml"


class Artemis(JavaBroker):
    """Artemis, HornetQ's successor."""

    name = "artemis"
    version = "2.44.0"
    row = "artemis"
    provoke = MappingProxyType({"headers": {"selector": "a = = b"}})
    source = "artemis"
    pom = "pom-2.44.0.xml"

    def queue(self, name: str) -> str:
        return f"/queue/{name}-queue"  # one name under both prefixes is one address: the topic would get the queue's

    def arguments(self) -> Sequence[str]:
        return [str(self.port)]

    def flags(self) -> Sequence[str]:
        return ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dpersist=true"]


class Artemis255(Artemis):
    """Artemis under its new group."""

    name = "artemis-2.55"
    version = "2.55.0"
    pom = "pom-2.55.0.xml"


class ActiveMQ5(JavaBroker):
    """ActiveMQ Classic 5.19 with its ws transport."""

    name = "activemq-5"
    version = "5.19.1"
    row = "activemq"
    login = "alice"
    passcode = "wonderland"
    provoke = MappingProxyType({"headers": {"selector": "a = = b"}})
    source = "activemq"
    pom = "pom-5.19.1.xml"

    def arguments(self) -> Sequence[str]:
        return [str(self.port), "", f"{self.login}:{self.passcode}"]


class ActiveMQ6(ActiveMQ5):
    """ActiveMQ Classic 6.1."""

    name = "activemq-6"
    version = "6.1.8"
    pom = "pom-6.1.8.xml"


class Apollo(JavaBroker):
    """ActiveMQ Apollo with its ws transport."""

    name = "apollo"
    version = "1.7.1"
    row = "apollo"
    provoke = MappingProxyType({"destination": "nowhere"})
    beats_out = 2  # it wants one in 10 s, whatever is offered
    source = "apollo"

    def arguments(self) -> Sequence[str]:
        return [str(self.port)]


class Stilts(JavaBroker):
    """Stilts' stomplet server."""

    name = "stilts"
    version = "0.1.40"
    row = "stilts"
    provoke = MappingProxyType({"destination": "/deny/x"})
    beats_in = 0  # it promises what never comes
    source = "stilts"


class TorqueBox(JavaBroker):
    """Stilts as TorqueBox 3 sets it up, with the stomplets of its manual."""

    name = "torquebox"
    version = "3.x (Stilts 0.1.40)"
    row = "stilts"
    provoke = MappingProxyType({"destination": "/nowhere", "unsubscribe": True})
    beats_in = 0
    source = "torquebox"

    @property
    def built(self) -> Path:
        return BUILD / self.name

    def topic(self, name: str) -> str:
        return f"/broadcast/{name}"

    def queue(self, name: str) -> str:
        return f"/bridge/{name}"

    def flags(self) -> Sequence[str]:
        return [f"-Dnames={','.join(self.names)}"]


class Spring(JavaBroker):
    """The simple broker of Spring's WebSocket messaging, in Spring Boot."""

    name = "spring"
    version = "3.5.7"
    row = "spring"
    path = "/ws"
    provoke = MappingProxyType({"raw": "NONSENSE\n\n\0"})
    acks = False
    source = "spring"
    main = "launcher.Main"

    def arguments(self) -> Sequence[str]:
        return [str(self.port), "127.0.0.1", self.origin]

    def flags(self) -> Sequence[str]:
        return ["-Dheartbeat=500"]


ALL: tuple[type[JavaBroker], ...] = (
    HornetQ,
    HornetQ23,
    ActiveMQ5,
    ActiveMQ6,
    Apollo,
    Stilts,
    TorqueBox,
    Artemis,
    Artemis255,
    Spring,
)
