"""A digest as an e-mail: Vietnamese first, English second; plain text, and the same as HTML."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ipv6check.config import Settings, Smtp
from ipv6check.notices.digest import Digest
from ipv6check.notices.night import Night
from ipv6check.notices.wording import view
from ipv6check.reports.hostile import for_header
from ipv6check.reports.site import ACTING
from ipv6check.rules.words import LANGUAGES

LINES: Final = SMTP.clone(max_line_length=78)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says."""

    subject: str
    text: str
    html: str


def mail(digest: Digest, night: Night, settings: Settings) -> Mail:
    """Write a digest."""
    site, contact = settings.notices.site, settings.network.user_agent_url
    views = [view(digest, night, language, site=site, contact=contact) for language in LANGUAGES]
    text, html = (
        ACTING.sub("\N{REPLACEMENT CHARACTER}", _templates().get_template(f"digest.{form}").render(views=views))
        for form in ("txt", "html")
    )
    return Mail(views[0].subject, text, html)


def message(mail: Mail, digest: Digest, smtp: Smtp, now: datetime | None = None) -> EmailMessage:
    """Make the e-mail with its headers; `now` is UTC."""
    made = EmailMessage(policy=LINES)
    user, _, domain = smtp.sender.rpartition("@")
    made["From"] = Address(for_header(smtp.sender_name), user, domain)
    made["To"] = ", ".join(digest.audience.recipients)
    made["Subject"] = for_header(mail.subject)
    made["Date"] = now or datetime.now(UTC)
    made["Message-ID"] = f"<{digest.id}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    if smtp.unsubscribe:
        made["List-Unsubscribe"] = f"<{smtp.unsubscribe}>"
    made.set_content(mail.text, cte="quoted-printable")
    made.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    made["Content-Language"] = ", ".join(LANGUAGES)  # set before, it would go down into the first part
    return made


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("ipv6check.notices"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
