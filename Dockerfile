# The gateway. Built and started by compose.yaml; by hand:
#   docker build -t mediagate . && docker run -v mediagate:/data -p 127.0.0.1:8080:8080 mediagate
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /app
COPY requirements.lock ./
RUN /app/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY bot bot
COPY web web
COPY storage storage
COPY sandbox sandbox
COPY migrations migrations
RUN /app/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
# The ids are those of the image aiogram/telegram-bot-api, so that files of a local Bot API server can be read from a
# volume both share. --non-unique: a later base image may have given them away.
RUN groupadd --non-unique --gid 101 mediagate \
 && useradd --non-unique --uid 101 --gid 101 --no-create-home --home-dir /data --shell /usr/sbin/nologin mediagate \
 && install -d -o mediagate -g mediagate -m 0700 /data
COPY --from=build /app /app
ENV MEDIAGATE_DATA_DIR=/data \
    MEDIAGATE_HTTP_HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
# Away from the sources: what runs is what was installed.
WORKDIR /data
USER 101:101
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/app/bin/python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('MEDIAGATE_HTTP_PORT') or '8080') + '/health/live', timeout=4)"]
ENTRYPOINT ["/app/bin/mediagate"]
CMD ["run"]
