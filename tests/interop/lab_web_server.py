"""Configuration of the real web server, nginx: a server block for each family and port of a row."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.interop.lab_certificates import Authority
from tests.interop.lab_country import Host, World, shared_lines
from tests.interop.lab_name_servers import Places
from tests.interop.rows import PAGE, Row

PORTS: Final = (443, 80)
STUBBED: Final = ("tls-silent", "http-silent")
"""What a row may have on the wire that a stub serves in nginx's place."""

HSTS: Final = "max-age=31536000"


def web_server(
    rows: Sequence[Row], world: World, authority: Authority, places: Places, extra: str = ""
) -> tuple[list[str], str]:
    """The command of the web server, and its configuration; `extra` are further server blocks."""
    own = places.own
    temporary = "\n".join(f"  {kind}_temp_path {own}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    blocks = [block for row in rows for block in _blocks(row, rows, authority)]
    blocks += [_canary(host, authority) for host in world.canaries]
    config = f"""
daemon off;
user root;
worker_processes 1;
pid {own}/nginx.pid;
error_log {own}/nginx-error.log info;
events {{ worker_connections 8192; }}
http {{
  log_format lab '$msec $server_addr $server_port $connection $scheme $host "$request" "$http_user_agent"';
  access_log {own}/access.log lab;
{temporary}
  default_type text/html;
  server_tokens off;
  keepalive_timeout 5;
  ssl_session_tickets off;
  server_names_hash_max_size 4096;
  server_names_hash_bucket_size 128;
{"".join(blocks)}
{extra}
}}
"""
    return ["nginx", "-p", str(own), "-c", str(own / "nginx.conf"), "-e", str(own / "nginx-error.log")], config


def _blocks(row: Row, rows: Sequence[Row], authority: Authority) -> Iterator[str]:
    """One server block for each family and port of a row."""
    if row.get("opted_out"):
        return
    home = next((other for one, other in shared_lines(rows) if one is row), row)
    for family in (4, 6):
        for port in PORTS:
            listen = [_listening(home.address(token), port) for token in served(home, family, port)]
            if listen:
                yield _block(row, family, port, listen, authority)


def served(row: Row, family: int, port: int) -> list[str]:
    """The tokens of a row's own addresses where the web server listens."""
    stubbed = {place for place, what in row.get("wire", {}).items() if what in STUBBED}
    return [
        token
        for token in own_tokens(row)
        if token.startswith(str(family)) and not {f"{token}:{port}", token} & (set(row.get("closed", ())) | stubbed)
    ]


def own_tokens(row: Row) -> list[str]:
    """The tokens of the row's own addresses that are in use anywhere, its alias included."""
    www = row.get("www") if isinstance(row.get("www"), dict) else {}
    tokens = [*row.get("a", ["4"]), *row.get("aaaa", ["6"]), *www.get("a", ()), *www.get("aaaa", ())]
    tokens += ["4", "6"] if row.get("elsewhere") else []
    return [token for token in dict.fromkeys(tokens) if row.address(token) != token]


def _listening(address: str, port: int) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{host}:{port}"


def _block(row: Row, family: int, port: int, listen: Sequence[str], authority: Authority) -> str:
    def word(key: str, default: str) -> str:
        return row.get(f"{key}6", row.get(key, default)) if family == 6 else row.get(key, default)

    is_tls = port == 443 and not row.get("plain")
    if port == 80:
        body = word("http", "return 301 https://$host$request_uri;")
    else:
        hsts = row.get("hsts", HSTS)
        header = f'add_header Strict-Transport-Security "{hsts}" always;' if hsts else ""
        body = f"{header} {word('https', '$page')}"
    lines = [f"    listen {where}{' ssl' if is_tls else ''};" for where in listen]
    lines.append(f"    server_name {row.domain} www.{row.domain};")
    if is_tls:
        chain, key = authority.issue(word("certificate", "good"), row.domain)
        lines += _tls(chain, key, row.get("protocols", "TLSv1.2 TLSv1.3"))
    return _server(lines, body)


def _canary(host: Host, authority: Authority) -> str:
    lines = [f"    listen {_listening(address, 443)} ssl;" for address in host.at.values()]
    lines += [f"    listen {_listening(address, 80)};" for address in host.at.values()]
    lines += [f"    server_name {host.name};", *_tls(*authority.issue("good", host.name), "TLSv1.2 TLSv1.3")]
    return _server(lines, "$page")


def _tls(chain: Path, key: Path, protocols: str) -> list[str]:
    is_old = "TLSv1.1" in protocols.split()
    return [
        f"    ssl_certificate {chain};",
        f"    ssl_certificate_key {key};",
        f"    ssl_protocols {protocols};",
        *(["    ssl_ciphers DEFAULT:@SECLEVEL=0;"] if is_old else []),
    ]


def _server(lines: Sequence[str], body: str) -> str:
    inside = body.replace("$page", PAGE)
    return "  server {\n" + "\n".join(lines) + f"\n    {inside}\n  }}\n"
