# Not run on the machines of this project, which have no Docker: linted with hadolint, and its steps run one by one in
# a scratch directory by tests/packaging/test_containers.py.
#
#     docker build -t moorage .
#     docker run --rm -p 127.0.0.1:8080:8080 -v moorage:/data -v /my/pictures:/media:ro moorage
#
# The start prints a one-time link to sign in. /media is then a folder on the server, as the start page asks for it.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/server.lock requirements/server.lock
RUN python -m venv /opt/moorage \
 && /opt/moorage/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/server.lock
COPY pyproject.toml README.md ./
COPY src src
RUN /opt/moorage/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.11-slim
RUN groupadd --system --gid 10001 moorage \
 && useradd --system --uid 10001 --gid moorage --home-dir /data --shell /usr/sbin/nologin moorage \
 && install -d -o moorage -g moorage -m 750 /data
COPY --from=build /opt/moorage /opt/moorage
ENV PATH=/opt/moorage/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MOORAGE_DATA=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["moorage", "serve", "--host", "0.0.0.0"]
