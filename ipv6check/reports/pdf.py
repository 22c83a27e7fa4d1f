"""Pages of the site as PDF for paper, by their own print style. Needs the extra `pdf`, and Pango on the host."""

import logging
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from ipv6check.reports.extras import ExtraError, missing
from ipv6check.reports.site import Printing

NO_PANGO: Final = "WeasyPrint cannot load the library Pango (Debian: apt install libpango-1.0-0 libpangoft2-1.0-0)"


def printing() -> Printing:
    """What makes a PDF of a page; it reads files of this machine only. Raises ExtraError where that cannot be."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except ImportError:
        raise missing("pdf") from None
    except OSError as error:
        raise ExtraError(f"{NO_PANGO}: {error}") from None
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # style that is for browsers, and links to what is not on paper
    fetcher = URLFetcher(allowed_protocols=("file", "data"), allow_redirects=False)

    def make(page: Path, out: Path) -> None:
        fonts = FontConfiguration()  # shared, it would make a document hang on those before it
        with as_file(files("ipv6check.reports").joinpath("fonts")) as folder:
            letters = CSS(filename=folder / "paper.css", font_config=fonts, url_fetcher=fetcher)
            document = HTML(filename=page, url_fetcher=fetcher).render(stylesheets=[letters], font_config=fonts)
        for sheet in document.pages:
            sheet.links = []  # they would name folders of this machine, and paper has none
        out.write_bytes(document.write_pdf(pdf_identifier=b"ipv6check"))

    return make
