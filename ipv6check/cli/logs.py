"""The program's log on stderr: a line for people on a terminal, a line of JSON for the journal elsewhere.

What a server or a list says may stand in a message: no character of it acts on a terminal, and none begins a line.
"""

import json
import logging
import sys
from typing import Final

from ipv6check.reports.hostile import for_json

LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)


class Lines(logging.Formatter):
    """A log record as a line, its trace below it."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        """Format what is said."""
        return for_json(super().formatMessage(record)).replace("\n", "\\n")

    def formatException(self, ei: object) -> str:  # noqa: N802 - the name that logging calls
        """Format a trace."""
        return for_json(super().formatException(ei))  # type: ignore[arg-type]


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        entry = {"at": record.created, "level": record.levelname, "from": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return for_json(json.dumps(entry, ensure_ascii=False))


def start(verbose: int) -> None:
    """Begin to log: warnings, with `verbose` more, twice all."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=LEVELS[min(verbose, 2)], handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it names URLs whole, a hook's with the secret in its path
