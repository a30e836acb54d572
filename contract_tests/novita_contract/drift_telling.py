"""What a drift says to a person, and to a program."""

from collections.abc import Iterator

from novita_contract.claims import Claim
from novita_contract.drift import Drift
from novita_contract.field_places import NewField
from novita_contract.provenance import quirks_on, standing_on, told
from novita_mock.types import JSON


def verdict(drift: Drift) -> str:
    """One line: what became of the page's claims and fields."""
    if not drift.drifted:
        return f"no drift: {_count(drift.held, 'claim holds', 'claims hold')}"
    changes = []
    if drift.gone:
        changes.append(f"{_count(len(drift.gone), 'claim is', 'claims are')} gone of {drift.checked}")
    if drift.new:
        changes.append(f"{_count(len(drift.new), 'field is', 'fields are')} new")
    return ", ".join(changes)


def lines(drift: Drift, given: str) -> Iterator[str]:
    """The verdict, each claim that is gone with what stands on it, each new field."""
    yield f"{drift.page.title}: {verdict(drift)}  ({given})"
    for claim in drift.gone:
        yield from _gone(claim)
    for field in drift.new:
        yield f"  new   {_described(field)}"


def as_json(drift: Drift, given: str) -> JSON:
    """The same for a program."""
    return {
        "given": given,
        "page": drift.page.name,
        "drifted": drift.drifted,
        "claims": {"checked": drift.checked, "held": drift.held},
        "gone": [_claim_as_json(claim) for claim in drift.gone],
        "new_fields": [
            {
                "name": field.name,
                "place": field.place,
                "section": field.section,
                "type": field.type,
                "required": field.required,
                "place_is_exact": field.exact,
            }
            for field in drift.new
        ],
    }


def _gone(claim: Claim) -> Iterator[str]:
    yield f"  gone  {claim.id}  {told(claim.id)}"
    nodes: dict[str, list[str]] = {}
    for constraint in standing_on(claim.id):
        under = f", with quirk {constraint.quirk}" if constraint.quirk else ""
        keywords = nodes.setdefault(f"schemas/{constraint.schema}#{constraint.pointer}{under}", [])
        keywords.append(constraint.keyword)
    for node, keywords in nodes.items():
        yield f"          read again {node}  {', '.join(filter(None, keywords))}".rstrip()
    if quirks_on(claim.id):
        yield f"          quirks {', '.join(quirks_on(claim.id))}"


def _described(field: NewField) -> str:
    about = [field.type, "required" if field.required else ""]
    shown = f"{field.place} ({', '.join(filter(None, about))})" if any(about) else field.place
    where = [field.section, "" if field.exact else "placed by its order on the page"]
    return "  ".join(filter(None, [shown, ", ".join(filter(None, where))]))


def _claim_as_json(claim: Claim) -> JSON:
    return {
        "claim": claim.id,
        "page": claim.page,
        "heading": claim.heading,
        "constraints": [
            {"schema": one.schema, "pointer": one.pointer, "keyword": one.keyword, "quirk": one.quirk}
            for one in standing_on(claim.id)
        ],
        "quirks": list(quirks_on(claim.id)),
    }


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
