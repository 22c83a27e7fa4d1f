"""ADDR-04 to ADDR-07 and NAME-07: tables of routes, registrations and reverse names, and the outcome, from the catalogue."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import pytest

from ipv6check.facts import AddressFacts, AuthorityFacts, Evidence, NameLookups, ResourceFacts, RouteFact
from ipv6check.judge import judge
from tests import factories as f
from tests.factories import DOMAIN, V4, V6, evidence
from tests.rules.test_verdicts import WWW, dns, says

MAIL6, NS6, NS4 = "2400:9::25", "2400:5::1", "11.5.0.2"
DATES = (("routes", f.START - timedelta(days=1)), ("registry", f.START - timedelta(days=3)), ("vrps", f.START))
P6, P4 = "2400:1::/32", "11.0.0.0/24"


def route(prefix: str, origin: int | None = 64500, validity: str = "Valid", **more) -> RouteFact:
    given = {"as_name": "VN-NET", "origin_country": "VN", "vrps": ("2400:1::/32-32 AS64500",)}
    return RouteFact(prefix=prefix, origin=origin, validity=validity, **(given | more))


def address(
    text: str,
    *routes: RouteFact,
    roles: Sequence[str] = ("web",),
    country: str = "VN",
    missing: Sequence[str] = (),
    reverse: str | None = "host.example.vn",
    forward: NameLookups | None = None,
) -> AddressFacts:
    """An address with its routes. `reverse` is its PTR, "" for none, None for unanswered; it leads back unless `forward` is given."""
    pointer = ip_address(text).reverse_pointer
    ptr = f.unseen(pointer, "PTR") if reverse is None else f.lookup(pointer, "PTR", *([f"{reverse}."] if reverse else []))
    back = f.names(reverse or "", [text] if ":" in text else [], [] if ":" in text else [text])
    return AddressFacts(
        address=ip_address(text),
        roles=tuple(roles),
        routes=routes,
        country=country,
        registry="apnic",
        holder="Lab Holder",
        ptr=ptr,
        forward=(forward or back,) if reverse else (),
        problems=tuple((table, "it is missing") for table in missing),
        dates=DATES,
    )


def seen(v6: AddressFacts | None = None, v4: AddressFacts | None = None, *more: AddressFacts, **changes) -> Evidence:
    """A dual-stack site; its servers' addresses are in the country."""
    given = (v6 or address(V6, route(P6)), v4 or address(V4, route(P4)), *more)
    servers = changes.pop("servers", (address(NS6, route("2400:5::/32"), roles=("ns",)),))
    facts = changes.pop("dns", None) or dns(mx=f.lookup(DOMAIN, "MX"))
    return evidence(
        dns=facts, resources=ResourceFacts(addresses=given), server_resources=ResourceFacts(addresses=tuple(servers)), **changes
    )


IDS = ["ADDR-04", "ADDR-05", "ADDR-06", "ADDR-07", "NAME-07"]


@pytest.mark.parametrize("id_", IDS)
def test_addresses_that_were_not_looked_up_are_not_measured(id_: str) -> None:
    assert says(Evidence(), id_) == "nm:dependency-failed"
    facts = dns(mx=f.lookup(DOMAIN, "MX"))
    assert says(evidence(dns=facts, resources=None, server_resources=None), id_) == "nm:dependency-failed"


def test_a_site_in_order() -> None:
    assert [says(seen(), id_) for id_ in IDS] == ["info", "pass", "pass", "pass", "pass"]


NOTHING = {"resources": ResourceFacts(), "server_resources": ResourceFacts()}


@pytest.mark.parametrize("id_", IDS)
def test_a_name_without_addresses_is_not_judged(id_: str) -> None:
    empty = dns(listed=f.names(DOMAIN), mx=f.lookup(DOMAIN, "MX"))
    assert says(evidence(dns=empty, **NOTHING), id_) == "n/a"
    unseen = NameLookups(name=DOMAIN, aaaa=f.unseen(DOMAIN, "AAAA"), a=f.unseen(DOMAIN, "A"))
    hidden = dns(listed=unseen, mx=f.lookup(DOMAIN, "MX"))
    assert says(evidence(dns=hidden, **NOTHING), id_) == "nm:resolver-error"


MISSING = [
    ("ADDR-04", "routes"),
    ("ADDR-04", "registry"),
    ("ADDR-05", "routes"),
    ("ADDR-05", "vrps"),
    ("ADDR-06", "routes"),
    ("NAME-07", "routes"),
    ("NAME-07", "registry"),
]


@pytest.mark.parametrize(("id_", "table"), MISSING)
def test_a_table_that_could_not_be_asked_is_our_lack(id_: str, table: str) -> None:
    assert says(seen(address(V6, route(P6), missing=[table])), id_) == "nm:data-source-down"


