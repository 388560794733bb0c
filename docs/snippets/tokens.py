import pystomp_web as stomp
from pyodide.http import pyfetch


async def fresh(attempt):
    answer = await pyfetch("/token")
    return {"login": "alice", "passcode": (await answer.json())["token"]}


client = await stomp.connect("/stomp", credentials=fresh)
print(client.state)
