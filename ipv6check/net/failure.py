"""Library errors to Failure: one table, the most specific wins."""

import asyncio
import errno
import ssl
from typing import Final

import httpcore

from ipv6check.model import Failure, FailureKind, Stage

ERRNO: Final = {
    errno.ECONNREFUSED: FailureKind.REFUSED,
    errno.ECONNRESET: FailureKind.RESET,
    errno.ECONNABORTED: FailureKind.RESET,
    errno.EPIPE: FailureKind.RESET,
    errno.ETIMEDOUT: FailureKind.TIMEOUT,
    errno.EHOSTUNREACH: FailureKind.UNREACHABLE,
    errno.ENETUNREACH: FailureKind.UNREACHABLE,
    errno.EHOSTDOWN: FailureKind.UNREACHABLE,
    errno.ENONET: FailureKind.UNREACHABLE,
    errno.ENOPROTOOPT: FailureKind.UNREACHABLE,
    errno.EPROTO: FailureKind.UNREACHABLE,
    errno.EACCES: FailureKind.PROHIBITED,
}
"""What the kernel says and what it means when it speaks of the far side."""

OUR_LIMITS: Final = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOBUFS,
    errno.ENOMEM,
    errno.EADDRNOTAVAIL,
    errno.EADDRINUSE,
    errno.EAGAIN,
}
"""No descriptors, no memory, no ports: ours."""

OUR_WALLS: Final = {errno.EPERM, errno.EINVAL, errno.EAFNOSUPPORT, errno.ENETDOWN, errno.ENODEV}
"""Our own firewall, a missing address family, an interface that is down: ours."""


class Cut(Exception):  # noqa: N818 - it ends a read, it is no error
    """A cap of ours ended a read: which one is its text (`headers`, `body`, `time`)."""


def from_error(error: BaseException, stage: Stage) -> Failure:
    """Translate what a library raised at a stage into a Failure."""
    match error:
        case Cut():
            return Failure(kind=FailureKind.LIMIT, stage=stage, detail=str(error))
        case TimeoutError() | asyncio.TimeoutError() | httpcore.TimeoutException():
            return Failure(kind=FailureKind.TIMEOUT, stage=stage, detail="no answer in time")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | asyncio.IncompleteReadError():
            return Failure(kind=FailureKind.RESET, stage=stage, detail="closed early")
        case ssl.SSLError():
            return Failure(kind=FailureKind.TLS, stage=stage, detail=tls_reason(error), code=error.errno)
        case OSError():
            return _from_os_error(error, stage)
        case httpcore.RemoteProtocolError():
            return Failure(kind=FailureKind.PROTOCOL, stage=stage, detail=printable(str(error)))
        case httpcore.ReadError() | httpcore.WriteError() | httpcore.ConnectError():
            cause = error.__cause__ or error.__context__
            if isinstance(cause, (OSError, Cut)):
                return from_error(cause, stage)
            return Failure(kind=FailureKind.RESET, stage=stage, detail="closed early")
    return Failure(kind=FailureKind.PROTOCOL, stage=stage, detail=printable(f"{type(error).__name__}: {error}"))


def _from_os_error(error: OSError, stage: Stage) -> Failure:
    code = error.errno
    name = errno.errorcode.get(code, "") if code is not None else type(error).__name__
    if code in OUR_LIMITS:
        return Failure(kind=FailureKind.LOCAL, stage=stage, detail="limit", code=code)
    if code in OUR_WALLS:
        return Failure(kind=FailureKind.LOCAL, stage=stage, detail=name, code=code)
    return Failure(kind=ERRNO.get(code or 0, FailureKind.RESET), stage=stage, detail=name, code=code)


def tls_reason(error: ssl.SSLError) -> str:
    """OpenSSL's own name of what went wrong, in lower case (`sslv3_alert_handshake_failure`)."""
    return (error.reason or "").lower() or printable(str(error))


def printable(text: str, length: int = 200) -> str:
    """Cut what a peer sent and replace what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text[:length])
