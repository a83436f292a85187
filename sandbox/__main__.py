"""`python -m sandbox --data-dir DIR`."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

from sandbox.config import DEFAULT_TOKEN, SandboxConfig
from sandbox.server import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="where the state is kept")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081, help="0 takes a free one")
    parser.add_argument("--token", action="append", help="a bot's token, repeatable")
    parser.add_argument("--local", action="store_true", help="behave as a local Bot API server")
    parser.add_argument("--flood", choices=("on", "off"), default="on", help="flood control")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin is closed")
    return parser.parse_args()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


async def _main(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if arguments.exit_with_parent:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    config = SandboxConfig(
        data_dir=arguments.data_dir,
        host=arguments.host,
        port=arguments.port,
        tokens=tuple(arguments.token or [DEFAULT_TOKEN]),
        local=arguments.local,
        flood=arguments.flood == "on",
    )
    try:
        await serve(config, stop)
    except BlockingIOError:
        sys.exit(f"another sandbox uses {arguments.data_dir}")


def main() -> None:
    asyncio.run(_main(_arguments()))


if __name__ == "__main__":
    main()
