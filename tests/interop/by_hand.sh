# What a person would type to see a fault: dig, curl and openssl, and none of our own code. Sourced before each command of
# rows.toml; CA is the lab's root certificate.

# rr TYPE NAME: what the resolver has
rr() { dig +short +time=5 +tries=1 "$1" "$2" @127.0.0.1; }

# said TYPE NAME [OPTION]: status and flags of the resolver's answer
said() { dig +time=15 +tries=1 +dnssec $3 "$1" "$2" @127.0.0.1 | grep -E 'status:|flags:|EDE:|timed out|no servers'; }

# ask SERVER TYPE NAME: what a name server says itself
ask() { dig +norecurse +time="${WAIT:-2}" +tries=1 +ignore "$2" "$3" "@$1"; }

# get ADDRESS URL: the response head from one address, or why there is none
get() { curl -sS -k --noproxy '*' -m 3 -o /dev/null -D - --connect-to "::$(bracketed "$1"):" "$2" 2>&1; }

# follow FAMILY URL: where redirects lead by one family
follow() {
    curl -sS -k --noproxy '*' -m 6 -L --max-redirs 10 "-$1" -o /dev/null -w '%{http_code} %{url_effective} %{num_redirects}\n' \
        $(lead "$2") "$2" 2>&1
}

# lead URL: curl does not ask our resolver by itself, so it is told what the resolver says of every host it may meet
lead() {
    for host in $(echo "$1" | cut -d/ -f3) $ALSO; do
        for address in $(rr A "$host" | grep -E '^[0-9.]+$') $(rr AAAA "$host" | grep : | sed 's/.*/[&]/'); do
            echo "$host $address"
        done
    done | awk '{known[$1] = known[$1] (known[$1] ? "," : "") $2}
        END {for (host in known) for (port = 80; port <= 443; port += 363) print "--resolve " host ":" port ":" known[host]}'
}

# tls ADDRESS NAME [OPTION...]: a handshake as openssl tells it, the certificates as sent included
tls() {
    address=$(bracketed "$1") name=$2
    shift 2
    timeout 3 openssl s_client -connect "$address:443" -servername "$name" -verify_hostname "$name" -CAfile "$CA" \
        -no-CApath -no-CAstore -showcerts "$@" </dev/null 2>&1 || echo "ended with $?"
}

# dates ADDRESS NAME: the validity of the certificate there
dates() { tls "$1" "$2" | openssl x509 -noout -dates -issuer -ext subjectAltName 2>&1; }

bracketed() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }

# certificate ADDRESS NAME...: what openssl says of the path to the root (dates and names left aside), of the dates, of each
# name, and of the next three days
certificate() {
    address=$(bracketed "$1") name=$2
    shift
    client() {
        timeout 3 openssl s_client -connect "$address:443" -servername "$name" -CAfile "$CA" -no-CApath -no-CAstore \
            "$@" </dev/null 2>/dev/null
    }
    client -verify_return_error -no_check_time | sed -n 's/.*Verify return code: \([0-9]*\).*/path \1/p' | head -1
    sent=$(client)
    echo "$sent" | sed -n 's/.*Verify return code: \([0-9]*\).*/dates \1/p' | head -1
    for name; do echo "$sent" | openssl x509 -noout -checkhost "$name" 2>/dev/null; done
    echo "$sent" | openssl x509 -noout -checkend 259200 2>/dev/null
}
