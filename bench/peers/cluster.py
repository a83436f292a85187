"""tgstorage-cluster (PyPI), sent to our sink instead of Telegram: nothing else is changed.

python cluster.py PORT DIRECTORY TELEGRAM
"""

import logging
import os
import sys
from pathlib import Path

PORT, DIRECTORY, TELEGRAM = sys.argv[1:]
os.chdir(DIRECTORY)
os.environ |= {"CHANNEL_ID": "-1001", "ADMIN_API_KEY": "test-key"}
Path("tokens.txt").write_text(f"7000000001:{'A' * 35}\n")

import telegram  # noqa: E402  # it reads its settings from the directory it stands in

told = telegram.Bot.__init__
telegram.Bot.__init__ = lambda self, token, **more: told(
    self, token, base_url=f"{TELEGRAM}/bot", **{k: v for k, v in more.items() if v}
)

import uvicorn  # noqa: E402
from tgstorage.api import api  # noqa: E402

logging.disable(logging.INFO)
uvicorn.run(api, host="127.0.0.1", port=int(PORT), log_level="error")
