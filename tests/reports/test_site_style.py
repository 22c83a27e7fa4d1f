"""The style sheet: nothing from elsewhere, and every text stands out from what is behind it, in both themes and on paper."""

import re
from pathlib import Path

import pytest

import ipv6check.reports

STYLE = (Path(ipv6check.reports.__file__).parent / "static" / "style.css").read_text(encoding="utf-8")
ENOUGH = 4.5
"""WCAG 2.2, 1.4.3 (AA), for text of ordinary size."""

SURFACES = ("paper", "surface", "sunken")
PAIRS = (
    *((text, behind) for text in ("ink", "muted", "link") for behind in SURFACES),
    *((f"on-{key}", key) for key in ("l0", "l1", "l2", "l3", "l4", "unmeasured", "brand")),
    *((key, behind) for key in ("pass", "warn", "fail", "info", "dim") for behind in (f"{key}-wash", "surface", "sunken")),
    *(("surface", key) for key in ("pass", "warn", "fail", "info")),
    *(("ink", f"{key}-wash") for key in ("fail", "warn")),
    ("on-brand-muted", "brand"),
)


def palettes() -> dict[str, dict[str, str]]:
    """The colours of each theme, those that it does not name taken from the light one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    light, dark, paper = (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": light | dark, "paper": light | paper}


def luminance(colour: str) -> float:
    """Relative luminance of sRGB."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "paper"])
def test_text_stands_out(theme: str) -> None:
    """Every pair of text and ground that is used."""
    colours = palettes()[theme]
    weak = {pair: round(ratio, 2) for pair in PAIRS if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < ENOUGH}
    assert not weak


def test_nothing_is_fetched() -> None:
    """Neither a font nor a picture nor another sheet."""
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "@font-face" not in STYLE
