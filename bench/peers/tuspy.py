"""tuspyserver under uvicorn, as its documentation shows it.

python tuspy.py PORT DIRECTORY
"""

import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router

PORT, DIRECTORY = sys.argv[1:]
app = FastAPI()
app.include_router(create_tus_router(prefix="files", files_dir=DIRECTORY, max_size=1 << 40))
uvicorn.run(app, host="127.0.0.1", port=int(PORT), log_level="error")
