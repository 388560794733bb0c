import logging

logging.basicConfig(level=logging.INFO)
logging.getLogger("pystomp_web").setLevel(logging.DEBUG)
