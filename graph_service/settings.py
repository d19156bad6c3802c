"""Everything that can be set from outside, each with its unit and default."""

import os
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_FILES = {
    "bootstrap_api_key": "GRAPH_SERVICE_BOOTSTRAP_API_KEY",
    "pepper": "GRAPH_SERVICE_PEPPER",
    "neo4j_password": "NEO4J_PASSWORD",
}


def _user_folder(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / fallback) / "graph-service"


def _alias(name: str) -> AliasChoices:
    return AliasChoices(name, name.lower())


class Settings(BaseSettings):
    """Settings read from environment variables GRAPH_SERVICE_* and NEO4J_*.

    A secret may also be named by the file that holds it: NAME_FILE in place of NAME.
    """

    model_config = SettingsConfigDict(env_prefix="GRAPH_SERVICE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default_factory=lambda: _user_folder("XDG_DATA_HOME", ".local/share"),
        description="Folder of the managed Neo4j, keys and secrets.",
    )
    cache_dir: Path = Field(
        default_factory=lambda: _user_folder("XDG_CACHE_HOME", ".cache"),
        description="Folder of downloaded jars, shared by projects.",
    )
    maven_url: str = Field(
        default="https://repo1.maven.org/maven2",
        description="Base URL of the Maven repository or mirror.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the HTTP service listens on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the HTTP service; 0 picks one."
    )
    bootstrap_api_key: SecretStr | None = Field(
        default=None, description="First admin API key; generated and shown once if absent."
    )
    pepper: SecretStr | None = Field(
        default=None,
        description="Key of the identifiers' tokens; generated and kept in the data folder.",
    )
    log_level: str = Field(default="INFO", description="Least level that is logged.")

    neo4j_uri: str | None = Field(
        default=None,
        validation_alias=_alias("NEO4J_URI"),
        description="Server to use; absent: the managed one is started.",
    )
    neo4j_username: str = Field(
        default="neo4j",
        validation_alias=_alias("NEO4J_USERNAME"),
        description="User of that server.",
    )
    neo4j_password: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=_alias("NEO4J_PASSWORD"),
        description="Password of that user.",
    )
    neo4j_database: str = Field(
        default="neo4j", validation_alias=_alias("NEO4J_DATABASE"), description="Database to use."
    )
    neo4j_heap_mib: int = Field(
        default=1024, ge=256, description="Heap of the managed Neo4j (MiB)."
    )
    neo4j_page_cache_mib: int = Field(
        default=1024, ge=64, description="Page cache of the managed Neo4j (MiB)."
    )
    neo4j_start_timeout_s: float = Field(
        default=120, gt=0, description="How long a start of the managed Neo4j may take (s)."
    )

    body_bytes_max: int = Field(
        default=10 * 2**20, gt=0, description="Largest request body (bytes)."
    )
    batch_events_max: int = Field(default=5_000, gt=0, description="Most events in one request.")
    batch_orders_max: int = Field(
        default=1_000, gt=0, description="Most orders in one batch question."
    )
    graph_rows_max: int = Field(
        default=100_000, gt=0, description="Most rows that one query may return."
    )
    graph_retries_max: int = Field(
        default=8, ge=0, description="Most retries of a transaction after a passing failure."
    )
    graph_connections_max: int = Field(default=50, gt=0, description="Most connections to Neo4j.")
    graph_connect_timeout_s: float = Field(
        default=5, gt=0, description="How long a connection to Neo4j may take to open (s)."
    )
    wait_timeout_s: float = Field(
        default=30, gt=0, description="How long ?wait=true waits for what is derived (s)."
    )
    rate_per_second: float = Field(default=200, gt=0, description="Requests per second and key.")
    rate_burst: int = Field(
        default=2_000, gt=0, description="Requests that a key may send at once."
    )

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        found = dict(values)
        for field, variable in SECRET_FILES.items():
            path = os.environ.get(f"{variable}_FILE")
            if path and field not in found and variable not in found:
                found[field] = Path(path).read_text(encoding="utf-8").strip()
        return found
