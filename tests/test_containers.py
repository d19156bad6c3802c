"""The container files say what is meant; where a container engine answers they are run."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from httpx2 import AsyncClient
from ruamel.yaml import YAML

from graph_service.app import create_app
from graph_service.graph.jars import CONFIGURATION
from graph_service.ids import new_id
from graph_service.openapi import openapi_of
from graph_service.settings import SECRET_FILES, Settings
from tests.conftest import CONTAINER_SETTINGS, IMAGE, Database, client_of
from tests.test_settings import variables
from tests.worlds import NOW
from tests.worlds.named import five_levels

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
ALLOWANCES = [118, 83, 288, 6, 1]
# What the managed server needs of its own: where it listens, how it ends, how much memory it has.
OF_THE_MANAGED = re.compile(
    r"server\.(default_listen|bolt|http|https|directories|memory|databases)|internal\."
    r"|dbms\.security|browser\."
)
# What a container needs of its own.
OF_THE_CONTAINER = re.compile(r"server\.memory|AUTH")
# Its methods have no types.
YAML_FILES: Any = YAML(typ="safe", pure=True)
SECRET_NAME = re.compile(r"PASSWORD|PEPPER|AUTH|SECRET|TOKEN|KEY")


def load_compose() -> dict[str, Any]:
    return YAML_FILES.load(COMPOSE)


def services() -> dict[str, dict[str, Any]]:
    return load_compose()["services"]


def checked(tool: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A linter of the development dependencies, run on a file."""
    command = [str(Path(sys.executable).with_name(tool)), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def schema_check(file: Path) -> subprocess.CompletedProcess[str]:
    return checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)


