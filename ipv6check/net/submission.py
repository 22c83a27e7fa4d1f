"""Messages handed to the operator's own mail server (RFC 6409). Never used on those who are measured."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Literal

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from ipv6check.net.download import verifying
from ipv6check.net.failure import printable

DEADLINE: Final = 60.0
"""Seconds for one message, with the connection when there is none."""

SILENCE: Final = 20.0
"""Seconds without an answer after which a server is given up."""


class SubmissionError(OSError):
    """A message that the server did not take, in words for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in, and how: with STARTTLS, with TLS from the first byte, or in the clear; `user` may be empty."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None


Submit = Callable[[EmailMessage], Awaitable[tuple[str, ...]]]
"""Hands one message in and returns the recipients that were refused. Raises SubmissionError when none was taken."""


@asynccontextmanager
async def submission(server: MailServer) -> AsyncIterator[Submit]:
    """Give what hands messages in, over one connection while the server keeps it. Raises DownloadError on a bad CA file."""
    client = SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password if server.user else None,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=verifying(server.ca_file) if server.security != "none" else None,
        timeout=SILENCE,
    )
    unreachable: list[SubmissionError] = []

    async def connect() -> None:
        try:
            with _explained():
                await client.connect()
        except SubmissionError as error:  # no use in waiting for it again with every message
            unreachable.append(error)
            raise

    async def submit(message: EmailMessage) -> tuple[str, ...]:
        if unreachable:
            raise SubmissionError(*unreachable[0].args)
        with _explained():
            try:
                async with asyncio.timeout(DEADLINE):
                    if not client.is_connected:
                        await connect()
                    refused, _ = await client.send_message(message)
            except TimeoutError:  # in the middle of a dialogue: what comes next would not be the answer to it
                client.close()
                raise
        return tuple(refused)

    try:
        yield submit
    finally:
        transport = client.transport
        with suppress(SMTPException, OSError):
            await client.quit()
        if isinstance(transport, asyncio.WriteTransport):  # all is said; a loop that ends now would leave it half closed
            transport.abort()
            await asyncio.sleep(0)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the library raises into words."""
    try:
        yield
    except SubmissionError:
        raise
    except SMTPRecipientsRefused as error:
        said = "; ".join(f"{one.recipient}: {one.code} {one.message}" for one in error.recipients)
        raise SubmissionError(printable(f"every recipient was refused: {said}")) from None
    except SMTPResponseException as error:
        raise SubmissionError(printable(f"{error.code} {error.message}")) from None
    except (SMTPException, OSError) as error:
        raise SubmissionError(printable(str(error) or type(error).__name__)) from None
