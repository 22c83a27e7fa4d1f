"""The way from the root to a name: who serves, what is signed, where IPv6 alone ends; as data and as a picture."""

from dataclasses import replace

import pytest

from ipv6check.facts import Evidence
from ipv6check.model import Failure, FailureKind, Stage
from ipv6check.reports.delegation import MOST_SERVERS, Delegation, delegation
from ipv6check.reports.language import speech
from ipv6check.reports.picture import picture
from ipv6check.rules.words import LANGUAGES, Language
from tests.reports.sample_city import BEST, CITY, City, card_of, sample_city
from tests.reports.sample_site import Site
from tests.reports.sample_vantage import Vantage

OWN = (("ns1.mau.vn", "2402:800:1::53", "103.124.60.9"), ("ns2.mau.vn", "2405:4800:3::53", "103.28.36.9"))


def evidence_of(site: Site, domain: str = "mau.vn", here: Vantage | None = None) -> Evidence:
    """The evidence of one site."""
    return sample_city(here, [(domain, "Sở Mẫu", "so", site)]).evidence[domain]


def drawn(evidence: Evidence, language: Language = "en") -> Delegation:
    """The way to its name."""
    way = delegation(card_of(evidence), evidence, speech(language))
    assert way is not None
    return way


def test_a_good_name_is_found_from_the_root() -> None:
    """Every zone in its order, both families where they were seen, signed all the way."""
    way = drawn(evidence_of(BEST, "cong.hanoi.gov.vn"))
    assert [zone.name for zone in way.zones] == [".", "vn", "gov.vn", "hanoi.gov.vn"]
    assert [(s.host, s.v6.key, s.v4.key) for s in way.zones[-1].servers] == [
        ("ns1.hanoi.gov.vn", "good", "good"),
        ("ns2.hanoi.gov.vn", "good", "good"),
    ]
    assert [(s.host, s.v6.key, s.v4.key) for s in way.zones[0].servers] == [("root servers", "good", "unseen")]
    assert [zone.seal.key if zone.seal else None for zone in way.zones] == [None, "signed", "signed", "signed"]
    assert way.end.key == "good"
    assert not any(zone.is_broken for zone in way.zones)


def test_missing_glue_is_named_where_the_way_ends() -> None:
    """Servers that serve well are not found."""
    way = drawn(evidence_of(replace(BEST, nameservers=OWN, glue=False)))
    last = way.zones[-1]
    assert (last.name, last.is_broken, last.is_concluded) == ("mau.vn", True, True)
    assert [server.v6.key for server in last.servers] == ["good", "good"]
    assert last.reasons == (
        "Here IPv6 alone ends:",
        "• ns1.mau.vn: no AAAA glue at the parent zone",
        "• ns2.mau.vn: no AAAA glue at the parent zone",
    )
    assert way.end.key == "bad"


def test_silent_servers_are_named_with_their_address() -> None:
    """And how they failed."""
    way = drawn(evidence_of(replace(BEST, nameservers=OWN, ns_silent=True)))
    assert [server.v6.key for server in way.zones[-1].servers] == ["bad", "bad"]
    assert "• ns1.mau.vn (2402:800:1::53): timeout" in way.zones[-1].reasons


def test_a_server_without_an_address_has_a_mark_of_its_own() -> None:
    """No address is not the same as silence."""
    way = drawn(evidence_of(replace(BEST, nameservers=(OWN[0], ("ns2.mau.vn", "", "103.28.36.9")))))
    assert [server.v6.key for server in way.zones[-1].servers] == ["good", "none"]
    assert way.end.key == "good"


def test_a_blind_measuring_point_concludes_nothing() -> None:
    """Without IPv6 here nothing is called broken, and the zone itself is still shown."""
    way = drawn(evidence_of(replace(BEST, nameservers=OWN), here=Vantage(v6=False)))
    assert way.end.key == "unseen"
    assert [zone.name for zone in way.zones] == [".", "mau.vn"]
    assert (way.zones[0].is_broken, way.zones[0].is_concluded) == (True, False)
    assert "bad" not in {server.v6.key for zone in way.zones for server in zone.servers}


