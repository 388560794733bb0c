import js
import pystomp_web as stomp

client = stomp.Client("/stomp")
client.subscribe("/topic/prices", lambda message: js.postMessage(message.text))
client.start()
