"""Which database the tests use: SQLite in their folder, or the PostgreSQL that OZORA_TEST_STORE names.

`OZORA_TEST_STORE=postgresql://user@host/database` is used as it is; `OZORA_TEST_STORE=throwaway` starts a
server of its own from the binaries on this machine. Every folder gets a schema of its own.
"""

import atexit
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

NAME = "OZORA_TEST_STORE"


def binaries():
    """The folder with PostgreSQL's programs, or None."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wanted = ("initdb", "postgres")
    return next((folder for folder in folders if all((folder / name).exists() for name in wanted)), None)


def missing():
    """Why no PostgreSQL can be started here, or an empty string."""
    from importlib.util import find_spec

    if find_spec("psycopg") is None:
        return "psycopg is not installed (pip install 'ozora[postgres]')"
    return "" if binaries() else "no initdb and postgres on this machine"


class Postgres:
    """A throwaway server on a port of its own; killed and started again at will."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ozora-postgres-", dir="/tmp"))
        self.options = {}
        if os.getuid() == 0:  # it refuses to run as root
            user = pwd.getpwnam("nobody")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.data = self.folder / "data"
        subprocess.run(
            [binaries() / "initdb", "-D", self.data, "-A", "trust", "-U", "ozora", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, cwd=self.folder, **self.options,
        )  # fmt: skip
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = trial.getsockname()[1]
        self.url = f"postgresql://ozora@127.0.0.1:{self.port}/postgres"
        self.process = None

    def start(self):
        command = [binaries() / "postgres", "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1"]
        command += ["-k", self.folder, "-c", "max_connections=300", "-c", "shared_buffers=32MB"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, **self.options
            )
        ends = time.monotonic() + 30
        while not self.answers():
            assert time.monotonic() < ends and self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        return self

    def answers(self):
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how=signal.SIGQUIT):
        """SIGQUIT ends it at once, with every connection, as a crash does; it recovers when it starts."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def store_url(folder):
    """Where the records of a folder are kept; empty for SQLite in the folder itself."""
    base = os.environ.get(NAME, "")
    if not base:
        return ""
    if base == "throwaway":
        server = Postgres()
        atexit.register(server.remove)
        base = os.environ[NAME] = server.start().url
    return schema_url(base, folder)


def schema_url(base, folder):
    """A database URL whose tables lie in a schema of this folder."""
    import psycopg

    schema = f"t_{hashlib.sha1(str(folder).encode()).hexdigest()[:16]}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    return f"{base}?options=-csearch_path%3D{schema}"
