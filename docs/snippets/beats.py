import pystomp_web as stomp

# We send a beat every 10 s, and want one every 10 s; three missed ones end the connection.
client = await stomp.connect("/stomp", heartbeat=(10, 10), heartbeat_tolerance=3)
print(client.state)