def neo4j_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What the image makes of its environment: NEO4J_a_b__c is a.b_c."""
    return {
        name.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_"): value
        for name, value in environment.items()
    }


def managed_settings() -> dict[str, str]:
    lines = [line for line in CONFIGURATION.splitlines() if not line.startswith("#")]
    found = dict(line.split("=", 1) for line in lines)
    return {name: value for name, value in found.items() if not OF_THE_MANAGED.match(name)}


def first_start() -> list[str]:
    """The commands that the compose file names for its first start."""
    head = COMPOSE.read_text("utf-8").partition("services:")[0]
    return re.findall(r"^#   (.+)$", head, re.MULTILINE)


def make_secrets(folder: Path) -> None:
    script = "\n".join(["set -e", *(one for one in first_start() if "docker" not in one)])
    subprocess.run(["sh", "-c", script], cwd=folder, check=True, timeout=60)


def test_the_compose_file_fits_the_compose_specification() -> None:
    result = schema_check(COMPOSE)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("image: neo4j", "imagee: neo4j"),
        ('ports:\n      - "127.0.0.1:8080:8080"', "ports: all"),
        ("file: ./secrets/api_key", "path: ./secrets/api_key"),
        ("retries: 5", "retries: [5]"),
        ("secrets: [neo4j_password, api_key]", "secrets: 5"),
    ],
)
def test_the_check_of_the_compose_file_finds_faults(tmp_path: Path, old: str, new: str) -> None:
    text = COMPOSE.read_text("utf-8")
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(old, new), encoding="utf-8")

    assert old in text
    assert schema_check(broken).returncode == 1


def test_the_dockerfile_is_without_lint() -> None:
    result = checked("hadolint", DOCKERFILE)

    assert (result.returncode, result.stdout) == (0, "")


def test_the_lint_of_the_dockerfile_finds_faults(tmp_path: Path) -> None:
    broken = tmp_path / "Dockerfile"
    broken.write_text("FROM python:latest\nRUN cd /tmp && pip install uv\n", encoding="utf-8")

    assert checked("hadolint", broken).returncode == 1


def test_the_database_is_neo4j_community_and_the_tests_use_the_same_image() -> None:
    assert services()["neo4j"]["image"] == IMAGE == "neo4j:5.26-community"


def test_both_services_are_checked_and_the_second_waits_for_the_first() -> None:
    found = services()

    assert {name: bool(one["healthcheck"]["test"]) for name, one in found.items()} == {
        "neo4j": True,
        "service": True,
    }
    assert found["service"]["depends_on"]["neo4j"]["condition"] == "service_healthy"


def test_the_health_check_asks_a_route_that_needs_no_key() -> None:
    url = re.search(
        r"http://localhost:(\d+)(/\w+)", services()["service"]["healthcheck"]["test"][3]
    )
    assert url is not None

    operation = openapi_of(create_app(Settings.model_construct()))["paths"][url[2]]["get"]

    assert int(url[1]) == Settings.model_fields["port"].default
    assert "security" not in operation


def test_data_stays_in_named_volumes() -> None:
    content = load_compose()

    mounts = {name: one["volumes"] for name, one in content["services"].items()}

    assert mounts == {"neo4j": ["neo4j_data:/data"], "service": ["service_data:/data"]}
    assert set(content["volumes"]) == {"neo4j_data", "service_data"}


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for one in services().values() for port in one["ports"]]

    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert "127.0.0.1:8080:8080" in ports


def test_secrets_come_from_files_that_are_in_no_commit_and_no_image() -> None:
    files = {name: secret["file"] for name, secret in load_compose()["secrets"].items()}

    assert files == {name: f"./secrets/{name}" for name in files}
    for ignored in (".gitignore", ".dockerignore"):
        lines = (ROOT / ignored).read_text("utf-8").splitlines()
        assert {"secrets", "secrets/"} & set(lines), ignored


@pytest.mark.parametrize("name", ["neo4j", "service"])
def test_no_secret_stands_in_the_environment(name: str) -> None:
    service = services()[name]

    named = {key: value for key, value in service["environment"].items() if SECRET_NAME.search(key)}

    assert named
    assert set(named.values()) == {f"/run/secrets/{secret}" for secret in service["secrets"]}
    assert [key for key in named if not key.endswith("_FILE")] == []


def test_the_service_gets_only_settings_that_there_are() -> None:
    known = set(variables()) | {f"{name}_FILE" for name in SECRET_FILES.values()}

    assert set(services()["service"]["environment"]) - known == set()


@pytest.mark.parametrize("environment", [services()["neo4j"]["environment"], CONTAINER_SETTINGS])
def test_a_container_of_neo4j_is_set_as_the_managed_server(environment: dict[str, str]) -> None:
    found = neo4j_settings(environment)
    shared = {name: value for name, value in found.items() if not OF_THE_CONTAINER.match(name)}

    assert shared == {name: managed_settings()[name] for name in shared}
    assert {"db.transaction.timeout", "db.lock.acquisition.timeout"} <= set(shared)
    assert {"dbms.usage_report.enabled", "client.allow_telemetry"} <= set(shared)


def test_the_compose_file_leaves_out_nothing_that_the_managed_server_sets() -> None:
    found = neo4j_settings(services()["neo4j"]["environment"])

    assert managed_settings().items() - found.items() == set()


def test_the_image_is_slim_its_user_is_not_root_and_its_tools_are_pinned() -> None:
    text = DOCKERFILE.read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    python = project["requires-python"].removeprefix(">=")

    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {f"python:{python}-slim"}
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["10001"]
    assert "useradd --system --uid 10001" in text
    assert re.search(r"pip install --no-cache-dir uv==\d+\.\d+\.\d+$", text, re.MULTILINE)
    assert "uv sync --locked --no-dev" in text


def test_the_image_copies_only_what_is_there_and_not_ignored() -> None:
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    sources = {one for line in copies for one in line.split()}
    ignored = set((ROOT / ".dockerignore").read_text("utf-8").split())

    assert {"pyproject.toml", "uv.lock", "graph_service", "cypher", "models"} <= sources
    assert [one for one in sources if not (ROOT / one).exists() or one in ignored] == []


def test_the_image_serves_as_the_command_line_would() -> None:
    command = json.loads(DOCKERFILE.read_text("utf-8").rpartition("CMD ")[2])
    help_text = checked("graph-service", command[1], "--help").stdout

    assert command[:2] == ["graph-service", "serve"]
    assert [one for one in command[2:] if one.startswith("--") and one not in help_text] == []


def test_the_commands_of_the_first_start_make_secrets_that_the_containers_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_secrets(tmp_path)

    folder = tmp_path / "secrets"
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", str(folder / "neo4j_password"))
    monkeypatch.setenv("GRAPH_SERVICE_BOOTSTRAP_API_KEY_FILE", str(folder / "api_key"))
    settings = Settings()
    password = settings.neo4j_password.get_secret_value()
    assert {one.name for one in folder.iterdir()} == set(load_compose()["secrets"])
    assert (folder / "neo4j_auth").read_text("utf-8").strip() == f"neo4j/{password}"
    assert len(password) == 32
    assert settings.bootstrap_api_key is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o644}


@pytest.mark.container
@pytest.mark.anyio
async def test_the_service_answers_on_neo4j_in_a_container(container_settings: Settings) -> None:
    async with client_of(container_settings, lambda: NOW) as client:
        Database(container_settings).clear()
        stored = await client.post("/v1/events?wait=true", json=five_levels())
        answer = await order_of(client)

    assert stored.json()["rejected"] == 0
    assert [line["amountMinor"] for line in answer["allowance"]["lines"]] == ALLOWANCES


async def order_of(client: AsyncClient) -> dict[str, Any]:
    return (await client.get("/v1/orders/order-1/attribution")).json()


Compose = Callable[..., str]


@pytest.fixture
def compose(tmp_path: Path) -> Compose:
    """The compose command on a copy of the file: free ports, secrets and a name of its own."""
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command")
    if subprocess.run(
        ["docker", "compose", "version"], check=False, capture_output=True
    ).returncode:
        pytest.skip("the docker command knows no compose")
    content = load_compose()
    content["services"]["service"]["build"] = str(ROOT)
    for one in content["services"].values():
        one["ports"] = [f"127.0.0.1::{port.rpartition(':')[2]}" for port in one["ports"]]
        one["restart"] = "no"
    file = tmp_path / "docker-compose.yml"
    YAML_FILES.dump(content, file)
    make_secrets(tmp_path)
    command = ["docker", "compose", "-p", f"test-{new_id()[:12].lower()}", "-f", str(file)]

    def run(*arguments: str) -> str:
        ran = subprocess.run([*command, *arguments], check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run


@pytest.fixture
def composed(engine: None, compose: Compose) -> Generator[str]:
    """The address of the service, brought up as the compose file says."""
    try:
        compose("up", "--build", "--wait", "--wait-timeout", "600")
        yield "http://" + compose("port", "service", "8080").strip()
    finally:
        compose("down", "--volumes", "--remove-orphans", "--rmi", "local")


@pytest.mark.container
def test_docker_reads_the_compose_file(compose: Compose) -> None:
    found = json.loads(compose("config", "--format", "json"))

    assert set(found["services"]) == {"neo4j", "service"}


@pytest.mark.container
def test_what_the_compose_file_brings_up_answers(composed: str, tmp_path: Path) -> None:
    key = (tmp_path / "secrets" / "api_key").read_text("utf-8").strip()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(path: str, events: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        body = None if events is None else json.dumps(events).encode()
        with urlopen(Request(composed + path, data=body, headers=headers), timeout=60) as answer:
            return json.load(answer)

    stored = ask("/v1/events?wait=true", five_levels())
    answer = ask("/v1/orders/order-1/attribution")

    assert stored["rejected"] == 0
    assert [line["amountMinor"] for line in answer["allowance"]["lines"]] == ALLOWANCES
