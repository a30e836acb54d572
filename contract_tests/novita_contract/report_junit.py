"""A run as JUnit XML: one suite a layer, one test a case, for the tools that read test results."""

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from novita_contract.report import BUDGET, INTERRUPTED, UNREACHABLE
from novita_contract.verdicts import LAYERS, Verdict
from novita_mock.types import JSON

#: Exit codes of runs that did not come to their end: no tool may take their silence for success.
_BROKEN_OFF = (UNREACHABLE, BUDGET, INTERRUPTED)


def suites(told: JSON) -> Element:
    """The root element, from the document of a run."""
    root = Element("testsuites", name=f"novita-mock conform {told['target']}")
    for layer in LAYERS:
        cases = [case for case in told["cases"] if case["layer"] == layer]
        if cases:
            _suite(root, layer, told, [_case(case, case["id"] in told["deviating"]) for case in cases])
    if told["exit_code"] in _BROKEN_OFF:
        _suite(root, "run", told, [_broken_off(told)])
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.attrib[name]) for suite in root)))
    root.set("time", f"{told['seconds']:.3f}")
    return root


def written(told: JSON) -> str:
    """The text of a file, from the document of a run."""
    root = suites(told)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(root: Element, name: str, told: JSON, cases: list[Element]) -> None:
    suite = SubElement(root, "testsuite", name=name, tests=str(len(cases)))
    for kind, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(child) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.attrib['time']) for case in cases):.3f}")
    started = datetime.fromisoformat(told["started"]).astimezone(UTC)
    suite.set("timestamp", started.isoformat(timespec="seconds").partition("+")[0])
    run = [("target", told["target"]), ("profile", told["profile"]), ("seed", str(told["seed"]))]
    _properties(suite, run + [(f"version {name}", value) for name, value in told["versions"].items()])
    suite.extend(cases)


def _case(case: JSON, deviates: bool) -> Element:
    element = Element("testcase", classname=case["operation"], name=case["id"], time=f"{case['seconds']:.3f}")
    properties = [("rule", case["id"]), ("operation", case["operation"]), ("verdict", case["verdict"])]
    properties += [("claim", claim["told"]) for claim in case["claims"]]
    properties += [(name, case[name]) for name in ("pointer", "keyword") if case[name]]
    _properties(element, properties)
    if deviates:
        first = case["findings"][0]["check"] if case["findings"] else case["verdict"]
        failure = SubElement(element, "failure", type=first, message=_line(case))
        failure.text = _told(case)
    elif case["verdict"] == Verdict.SKIP:
        SubElement(element, "skipped", message=case["said"] or "not checked")
    elif case["verdict"] != Verdict.PASS:
        SubElement(element, "system-out").text = _told(case)
    return element


def _broken_off(told: JSON) -> Element:
    element = Element("testcase", classname="run", name="THE-RUN-COMES-TO-ITS-END", time="0.000")
    error = SubElement(element, "error", type=f"exit code {told['exit_code']}", message=told["verdict"])
    error.text = "\n".join([told["verdict"], *told["notes"], told["command"]])
    return element


def _properties(element: Element, pairs: Iterable[tuple[str, str]]) -> None:
    properties = SubElement(element, "properties")
    for name, value in pairs:
        SubElement(properties, "property", name=name, value=value)


def _line(case: JSON) -> str:
    said = case["said"] or " ".join(finding["check"] for finding in case["findings"]) or case["verdict"]
    return said.partition("\n")[0]


def _told(case: JSON) -> str:
    lines = [case["title"], *([f"{case['verdict']}: {case['said']}"] if case["said"] else [case["verdict"]])]
    for finding in case["findings"]:
        lines += ["", finding["check"]]
        lines += [
            f"  {name:9} {finding[name]}" for name in ("where", "expected", "received") if finding[name]
        ]
        lines += [f"  claim     {finding['claim']['told']}"] if finding["claim"] else []
    if case["reproduce"]["curl"]:
        lines += ["", "reproduce", case["reproduce"]["curl"]]
    return "\n".join([*lines, "", "again", case["reproduce"]["command"]])
