"""Serves the application until it is told to stop."""

import uvicorn

from ipv6check.config import ConfigurationError, Settings
from ipv6check.reports.standing import Audience
from ipv6check.serve.app import app

SECONDS_TO_END: int = 5
"""What is being answered when the program is told to stop may take so long."""


def run(settings: Settings, host: str, port: int, audience: Audience) -> None:
    """Serve at an address of this machine. Raises ConfigurationError when nothing can be served there."""
    server = uvicorn.Server(
        uvicorn.Config(
            app(settings, audience),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_END,
        )
    )
    try:
        server.run()
    except SystemExit as end:
        raise ConfigurationError(f"cannot serve at {host} port {port}: {end.__context__ or 'see above'}") from None
