"""The command ``docs-drift``: hold fresh copies of the documentation's pages against the contract."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import click

from novita_contract.drift import Drift, compare
from novita_contract.drift_telling import as_json, lines
from novita_contract.page_text import UnreadablePage, decode, page_words
from novita_contract.pages import KnownPage, UnknownPage, named, recognise
from novita_contract.report import CONFORMS, DEVIATES, USAGE

#: So many claims of a page can't all be gone at once: then it is another page, or a notice.
TOO_MANY_TO_BE_GONE = 3

Fetch = Callable[[str], bytes]


@click.command("docs-drift", epilog="Example: novita-mock docs-drift upscale.md img2img.md")
@click.argument("pages", metavar="PAGE...", nargs=-1, required=True)
@click.option("--as", "as_page", metavar="PAGE_NAME", help="which page they are copies of (default: seen)")
@click.option("--json", "print_json", is_flag=True, help="print JSON")
def docs_drift_command(pages: tuple[str, ...], as_page: str | None, print_json: bool) -> int:
    """List the constraints whose sentence is gone from the documentation, and its new fields.

    PAGE is a file or an address of a fresh copy: Markdown, its source, HTML, or text.
    Exit code 0: no drift; 1: drift; 2: a page can't be read or is not known.
    """
    try:
        insisted = named(as_page) if as_page is not None else None
    except UnknownPage as problem:
        raise click.UsageError(str(problem)) from None
    found: list[tuple[str, Drift]] = []
    troubles: list[str] = []
    for given in pages:
        try:
            found.append((shown(given), examine(given, insisted)))
        except (OSError, UnreadablePage, UnknownPage) as problem:
            troubles.append(f"{shown(given)}: {_said(problem)}")
    _print(found, troubles, print_json)
    if troubles:
        return USAGE
    return DEVIATES if any(drift.drifted for _, drift in found) else CONFORMS


def examine(given: str, insisted: KnownPage | None = None, fetch: Fetch | None = None) -> Drift:
    """Read a copy of a page, and hold it against the contract.

    Args:
        given: a file or an address.
        insisted: which page it is, whatever its name and content say.
        fetch: what gets an address; by default the network does.

    Raises:
        OSError: it can't be had.
        UnreadablePage: it is empty, no text, or says nothing of what its page said.
        UnknownPage: it is no copy of a page that we know.
    """
    text = decode(_content(given, fetch))
    page = insisted or recognise(given, text, page_words(text))
    drift = compare(page, text)
    if insisted is None and not drift.held and drift.checked >= TOO_MANY_TO_BE_GONE:
        message = f"none of the {drift.checked} claims of page {page.title} is in it; if it is that page"
        raise UnreadablePage(f"{message} all the same: --as {page.title}")
    return drift


def shown(given: str) -> str:
    """A file or an address as it may be printed: without a password or a query, and on one line."""
    if _is_address(given):
        given = re.sub(r"(?<=://)[^/]*@", "", re.split(r"[?#]", given)[0])
    return "".join(character if character.isprintable() else "?" for character in given)


def _content(given: str, fetch: Fetch | None) -> bytes:
    if not _is_address(given):
        return Path(given).read_bytes()
    if fetch is None:
        from novita_contract.wire import fetch_page

        fetch = fetch_page
    return fetch(given)


def _is_address(given: str) -> bool:
    return given.casefold().startswith(("http://", "https://"))


def _said(problem: Exception) -> str:
    return problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)


def _print(found: list[tuple[str, Drift]], troubles: list[str], print_json: bool) -> None:
    if print_json:
        told = {"pages": [as_json(drift, given) for given, drift in found], "errors": troubles}
        click.echo(json.dumps(told, indent=2))
    else:
        for given, drift in found:
            click.echo("\n".join(lines(drift, given)))
    for trouble in troubles:
        click.echo(f"error: {trouble}", err=True)