def test_the_network_of_every_address_is_told_with_the_date_of_the_oldest_table() -> None:
    args = judge(seen())["ADDR-04"].args
    assert args["networks"] == [
        f"{V6} ({P6}; AS64500 VN-NET; Lab Holder; VN)",
        f"{V4} ({P4}; AS64500 VN-NET; Lab Holder; VN)",
    ]
    assert args["date"] == (f.START - timedelta(days=3)).date().isoformat()


MOAS = [
    ([route(P6), route(P6, 64501)], "warn"),
    ([route(P6), route("2400::/16", 64501)], "info"),
    ([route(P6), route(P6, 64501, is_weakly_seen=True)], "info"),
    ([], "info"),
]


@pytest.mark.parametrize(("routes", "expected"), MOAS)
def test_one_prefix_from_several_networks(routes: Sequence[RouteFact], expected: str) -> None:
    assert says(seen(address(V6, *routes)), "ADDR-04") == expected


LEAK = route("2400:1:1::/48", 64666, "Invalid", invalid_by="as", is_weakly_seen=True)
RPKI = [
    ([route(P6)], "pass"),
    ([route(P6, validity="NotFound")], "warn"),
    ([route(P6), route("2400::/16", 64501, "NotFound")], "warn"),
    ([route(P6, 64501, "Invalid", invalid_by="as")], "fail:as"),
    ([route(P6, 64500, "Invalid", invalid_by="length")], "fail:length"),
    ([route(P6), route("2400::/16", 64501, "Invalid", invalid_by="as")], "fail:as"),
    ([route(P6), route(P6, 64501, "Invalid", invalid_by="as")], "fail:as"),
    ([route(P6, None, "Invalid", invalid_by="as")], "fail:as"),
    ([LEAK, route(P6)], "pass"),
    ([LEAK], "fail:as"),
    ([route(P6, validity="")], "nm:data-source-down"),
    ([], "pass"),
]


@pytest.mark.parametrize(("routes", "expected"), RPKI)
def test_origin_validation(routes: Sequence[RouteFact], expected: str) -> None:
    """The site's IPv4 route is valid throughout; an address without a route does not count."""
    assert says(seen(address(V6, *routes)), "ADDR-05") == expected


def test_what_is_not_routed_at_all_is_not_judged() -> None:
    assert says(seen(address(V6), address(V4)), "ADDR-05") == "n/a"


def test_mail_addresses_are_not_the_web_services() -> None:
    mail = address(MAIL6, route("2400:9::/32", validity="Invalid", invalid_by="as"), roles=["mail"])
    assert says(seen(None, None, mail), "ADDR-05") == "pass"


def test_an_invalid_route_is_named() -> None:
    wrong = route(P6, 64501, "Invalid", invalid_by="as")
    args = judge(seen(address(V6, wrong)))["ADDR-05"].args
    assert (args["address"], args["prefix"], args["origin"]) == (V6, P6, "AS64501")
    assert args["vrps"] == ["2400:1::/32-32 AS64500"]


def test_an_address_that_is_not_in_the_facts_leaves_it_open() -> None:
    two = dns(listed=f.names(DOMAIN, [V6, "2400:1::7"], [V4]), mx=f.lookup(DOMAIN, "MX"))
    assert says(seen(dns=two), "ADDR-05") == "nm:dependency-failed"
    assert says(seen(dns=two), "ADDR-06") == "nm:dependency-failed"


def test_a_type_that_was_not_answered_leaves_it_open() -> None:
    half = NameLookups(name=DOMAIN, aaaa=f.lookup(DOMAIN, "AAAA", V6), a=f.unseen(DOMAIN, "A"))
    facts = dns(listed=half, mx=f.lookup(DOMAIN, "MX"))
    assert [says(seen(dns=facts), id_) for id_ in ("ADDR-05", "ADDR-06", "ADDR-07")] == ["nm:resolver-error"] * 3


NETWORKS = [
    ([route(P6)], [route(P4)], "pass"),
    ([route(P6, 64501)], [route(P4)], "warn"),
    ([route(P6, 64501), route(P6)], [route(P4)], "pass"),
    ([], [route(P4)], "n/a"),
]


@pytest.mark.parametrize(("six", "four", "expected"), NETWORKS)
def test_both_families_in_one_network(six: Sequence[RouteFact], four: Sequence[RouteFact], expected: str) -> None:
    assert says(seen(address(V6, *six), address(V4, *four)), "ADDR-06") == expected


def test_one_family_alone_is_not_compared() -> None:
    alone = dns(listed=f.names(DOMAIN, [V6]), www=f.names(WWW, [], [V4]), mx=f.lookup(DOMAIN, "MX"))
    assert says(seen(dns=alone), "ADDR-06") == "n/a"


