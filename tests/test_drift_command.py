"""The command ``docs-drift``: what it prints, and how it ends."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest

from contract_files import page
from novita_contract.drift_command import docs_drift_command, examine, shown
from novita_contract.page_text import UnreadablePage
from novita_contract.pages import named

#: What the page of the limits says, as far as there is a claim: not a sentence of it.
LIMITS = "| Image to Image | `img2img_v3` | 10 |\n| Upscale | `upscale_v3` | 20 |\n"


def run(*arguments: object) -> int:
    code = docs_drift_command.main([str(one) for one in arguments], standalone_mode=False)
    assert isinstance(code, int)
    return code


@pytest.fixture
def limits(tmp_path: Path) -> Path:
    path = tmp_path / "rate-limits.md"
    path.write_text(LIMITS, "utf-8")
    return path


def test_no_drift_ends_with_0(limits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(limits) == 0
    assert capsys.readouterr().out == f"rate-limits: no drift: 2 claims hold  ({limits})\n"


def test_drift_ends_with_1_and_names_what_to_read_again(
    limits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits.write_text(LIMITS.replace("20", "25"), "utf-8")
    assert run(limits) == 1
    out = capsys.readouterr().out
    assert "rate-limits: 1 claim is gone of 2" in out
    assert "gone  rate.upscale  page rate-limits, heading Default Rate Limits > IPM\n" in out
    assert "read again schemas/operations.json#/operations/0  images_per_minute\n" in out
    assert "quirks rate-limit\n" in out
    assert "img2img" not in out


def test_new_fields_are_told(limits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tag = '<ParamField body="burst" type="integer" required={true}></ParamField>\n'
    limits.write_text(LIMITS + tag, "utf-8")
    assert run(limits) == 1
    out = capsys.readouterr().out
    assert "rate-limits: 1 field is new" in out
    assert "  new   burst (integer, required)  Request Body\n" in out


def test_json_says_the_same(limits: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limits.write_text(LIMITS.replace("20", "25"), "utf-8")
    assert run("--json", limits) == 1
    told = json.loads(capsys.readouterr().out)
    (found,) = told["pages"]
    assert (found["page"], found["drifted"], found["claims"]) == (
        "rate-limits.md",
        True,
        {"checked": 2, "held": 1},
    )
    (gone,) = found["gone"]
    assert gone["claim"] == "rate.upscale"
    assert gone["quirks"] == ["rate-limit"]
    assert gone["constraints"] == [
        {"schema": "operations.json", "pointer": "/operations/0", "keyword": "images_per_minute", "quirk": ""}
    ]
    assert (found["new_fields"], told["errors"]) == ([], [])


@pytest.mark.parametrize("content", ["", " \n", "\0", "# 404: not found"])
def test_a_page_that_says_nothing_is_an_error_and_not_agreement(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "upscale.md"
    path.write_text(content, "utf-8")
    assert run(path) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {path}: ")


def test_one_who_insists_gets_all_that_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lamp.md"
    path.write_text("It is another page now.", "utf-8")
    assert run(path) == 2
    assert run(path, "--as", "upscale") == 1
    assert "upscale: 47 claims are gone of 47" in capsys.readouterr().out


def test_a_missing_file_is_an_error_and_the_others_are_told(
    limits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "gone.md", limits, tmp_path) == 2
    told = capsys.readouterr()
    assert "rate-limits: no drift" in told.out
    assert told.err.count("error: ") == 2


def test_an_unknown_page_is_an_error_that_lists_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lamp.md"
    path.write_text("The lamp is lit.", "utf-8")
    assert run(path) == 2
    assert "authentication, " in capsys.readouterr().err


def test_wrong_use_says_what_there_is() -> None:
    with pytest.raises(click.UsageError, match=r"no page is called 'lamp'; known are authentication"):
        run("x.md", "--as", "lamp")
    with pytest.raises(click.UsageError):
        run()


def test_an_address_is_fetched() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return LIMITS.encode()

    found = examine("https://host.example/docs/model-apis-rate-limits?v=2", fetch=fetch)
    assert (found.page.title, found.drifted) == ("rate-limits", False)
    assert asked == ["https://host.example/docs/model-apis-rate-limits?v=2"]


def test_a_failed_fetch_is_no_agreement() -> None:
    def fetch(url: str) -> bytes:
        raise OSError("HTTP 503")

    with pytest.raises(OSError, match="HTTP 503"):
        examine("https://host.example/rate-limits.md", fetch=fetch)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"" if "webhook" in self.path else LIMITS.encode()
        self.send_response(404 if "error-code" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_pages_come_over_http_too(capsys: pytest.CaptureFixture[str]) -> None:
    with served() as url:
        assert run(f"{url}/docs/model-apis-rate-limits") == 0
        assert run(f"{url}/docs/basic-error-code", f"{url}/webhook.md") == 2
    assert run(f"{url}/rate-limits.md") == 2
    errors = capsys.readouterr().err.splitlines()
    assert [line.rpartition("/")[2] for line in errors[:2]] == [
        "basic-error-code: HTTP 404", "webhook.md: this is empty",
    ]  # fmt: skip
    assert errors[2].startswith(f"error: {url}/rate-limits.md: ")


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    user = "me:canary@"
    assert shown(f"https://{user}host.example/a?key=canary#canary") == "https://host.example/a"
    assert shown("a/b?.md") == "a/b?.md"
    assert shown("a\x1b[31m\n") == "a?[31m?"


def test_a_page_that_lost_all_it_said_is_told_when_it_said_little(tmp_path: Path) -> None:
    path = tmp_path / "authentication.md"
    path.write_text("Send no key at all.", "utf-8")
    assert run(path) == 1


def test_none_of_its_claims_means_another_page(tmp_path: Path) -> None:
    path = tmp_path / "webhook.md"
    path.write_text("A notice.", "utf-8")
    with pytest.raises(UnreadablePage, match="--as webhook"):
        examine(str(path))
    assert len(examine(str(path), named("webhook")).gone) == 8


@pytest.mark.parametrize("name", ["upscale.md", "003_0f437868f4de4707.txt"])
def test_a_kept_page_ends_with_0(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(page(name), "utf-8")
    assert run(path) == 0
