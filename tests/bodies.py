"""Bodies that fit a schema, drawn by Hypothesis, for the few keywords that our schemas use."""

from hypothesis import strategies as st

from novita_mock.types import JSON

Bodies = st.SearchStrategy[JSON]
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def bodies(schema: JSON) -> Bodies:
    """Everything that fits a schema whose references are resolved; ``20.0`` is no integer."""
    if "anyOf" in schema:
        return st.one_of([bodies(inner) for inner in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    named = schema["type"]
    kinds = [named] if isinstance(named, str) else named
    return st.one_of([_of_type(kind, schema) for kind in kinds])


def _of_type(kind: str, schema: JSON) -> Bodies:
    least, most = schema.get("minimum"), schema.get("maximum")
    if kind == "object":
        return _objects(schema)
    if kind == "array":
        return st.lists(bodies(schema["items"]), max_size=3)
    if kind == "string":
        digits = st.integers(0, 10**6).map(str)
        return (texts | digits).filter(lambda text: len(text) >= schema.get("minLength", 0))
    whole = st.integers(-(2**53) if least is None else least, 2**53 if most is None else most)
    if kind == "number":
        return whole | st.floats(least, most, allow_nan=False, allow_infinity=False)
    return {"integer": whole, "boolean": st.booleans(), "null": st.none()}[kind]


def _objects(schema: JSON) -> Bodies:
    properties = schema.get("properties", {})
    known = {name: bodies(child) for name, child in properties.items()}
    required = {name: known[name] for name in schema.get("required", ())}
    fixed = st.fixed_dictionaries(required, optional={k: v for k, v in known.items() if k not in required})
    others = schema.get("additionalProperties")
    if not isinstance(others, dict):
        return fixed
    more = st.dictionaries(texts.filter(lambda name: name not in properties), bodies(others), max_size=2)
    return st.builds(lambda one, two: two | one, fixed, more)
