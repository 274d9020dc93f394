# A machine in which `make demo` and `make test` run; docs/install.md says how to use it, and what was tried.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS machine
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends --yes ca-certificates curl git make \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --shell /bin/bash user \
    && install -d -o user /project
# hadolint ignore=DL3066
USER user
WORKDIR /project

FROM machine AS project
# The packages first: they change less often than the code.
COPY --chown=user Makefile requirements.txt requirements.lock requirements-dask.txt requirements-dask.lock ./
COPY --chown=user examples/requirements.txt examples/requirements.lock examples/
COPY --chown=user tests/requirements.txt tests/requirements.lock tests/
# The address of an index with torch's builds for the CPU, or for a version of CUDA. Without it, pip's own index.
ARG TORCH_INDEX=
RUN PIP_EXTRA_INDEX_URL="${TORCH_INDEX}" make .venv/bin/installed-tests
COPY --chown=user . .
CMD ["make", "demo"]
