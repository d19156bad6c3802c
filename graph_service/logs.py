"""Structured logs: the event's name first, then key=value, one line each."""

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Write events of at least this level to stderr as lines of text."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(
                key_order=["event", "level", "timestamp"], sort_keys=True
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        ),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_: object) -> structlog.PrintLogger:
    """The stream is looked up anew, since whoever runs a command may have put another there."""
    return structlog.PrintLogger(sys.stderr)
