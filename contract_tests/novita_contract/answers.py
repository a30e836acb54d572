"""Whether a submit was accepted or refused, in either dialect."""

from novita_contract.exchange import Exchange

#: Codes of V2 that are no refusals: an internal error, a time-out. Source: page upscale-v2, ``code``.
_OF_THE_SERVER = (-1, 9)


def taken(exchange: Exchange) -> bool:
    """Whether a submit was accepted, in either dialect."""
    return 0 < exchange.status < 400 and not refused(exchange) and not _broke_down(exchange)


def refused(exchange: Exchange) -> bool:
    """Whether a submit was refused, in either dialect, so that no task was made.

    An error of the server is no refusal: nobody knows what had happened before it.
    """
    if 400 <= exchange.status < 500:
        return True
    return exchange.status == 200 and _code(exchange) not in (0, *_OF_THE_SERVER)


def _broke_down(exchange: Exchange) -> bool:
    return exchange.status == 200 and _code(exchange) in _OF_THE_SERVER


def _code(exchange: Exchange) -> int:
    """The code of V2's envelope; 0 where there is none, or something came all the same."""
    try:
        body = exchange.body
    except ValueError:
        return 0
    code = body.get("code", 0) if isinstance(body, dict) else 0
    return code if isinstance(code, int) and not body.get("data") else 0
