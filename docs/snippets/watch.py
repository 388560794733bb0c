import pystomp_web as stomp


def on_state(state, error):
    print(f"{state}, because: {error}" if error else state)


client = stomp.Client("/stomp")
client.on_state(on_state)
client.on_frame(print)  # "in" or "out", and the frame
client.on_unhandled(lambda what: print("nobody took", what))
client.start()
