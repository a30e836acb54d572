"""Every report of a run, written into a folder."""

import os
from pathlib import Path

from novita_contract import report_har, report_html, report_json, report_junit, report_summary
from novita_contract.evidence import exchange_values
from novita_contract.options import OptionsError
from novita_contract.report import Report
from novita_mock.types import JSON


def write(report: Report, folder: Path, *others: JSON) -> list[Path]:
    """Write the reports; each file is whole, or as it was before.

    Args:
        report: the run.
        folder: is made where it is missing.
        others: documents of earlier runs, to stand beside this one in the page.

    Returns:
        The files, the page first.

    Raises:
        OptionsError: the folder can't be made or written to.
    """
    told, values = report_json.document(report), exchange_values(report)
    texts = {
        "index.html": report_html.page_of(report, told, values, others),
        "conformance.json": report_json.as_text(told),
        "junit.xml": report_junit.written(told),
        "requests.har": report_har.written(told, values.values()),
        "summary.md": report_summary.summary(told),
        "badge.json": report_summary.badge(told),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_written(folder / name, text) for name, text in texts.items()]
    except OSError as problem:
        said = f"no report can be written into {folder}: {problem.strerror}"
        raise OptionsError(said, "name a folder that can be written to") from None


def _written(path: Path, text: str) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
