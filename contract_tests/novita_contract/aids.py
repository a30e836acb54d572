"""What a double of ours offers beside the API: time that passes when it is told to, and a poor account.

Nothing is judged by it: it only lets cases be tried that would take an hour, or another account.
"""

from dataclasses import replace

from novita_contract.exchange import Exchange
from novita_contract.options import Secret
from novita_contract.session import Session
from novita_mock.types import JSON

_CONTROL = "control"


def accept_aids(session: Session) -> None:
    """Find out whether the target offers them, and take them; only where any key opens an account."""
    if session.target.kind != "url" or not session.open_door:
        return
    told = _call(session, "GET", "clock", session.target.key)
    body = _object(told)
    if told.status != 200 or not isinstance(body.get("accounts"), list):
        return
    poor = Secret(f"sk_conform_poor_{session.options.seed}")
    penniless = _call(session, "POST", "balance", poor, {"usd": 0}).status == 200
    session.target = replace(
        session.target,
        speed=_speed(session, body),
        poor=session.target.poor or (poor if penniless else Secret("")),
        advance=lambda seconds, key: _call(
            session, "POST", "clock/advance", Secret(key), {"seconds": seconds}
        ),
    )
    session.notes.append(
        "The target is a double of ours: its control routes let time pass where that is needed."
    )


def _speed(session: Session, clock: JSON) -> float:
    """What the clock says, unless we were told."""
    given = session.options.target_speed
    if given is not None:
        return given
    rates = [row.get("rate") for row in clock["accounts"] if isinstance(row, dict)]
    known = [float(rate) for rate in rates if isinstance(rate, int | float) and rate > 0]
    return known[0] if known else session.target.speed


def _call(session: Session, method: str, route: str, key: Secret, body: JSON = None) -> Exchange:
    prefix = next(prefix for prefix, dialect in session.contract.prefixes.items() if dialect == _CONTROL)
    return session.wire.send(_CONTROL, method, prefix + route, headers=session.headers(key), sent=body)


def _object(answer: Exchange) -> dict[str, JSON]:
    try:
        body = answer.body
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
