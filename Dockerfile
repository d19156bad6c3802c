FROM python:3.11-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY cypher cypher
COPY models models
COPY graph_service graph_service
RUN uv sync --locked --no-dev --no-editable --compile-bytecode

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data service && install -d -o service /data
COPY --from=build /src/.venv /src/.venv
ENV PATH=/src/.venv/bin:$PATH GRAPH_SERVICE_DATA_DIR=/data PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8080
CMD ["graph-service", "serve", "--host", "0.0.0.0"]
