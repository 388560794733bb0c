"""CPython only: pages, an embedded broker and a gateway on one origin, for development and tests.

`python -m pystomp_web.server` starts it; `pystomp_web.server.serving.serving` does from within a program. The broker by
itself, without a socket, is `pystomp_web.server.broker.Broker`. Nothing of the client imports from here.
"""
