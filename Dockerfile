# The image of the site. Build it with the commit, for reports: docker build --build-arg RELEASE=$(git rev-parse HEAD) .
# It runs with a read-only root file system, without capabilities, and needs a writable /tmp.
ARG PYTHON=python:3.13-slim-bookworm

FROM ${PYTHON} AS packages
COPY requirements.lock /
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --quiet --no-cache-dir --no-deps --require-hashes -r /requirements.lock

FROM ${PYTHON}
COPY --from=packages /venv /venv
WORKDIR /app
COPY pyproject.toml ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY entrypoints entrypoints
COPY migrations migrations
RUN /venv/bin/python -m compileall -q .
ARG RELEASE=""
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 SENTRY_RELEASE=$RELEASE HOST=0.0.0.0
# A number: Kubernetes can then see that it is not root.
USER 10001:10001
EXPOSE 8000
# Not /health/ready: a new container does not bring back a database that is away.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as http; \
http.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\") or 8000}/health/live', timeout=4)"]
# The server ends all its workers on SIGTERM. Requests in flight have 30 seconds, so wait a little longer.
CMD ["python", "-m", "entrypoints.serve"]
