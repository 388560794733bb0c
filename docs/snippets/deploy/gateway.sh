python -m pystomp_web.server --root pages --broker tcp://127.0.0.1:61613
