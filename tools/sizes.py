"""Keep files and functions small: the limits of ``[tool.novita-mock.sizes]`` in ``pyproject.toml``.

``python tools/sizes.py`` prints the figures and what is over a limit, and exits 1 if anything is.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[1]
OURS = ("mock_server/novita_mock", "contract_tests/novita_contract", "tools")
#: What people copy is as small as what they don't see.
SIZED = (*OURS, "examples")


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method: where it is and how many lines it has, decorators not counted."""

    place: str
    lines: int


def limits(root: Path = ROOT) -> dict[str, int]:
    """The limits as ``pyproject.toml`` states them."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return dict(settings["tool"]["novita-mock"]["sizes"])


def sources(root: Path = ROOT, folders: tuple[str, ...] = OURS) -> list[Path]:
    """Our Python files, tests not among them."""
    return sorted(path for folder in folders for path in (root / folder).rglob("*.py"))


def functions(path: Path, root: Path = ROOT) -> Iterator[Function]:
    """Every function of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = f"{path.relative_to(root)}:{node.lineno} {node.name}"
            yield Function(place, (node.end_lineno or node.lineno) - node.lineno + 1)


def too_large(root: Path, allowed: Mapping[str, int]) -> list[str]:
    """One sentence for each file, function or page that is over its limit, and for the averages."""
    files = {path: len(path.read_text("utf-8").splitlines()) for path in sources(root, SIZED)}
    found = [function for path in files for function in functions(path, root)]
    over = [
        f"{path.relative_to(root)}: {lines} lines, at most {allowed['file_lines']}"
        for path, lines in files.items()
        if lines > allowed["file_lines"]
    ]
    over += [
        f"{function.place}: {function.lines} lines, at most {allowed['function_lines']}"
        for function in found
        if function.lines > allowed["function_lines"]
    ]
    middle, p90 = figures(found)
    if middle > allowed["function_median"]:
        over.append(f"median function: {middle} lines, at most {allowed['function_median']}")
    if p90 > allowed["function_p90"]:
        over.append(f"90th percentile of functions: {p90} lines, at most {allowed['function_p90']}")
    page = root / "docs/architecture.md"
    length = len(page.read_text("utf-8").splitlines()) if page.exists() else 0
    if length > allowed["architecture_lines"]:
        over.append(f"docs/architecture.md: {length} lines, at most {allowed['architecture_lines']}")
    return over


def figures(found: list[Function]) -> tuple[float, float]:
    """Median and 90th percentile of the functions' lines."""
    lines = [function.lines for function in found]
    return median(lines), quantiles(lines, n=10)[-1]


def main() -> int:
    """Print the figures; 1 when something is too large."""
    files = sources(folders=SIZED)
    found = [function for path in files for function in functions(path)]
    middle, p90 = figures(found)
    print(f"{len(files)} files, {len(found)} functions: median {middle:g} lines, 90th percentile {p90:g}")
    over = too_large(ROOT, limits())
    for line in over:
        print(line)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
