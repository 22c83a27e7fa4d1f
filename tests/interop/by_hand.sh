# What a person would type to see a fault: dig, curl and openssl, and none of our own code. Sourced before each command of
# rows.toml; CA is the lab's root certificate.

# rr TYPE NAME: what the resolver has
rr() { dig +short +time=5 +tries=3 "$1" "$2" @127.0.0.1; }

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

# walk TYPE NAME: from the root by IPv6 alone, zone by zone, every server in turn and the whole name at each. Says which zones
# were passed, and "answer STATUS ADDRESS..." or "broken ZONE", that of a name server's name before that of the zone it serves.
# What a server says of an alias's target outside its zone counts for nothing.
walk() {
    type=$1 name=$2 depth=${3:-0} zone=. servers=$ROOTS6
    [ "$depth" -lt 5 ] || { echo "broken $name (loop)"; return; }
    while :; do
        reply=
        for server in $servers; do
            said=$(dig -6 +norecurse +nodnssec +time=3 +tries=1 "$type" "$name" "@$server")
            case $said in
                *status:\ NOERROR*flags:\ qr\ aa*|*status:\ NXDOMAIN*flags:\ qr\ aa*) reply=$said; break ;;
                *status:\ NOERROR*) below=$(referral "$zone" "$said" "$name"); [ "$below" ] && { reply=$said; break; } ;;
            esac
        done
        [ "$reply" ] || { echo "broken $zone"; return; }
        echo "passed $zone at $server"
        case $reply in *flags:\ qr\ aa*) break ;; esac
        zone=$below
        servers=$(servers_of "$zone" "$reply" "$depth")
        echo "$servers" | sed -n '/^broken/p'
        servers=$(echo "$servers" | grep -v ' ')
    done
    status=$(echo "$reply" | sed -n 's/.*status: \([A-Z]*\).*/\1/p')
    answers=$(echo "$reply" | sed -n '/^;; ANSWER SECTION/,/^$/p')
    alias=$(echo "$answers" | awk -v zone=".$zone." '
        $4 == "CNAME" && !out {last = $5; out = substr("." $5, length("." $5) - length(zone) + 1) != zone}
        $4 != "CNAME" && NF > 4 && !out {last = ""}
        END {sub(/\.$/, "", last); print last}')
    found=$(echo "$answers" | awk -v type="$type" '$4 == type {printf " %s", $NF}')
    if [ "$alias" ]; then walk "$type" "$alias" $((depth + 1)); else echo "answer $status$found"; fi
}

# referral ZONE REPLY NAME: the zone below, and above the name, that a reply without answer leads to
referral() {
    echo "$2" | awk -v above=".${1#.}" -v name=".$3" '
        function is_within(one, other) {return other == "." || substr(one, length(one) - length(other) + 1) == other}
        !/^;/ && $4 == "NS" {
            zone = "." $1; sub(/\.$/, "", zone)
            if (zone != above && is_within(zone, above) && is_within(name, zone)) {print substr(zone, 2); exit}
        }'
}

# servers_of ZONE REPLY DEPTH: the IPv6 addresses of the servers in a referral, from its glue or each by a walk of its own; glue
# for names inside the zone is all there is
servers_of() {
    for host in $(echo "$2" | awk '!/^;/ && $4 == "NS" {print $5}'); do
        glue=$(echo "$2" | awk -v host="$host" '!/^;/ && $4 == "AAAA" && $1 == host {print $5}')
        case $host in "$1." | *".$1.") echo "$glue" ;; *)
            if [ "$glue" ]; then echo "$glue"; else (walk AAAA "${host%.}" $(($3 + 1))) | sed -n '/^broken/p; s/^answer NOERROR //p' | sed '/^broken/!s/ /\n/g'; fi ;;
        esac
    done | grep .
}

# left SERVER ZONE, begun SERVER ZONE: hours until the signature over the SOA ends, and since when it is valid
left() { signature "$1" "$2" 9; }
begun() { signature "$1" "$2" 10; }
signature() {
    at=$(dig +norecurse +dnssec +noall +answer SOA "$2" "@$1" | awk -v n="$3" '$4 == "RRSIG" {print $n}')
    at=$(date -u -d "$(echo "$at" | sed 's/^\(....\)\(..\)\(..\)\(..\)\(..\)\(..\)$/\1-\2-\3 \4:\5:\6/')" +%s)
    case $3 in 9) echo $(((at - $(date +%s)) / 3600)) ;; *) echo $((($(date +%s) - at) / 3600)) ;; esac
}

# proof SERVER ZONE TYPE: delv about what one name server signs, taking the zone's own keys for granted
proof() {
    keys=$(mktemp)
    dig +norecurse +short DNSKEY "$2" "@$1" | awk -v zone="$2" \
        'BEGIN {print "trust-anchors {"} {key = ""; for (i = 4; i <= NF; i++) key = key $i; print zone " static-key " $1 " " $2 " " $3 " \"" key "\";"} END {print "};"}' >"$keys"
    delv -a "$keys" "+root=$2" "@$1" "$2" "$3" 2>&1
    rm -f "$keys"
}

# block ADDRESS: how a row's IPv6 block begins in the tables
block() { echo "$1" | sed 's/^\([0-9a-f]*:[0-9a-f]*\)::.*/\1::/'; }

# judged KEYS NAME TYPE: delv about what the resolver gives; now and then delv waits without end, and is asked again
judged() {
    for again in 1 2 3; do
        timeout 20 delv -a "$1" @127.0.0.1 "$2" "$3" 2>&1
        [ $? -eq 124 ] || break
    done
}
