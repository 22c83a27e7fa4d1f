"""Whether a page is a bot challenge rather than the site: then what we see is not what a citizen sees."""

from collections.abc import Sequence
from typing import Final

CHALLENGE_HEADERS: Final = ("cf-mitigated", "x-sucuri-block", "x-amzn-waf-action")
MARKS: Final = (
    (b"/cdn-cgi/challenge-platform/", "cloudflare"),
    (b"cf-browser-verification", "cloudflare"),
    (b"_Incapsula_Resource", "imperva"),
    (b"sucuri_cloudproxy_js", "sucuri"),
    (b"slowAES.decrypt", "testcookie"),
    (b'document.cookie="D1N=', "cookie script"),
    (b"ddos-guard/js-challenge", "ddos-guard"),
    (b"awsWafCookieDomainList", "aws waf"),
    (b"g-recaptcha-response", "captcha"),
)
"""Signs of challenge pages, sought only in short pages: an ordinary page may speak of one."""

SHORT_PAGE: Final = 32_768


def challenge_in(headers: Sequence[tuple[str, str]], body: bytes) -> str:
    """Return what kind of challenge a response is, or "" when it is none."""
    for name, _ in headers:
        if name in CHALLENGE_HEADERS:
            return name
    if len(body) > SHORT_PAGE:
        return ""
    return next((what for mark, what in MARKS if mark in body), "")
