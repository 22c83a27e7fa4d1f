"""The static site in both languages: overview, agencies, resources, a scorecard for each domain, changes, programme, checks.

It is written beside its place and then put there whole, works from a file share, needs no script, and depends on nothing but
what it is given: the same run gives the same bytes.
"""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from ipv6check.facts import Evidence
from ipv6check.judge import judge
from ipv6check.model import Run
from ipv6check.reports.badges import badge_file, badge_snippet, badge_svg, badge_text
from ipv6check.reports.catalogue import catalogue
from ipv6check.reports.changed import FORMS, Changed, changed, changes_as
from ipv6check.reports.checkpage import Figures, check_view, figures
from ipv6check.reports.courses import GoalView, goal_views
from ipv6check.reports.delegation import delegation
from ipv6check.reports.fewest import cover_view
from ipv6check.reports.folder import put, replaced
from ipv6check.reports.hostile import BYTE_ORDER_MARK, for_terminal
from ipv6check.reports.language import Speech, speech
from ipv6check.reports.letters import Proofs, letters, proofs_of
from ipv6check.reports.levelpages import cut
from ipv6check.reports.levels import SEVERITIES
from ipv6check.reports.links import Link
from ipv6check.reports.nights import Strip, strip
from ipv6check.reports.overview import Overview, agency_view, overview
from ipv6check.reports.past import Past, day_of
from ipv6check.reports.paths import PREFIX, agency_page, check_page, domain_page, live_page, paper_file, to_root
from ipv6check.reports.picture import picture
from ipv6check.reports.providers import providers_as_json
from ipv6check.reports.resources import Tally, has_resources, resources
from ipv6check.reports.runpage import Conditions, run_page
from ipv6check.reports.scorecard import scorecard
from ipv6check.reports.since import moved_level, notes
from ipv6check.reports.standing import Audience, Group
from ipv6check.reports.tree import Tree, branches
from ipv6check.rules import RULES, RULES_VERSION
from ipv6check.rules.words import LANGUAGES, Language
from ipv6check.score import Card
from ipv6check.targets.agencies import Bodies

INDEX: Final = "index.html"
CHECKS: Final = "checks.html"
CHANGES: Final = "changes.html"
PROGRAMME: Final = "programme.html"
AGENCIES: Final = "agencies.html"
RESOURCES: Final = "resources.html"
RUN: Final = "run.html"
PROVIDERS: Final = "providers.json"
NO_PAST: Final = Past()
Printing = Callable[[Path, Path], None]
"""Makes of a page that is written a PDF at the second path."""

ACTING: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
"""Characters that act instead of being read. Texts come without them; this is the last door."""


def write_site(
    run: Run,
    cards: Sequence[Card],
    output: Path,
    *,
    evidence_of: Callable[[str], Evidence | None] = lambda domain: None,
    audience: Audience = "internal",
    agencies: Sequence[str] = (),
    past: Past = NO_PAST,
    bodies: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    is_live: bool = False,
    contact: str = "",
    printing: Printing | None = None,
    structure: Bodies | None = None,
) -> Path:
    """Write the site and return its front page.

    `public` shows levels and the programme's figures only. `agencies` keeps those of the named agencies. `past`
    holds the nights up to the run; `bodies` are those known without a domain; `is_live` leads to the tables of `serve`.
    `structure` are the bodies with who stands above them and who took over. `contact` is who answers questions;
    `printing` makes a PDF of each Vietnamese scorecard, beside it.
    Raises OccupiedError where `output` holds something that is no site of ours, OSError where it cannot be written.
    """
    kept = [card for card in cards if not agencies or card.target.agency in agencies]
    shown, only = _shown(run), tuple(for_terminal(agency) for agency in agencies)
    tree = Tree(kept, structure or {}, day_of(run.started_at))
    with replaced(Path(output)) as folder:
        static = files("ipv6check.reports").joinpath("static")
        with as_file(static) as source:
            shutil.copytree(source, folder / "static", copy_function=shutil.copyfile)
        past = past.of({card.target.domain for card in kept})
        editions = [
            Edition(
                language, folder, shown, kept, tree, audience, only, past, run.id, bodies, is_live,
                for_terminal(contact), printing is not None,
            )
            for language in LANGUAGES
        ]  # fmt: skip
        for card in kept:
            put(folder / badge_file(card.target.domain), badge_svg(card))
        tally, known = Tally({course.goal.level for course in past.courses}), Conditions()
        for number, card in enumerate(kept if audience == "internal" else (), start=1):
            evidence = evidence_of(card.target.domain)
            if evidence is not None:
                known = Conditions.of(evidence)
                tally.add(evidence, card.verdicts if run.rules_version == RULES_VERSION else judge(evidence))
            proofs = proofs_of(card, evidence) if evidence is not None else {}
            for edition in editions:
                edition.write_scorecard(card, evidence, proofs)
            if printing is not None:
                printing(folder / domain_page(card.target.domain), folder / paper_file(card.target.domain))
            if progress is not None:
                progress(number, len(kept))
        for edition in editions:
            edition.write_general_pages(tally)
            if audience == "internal":
                edition.write_inner_pages(known)
        if audience == "internal":
            put(folder / PROVIDERS, providers_as_json(tally.inventory, kept))
    return Path(output) / INDEX


