"""Memory of a world through which many tasks have gone: every list in it is full, none grows.

CI takes 3,300 tasks; ``make check-deep`` takes 10,000.
"""

import asyncio
import json

from hypothesis import settings

from conftest import b64, picture, upscale_body
from raw import request
from served import MIB, memory, served
from test_reliability_load import reply_of
from world import advance, get

DEEP = settings.get_current_profile_name() == "deep"
CONNECTIONS = 20
WAVES, EACH = (5, 100) if DEEP else (3, 55)


async def lives(port: int, submit: bytes) -> None:
    """One connection that submits and polls, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(EACH):
        writer.write(submit)
        task_id = (await reply_of(reader))["task_id"]
        writer.write(request(f"/v3/async/task-result?task_id={task_id}"))
        assert (await reply_of(reader))["task"]["status"] == "TASK_STATUS_SUCCEED"
    writer.close()
    await writer.wait_closed()


async def wave(port: int, submit: bytes) -> None:
    await asyncio.gather(*(lives(port, submit) for _ in range(CONNECTIONS)))


def test_memory_is_flat_once_journal_outbox_and_inbox_are_full() -> None:
    """All of one account, each with a webhook to an inbox that fails every other time."""
    with served("--speed", "0", "--max-results-bytes", str(2 * MIB)) as (process, client):
        client.put("/_mock/inbox/app", json=[{"status": 500}, {"status": 200}] * 25)
        hook = str(client.base_url.join("/_mock/inbox/app"))
        body = upscale_body(image_base64=b64(picture(2, 2))) | {"extra": {"webhook": {"url": hook}}}
        submit = request("/v3/async/upscale", method="POST", body=json.dumps(body).encode())
        seen = []
        for _ in range(WAVES):
            asyncio.run(wave(client.base_url.port or 0, submit))
            advance(client, 0)
            seen.append(memory(process) // MIB)
        journal, deliveries = get(client, "/requests"), get(client, "/webhooks")["webhooks"]
        events, health = get(client, "/inbox/app")["events"], get(client, "/health")
    print(f"MiB after each {CONNECTIONS * EACH} tasks:", seen)
    assert (len(journal["requests"]), len(deliveries), len(events)) == (1000, 1000, 1000)
    assert journal["dropped"] >= 2 * WAVES * CONNECTIONS * EACH - 1000
    assert {delivery["state"] for delivery in deliveries} == {"delivered"}
    assert health["kept_bytes"] <= 2 * MIB
    assert health["unfinished_tasks"] == 0
    assert seen[-1] - seen[0] < 16, seen
