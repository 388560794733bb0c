python -m pystomp_web.server --broker tcp://broker.example.com:61613 --vhost /production
