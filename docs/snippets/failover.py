import pystomp_web as stomp

client = stomp.Client(
    ["wss://one.example.com/stomp", "wss://two.example.com/stomp"],
    reconnect=stomp.Backoff(initial=1, maximum=60, attempts=20),
)
client.on_state(lambda state, error: print(state, client.url))
client.start()
