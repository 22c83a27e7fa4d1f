"""The world file: what it says is complete and sane, and mistakes in one are named."""

from datetime import date

import pytest

from ipv6check.addressing import is_usable
from ipv6check.lab import World
from ipv6check.lab.reading import read
from ipv6check.lab.world import Block, upwards
from ipv6check.model import KINDS, SERVICES, Outcome
from ipv6check.rules import BY_ID, RULES
from ipv6check.score import BROKEN_V6, PARTIAL

LEVELS = {f"L{number}" for number in range(5)}


def test_the_city_is_of_a_size_to_learn_from(city: World) -> None:
    assert len(city.agencies) >= 25
    assert len({agency.domain for agency in city.agencies}) == len(city.agencies)
    assert len(city.canaries) >= 5


def test_every_agency_says_what_is_wrong_and_what_to_expect(city: World) -> None:
    for agency in city.agencies:
        assert agency.what
        assert agency.level.removeprefix("at least ") in LEVELS
        assert set(agency.flags) <= {BROKEN_V6, PARTIAL}
        assert agency.target.kind in KINDS
        assert set(agency.target.services) <= set(SERVICES)


def test_expectations_cover_every_check_that_is_built(city: World) -> None:
    built = {rule.id for rule in RULES if rule.is_built}
    for agency in city.agencies:
        assert agency.expect.keys() == built, "a check was built: say in [healthy] what it gives a healthy agency"
        assert all(outcome in set(Outcome) for outcome in agency.expect.values())


def test_every_outcome_of_the_city_occurs(city: World) -> None:
    seen = {outcome for agency in city.agencies for outcome in agency.expect.values()}
    assert seen == set(Outcome)


def test_own_addresses_are_public_to_look_at_and_lie_in_the_prefixes(city: World) -> None:
    addresses = {address for address, _ in city.doors} | set(city.servers)
    for address in addresses:
        assert is_usable(address)
        assert any(address.version == prefix.version and address in prefix for prefix in city.prefixes)


def test_owners_share_no_network() -> None:
    assert Block(1).v4(254) < Block(2).v4(0)
    assert str(Block(258).v6(0x53)) == "2400:c1:102::53"
    assert str(Block(258).v4(53)) == "11.1.2.53"


def test_records_stand_in_the_closest_zone(city: World) -> None:
    assert ("www.so-hoa-sen.hanoi.gov.vn", "AAAA") in city.zones["hanoi.gov.vn"].records
    assert ("www.quan-hoa-dao.hanoi.gov.vn", "AAAA") in city.zones["quan-hoa-dao.hanoi.gov.vn"].records
    assert ("ns1.goc.example", "A") in city.zones["example"].records


def test_upwards_ends_at_the_top() -> None:
    assert upwards("a.b.c") == ["a.b.c", "b.c", "c", "."]
    assert upwards("a.b.c", "c") == ["a.b.c", "b.c", "c"]
    assert upwards(".") == ["."]


def test_sites_on_one_server_have_its_ports(city: World) -> None:
    site = next(site for site in city.sites if "so-hoa-hue.hanoi.gov.vn" in site.names)
    for address, port in site.doors:
        assert len(city.sites_at[address]) == 2
        assert city.doors[address, port] == "open"


