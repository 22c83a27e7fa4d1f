"""How the lab's zones are signed: well, and in every way in which it goes wrong. Made with dnspython.

A zone has one key that signs everything (RFC 6781, a CSK).
"""

import base64
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import dns.dnssec
import dns.name
import dns.node
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.dnskeybase
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dns.dnssectypes import Algorithm, DSDigest
from dns.rdtypes.util import Bitmap

TTL: Final = 300
KEY_FLAGS: Final = int(dns.rdtypes.dnskeybase.Flag.ZONE | dns.rdtypes.dnskeybase.Flag.SEP)
PROTOCOL: Final = 3
CURVES: Final = {"ECDSAP256SHA256": ec.SECP256R1, "ECDSAP384SHA384": ec.SECP384R1}
DIGESTS: Final = {"sha1": DSDigest.SHA1, "sha256": DSDigest.SHA256, "sha384": DSDigest.SHA384}
DELETE: Final = {"CDS": "0 0 0 00", "CDNSKEY": "0 3 0 AA=="}
"""RFC 8078, section 4."""

STATES: Final[Mapping[str, Mapping[str, Any]]] = {
    "signed": {},
    "unsigned": {"is_signed": False, "ds": ()},
    "ds-only": {"is_signed": False},
    "expired": {"begins": -40.0, "left": -10.0},
    "tampered": {"tampered": ("SOA", "A", "AAAA")},
}


@dataclass(frozen=True)
class Signing:
    """`left` and `begins` are days from now to the end and the beginning of signatures; `nsec3` is iterations and salt.

    Signatures over the types in `tampered` are wrong, those over `naked` are missing. `ds` are the digests that the parent has,
    `stale` being one of a key that is not there; `more_keys` are sizes of RSA keys that are published and sign nothing. `cds`
    and `cdnskey`: match, mismatch, delete.
    """

    algorithm: str = "ECDSAP256SHA256"
    bits: int = 2048
    left: float = 30.0
    begins: float = -1 / 24
    is_signed: bool = True
    nsec3: Sequence[Any] = ()
    tampered: Sequence[str] = ()
    naked: Sequence[str] = ()
    ds: Sequence[str] = ("sha256",)
    more_keys: Sequence[int] = ()
    cds: str = ""
    cdnskey: str = ""


@dataclass(frozen=True)
class Keys:
    """A zone's key as private and DNSKEY, and another one that the zone does not have."""

    private: Any
    dnskey: Any
    stale: Any


def make_keys(signing: Signing) -> Keys:
    """Make the keys of a zone."""
    (private, dnskey), (_, stale) = _make_key(signing), _make_key(signing)
    return Keys(private, dnskey, stale)


def _make_key(signing: Signing) -> tuple[Any, Any]:
    name = signing.algorithm
    if name in CURVES:
        key: Any = ec.generate_private_key(CURVES[name]())
    elif name == "ED25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=signing.bits)
    return key, dns.dnssec.make_dnskey(key.public_key(), Algorithm[name], flags=KEY_FLAGS, protocol=PROTOCOL)


def ds_lines(origin: dns.name.Name, signing: Signing, keys: Keys) -> list[str]:
    """The DS records that the parent has."""
    return [_ds(origin, kind, keys) for kind in signing.ds]


def _ds(origin: dns.name.Name, kind: str, keys: Keys) -> str:
    key = keys.stale if kind == "stale" else keys.dnskey
    made = dns.dnssec.make_ds(origin, key, DIGESTS.get(kind, DSDigest.SHA256), policy=dns.dnssec.allow_all_policy)
    return made.to_text()


def add_keys(zone: dns.zone.Zone, signing: Signing, keys: Keys) -> None:
    """Put what belongs to the keys into the zone: DNSKEY, CDS, CDNSKEY."""
    records = [f"DNSKEY {_idle_key(bits)}" for bits in signing.more_keys]
    if signing.is_signed:
        records.append(f"DNSKEY {keys.dnskey.to_text()}")
    for kind, said in (("CDS", signing.cds), ("CDNSKEY", signing.cdnskey)):
        if said:
            records.append(f"{kind} {DELETE[kind] if said == 'delete' else _child_copy(zone, kind, said, keys)}")
    with zone.writer() as writer:
        for record in records:
            rdtype, _, text = record.partition(" ")
            writer.add(zone.origin, TTL, dns.rdata.from_text("IN", rdtype, text))


def _child_copy(zone: dns.zone.Zone, kind: str, said: str, keys: Keys) -> str:
    key = keys.stale if said == "mismatch" else keys.dnskey
    assert zone.origin is not None
    return str(key.to_text() if kind == "CDNSKEY" else _ds(zone.origin, "stale" if said == "mismatch" else "sha256", keys))


def _idle_key(bits: int) -> str:
    """An RSA key of any size that nobody has the private part of."""
    modulus = (random.getrandbits(bits) | 1 | 1 << (bits - 1)).to_bytes(bits // 8, "big")
    return f"256 3 8 {base64.b64encode(bytes([3]) + (65537).to_bytes(3, 'big') + modulus).decode()}"


def sign(zone: dns.zone.Zone, signing: Signing, keys: Keys) -> None:
    """Sign a zone that has its keys."""
    now = datetime.now(UTC)

    def signed(txn: Any, rrset: dns.rrset.RRset) -> None:
        if rrset.rdtype.name in signing.naked:
            return
        rrsig = dns.dnssec.sign(
            rrset,
            keys.private,
            zone.origin,
            keys.dnskey,
            inception=now + timedelta(days=signing.begins),
            expiration=now + timedelta(days=signing.left),
            policy=dns.dnssec.allow_all_policy,
            origin=zone.origin,
            deterministic=False,
        )
        if rrset.rdtype.name in signing.tampered:
            rrsig = rrsig.replace(signature=bytes(octet ^ 1 for octet in rrsig.signature))
        txn.add(rrset.name, rrset.ttl, rrsig)

    if signing.nsec3:
        _sign_with_nsec3(zone, signing, signed)
    else:
        dns.dnssec.sign_zone(zone, add_dnskey=False, rrset_signer=signed)


def _sign_with_nsec3(zone: dns.zone.Zone, signing: Signing, signed: Any) -> None:
    """RFC 5155: a hash for every name, those included that exist only because of a longer one. Zones here delegate nothing."""
    iterations, salt = signing.nsec3
    origin = zone.origin
    assert origin is not None
    with zone.writer() as writer:
        parameters = f"1 0 {iterations} {salt or '-'}"
        writer.add(origin, TTL, dns.rdata.from_text("IN", "NSEC3PARAM", parameters))
        types = {name: [rdataset.rdtype for rdataset in writer.get_node(name).rdatasets] for name in writer.iterate_names()}
        for name, there in list(types.items()):
            for rdtype in there:
                signed(writer, dns.rrset.from_rdata(name, TTL, *writer.get(name, rdtype)))
            while name != origin:
                name = name.parent()
                types.setdefault(name, [])
        hashes = {dns.dnssec.nsec3_hash(name, salt, iterations, "SHA1"): there for name, there in types.items()}
        ordered = sorted(hashes)
        for one, following in zip(ordered, [*ordered[1:], ordered[0]], strict=True):
            there = hashes[one]
            bitmap = Bitmap.from_rdtypes([*there, dns.rdatatype.RRSIG] if there else []).to_text().strip()
            rdata = dns.rdata.from_text("IN", "NSEC3", f"{parameters} {following} {bitmap}".strip())
            rrset = dns.rrset.from_rdata(dns.name.from_text(one, origin), TTL, rdata)
            writer.add(rrset)
            signed(writer, rrset)
