"""The one composition root: puts a double together from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from novita_mock import control
from novita_mock.accounts import Account, Accounts
from novita_mock.announcing import Announcer
from novita_mock.blobs import MemoryBlobs
from novita_mock.carrier import Carrier
from novita_mock.catalogue import Catalogue, load, parse_quirks
from novita_mock.chance import Chance, draw_seed, draw_token
from novita_mock.clock import MachineWall, Wall, clock_for
from novita_mock.contents import Contents
from novita_mock.context import Context, refuse
from novita_mock.deliveries import Deliveries
from novita_mock.direct import Direct, Told
from novita_mock.egress import Policy
from novita_mock.ending import Ending
from novita_mock.endpoints import endpoint_of
from novita_mock.engine import Engine
from novita_mock.exchange import exchange_of
from novita_mock.expiring import Expiries
from novita_mock.fault_rule import FaultRule
from novita_mock.gate import Gate
from novita_mock.pool import Painter, Pool
from novita_mock.problems import Problem, UnknownPath, WrongMethod
from novita_mock.results import Results
from novita_mock.scenarios import UnknownScenario
from novita_mock.sender import Sender
from novita_mock.settings import Settings, SettingsError
from novita_mock.storage import OwnBuckets
from novita_mock.store import MemoryTasks
from novita_mock.task import Task
from novita_mock.timeline import Timeline
from novita_mock.uploads import Uploads


def create_app(
    settings: Settings,
    *,
    drawn_seed: int | None = None,
    wall: Wall | None = None,
    painter: Painter | None = None,
) -> Starlette:
    """A double as an ASGI application; several can live in one process.

    Args:
        settings: what it is told.
        drawn_seed: what chance starts from where the settings have no seed; one of its own by default.
        wall: what tells real time; the machine, where nobody says otherwise.
        painter: what makes the pictures; a pool of its own, where nobody says otherwise.

    Raises:
        UnknownQuirk: ``settings.quirk`` names one that there is not.
        SettingsError: ``settings.scenario`` names one that there is not.
    """
    catalogue = load(parse_quirks(settings.quirk), settings.strict)
    chance = Chance(next(seed for seed in (settings.seed, drawn_seed, draw_seed()) if seed is not None))
    context = _context(settings, catalogue, chance, wall or MachineWall(), painter)
    _check_scenario(context)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        context.stop()
        await context.deliveries.close(GRACE_S)
        await context.carrier.close()
        context.contents.close()
        context.album.clear()  # whoever keeps the ended double does not keep its pictures

    told = _told_problems(context)
    rows = _rows(context)
    routes = [*rows, control.Routes(context), Route("/", control.front_page(context), methods=["GET"])]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={**told})
    app.router.redirect_slashes = False
    app.state.context = context
    operations = zip(catalogue.operations, rows, strict=True)
    fixed = {(row.method, row.path): route.endpoint for row, route in operations if "{" not in row.path}
    app.add_middleware(Direct, endpoints=fixed, told=told)
    app.add_middleware(Gate, context=context)
    return app


def _context(
    settings: Settings, catalogue: Catalogue, chance: Chance, wall: Wall, painter: Painter | None
) -> Context:
    """Every part of a double, each handed what it needs."""
    accounts, tasks = Accounts(settings, chance, wall), MemoryTasks()
    contents = Contents(settings.max_memory_bytes)
    blobs, buckets = MemoryBlobs(contents), OwnBuckets(contents)
    results = Results(settings, chance, tasks, blobs, buckets, _uploads(settings))

    def own_urls() -> list[str]:
        return [url for url in (context.own_url, settings.public_url) if url]

    def wake(account: Account) -> None:
        context.timeline.run_due(account)

    def expect(account: Account, due_s: float) -> None:
        context.timeline.expect(account, due_s)

    carrier = Carrier(Sender(Policy(settings.allow_webhook_host), own_urls=own_urls), own_urls, wall)
    deliveries = Deliveries(chance, carrier, wake)
    announcer, expiries = Announcer(catalogue, deliveries), Expiries(tasks)

    def ended(account: Account, task: Task, named: tuple[FaultRule, ...]) -> None:
        expiries.add(task)
        announcer(account, task, named)

    painter = painter or Pool(settings.max_pixels_in_flight)
    engine = Engine(settings, chance, accounts, tasks, results, contents, painter, expect, ended)
    context = Context(
        settings=settings,
        catalogue=catalogue,
        accounts=accounts,
        timeline=Timeline(wall, [engine, expiries], [deliveries]),
        engine=engine,
        deliveries=deliveries,
        carrier=carrier,
        announcer=announcer,
        results=results,
        contents=contents,
        tasks=tasks,
        blobs=blobs,
        buckets=buckets,
        wall=wall,
        chance=chance,
        ending=Ending(wall),
        clock=clock_for(settings.speed, settings.seed is not None, wall),
        control_token=settings.control_token or ("" if settings.loopback else draw_token()),
    )
    return context


def _check_scenario(context: Context) -> None:
    if not context.settings.scenario:
        return
    try:
        context.scenario(context.settings.scenario)
    except UnknownScenario as problem:
        raise SettingsError(problem.message, "novita-mock serve --scenario NAME") from None


def _uploads(settings: Settings) -> Uploads | None:
    if settings.s3_endpoint is None:
        return None
    from novita_mock.s3 import S3Store  # brings boto3, which only the extra s3 installs

    return Uploads(S3Store(settings.s3_endpoint, settings.s3_access_key, settings.s3_secret_key))


def _rows(context: Context) -> list[Route]:
    return [
        Route(row.path, endpoint_of(context, row), methods=[row.method], name=row.name)
        for row in context.catalogue.operations
    ]


#: Wall seconds that deliveries in flight have at the end.
GRACE_S = 0.3


def _told_problems(context: Context) -> dict[type[Exception], Told]:
    async def problem(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, Problem)
        exchange = exchange_of(request)
        exchange.problem = exc.message[:200]
        exchange.note = f"{exc.kind}: {exc.message[:120]}"
        # Who raised it holds it: with the trace it would keep the request's body until garbage is collected.
        exc.__traceback__ = exc.__context__ = None
        return refuse(context, exc, request.scope["path"], exchange.account or context.caller(request))

    async def routing(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        if exc.status_code == 405:
            allowed = (exc.headers or {}).get("Allow", "").replace(" ", "").split(",")
            return await problem(request, _wrong_method(request, tuple(sorted(allowed))))
        return await problem(request, _unknown_path(context.catalogue, request))

    async def gone(request: Request, exc: Exception) -> Response:
        exchange = exchange_of(request)
        exchange.problem = exchange.note = "the client went away"
        return Response(status_code=400)

    return {Problem: problem, HTTPException: routing, ClientDisconnect: gone}


def _wrong_method(request: Request, allowed: tuple[str, ...]) -> Problem:
    return WrongMethod(
        f"{request.method} is not among the methods of this path: {', '.join(allowed)}", allowed
    )


def _unknown_path(catalogue: Catalogue, request: Request) -> Problem:
    path = request.scope["path"]
    if path.startswith("//"):
        return UnknownPath("the path begins with two slashes: take the slash off the end of the base URL")
    if path != "/" and path.rstrip("/") in {row.path for row in catalogue.operations}:
        return UnknownPath("the path ends in a slash: take it off")
    return UnknownPath("there is no such path in the part of the API that this double speaks; GET / lists it")
