#!/bin/sh
# Sees to it that the real servers and tools of the tests are there: installs what is missing as root on Debian or Ubuntu,
# else says what is missing and that its tests will be skipped. Starts no daemon. With CI=true what is missing is an error.
set -u

# command:package, one a line
NEEDED='
nsd:nsd
knotd:knot
unbound:unbound
nginx:nginx-light
dig:bind9-dnsutils
delv:bind9-dnsutils
nft:nftables
ip:iproute2
openssl:openssl
curl:curl
unshare:util-linux
nsenter:util-linux
chromium:chromium
'
PATH="$PATH:/usr/sbin:/sbin:/usr/local/sbin"
POLICY=/usr/sbin/policy-rc.d

packages_missing() {
    for pair in $NEEDED; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || echo "${pair##*:}"
    done | sort -u
}

# A policy of 101 tells dpkg's scripts to start nothing; whatever policy was there before comes back.
forbid_starting() {
    if [ -e "$POLICY" ]; then mv "$POLICY" "$POLICY.before-tests"; fi
    trap allow_starting EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

allow_starting() {
    rm -f "$POLICY"
    if [ -e "$POLICY.before-tests" ]; then mv "$POLICY.before-tests" "$POLICY"; fi
}

install_packages() {
    echo "servers: installing $*" >&2
    forbid_starting
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 || echo "servers: apt-get update failed, going on with the lists at hand" >&2
    apt-get install -qq -y --no-install-recommends "$@" >&2
}

missing=$(packages_missing)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # one word a package
    install_packages $missing || {
        # One package that cannot be had must not keep the others out.
        for package in $missing; do
            apt-get install -qq -y --no-install-recommends "$package" >&2 || echo "servers: $package cannot be installed" >&2
        done
    }
    missing=$(packages_missing)
    [ -n "$missing" ] || exit 0
    why="could not be installed"
else
    why="not installed (as root on Debian or Ubuntu this script installs them)"
fi

echo "servers: $why: $(echo $missing); tests that need them will be skipped" >&2
if [ "${CI:-}" = true ]; then exit 1; fi
exit 0
