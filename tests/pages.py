"""The pages of the documentation, and the code on them."""

import re
import socket
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Where a double is that was started without options.
ADDRESS = "http://127.0.0.1:4077"
#: Every page that people read.
PAGES = ("README.md", "CHANGELOG.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))


def text(page: str) -> str:
    """A page, by its path."""
    return (ROOT / page).read_text("utf-8")


def chapter(page: str, heading: str) -> str:
    """A chapter of a page."""
    return text(page).split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks(page: str, heading: str = "", language: str = "sh") -> list[str]:
    """The blocks of a language, of a chapter or of the whole page."""
    found = chapter(page, heading) if heading else text(page)
    return re.findall(rf"^```{language}\n(.*?)^```$", found, re.MULTILINE | re.DOTALL)


def files(page: str, heading: str = "") -> dict[str, str]:
    """The Python of a page as files: named by a comment in the first line, else numbered as tests."""
    named = {}
    for number, block in enumerate(blocks(page, heading, "python"), 1):
        name = re.match(r"# (\w+\.py)\n", block)
        named[name[1] if name else f"test_{number}.py"] = block
    return named


def free_or_documented_port() -> int:
    """The documented port, or 0 where somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return 0 if probe.connect_ex(("127.0.0.1", 4077)) == 0 else 4077
