python -m coilmq.start -b 127.0.0.1 -p 61613
python -m pystomp_web.server --broker tcp://127.0.0.1:61613 --vhost "$(hostname -f)"
