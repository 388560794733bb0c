import pystomp_web as stomp

client = stomp.sync.connect("/stomp")
prices = client.subscribe("/topic/prices")
client.send("/topic/prices", "1.08")
print(prices.get(timeout=5).text)
client.close()
