"""Everything that can be set from outside, each with its unit and default."""

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SECRET_FILES = {
    "bootstrap_api_key": "GRAPH_SERVICE_BOOTSTRAP_API_KEY",
    "pepper": "GRAPH_SERVICE_PEPPER",
    "channel_secrets": "GRAPH_SERVICE_CHANNEL_SECRETS",
    "pepper_previous": "GRAPH_SERVICE_PEPPER_PREVIOUS",
    "rate_storage": "GRAPH_SERVICE_RATE_STORAGE",
    "neo4j_password": "NEO4J_PASSWORD",
}
# Lower case, since browsers send it so; no * in it, so that each origin is meant.
ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


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
    screening: bool = Field(
        default=True,
        description="Whether new facts are looked at for fraud at once, in a process of its own.",
    )
    bootstrap_api_key: SecretStr | None = Field(
        default=None, description="First admin API key; generated and shown once if absent."
    )
    pepper: SecretStr | None = Field(
        default=None,
        description="Key of the identifiers' tokens; generated and kept in the data folder.",
    )
    pepper_previous: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Peppers before a rotation, newest first, with commas between; none.",
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
    report_rows_max: int = Field(
        default=2_000_000,
        gt=0,
        description="Most shares, clicks and orders, of each, that one report reads.",
    )
    chain_states_max: int = Field(
        default=20_000, gt=0, description="Most states of a Markov chain in a report."
    )
    simulated_orders_max: int = Field(
        default=250_000, gt=0, description="Most orders that one simulation of a plan reads."
    )
    month_grace_h: float = Field(
        default=24, ge=0, description="How long a month or week is over before it is closed (h)."
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
    rate_storage: SecretStr = Field(
        default=SecretStr("memory://"),
        description="Where requests are counted: each process alone, or async+redis://host:6379.",
    )
    wrong_keys_per_minute: int = Field(
        default=100, gt=0, description="Wrong API keys per minute and client address."
    )
    key_read_s: float = Field(
        default=5, gt=0, le=3_600, description="How often the API keys are read again (s)."
    )
    key_stale_s_max: float = Field(
        default=300,
        gt=0,
        description="How long known API keys stay good while Neo4j cannot be read (s).",
    )
    keys_max: int = Field(
        default=1_000, gt=0, le=10_000, description="Most API keys that work at one time."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may call from a browser, with commas between; none.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]*[^\s?#/]$",
        description="Where browsers reach the service, for links to it; absent: links are paths.",
    )
    page_embed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may frame the member page, with commas between; none.",
    )
    risk_rules: Path | None = Field(
        default=None,
        description="File of the rules that follow from risk scores; absent: those of the service.",
    )
    four_eyes_accounts: int = Field(
        default=50,
        ge=0,
        le=1_000_000,
        description="Most accounts that one person may freeze in a case alone.",
    )
    four_eyes_amount_minor: int = Field(
        default=10_000_000,
        ge=0,
        le=10**15,
        description="Most money at risk in a case that one person may act on alone (minor units).",
    )
    webhooks_max: int = Field(default=50, gt=0, le=1_000, description="Most webhooks.")
    webhook_timeout_s: float = Field(
        default=15, gt=0, le=60, description="How long one attempt to deliver may take (s)."
    )
    webhook_sends_max: int = Field(
        default=32, gt=0, description="Most connections to webhooks at one time."
    )
    webhook_keep_days: int = Field(
        default=90, gt=0, description="How long messages to webhooks are kept (days)."
    )
    webhook_http: bool = Field(
        default=False, description="Whether webhooks may be sent to without TLS."
    )
    webhook_private_hosts: bool = Field(
        default=False,
        description="Whether webhooks may be sent to addresses that are not public.",
    )
    channel_secrets: SecretStr | None = Field(
        default=None,
        description="Secrets of platforms whose callbacks are taken, as TOML; none are taken.",
    )
    channel_replay_s: float = Field(
        default=300, gt=0, description="How old the signature of a callback may be (s)."
    )
    channel_match_minutes: float = Field(
        default=5,
        ge=0,
        description="How far reports of one sale, or of one refund, may be apart (minutes).",
    )
    channel_body_bytes_max: int = Field(
        default=2**20, gt=0, description="Largest body of a callback (bytes)."
    )
    payout_rules: Path | None = Field(
        default=None, description="File of the rules for payouts; absent: those that come along."
    )
    payout_dir: Path | None = Field(
        default=None,
        description="Folder of outbox, inbox and done of payouts; absent: payouts in data_dir.",
    )
    payout_wait_ms: int = Field(
        default=1_000,
        ge=0,
        le=30_000,
        description="How long a decision on a payout waits for facts not counted yet (ms).",
    )
    payout_batch_rows_max: int = Field(
        default=500, gt=0, le=5_000, description="Most payouts in one file to the bank."
    )
    idempotency_keep_h: float = Field(
        default=24, ge=24, description="How long answers to an Idempotency-Key are kept (h)."
    )
    page_items_max: int = Field(
        default=500, ge=50, le=500, description="Most items on a page of a list (50 to 500)."
    )
    request_timeout_s: float = Field(
        default=120, gt=0, description="How long a request may take, its body included (s)."
    )
    requests_max: int = Field(
        default=4_096, gt=0, description="Most requests under way at one time."
    )
    header_bytes_max: int = Field(
        default=65_536, ge=4_096, description="Largest address with its headers (bytes)."
    )

    @property
    def payout_folder(self) -> Path:
        """Where batches go to and results come from."""
        return self.payout_dir or self.data_dir / "payouts"

    @field_validator("cors_origins", "page_embed_origins", "pepper_previous", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(one.strip() for one in value.split(",") if one.strip())

    @field_validator("cors_origins", "page_embed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not ORIGIN.fullmatch(one):
                raise ValueError(f"{one} is no origin such as https://console.example.com")
        return value

    @model_validator(mode="after")
    def _check_peppers(self) -> "Settings":
        if self.pepper_previous and self.pepper is None:
            raise ValueError("GRAPH_SERVICE_PEPPER_PREVIOUS needs GRAPH_SERVICE_PEPPER")
        return self

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        found = dict(values)
        for field, variable in SECRET_FILES.items():
            path = os.environ.get(f"{variable}_FILE")
            if path and field not in found and variable not in found:
                found[field] = Path(path).read_text(encoding="utf-8").strip()
        return found
