"""Outputs that need more than the program itself: what is said where that is missing."""


class ExtraError(RuntimeError):
    """Why an output cannot be made here, in words for the operator."""


def missing(extra: str) -> ExtraError:
    """The error of an extra that is not installed."""
    return ExtraError(f"the extra `{extra}` is not installed: pip install 'ipv6check[{extra}]'")
