"""Documents of rules that an operator may put in the place of those that come along."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from graph_service.errors import ServiceError

Document = TypeVar("Document", bound=BaseModel)
BYTES_MAX = 1_000_000


def read_document(
    model: type[Document],
    path: Path,
    *,
    variable: str,
    invalid: type[ServiceError],
    faults_max: int | None = None,
) -> Document:
    """A JSON document, validated as a whole.

    variable: the setting that names the file, which the message begins with. Raises `invalid` with
    the place of each fault, of at most faults_max.
    """
    said = f"{variable}: {path}"
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX + 1)
        if len(text) > BYTES_MAX:
            raise invalid(f"{said} is larger than {BYTES_MAX} bytes")
        from_json(text, allow_inf_nan=False)
        return model.model_validate_json(text)
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        raise invalid(f"{said} cannot be read: {reason}") from fault
    except ValidationError as fault:
        told = fault.errors(include_url=False, include_input=False, include_context=False)
        lines = [f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in told]
        raise invalid(f"{said} is not valid: {'; '.join(lines[:faults_max])}") from fault
    except ValueError as fault:
        raise invalid(f"{said} is not JSON in UTF-8: {fault}") from fault
