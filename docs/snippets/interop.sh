./build.sh interop                       # all of them: build, test, table
./build.sh interop rabbitmq artemis      # some of them
.venv/bin/python -m tests.brokers.run artemis http://127.0.0.1:8080
