import pystomp_web as stomp

client = await stomp.connect("/stomp")
jobs = client.subscribe("/queue/jobs", ack="client-individual", headers={"prefetch-count": 10})
