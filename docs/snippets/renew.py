import asyncio


async def renew(client, seconds):
    while True:
        await asyncio.sleep(seconds)
        client.reconnect_now()  # credentials= is asked again; subscriptions go on
