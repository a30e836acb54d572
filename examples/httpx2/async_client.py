"""Enlarges several pictures at once with plain httpx2, and streams the results to disk.

pip install httpx2; python async_client.py FOLDER *.png
against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
against the service:  NOVITA_API_KEY=sk_...
"""

import asyncio
import base64
import os
import sys
from pathlib import Path

import httpx2

#: Pictures under way at once. The service takes 20 a minute of a key.
AT_ONCE = 4
POLL_S = 1.0
LIMIT_S = 300.0


async def submit(client: httpx2.AsyncClient, picture: bytes) -> str:
    """Have a picture enlarged; the id of its task. Not to be repeated blindly: each one is paid."""
    request = {
        "model_name": "4x-UltraSharp",
        "scale_factor": 2,
        "image_base64": base64.b64encode(picture).decode(),
    }
    reply = await client.post("/v3/async/upscale", json={"request": request})
    if reply.status_code != 200:
        raise RuntimeError(f"not accepted: {reply.text}")
    return str(reply.json()["task_id"])


async def link_of(client: httpx2.AsyncClient, task_id: str) -> str:
    """Where the picture is, once the task has made it."""
    while True:
        reply = await client.get("/v3/async/task-result", params={"task_id": task_id})
        result = reply.raise_for_status().json()
        match result["task"]["status"]:
            case "TASK_STATUS_SUCCEED":
                return str(result["images"][0]["image_url"])
            case "TASK_STATUS_FAILED":
                raise RuntimeError(f"task {task_id} failed: {result['task']['reason']}")
        await asyncio.sleep(POLL_S)


async def download(link: str, output: Path) -> None:
    """Stream a picture to disk; only a whole one gets the name. Without the key: the link is signed."""
    part = output.with_name(f"{output.name}.part")
    async with httpx2.AsyncClient(timeout=60) as client, client.stream("GET", link) as reply:
        reply.raise_for_status()
        with part.open("wb") as file:
            async for piece in reply.aiter_bytes():
                file.write(piece)
    part.replace(output)


async def enlarge(
    client: httpx2.AsyncClient, turn: asyncio.Semaphore, picture: Path, output: Path
) -> str | None:
    """Enlarge one picture when its turn has come; what went wrong, or None."""
    async with turn:
        try:
            task_id = await submit(client, picture.read_bytes())
            async with asyncio.timeout(LIMIT_S):
                await download(await link_of(client, task_id), output)
        except (RuntimeError, TimeoutError, OSError, httpx2.HTTPError) as problem:
            return f"{picture}: {problem or type(problem).__name__}"
    return None


async def main(folder: Path, pictures: list[Path]) -> int:
    """Enlarge all; one that fails does not stop the others. The number of those that failed."""
    address = os.environ.get("NOVITA_IMAGE_BASE_URL", "https://api.novita.ai")
    headers = {"Authorization": f"Bearer {os.environ['NOVITA_API_KEY']}"}
    folder.mkdir(parents=True, exist_ok=True)
    turn = asyncio.Semaphore(AT_ONCE)
    async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        outcomes = await asyncio.gather(
            *(enlarge(client, turn, picture, folder / f"{picture.stem}-2x.png") for picture in pictures)
        )
    failed = list(filter(None, outcomes))
    print("\n".join(failed), file=sys.stderr, end="\n" if failed else "")
    return len(failed)


if __name__ == "__main__":
    sys.exit(min(1, asyncio.run(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))))
