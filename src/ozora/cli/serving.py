"""`ozora serve`, `ozora worker` and `ozora keys`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ozora.errors import OzoraError, refuse

if TYPE_CHECKING:
    from ozora.serve.settings import Settings

keys = typer.Typer(no_args_is_help=True, help="API keys of a server.", rich_markup_mode="rich")

DATA = "~/.local/share/ozora"

Data = Annotated[
    Path, typer.Option(envvar="OZORA_DATA", help="Folder of records and films.")
]
StoreUrl = Annotated[
    str, typer.Option(
        "--store", envvar="OZORA_STORE", help="Database URL; SQLite in the data folder by default."
    )
]

BlobsUrl = Annotated[
    str, typer.Option(
        "--blobs", envvar="OZORA_BLOBS", help="s3://BUCKET/PREFIX for films; the data folder by default."
    )
]
Cluster = Annotated[
    str, typer.Option(
        help="Film on a Ray cluster: its HOST:PORT, or auto for the one this machine is part of. "
        "One worker for each GPU, and --workers on machines without."
    )
]


def serve(
    data: Data = Path(DATA),
    store: StoreUrl = "",
    blobs: BlobsUrl = "",
    cluster: Cluster = "",
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need API keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(help="Worker processes; 0 if `ozora worker` runs elsewhere.")] = 1,
    weights: Annotated[str, typer.Option(help="Name of shipped weights, or a folder.")] = "",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse sizes and lengths that the model does not film itself.")
    ] = False,
    queue: Annotated[int, typer.Option(help="Jobs that may wait.")] = 1000,
    rate: Annotated[int, typer.Option(help="Films a minute for each key without a rate of its own.")] = 600,
    keep_hours: Annotated[float, typer.Option(help="How long films can be downloaded.")] = 24.0,
    drain: Annotated[float, typer.Option(help="Seconds a running film may still take at shutdown.")] = 30.0,
    lease: Annotated[float, typer.Option(help="Seconds of silence until a worker is dead.")] = 30.0,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            help="Host or network that pictures' addresses and webhooks may reach although private."
        ),
    ] = None,
    renderer: Annotated[str, typer.Option(help="Who films, as module:Class; the director by default.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Check everything, start nothing.")] = False,
) -> None:
    """Serve the Videos API.

    [bold]Example[/]: ozora serve & export OPENAI_BASE_URL=http://127.0.0.1:8000/v1
    """
    settings = _settings(
        data=data.expanduser(), store=store, blobs=blobs, cluster=cluster, host=host, port=port,
        workers=workers,
        weights=weights, strict=strict, queue_limit=queue, rate_per_minute=rate, keep_hours=keep_hours,
        drain=drain, lease=lease, heartbeat=lease / 6, trusted=tuple(trust or ()), renderer=renderer,
    )  # fmt: skip
    if check:
        from ozora.serve.check import check_all

        for line in check_all(settings):
            typer.echo(line)
        return
    from ozora.serve.server import serve as run

    run(settings)


def worker(
    name: Annotated[str, typer.Option(help="Its name in records and logs; unique.")] = "",
    data: Data = Path(DATA),
    store: StoreUrl = "",
    blobs: BlobsUrl = "",
    cluster: Cluster = "",
    workers: Annotated[int, typer.Option(help="On a cluster: workers on each machine without a GPU.")] = 1,
    weights: Annotated[str, typer.Option(help="Name of shipped weights, or a folder.")] = "",
    lease: Annotated[float, typer.Option(help="Seconds of silence until a worker is dead.")] = 30.0,
    drain: Annotated[float, typer.Option(help="Seconds a running film may still take at shutdown.")] = 30.0,
    renderer: Annotated[str, typer.Option(help="Who films, as module:Class; the director by default.")] = "",
    parent: Annotated[int | None, typer.Option(hidden=True, help="The server that started it.")] = None,
) -> None:
    """Film jobs of a server; for machines of their own, or more of them on this one."""
    import os
    import signal

    _require_extra()
    from ozora.serve.logs import start_logging
    from ozora.serve.settings import ENVIRONMENT, from_environment, require_folder
    from ozora.serve.worker import Worker

    if ENVIRONMENT in os.environ:
        settings = from_environment()
    else:
        settings = _settings(
            data=data.expanduser(), store=store, blobs=blobs, cluster=cluster, workers=workers,
            weights=weights, lease=lease, heartbeat=lease / 6, drain=drain, renderer=renderer,
        )  # fmt: skip
    start_logging()
    require_folder(settings.data)
    if settings.cluster:
        from ozora.serve.cluster import place

        place(settings, name or f"{os.uname().nodename[:24]}-{os.getpid()}", parent=parent)
        return
    found = Worker(settings, name or f"{os.uname().nodename[:24]}-{os.getpid()}", parent=parent)
    signal.signal(signal.SIGTERM, found.stop)
    signal.signal(signal.SIGINT, found.stop)
    found.run()


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    rate: Annotated[int | None, typer.Option(help="Films a minute.", min=1)] = None,
    budget: Annotated[float | None, typer.Option(help="Seconds of film a month.", min=0)] = None,
    model: Annotated[list[str] | None, typer.Option(help="Model it may use; all by default.")] = None,
    data: Data = Path(DATA),
    store: StoreUrl = "",
) -> None:
    """Make a key and show it, once."""
    from ozora.cli.show import told

    with _open(data, store) as opened:
        from ozora.serve.store.keys import add_key, list_keys

        name = name.strip()
        if not (1 <= len(name) <= 80 and name.isprintable()):
            raise refuse("name", name, "1 to 80 characters that can be printed")
        if budget is not None and not math.isfinite(budget):
            raise refuse("budget", budget, "a number of seconds, or no --budget for no limit")
        if any(key.name == name for key in list_keys(opened)):
            raise refuse("name", name, "a name that no other key has")
        _, text = add_key(opened, name, rate_per_minute=rate, budget=budget, models=model)
    told.print("This is shown once; only its hash is kept:", style="grey50")
    typer.echo(text)


@keys.command("list")
def listed(data: Data = Path(DATA), store: StoreUrl = "") -> None:
    """Show the keys in use, without the keys themselves."""
    from datetime import UTC, datetime

    with _open(data, store) as opened:
        from ozora.serve.store.keys import list_keys

        for key in list_keys(opened):
            day = datetime.fromtimestamp(key.created / 1e6, UTC).date()
            limits = [
                f"{key.rate_per_minute} films a minute" if key.rate_per_minute else "",
                f"{key.budget:g} s a month" if key.budget is not None else "",
                ", ".join(key.models or ()),
            ]
            told = "; ".join(limit for limit in limits if limit)
            typer.echo(f"{key.id}  {key.name}  since {day}  {told}".rstrip())


@keys.command("remove")
def remove(
    key: Annotated[str, typer.Argument(help="Its id or its name.")],
    data: Data = Path(DATA),
    store: StoreUrl = "",
) -> None:
    """Take a key out of use, at once."""
    with _open(data, store) as opened:
        from ozora.serve.store.keys import remove_key

        if not remove_key(opened, key):
            raise refuse("key", key, "the id or the name of a key in use")
    typer.echo(f"{key} is out of use")


def _open(data: Path, store: str) -> Any:
    from contextlib import closing

    settings = _settings(data=data.expanduser(), store=store)
    from ozora.serve.settings import require_folder
    from ozora.serve.store.engine import Store

    require_folder(settings.data)
    return closing(Store(settings.store_url))


def _settings(**values: Any) -> Settings:
    _require_extra()
    from ozora.serve.settings import Settings

    return Settings().with_values({name: value for name, value in values.items() if value != ""})


def _require_extra() -> None:
    from importlib.util import find_spec

    missing = [
        name for name in ("fastapi", "uvicorn", "sqlalchemy", "standardwebhooks") if not find_spec(name)
    ]
    if missing:
        raise OzoraError(f"serve: needs {', '.join(missing)}; install them with: pip install 'ozora[serve]'.")
