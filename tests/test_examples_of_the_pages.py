"""Every example the pages publish is valid under its schema, corrected only where a quirk says so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from contract_files import fixture, page, table, validator
from novita_mock.types import JSON
from published_examples import Example, examples

SUBMIT, RESULT = "v3/submit.response.json", "v3/task-result.response.json"
IMG2IMG = ["empty-string", "submit-shape", "-", "nsfw-presence result-arrays"]
IMG2IMG += ["-", "submit-shape", "-", "result-arrays"]
IMG2IMG += ["empty-string", "submit-shape", "-", "result-arrays"] * 2
UPSCALE = ["-", "-", "-", "result-arrays"]
#: Page to what each of its examples needs, in their order: the quirks, or ``-`` if valid as it stands.
NEEDED = {
    "upscale.md": UPSCALE,
    "002_8c38549169269a9f.txt": UPSCALE,
    "img2img.md": IMG2IMG,
    "003_0f437868f4de4707.txt": IMG2IMG,
    "upscale-v2-deprecated.md": ["example-notation", "v2-placeholder-example"],
    "progress-deprecated.md": ["v2-placeholder-example", "-"],
    "task-result.md": ["-", "image-url-ttl nsfw-shape"],
    "webhook.md": ["-", "-", "example-notation"],
    "get-model.md": ["-", "-"],
    "v2-to-v3-migration.md": ["-", "-"],
    "error-code.md": [],
}


def without_envelope(example: Example) -> JSON:
    is_wrapped = example.schema == SUBMIT and "data" in example.body
    return example.body["data"] if is_wrapped else example.body


def with_pictures(example: Example, change: Callable[[JSON], JSON]) -> JSON:
    if example.schema != RESULT:
        return example.body
    return {**example.body, "images": [change(picture) for picture in example.body["images"]]}


def with_nsfw(example: Example) -> JSON:
    return with_pictures(example, lambda picture: {"nsfw_detection_result": None, **picture})


def without_empty_nsfw(example: Example) -> JSON:
    return with_pictures(
        example,
        lambda picture: {**picture, "nsfw_detection_result": picture["nsfw_detection_result"] or None},
    )


def with_ttl_as_text(example: Example) -> JSON:
    return with_pictures(example, lambda picture: {**picture, "image_url_ttl": str(picture["image_url_ttl"])})


def with_arrays(example: Example) -> JSON:
    return {"videos": [], "audios": [], **example.body} if example.schema == RESULT else example.body


def without_empty_prompt(example: Example) -> JSON:
    if example.body.get("request", {}).get("negative_prompt") != "":
        return example.body
    request = {key: value for key, value in example.body["request"].items() if key != "negative_prompt"}
    return {**example.body, "request": request}


def without_placeholders(example: Example) -> JSON:
    body = example.body
    if example.schema == "v2/submit.response.json" and body["code"] is None:
        return {**body, "code": 0, "data": {**body["data"], "task_id": "an-id"}}
    return {"task_id": "an-id"} if body == {"task_id": ""} else body


#: Quirk to what it makes of an example; in the order in which they are tried.
CORRECTIONS: dict[str, Callable[[Example], JSON]] = {
    "empty-string": without_empty_prompt,
    "image-url-ttl": with_ttl_as_text,
    "nsfw-presence": with_nsfw,
    "nsfw-shape": without_empty_nsfw,
    "result-arrays": with_arrays,
    "submit-shape": without_envelope,
    "v2-placeholder-example": without_placeholders,
}


def corrected(example: Example) -> tuple[Example, str]:
    """Apply every correction that changes something; say which did."""
    used = {"example-notation"} if example.quoted else set()
    for quirk, correct in CORRECTIONS.items():
        body = correct(example)
        if body != example.body:
            used.add(quirk)
            example = replace(example, body=body)
    return example, " ".join(sorted(used)) or "-"


def test_every_correction_is_a_quirk() -> None:
    assert {*CORRECTIONS, "example-notation"} <= {quirk["id"] for quirk in table("quirks")["quirks"]}


@pytest.mark.parametrize("name", NEEDED)
def test_every_published_example_is_valid_under_its_schema(name: str) -> None:
    found = [corrected(example) for example in examples(page(name))]
    assert [quirks for _, quirks in found] == NEEDED[name]
    for example, _ in found:
        validator(example.schema).validate(example.body)


@pytest.mark.parametrize("name", NEEDED)
def test_no_example_is_corrected_that_is_valid_as_it_stands(name: str) -> None:
    for example in examples(page(name)):
        needed = corrected(example)[1] != "-" and not example.quoted
        assert validator(example.schema).is_valid(example.body) is not needed, example.schema


def test_the_catalogue_answers_the_query_for_embeddings_as_the_page_does() -> None:
    printed = [
        line.strip('"') for line in page("img2img.md").splitlines() if line.startswith('"') and "." in line
    ]
    kept = [
        model["sd_name"]
        for model in fixture("models.json")
        if (model["type"]["name"], model["source"]) == ("textualinversion", "civitai")
    ]
    assert len(printed) == 31
    assert kept == [name for name in printed if name in kept]


def test_the_catalogue_begins_as_the_example_of_its_page() -> None:
    [_, answer] = examples(page("get-model.md"))
    for shown, model in zip(answer.body["models"], fixture("models.json"), strict=False):
        differing = {key for key, value in shown.items() if model[key] != value}
        assert differing == {"cover_url"}
