"""A captive portal on our own path: whoever opens a web connection, to whatever address, speaks with it."""

from typing import Final

NAME: Final = "portal.example"

INTERCEPTING: Final = """
table inet portal {
  chain leaving {
    type nat hook output priority -100; policy accept;
    tcp dport 443 redirect to :8443
    tcp dport 80 redirect to :8080
  }
}
"""
"""The rules that lead everybody there."""


def server_blocks(chain: str, key: str) -> str:
    """The portal itself, for the web server."""
    return f"""
  server {{
    listen 127.0.0.1:8443 ssl; listen [::1]:8443 ssl;
    ssl_certificate {chain}; ssl_certificate_key {key};
    return 200 "Please log in";
  }}
  server {{
    listen 127.0.0.1:8080; listen [::1]:8080;
    return 302 http://{NAME}/;
  }}
"""
