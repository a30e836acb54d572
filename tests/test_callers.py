"""Who may call the control routes: a page of another site never, others than this machine with the token."""

import httpx2
import pytest

from novita_mock.files import read_json
from novita_mock.types import JSON

TABLE = read_json("schemas", "control.json")
OPEN = {"health", "inbox-receive", "storage-object"}
GUARDED = [row for row in TABLE["routes"] if row["name"] not in OPEN]


def call(client: httpx2.Client, row: JSON, **headers: str) -> httpx2.Response:
    path = TABLE["prefix"] + row["path"].replace(":path}", "}").format(
        task_id="t", fault_id="f", delivery_id="d", name="n", bucket="b", key="k"
    )
    sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): v for name, v in headers.items()}
    return client.request(
        row["method"], path, headers=sent, content=b"{}" if row["method"] != "GET" else None
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"}, {"host": "evil.example:4077"}, {"origin": "http://evil.example"},
        {"origin": "null"}, {"origin": "http://localhost:3000"}, {"origin": "file://"},
        {"sec_fetch_site": "cross-site"}, {"host": ""},
    ],
    ids=str,
)  # fmt: skip
def test_no_guarded_route_answers_to_another_site(client: httpx2.Client, headers: dict[str, str]) -> None:
    for row in GUARDED:
        reply = call(client, row, **headers)
        assert reply.status_code == 403, row["name"]
        assert reply.json()["fields"] == {}
        assert "control routes" in reply.json()["error"]


def test_a_page_of_the_double_itself_may_call(client: httpx2.Client) -> None:
    own = f"{client.base_url.scheme}://{client.base_url.netloc.decode()}"
    headers = {"Origin": own, "Sec-Fetch-Site": "same-origin"}
    assert client.get("/_mock/clock", headers=headers).status_code == 200


@pytest.mark.parametrize("row", [row for row in GUARDED if row["method"] in ("POST", "PUT")], ids=str)
@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "x"])
@pytest.mark.parametrize("content", [b"", b'{"seconds": 1}'])
def test_what_a_form_can_send_is_refused(
    client: httpx2.Client, row: JSON, content_type: str | None, content: bytes
) -> None:
    path = TABLE["prefix"] + row["path"].format(delivery_id="d", name="n")
    headers = {"Content-Type": content_type} if content_type else {}
    reply = client.request(row["method"], path, headers=headers, content=content)
    assert reply.status_code == 400
    assert "application/json" in reply.json()["error"]


def test_a_browser_that_asks_first_is_told_nothing(client: httpx2.Client) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for row in TABLE["routes"]:
        path = TABLE["prefix"] + row["path"].replace(":path}", "}")
        reply = client.options(path, headers=asked)
        assert reply.status_code == 405
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_no_reply_has_a_cors_header(start) -> None:
    client = start()
    for row in TABLE["routes"]:
        reply = call(client, row)
        assert not [name for name in reply.headers if name.startswith("access-control")], row["name"]


def test_health_answers_to_any_name_but_not_to_a_page(client: httpx2.Client) -> None:
    assert client.get("/_mock/health", headers={"Host": "double:4077"}).status_code == 200
    assert client.get("/_mock/health", headers={"Origin": "http://evil.example"}).status_code == 403


def test_an_inbox_receives_from_anywhere_but_not_from_a_page(client: httpx2.Client) -> None:
    headers = {"Host": "double:4077", "Content-Type": "text/plain"}
    assert client.post("/_mock/inbox/far", headers=headers, content=b"hi").status_code == 200
    assert client.post("/_mock/inbox/far", headers={"Origin": "http://evil.example"}).status_code == 403


def test_an_allowed_host_is_an_own_name(start) -> None:
    client = start(allow_host=("double",))
    assert client.get("/_mock/clock", headers={"Host": "double:4077"}).status_code == 200
    assert client.get("/_mock/clock", headers={"Host": "doubles:4077"}).status_code == 403


def test_with_a_token_only_its_bearer_is_let_in(start) -> None:
    client = start(control_token="s3cret")
    for row in GUARDED:
        assert call(client, row).status_code == 403, row["name"]
        assert call(client, row, x_novita_mock_token="s3cre").status_code == 403, row["name"]
        assert call(client, row, x_novita_mock_token="s3crets").status_code == 403, row["name"]
        assert call(client, row, x_novita_mock_token="s3cret").status_code != 403, row["name"]
    assert client.get("/_mock/health").status_code == 200


def test_beyond_this_machine_there_is_a_token_that_the_seed_does_not_tell(start) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - it is what the test is about
    told = [start(host=everywhere, seed=1).get("/_mock/clock") for _ in range(2)]
    assert [reply.status_code for reply in told] == [403, 403]
    assert "token" in told[0].json()["error"]