AWAY = f.names("host.example.vn", ["2400:77::1"], ["11.77.0.1"])
DARK = NameLookups(name="host.example.vn", aaaa=f.unseen("host.example.vn", "AAAA"), a=f.unseen("host.example.vn", "A"))
REVERSE = [
    ({}, {}, "pass"),
    ({"reverse": ""}, {}, "info"),
    ({"forward": AWAY}, {}, "info"),
    ({"reverse": None}, {}, "nm:resolver-error"),
    ({"forward": DARK}, {}, "nm:resolver-error"),
    ({}, {"reverse": ""}, "warn"),
    ({}, {"forward": AWAY}, "warn"),
    ({}, {"reverse": None}, "nm:resolver-error"),
    ({"reverse": ""}, {"reverse": ""}, "warn"),
]


@pytest.mark.parametrize(("web", "mail", "expected"), REVERSE)
def test_reverse_names(web: dict, mail: dict, expected: str) -> None:
    mx = f.lookup(DOMAIN, "MX", "10 mx.example.vn.")
    facts = dns(mx=mx, mail_hosts=(f.names("mx.example.vn", [MAIL6]),))
    mailer = address(MAIL6, route("2400:9::/32"), roles=["mail"], **mail)
    assert says(seen(address(V6, route(P6), **web), None, mailer, dns=facts), "ADDR-07") == expected


@pytest.mark.parametrize(("given", "expected"), [((V6,), "pass"), (("2400:1::2",), "info"), ((), "info")])
def test_a_reverse_name_leads_back_where_any_server_of_the_zone_says_so(given: Sequence[str], expected: str) -> None:
    """The resolver may have got the answer of the server that is behind."""
    behind = address(V6, route(P6), reverse=DOMAIN, forward=f.names(DOMAIN, ["2400:1::3"]))
    answers = [f.answered(*given, authoritative=True), f.answered(authoritative=True), f.answered(V6)]
    told = AuthorityFacts(zone=DOMAIN, answers=tuple(f.question("ns.vn", NS6, DOMAIN, "AAAA", said) for said in answers))
    assert says(seen(behind, dns=dns(mx=f.lookup(DOMAIN, "MX")), authority=told), "ADDR-07") == expected


def test_an_unanswered_mx_question_leaves_reverse_names_open() -> None:
    assert says(seen(dns=dns(mx=f.unseen(DOMAIN, "MX"))), "ADDR-07") == "nm:resolver-error"


FOREIGN = route("2400:5::/32", origin_country="US")
COUNTRIES = [
    (address(V6, route(P6)), address(NS6, route("2400:5::/32")), "pass"),
    (address(V6, route(P6), country="US"), address(NS6, route("2400:5::/32")), "warn"),
    (address(V6, route(P6, origin_country="US")), address(NS6, route("2400:5::/32")), "warn"),
    (address(V6, route(P6)), address(NS6, FOREIGN), "warn"),
    (address(V6, route(P6), country=""), address(NS6, route("2400:5::/32")), "nm:data-source-down"),
    (address(V6, route(P6, origin_country="")), address(NS6, route("2400:5::/32")), "nm:data-source-down"),
    (address(V6), address(NS6, route("2400:5::/32")), "pass"),
]


@pytest.mark.parametrize(("web", "server", "expected"), COUNTRIES)
def test_servers_inside_the_country(web: AddressFacts, server: AddressFacts, expected: str) -> None:
    assert says(seen(web, servers=[server]), "NAME-07") == expected


def test_no_server_inside_the_country() -> None:
    abroad = [address(a, route(p, origin_country="SG"), country="SG") for a, p in ((V6, P6), (V4, P4))]
    everything = seen(*abroad, servers=[address(NS6, FOREIGN, country="US")])
    assert says(everything, "NAME-07") == "fail"
    assert judge(everything)["NAME-07"].args == {"addresses": [V6, V4, NS6], "bad": 3, "total": 3}
    unknown = seen(*abroad, servers=[address(NS6, route("2400:5::/32"), country="")])
    assert says(unknown, "NAME-07") == "nm:data-source-down"


def test_mail_servers_do_not_matter_to_where_the_web_is() -> None:
    mail = address(MAIL6, route("2400:9::/32", origin_country="US"), roles=["mail"], country="US")
    assert says(seen(None, None, mail), "NAME-07") == "pass"


def test_servers_that_were_not_looked_up_leave_the_country_open() -> None:
    web = ResourceFacts(addresses=(address(V6, route(P6)), address(V4, route(P4))))
    assert says(evidence(dns=dns(), resources=web, server_resources=None), "NAME-07") == "nm:dependency-failed"
