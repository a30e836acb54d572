"""What both sides of the benchmark of cases are given: the same double, the same operations."""

from novita_mock.settings import Settings

KEY = "sk_cases"
#: The operations whose bodies are worth drawing; their paths are the document's own.
OPERATIONS = ("upscale", "img2img", "upscale-v2")


def settings() -> Settings:
    """A double that judges as strictly as its document, and makes no picture: time stands still."""
    return Settings(
        speed="manual", seed=1, strict=True, strict_responses=True, public_url="http://127.0.0.1",
        allow_host=("testserver",), max_pending_tasks=10**7, max_pending_bytes=10**12,
    )  # fmt: skip
