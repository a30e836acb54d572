"""Rules: every field of a request shows in what comes out."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.effect_tables import CHANGES, PAIRS, V2_PAIRS, V2_REQUESTS
from novita_contract.following import TaskRun
from novita_contract.link_laws import ALIKE, difference, grid_of
from novita_contract.outcomes import ALL, SLOW, succeeded_run
from novita_contract.pictures import PictureText, Seen, name_of
from novita_contract.replies import broke, shown
from novita_contract.samples import plain
from novita_contract.session import Session
from novita_contract.verdicts import RULES, Case
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON


def effect_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each field that should show, and for each way to ask V2 for a size."""
    for field in CHANGES:
        yield _case(contract, "img2img", f"EFFECT-{field.upper()}", f"{field} shows in the picture",
                    partial(_changed, field), f"img2img.{field}.type", f"/request/{field}", 2)  # fmt: skip
    for what, pair in PAIRS.items():
        field = next(iter(pair[0]))
        yield _case(contract, "img2img", f"EFFECT-{what}", f"{what.lower()} shows in the picture",
                    partial(_pair, pair), f"img2img.{field}.type", f"/request/{field}", 2)  # fmt: skip
    yield _case(
        contract,
        "img2img",
        "EFFECT-STRENGTH-0",
        "strength 0 changes nothing but the size",
        _no_strength,
        "img2img.strength.range",
        "/request/strength",
        2,
    )
    models = contract.bundle("v3/upscale.request.json")["properties"]["request"]["properties"]["model_name"][
        "enum"
    ]
    yield _case(
        contract,
        "upscale",
        "EFFECT-MODEL_NAME",
        "each upscaler makes a picture of its own",
        partial(_models, tuple(models)),
        "upscale.model_name.enum",
        "/request/model_name",
        len(models),
    )
    for factor in (1.5, 2, 2.6667, 4):
        yield _case(
            contract,
            "upscale",
            f"EFFECT-SCALE_FACTOR-{factor}",
            "the picture grows by the factor",
            partial(_factor, factor),
            "upscale.scale_factor.range",
            "/request/scale_factor",
            1,
        )
    for what, (request, claim) in V2_REQUESTS.items():
        yield _case(contract, "upscale-v2", f"EFFECT-{what}", f"the size is as asked: {request}",
                    partial(_v2_sized, request), claim, "", 1)  # fmt: skip
    for what, pair in V2_PAIRS.items():
        yield _case(contract, "upscale-v2", f"EFFECT-{what}", f"it shows: {pair[1]}", partial(_v2_pair, pair),
                    "assumed: a documented field has an effect", "", 2)  # fmt: skip


def _case(
    contract: Catalogue, name: str, what: str, title: str, run: Callable[[Session], None], claim: str,
    pointer: str, paid: int,
) -> Case:  # fmt: skip
    operation = contract.operation(name)
    quick = paid == 1 and what != "EFFECT-FACTOR-OVER"  # whose picture is large
    profiles = ALL if quick else SLOW
    return Case(
        f"{operation.id_prefix}-{what}",
        RULES,
        name,
        title,
        run,
        (claim,),
        pointer,
        paid={name: paid},
        profiles=profiles,
    )


def _start(session: Session) -> JSON:
    body = plain(session, "img2img")
    body["request"] |= {"strength": 0.6, "steps": 20, "guidance_scale": 7.5, "image_base64": PictureText.of(
        name_of("png", "RGB", 32, 24))}  # fmt: skip
    return body


def _pictured(value: JSON) -> JSON:
    """A value in which names of pictures have become pictures."""
    if isinstance(value, dict):
        return {
            key: PictureText.of(item) if key == "image_base64" else _pictured(item)
            for key, item in value.items()
        }
    return [_pictured(item) for item in value] if isinstance(value, list) else value


def _changed(field: str, session: Session) -> None:
    _, before = session.once("effects start", lambda: succeeded_run(session, "img2img", _start(session)))
    body = _start(session)
    body["request"] |= _pictured({field: CHANGES[field]})
    run, after = succeeded_run(session, "img2img", body)
    _differ(run, before[0], after[0], f"/request/{field}", f"img2img.{field}.type")


def _pair(pair: tuple[JSON, JSON], session: Session) -> None:
    pictures = []
    for change in pair:
        body = _start(session)
        body["request"] |= _pictured(change)
        run, seen = succeeded_run(session, "img2img", body)
        pictures.append(seen[0])
    field = next(iter(pair[1]))
    _differ(run, pictures[0], pictures[1], f"/request/{field}", f"img2img.{field}.type")


def _no_strength(session: Session) -> None:
    body = _start(session)
    body["request"]["strength"] = 0
    _, first = succeeded_run(session, "img2img", body)
    apart = difference(grid_of(body["request"]["image_base64"].name), first[0].grid)
    if apart > ALIKE:
        broke(
            "strength_0_shows_the_input",
            "/request/strength",
            f"a difference of at most {ALIKE:g} of 255",
            f"{apart:.0f}",
            "assumed: 0 changes nothing",
        )
    body["request"]["prompt"] = "something else altogether"
    run, second = succeeded_run(session, "img2img", body)
    if first[0].pixels != second[0].pixels:
        broke(
            "strength_0_changes_nothing",
            "/request/strength",
            "the picture, resized",
            "a picture that the prompt changed",
            "assumed: 0 changes nothing",
            run.last,
        )


def _models(models: tuple[str, ...], session: Session) -> None:
    seen: dict[str, str] = {}
    for model in models:
        body = plain(session, "upscale")
        body["request"] |= {
            "model_name": model,
            "image_base64": PictureText.of(name_of("png", "RGB", 32, 24)),
        }
        run, pictures = succeeded_run(session, "upscale", body)
        seen[model] = pictures[0].pixels
    if len(set(seen.values())) != len(models):
        broke(
            "a_documented_field_has_an_effect",
            "/request/model_name",
            "a picture of its own for each",
            shown(seen),
            "upscale.model_name.enum",
            run.last,
        )


def _factor(factor: float, session: Session) -> None:
    body = plain(session, "upscale")
    body["request"] |= {"scale_factor": factor, "image_base64": PictureText.of(name_of("png", "RGB", 30, 21))}
    succeeded_run(session, "upscale", body)


def _v2_body(session: Session, request: JSON) -> JSON:
    body = plain(session, "upscale-v2") | {"image": PictureText.of(name_of("png", "RGB", 20, 16))}
    return body | request


def _v2_sized(request: JSON, session: Session) -> None:
    run, _ = succeeded_run(session, "upscale-v2", _v2_body(session, request))
    warn = run.submitted.body["data"]["warn"]
    reduced = request.get("upscaling_resize", 1) * 20 > 2048
    if reduced != bool(warn):
        broke(
            "a_reduced_size_is_warned_about",
            "/data/warn",
            "a text if and only if it was reduced",
            shown(warn),
            "assumed: what is reduced is told (quirk v2-size)",
            run.submitted,
        )


def _v2_pair(pair: tuple[JSON, JSON], session: Session) -> None:
    (_, first), (run, second) = (
        succeeded_run(session, "upscale-v2", _v2_body(session, request)) for request in pair
    )
    changed = next(iter(set(pair[1]) - set(pair[0]) or set(pair[1])))
    _differ(run, first[0], second[0], f"/{changed}", "assumed: a documented field has an effect")


def _differ(run: TaskRun, first: Seen, second: Seen, where: str, claim: str) -> None:
    if first.pixels == second.pixels:
        broke(
            "a_documented_field_has_an_effect", where, "another picture", "the same picture", claim, run.last
        )