AGENCY = 'name = "S"\ndomain = "s.vn"\nkind = "so"\nwhat = "w"\nlevel = "L0"\n'
TOP = '[[zone]]\nname = "."\nservers = ["good"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("agencies = []", "the world: unknown word 'agencies'"),
        ('[[zone]]\nname = "vn"\nserver = 2', "zone vn: unknown word 'server'"),
        ('[[zone]]\nname = "vn"\nservers = ["bad"]', "zone vn: unknown kind of name server 'bad'"),
        (f'[[agency]]\n{AGENCY}route = "lost"', "agency s.vn: route is 'lost'"),
        (f'[[agency]]\n{AGENCY}provider = "X"', "s.vn: unknown provider 'X'"),
        ('[[provider]]\nname = "X"\nas = 1', "provider X: unknown word 'as'"),
        (f"[[agency]]\n{AGENCY}colour = 1", "agency s.vn: unknown word 'colour'"),
        (f'[[agency]]\n{AGENCY}certificate = "lost"', "agency s.vn: certificate is 'lost'"),
        (f'[[agency]]\n{AGENCY}www = "no"', "agency s.vn: www is 'no'"),
        (f'[[agency]]\n{AGENCY}ports = {{ v5 = "silent" }}', "s.vn: ports: v5 = 'silent' is not understood"),
        (f'[[agency]]\n{AGENCY}ports = {{ v6 = "shut" }}', "s.vn: ports: v6 = 'shut' is not understood"),
        (f'[[agency]]\n{AGENCY}expect = {{ DNS-02 = "fail" }}', "agency s.vn: nothing is said of a healthy agency's DNS-02"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        read(text)


def test_ports_differ_by_address_and_port() -> None:
    entry = f'{AGENCY}aaaa = ["own", "own2"]\nports = {{ "v6/2-443" = "silent", v4-80 = "refused" }}'
    world = read(f"{TOP}[[agency]]\n{entry}")
    closed = {(str(address), port): door for (address, port), door in world.doors.items() if door != "open"}
    assert closed == {("2400:c1:2::2", 443): "silent", ("11.0.2.1", 80): "refused"}


def test_records_are_below_the_name_and_reverse_names_of_addresses() -> None:
    lines = '["@ MX 10 mx.s.vn.", "mx AAAA {v6/25}", "* A {v4}", "{v6/25} PTR mx.s.vn."]'
    world = read(f"{TOP}[[agency]]\n{AGENCY}records = {lines}")
    records = world.zones["."].records
    assert records["s.vn", "MX"] == ("10 mx.s.vn.",)
    assert records["mx.s.vn", "AAAA"] == ("2400:c1:2::19",)
    assert records["*.s.vn", "A"] == ("11.0.2.1",)
    assert records[Block(2).v6(25).reverse_pointer, "PTR"] == ("mx.s.vn.",)


@pytest.mark.parametrize(("ptr", "expected"), [("", ("s.vn.",)), ('ptr = "x.vn"', ("x.vn.",)), ('ptr = ""', None)])
def test_addresses_have_reverse_names(ptr: str, expected: tuple[str, ...] | None) -> None:
    world = read(f"{TOP}[[agency]]\n{AGENCY}{ptr}")
    for address in (Block(2).v6(1), Block(2).v4(1)):
        assert world.zones["."].records.get((address.reverse_pointer, "PTR")) == expected


def test_name_servers_stand_in_networks_of_their_own_unless_beside() -> None:
    world = read(f'{TOP}[[zone]]\nname = "vn"\nservers = ["good", "good", "beside"]')
    blocks = [str(world.addresses[f"ns{n}.vn"][0]) for n in (1, 2, 3)]
    assert blocks == ["2400:c1:2::35", "2400:c1:3::36", "2400:c1:3::37"]


def test_the_parent_may_know_other_servers() -> None:
    servers = '["good", "v6-absent", "v6-unglued", "only-in-zone", "only-at-parent", "@x.example"]'
    zone = read(f'{TOP}[[zone]]\nname = "vn"\nservers = {servers}').zones["vn"]
    assert zone.servers == ("ns1.vn", "ns2.vn", "ns3.vn", "ns4.vn", "ns6.x.example")
    assert {name: [a.version for a in glue] for name, glue in zone.delegation.items()} == {
        "ns1.vn": [6, 4],
        "ns2.vn": [4],
        "ns3.vn": [4],
        "ns5.vn": [6, 4],
        "ns6.x.example": [6, 4],
    }


def test_networks_are_those_of_domestic_providers_in_turn() -> None:
    providers = "".join(
        f'[[provider]]\nname = "{n}"\nasn = {n}\ncountry = "{c}"\n' for n, c in ((1, "VN"), (2, "SG"), (3, "VN"))
    )
    agency = f'[[agency]]\n{AGENCY}zone = ["good"]\n'
    named = agency.replace("s.vn", "t.vn") + 'provider = "2"\nprovider_v4 = "1"\nroute = "moas"\n'
    holdings = read(providers + TOP + agency + named).holdings
    assert [(h.providers[6].asn, h.providers[4].asn, h.route) for h in holdings] == [
        (3, 3, "good"),
        (1, 1, "good"),
        (3, 3, "good"),
        (2, 1, "moas"),
        (2, 1, "good"),
    ]


def test_an_old_name_has_its_last_day() -> None:
    target = read(f'{TOP}[[agency]]\n{AGENCY}valid_to = 2025-06-30\nsuccessor = "t.vn"').agencies[0].target
    assert (target.valid_to, target.successor) == (date(2025, 6, 30), "t.vn")


def test_a_family_stands_for_its_checks_and_an_id_for_itself() -> None:
    healthy = '[healthy]\nDNS-01 = "pass"\nDNS-02 = "pass"\nNS-01 = "pass"\n'
    world = read(f'{healthy}{TOP}[[agency]]\n{AGENCY}expect = {{ DNS-02 = "fail", DNS = "nm" }}')
    assert world.agencies[0].expect == {"DNS-01": "nm", "DNS-02": "fail", "NS-01": "pass"}
    assert world.agencies[0].expect.keys() <= BY_ID.keys()
