# syntax=docker/dockerfile:1
# Build stage: the same pinned, hashed install that `make install` does on any machine.
FROM python:3.11-slim-bookworm AS build
WORKDIR /assent
RUN apt-get update \
 && apt-get install --no-install-recommends --yes make=4.3-4.1 \
 && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml README.md LICENSE Makefile alembic.ini ./
COPY requirements requirements
COPY api api
COPY governance governance
COPY nlp nlp
COPY migrations migrations
# torch is the only package whose build differs by index: name the index of its CPU build, or hand it over as a wheel.
ARG TORCH_INDEX=""
ARG TORCH=torch==2.13.0+cpu
RUN PIP_EXTRA_INDEX_URL="${TORCH_INDEX}" make install PYTHON=python3 TORCH="${TORCH}"

# Final stage: no compiler, no make, no root.
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /assent assent \
 && install --directory --owner=assent --group=assent --mode=0700 /state
WORKDIR /assent
COPY --from=build /assent /assent
ENV PATH=/assent/.venv/bin:$PATH \
    HF_HUB_OFFLINE=1 \
    ASSENT_STATE_DIR=/state \
    ASSENT_HOST=0.0.0.0 \
    ASSENT_PORT=8000
VOLUME /state
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["assent"]
CMD ["serve"]
