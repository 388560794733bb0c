import js
import pystomp_web as stomp
from pyodide.ffi import create_proxy

client = stomp.Client("/stomp")
client.start()


async def leave(_event):
    await client.close()  # what waits goes out, then DISCONNECT


js.document.getElementById("leave").addEventListener("click", create_proxy(leave))
