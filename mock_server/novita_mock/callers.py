"""Who may call the control routes, and whose account a call speaks of.

They are on the port of the API, so that a browser can reach them from any page that its user looks
at: hence the checks of Host, Origin and Content-Type, and a token where others than this machine
can reach the port. No reply ever has a CORS header.
"""

import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request

from novita_mock.accounts import Account
from novita_mock.call import NotFound
from novita_mock.context import Context
from novita_mock.incoming import JSON_TYPE, media_type_of
from novita_mock.problems import MissingKey, Problem, refused

TOKEN_HEADER = "x-novita-mock-token"

#: Routes for others than people: probes of a container, senders of events, and whoever shows a picture.
OPEN = frozenset({"health", "inbox-receive", "storage-object"})

#: What every account's id looks like, and what it may be cut to.
_ID = re.compile(r"[0-9a-f]{32}")
_SHORT_ID = re.compile(r"[0-9a-f]{8,32}")


class NotAllowed(Problem):
    """The control routes are not for whoever called."""

    kind = "control-refused"


def check_caller(context: Context, name: str, request: Request) -> None:
    """Let in only who can't be a page of another site, and, beyond this machine, who has the token.

    Args:
        context: the double.
        name: of the route.
        request: what came.

    Raises:
        NotAllowed: anyone else.
    """
    headers = request.headers
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is not None and (urlsplit(origin).netloc != host or not context.is_own_host(host)):
        raise NotAllowed("control routes don't answer to pages of other sites")
    if name in OPEN:
        return
    if not context.is_own_host(host):
        raise NotAllowed("control routes answer to the double's own names only: --allow-host NAME adds one")
    if headers.get("sec-fetch-site") == "cross-site":
        raise NotAllowed("control routes don't answer to pages of other sites")
    token = context.control_token
    if token and not hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), token.encode()):
        raise NotAllowed(f"the header {TOKEN_HEADER} must hold the token that was printed at the start")


def check_content_type(request: Request) -> None:
    """Refuse what a page of another site may send without being asked first, bodies or none.

    Raises:
        Refused: the Content-Type is not that of JSON.
    """
    if media_type_of(request.headers.get("content-type", "")) != JSON_TYPE:
        message = "the Content-Type is not application/json; it is asked for even where there is no body"
        raise refused(message)


def account_of(context: Context, request: Request, query: Mapping[str, str]) -> Account | None:
    """The account that is named: by ``?account=`` with its id or its key, else by the key's header.

    Of an id, the first eight characters are enough, as lists on a terminal show them.

    Raises:
        NotFound: an id that belongs to no account.
        WrongKey: a key that is not let in.
    """
    if "account" in query:
        named = query["account"]
        known = context.accounts.all() if _SHORT_ID.fullmatch(named) else []
        found = [account for account in known if account.account_id.startswith(named)]
        if not found and _ID.fullmatch(named):
            raise NotFound("there is no account of that id")
        return found[0] if len(found) == 1 else context.accounts.of_key(named)
    try:
        return context.account(None, request)[0]
    except MissingKey:
        return None
