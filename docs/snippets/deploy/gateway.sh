python -m pystomp_web.server --broker tcp://127.0.0.1:61613
