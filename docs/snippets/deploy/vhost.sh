python -m pystomp_web.server --root pages --broker tcp://broker.example.com:61613 --vhost /production
