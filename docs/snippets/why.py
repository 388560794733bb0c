import pystomp_web as stomp

try:
    client = await stomp.connect("ws://127.0.0.1:61613/", connect_timeout=3)
except stomp.ConnectRejected as error:
    print("the broker said no:", error.frame.headers.get("message"))
except stomp.ConnectError as error:
    print("not connected:", error.diagnosis or error)
