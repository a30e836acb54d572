"""Which fields a page documents, in each layout that a copy of it may have; and those of its examples."""

import pytest

from novita_contract.page_examples import examples
from novita_contract.page_fields import PageField, fields

TAGS = """
<ParamField header="X-Lamp" type="string" required={true}>
</ParamField>
<ParamField body="lamp" type="object" required={false}>
  <Expandable title="properties" defaultOpen={false}>
    <ParamField type='number' required='true' body='bright'>
      Up to <b>9</b>. <br />
    </ParamField>
    <ParamField body="shade" type="string" />
  </Expandable>
</ParamField>
<ParamField query="limit" type=integer required>
</ParamField>
<ResponseField name="lamp\\_id" type="string|null" required={false}>
</ResponseField>
"""
SHOWN = """
## [\u200b](https://host.example/lamp\\#request-headers)  Request Headers

[x](https://host.example/lamp#param-x-lamp)

X-Lamp

string

required

##

[](#request-body)

Request Body

[](#param-lamp)

lamp

object

Show properties

[](#param-bright)

bright

number

required

Up to 9.

[](#param-shade)

shade

string

## Query Parameters

limit

integer

required

## Response

lamp\\_id

string\\|null
"""
FLAT = """X-Lamp
string
*
X-Lamp
Required
string
Says who asks.
lamp
object
lamp
object
bright
number
*
bright
Required
number
Up to 9.
shade
string
shade
string
"""


def flat(found: tuple[PageField, ...]) -> list[tuple[str, str, bool, str]]:
    return [(field.name, field.type, field.required, field.section) for field in found]


BODY = [
    ("X-Lamp", "string", True, "Request Headers"),
    ("lamp", "object", False, "Request Body"),
    ("bright", "number", True, "Request Body"),
    ("shade", "string", False, "Request Body"),
    ("limit", "integer", True, "Query Parameters"),
    ("lamp_id", "string|null", False, "Response"),
]


def test_tags_tell_the_fields_and_what_is_around_them() -> None:
    assert flat(fields(TAGS)) == BODY
    assert [field.inside for field in fields(TAGS)] == [(), (), ("lamp",), ("lamp",), (), ()]


def test_a_rendered_page_tells_the_fields_but_not_what_is_around_them() -> None:
    assert flat(fields(SHOWN)) == BODY
    assert {field.inside for field in fields(SHOWN)} == {None}


def test_a_flat_copy_tells_each_field_once() -> None:
    assert flat(fields(FLAT)) == [(name, type, required, "") for name, type, required, _ in BODY[:4]]


def test_a_field_beside_its_link_may_have_a_type_we_never_saw() -> None:
    found = fields("A page of the lamp's fields\n\n[](#param-hue)\n\nhue\n\ncolour\n\nIts colour.")
    assert flat(found) == [("hue", "", False, "")]


@pytest.mark.parametrize(
    "type",
    [
        "string",
        "integer[]",
        "object\\[\\]",
        "number(float)",
        "string[]¦null",
        "boolean | null",
        "enum<string>",
        "float32",
    ],
)
def test_a_type_is_known_in_many_spellings(type: str) -> None:
    assert [field.name for field in fields(f"The fields of this page are\n\nlamp\n\n{type}\n\nText.")] == [
        "lamp"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It is a string of words, and the number of them is a number.",
        "Each of the words stands\nin a line of a\nstring\nof lines.",
        "```\nlamp\nstring\n```\n\nNo field is in an example.",
        "The list of things it has:\n\n- lamp\n- string\n",
        "a\nword\na\nline\nsays\nit\nis\nlamp\nstring\n" * 30,
        "Two words in a head: the lamp is\n\nrequired\n\nstring\n\n",
    ],
)
def test_prose_documents_no_field(text: str) -> None:
    assert fields(text) == ()


def test_what_is_printed_of_a_type_is_harmless() -> None:
    found = fields('<ParamField body="lamp" type="\x1b[31mstring`$(x)`" required={false}>')
    assert found[0].type == "[31mstring(x)"


EXAMPLES = [
    ('{"a": 1, "b": {"c": [{"d": null}, {"e": "{"}]}}',
     [("a",), ("b",), ("b", "c"), ("b", "c", "d"), ("b", "c", "e")]),
    ("--data '{ 'a': '{{text}}', 'b': [1] }'", [("a",), ("b",)]),
    ('{\n  // what it is\n  "a": {\n    //...\n  },\n  // ...\n}', [("a",)]),
    ('{"a": [\\\n  {\\\n  "b\\_c": 0\\\n  }\\\n]}', [("a",), ("a", "b_c")]),
    ('{"a": "it\'s", "b": 1}', [("a",), ("b",)]),
    ("{“a”: {“b”: 1}}", [("a",), ("a", "b")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "places"), EXAMPLES)
def test_an_example_nests_its_fields(text: str, places: list[tuple[str, ...]]) -> None:
    assert examples(f"Bearer {{{{API Key}}}} {text} {{ and more") == (tuple(places),)


@pytest.mark.parametrize("text", ['{"a": {"b": 1}', '{"a": [1}', "{}", "{ a }", "{{a}}", '{"a"}', "${a}"])
def test_what_is_no_whole_object_is_no_example(text: str) -> None:
    assert ("a",) not in {places[0] for places in examples(text)}


def test_what_stands_behind_a_broken_example_is_read() -> None:
    assert examples('{"a": [} then {"b": 1}') == ((("b",),),)


def test_a_page_full_of_unclosed_examples_is_given_up() -> None:
    assert examples('{"a": ' * 2_000 + '{"b": 1}') == ()
    assert examples('{"a": ' * 50 + '{"b": 1}') == ((("b",),),)
