"""Each scenario does what its file says of itself: by key, by header, by setting, and for links too."""

import httpx2
import pytest

import faulty
from conftest import Start, b64, picture, upscale_body
from faulty import keyed, link, noted
from novita_mock.scenarios import names
from novita_mock.settings import SettingsError
from scenario_checks import CHECKS, TIMED


def test_every_scenario_is_checked() -> None:
    assert set(CHECKS) == set(names())


@pytest.mark.parametrize("name", CHECKS)
def test_a_scenario_does_what_it_says(name: str) -> None:
    with faulty.noting(speed="manual" if name in TIMED else 0.0) as (client, slept):
        client.headers["authorization"] = f"Bearer sk_test@{name}"
        CHECKS[name](client, slept)


@pytest.mark.parametrize("way", ["key", "header", "setting"])
@pytest.mark.parametrize("name", ["expired-links", "task-fails", "webhook-lost", "no-balance"])
def test_a_scenario_does_the_same_by_key_by_header_and_by_setting(start: Start, name: str, way: str) -> None:
    client = start(scenario=name) if way == "setting" else start()
    if way == "key":
        client.headers["authorization"] = f"Bearer sk_test@{name}"
    elif way == "header":
        client.headers["x-novita-mock-scenario"] = name
    CHECKS[name](client, [])


@pytest.mark.parametrize("way", ["key", "header"])
def test_the_links_of_a_task_go_by_the_scenario_of_its_submit_alone(url: str, way: str) -> None:
    with keyed(url, f"sk_links_{way}") as client, keyed(url, f"sk_links_{way}@expired-links") as marked:
        if way == "header":
            marked.headers["authorization"] = client.headers["authorization"]
            marked.headers["x-novita-mock-scenario"] = "expired-links"
        usual, expired = link(client), link(marked)
        # Whoever fetches sends nothing at all, as a browser would.
        with httpx2.Client(trust_env=False) as nobody:
            assert nobody.get(usual).status_code == 200
            assert nobody.get(expired).status_code == 403
            assert nobody.get(expired, headers={"x-novita-mock-scenario": "happy"}).status_code == 200


def test_the_links_of_a_task_of_v2_do_so_too(url: str) -> None:
    with keyed(url, "sk_links_v2@expired-links") as client:
        task_id = client.post("/v2/upscale", json={"image": b64(picture())}).json()["data"]["task_id"]
        (address,) = client.get("/v2/progress", params={"task_id": task_id}).json()["data"]["imgs"]
        assert client.get(address).status_code == 403


def test_a_request_that_names_one_leaves_that_of_the_settings(start: Start) -> None:
    client = start(scenario="expired-links")
    usual = link(client)
    client.headers["x-novita-mock-scenario"] = "happy"
    happy_one = link(client)
    del client.headers["x-novita-mock-scenario"]
    assert client.get(usual).status_code == 403
    assert client.get(happy_one).status_code == 200


@pytest.mark.parametrize("way", ["key", "header"])
def test_an_unknown_scenario_is_refused_with_the_nearest_name(url: str, way: str) -> None:
    with keyed(url, "sk_unknown@rate-limit" if way == "key" else "sk_unknown") as client:
        if way == "header":
            client.headers["x-novita-mock-scenario"] = "rate-limit"
        reply = client.post(faulty.SUBMIT, json=upscale_body())
        assert (reply.status_code, reply.json()["reason"]) == (400, "INVALID_REQUEST_BODY")
        assert "did you mean 'rate-limited'?" in reply.json()["message"]
        assert client.get("/_mock/tasks").json() == {"tasks": []}
        # A part of a key is never repeated; what a header says is.
        assert ("'rate-limit'" in reply.text + str(noted(client))) is (way == "header")


def test_a_start_with_an_unknown_scenario_says_so(start: Start) -> None:
    with pytest.raises(SettingsError, match="did you mean 'expired-links'"):
        start(scenario="expired-link")


def test_a_key_with_an_at_sign_that_is_let_in_names_no_scenario(start: Start) -> None:
    client = start(key=("me@example.com",))
    client.headers["authorization"] = "Bearer me@example.com"
    assert client.get("/v3/user").status_code == 200
    client.headers["authorization"] = "Bearer me@example.com@wrong-key"
    assert client.get("/v3/user").status_code == 403