def _shown(run: Run) -> Run:
    """The run with names that can stand on a page."""
    return replace(
        run,
        id=for_terminal(run.id),
        vantage=for_terminal(run.vantage),
        country=for_terminal(run.country),
        version=for_terminal(run.version),
        rules_version=for_terminal(run.rules_version),
    )


@dataclass(frozen=True)
class Edition:
    """The site in one language."""

    language: Language
    folder: Path
    run: Run
    cards: Sequence[Card]
    tree: Tree
    audience: Audience
    only: tuple[str, ...]
    past: Past
    run_id: str
    bodies: Sequence[str]
    is_live: bool
    contact: str
    has_paper: bool
    speech: Speech = field(init=False)
    templates: Environment = field(init=False)
    whole: Overview = field(init=False)
    goals: tuple[GoalView, ...] = field(init=False)
    changed: Changed | None = field(init=False)
    figures: Mapping[str, Figures] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "speech", speech(self.language))
        object.__setattr__(self, "templates", templates(self.language))
        object.__setattr__(self, "whole", overview(self.run, self.cards, self.speech, self.audience, self.tree))
        object.__setattr__(self, "goals", goal_views(self.past.courses, self.speech))
        is_told = self.audience == "internal" and bool(self.past.runs)
        told = changed(self.past, self.run_id, self.cards, self.speech) if is_told else None
        object.__setattr__(self, "changed", told)
        object.__setattr__(self, "figures", self._figures() if self.audience == "internal" else {})

    def _figures(self) -> dict[str, Figures]:
        last = day_of(self.run.started_at)
        return {rule.id: figures(rule, self.cards, self.past, last, self.speech) for rule in RULES}

    def write_general_pages(self, tally: Tally) -> None:
        """Write the overview, the resources where there are any, the checks and every agency's page."""
        bodies = tuple(for_terminal(body) for body in self.bodies) if self.audience == "internal" else ()
        city = replace(self.whole, groups=self._cut(self.whole.groups, Link(self.speech.gettext("Overview"), INDEX), "level/"))
        self._write("overview.html", INDEX, city, has_resources=not tally.is_empty, bodies=bodies)
        if not tally.is_empty:
            self._write("resources.html", RESOURCES, resources(tally, self.cards, self.run, self.speech))
        self._write("checks.html", CHECKS, catalogue(self.speech), figures=self.figures)
        self._write("agencies.html", AGENCIES, branches(self.tree, self.speech))
        for agency, _ in self.tree.walk():
            own = self.tree.cards(agency) if self.past.levels else ()
            strips = {for_terminal(card.target.domain): self._strip(card, is_small=True) for card in own}
            view = agency_view(agency, self.tree, self.whole, self.speech, self.audience)
            page = agency_page(agency)
            shown = self._cut(view.groups, Link(view.name, page), page.removesuffix(".html") + "-")
            self._write("agency.html", page, replace(view, groups=shown), strips=strips)
        if self.goals:
            covers = {one.goal.id: tally.covers[one.goal.level] for one in self.past.courses}
            lifting = {goal: cover_view(cover, self.speech) for goal, cover in covers.items() if cover.measured}
            self._write("programme.html", PROGRAMME, self.goals, covers=lifting)
        if self.changed is not None:
            self._write("changes.html", CHANGES, self.changed)
            self._put("changes.atom", self.templates.get_template("changes.atom").render(view=self.changed, run=self.run))
            for form in FORMS:
                put(self._path(f"changes.{form}"), changes_as(form, self.past, self.speech))

    def _cut(self, groups: Sequence[Group], above: Link, base: str) -> tuple[Group, ...]:
        """Write the pages of what is too long for one, and give the groups that are not."""
        short, pages = cut(groups, above, base)
        for view in pages:
            self._write("level.html", view.page, view)
        return short

    def write_inner_pages(self, known: Conditions) -> None:
        """Write what is not for the public: every check's page, and the run's own."""
        for id_, shown in self.figures.items():
            self._write("check.html", check_page(id_), check_view(id_, self.cards, shown, self.speech))
        recent = [_shown(one) for one in self.past.runs]
        self._write("run.html", RUN, run_page(self.run, self.cards, known, recent, self.speech))

    def write_scorecard(self, card: Card, evidence: Evidence | None, proofs: Proofs) -> None:
        """Write one domain's page, and its letters beside it."""
        view = scorecard(card, evidence, self.speech)
        found = (one for family in view.families for one in family.findings)
        written = letters(card, found, proofs, self.run, self.speech)
        way = delegation(card, evidence, self.speech) if evidence is not None else None
        self._write(
            "domain.html",
            view.page,
            view,
            letters=written,
            picture=picture(way) if way is not None else None,
            has_resources=evidence is not None and has_resources(evidence),
            strip=self._strip(card),
            notes=notes(card, self.past, self.run_id, self.speech),
            moved=moved_level(card.target.domain, self.past, self.speech),
            badge_file=badge_file(card.target.domain),
            badge_text=badge_text(card),
            badge_snippet=badge_snippet(card),
            contact=self.contact,
            paper_file=paper_file(card.target.domain) if self.has_paper else "",
        )
        for letter in written:
            put(self._path(letter.file), BYTE_ORDER_MARK + ACTING.sub("\N{REPLACEMENT CHARACTER}", letter.text))

    def _strip(self, card: Card, *, is_small: bool = False) -> Strip | None:
        nights = self.past.levels.get(card.target.domain, ())
        return strip(nights, day_of(self.run.started_at), self.speech, is_small=is_small)

    def _write(self, template: str, page: str, view: object, **more: object) -> None:
        here = PREFIX[self.language] + page
        root = to_root(here)
        text = self.templates.get_template(template).render(
            view=view,
            page=page,
            root=root,
            home=root + PREFIX[self.language],
            run=self.run,
            health=self.whole.health,
            audience=self.audience,
            only=self.only,
            changed=self.changed,
            goals=self.goals,
            live=live_page("", self.language) if self.is_live else "",
            editions=[(language, root + PREFIX[language] + page) for language in LANGUAGES],
            **more,
        )
        self._put(page, text)

    def _put(self, file: str, text: str) -> None:
        put(self._path(file), ACTING.sub("\N{REPLACEMENT CHARACTER}", text))

    def _path(self, file: str) -> Path:
        return self.folder / (PREFIX[self.language] + file)


@cache
def templates(language: Language) -> Environment:
    """The templates in one language: everything escaped, nothing undefined let through, each compiled once."""
    environment = Environment(
        loader=PackageLoader("ipv6check.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    said = speech(language)
    severities = {key: said.gettext(name) for key, name in SEVERITIES.items()}
    environment.globals.update({"_": said.gettext, "ngettext": said.ngettext, "speech": said, "severities": severities})
    environment.globals.update({"lang": language, "check_page": check_page})
    return environment