@pytest.mark.parametrize(
    ("site", "seal"), [(BEST, "signed"), (replace(BEST, signed=False), "unsigned"), (replace(BEST, bogus=True), "signed")]
)
def test_the_seal_tells_ds_and_keys(site: Site, seal: str) -> None:
    """Whether they hold is another question: SEC-01's."""
    mark = drawn(evidence_of(replace(site, nameservers=OWN))).zones[-1].seal
    assert mark is not None
    assert mark.key == seal


def test_ds_without_keys_and_keys_without_ds_are_told_apart() -> None:
    """Both are halves, each with its own words."""
    evidence = evidence_of(replace(BEST, nameservers=OWN))
    assert evidence.dnssec is not None
    for change, said in (({"keys": ()}, "DS at the parent, but no keys"), ({"signers": ()}, "no DS at the parent")):
        mark = drawn(replace(evidence, dnssec=replace(evidence.dnssec, **change))).zones[-1].seal  # type: ignore[arg-type]
        assert mark is not None
        assert mark.key == "half"
        assert said in mark.text


def test_without_iteration_the_zone_and_its_parent_are_shown() -> None:
    """An older run has servers but no way."""
    way = drawn(replace(evidence_of(replace(BEST, nameservers=OWN)), resolution=None))
    assert [zone.name for zone in way.zones] == ["vn", "mau.vn"]
    assert way.end.key == "unseen"


def test_nothing_seen_draws_nothing(city: City) -> None:
    """Whoever opted out has no picture."""
    evidence = city.evidence["chotet.hanoi.gov.vn"]
    assert delegation(card_of(evidence), evidence, speech("vi")) is None


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    """A newer probe may say more than this page knows."""
    evidence = evidence_of(replace(BEST, nameservers=OWN, glue=False))
    assert evidence.resolution is not None
    way = evidence.resolution.iterations[0]
    odd = replace(way, steps=(*way.steps[:-1], replace(way.steps[-1], unusable=(("ns1.mau.vn", "moonlight"),))))
    evidence = replace(evidence, resolution=replace(evidence.resolution, iterations=(odd,)))
    assert "• ns1.mau.vn: moonlight" in drawn(evidence).zones[-1].reasons


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("row", CITY, ids=lambda row: row[0])
def test_boxes_and_lines_do_not_overlap(row: tuple[str, str, str, Site | None], language: Language) -> None:
    """Everything is within its box, boxes are below one another, the end is below all."""
    if row[3] is None:
        return
    made = picture(drawn(sample_city(rows=[row]).evidence[row[0]], language))
    bottom = 0
    for box in made.boxes:
        assert box.y > bottom
        ys = [box.name.y, *(y for one in box.rows for y in (one.host.y, one.y)), *(line.y for line in box.reasons)]
        assert ys == sorted(ys)
        assert all(box.y < y < box.y + box.height for y in ys)
        bottom = box.y + box.height
    assert all(bottom < line.y < made.height for line in made.end)


def test_many_servers_are_counted_and_long_names_cut() -> None:
    """A picture has an end."""
    many = tuple((f"{'x' * 60}{n}.mau.vn", f"2402:800:{n + 1}::53", f"103.124.60.{n + 1}") for n in range(13))
    way = drawn(evidence_of(replace(BEST, nameservers=many)))
    assert (len(way.zones[-1].servers), way.zones[-1].more) == (MOST_SERVERS, 13 - MOST_SERVERS)
    assert all(len(row.host.text) <= 36 for box in picture(way).boxes for row in box.rows)


def test_a_failure_of_our_own_is_no_break() -> None:
    """A question that our own budget ended leaves the end open."""
    evidence = evidence_of(replace(BEST, nameservers=OWN, ns_silent=True))
    assert evidence.resolution is not None
    ours = Failure(kind=FailureKind.BUDGET, stage=Stage.DNS, detail="questions")
    way = evidence.resolution.iterations[0]
    asked = tuple(replace(a, tries=tuple(replace(t, failure=ours) for t in a.tries)) for a in way.steps[-1].asked)
    way = replace(way, steps=(*way.steps[:-1], replace(way.steps[-1], asked=asked)))
    drawn_way = drawn(replace(evidence, resolution=replace(evidence.resolution, iterations=(way,))))
    assert drawn_way.end.key == "unseen"
    assert drawn_way.zones[-1].reasons[0] == "Beyond this, IPv6 alone was not concluded:"
