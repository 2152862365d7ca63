#!/bin/sh
# Unpacks a package of a newer Debian suite with its whole library closure, libc included, in one folder and
# writes launchers that run its programs through that closure's own ld.so. Nothing on the host is installed or
# changed, and no root is needed.
#
#   apt-closure.sh PREFIX "SUITE..." "PACKAGE..." PROGRAM...
#
# PREFIX    the folder to fill; complete once PREFIX/ok exists, and then nothing happens
# SUITE     Debian suites, tried in order
# PACKAGE   the packages wanted; the version of the first one is written into PREFIX/ok
# PROGRAM   a path below /usr; PREFIX/bin/<name> execs it, so the launcher's process id is the program's
#
# The mirror is the one that this machine's apt uses, and apt checks the signatures as always. Where that mirror stands
# still (its signed lists are past their date) the lists are taken all the same, and that is said: what could come of
# it is an older node, for tests.
set -eu
[ $# -ge 4 ] || { sed -n '2,16p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
prefix=$1 suites=$2 packages=$3
shift 3
say() { echo "apt-closure.sh: $*" >&2; }
die() { say "$*"; exit 1; }

[ ! -e "$prefix/ok" ] || exit 0
mkdir -p "$(dirname "$prefix")"
# Two first starts at once: the second waits for the first and then finds everything done.
exec 9> "$prefix.lock"
flock 9
[ ! -e "$prefix/ok" ] || exit 0

part=$prefix.part      # renamed to PREFIX when whole: an interrupted run leaves nothing that looks complete
apt=$prefix.apt
trap 'rm -rf "$part" "$apt"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A machine that never ran `apt-get update` has no lists: then the address alone must tell Debian's own mirror.
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 2>/dev/null |
        awk '$2 == "Debian" && $3 ~ /^[a-z]+$/ { print $1; exit }'
}
mirror_by_address() {
    apt-get indextargets --no-release-info --format '$(REPO_URI)' 2>/dev/null |
        awk '/\/debian\/?$/ { print; exit }'
}
uri=$(mirror)
[ -n "$uri" ] || uri=$(mirror_by_address)
[ -n "$uri" ] || die "no Debian mirror is configured on this machine (see /etc/apt/sources.list.d)"

download() { # SUITE
    rm -rf "$part" "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
    : > "$apt/status"
    cat > "$apt/sources/$1.sources" <<END
Types: deb
URIs: $uri
Suites: $1
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
    cat > "$apt/apt.conf" <<END
Dir::State "$apt";
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
Dir::Cache "$apt/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "$dated";
Debug::NoLocking "true";
END
    {
        APT_CONFIG="$apt/apt.conf" apt-get -qq update &&
            # shellcheck disable=SC2086  # a list of packages
            APT_CONFIG="$apt/apt.conf" apt-get -qq -y --download-only install $packages
    } > "$prefix.log" 2>&1 9>&-
}

# Mirrors fail now and then: each suite gets three tries. A package that a suite does not have is not retried.
dated=true
fetch() { # SUITE
    for try in 1 2 3; do
        if download "$1"; then return 0; fi
        if grep -q 'is expired' "$prefix.log"; then
            say "note: $uri stands still, its list of $1 is past its date"
            dated=false
            continue
        fi
        if grep -q 'Unable to locate package\|no installation candidate\|was not found' "$prefix.log"; then
            return 1
        fi
        [ "$try" = 3 ] || sleep $((try * 2))
    done
    return 1
}

suite=
for candidate in $suites; do
    if fetch "$candidate"; then suite=$candidate; break; fi
    say "$candidate has no ${packages%% *} that can be fetched"
done
[ -n "$suite" ] || { cat "$prefix.log" >&2; die "could not download ${packages%% *} from: $suites"; }

version=
mkdir -p "$part/root" "$part/bin"
for deb in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$part/root"
    [ "$(dpkg-deb -f "$deb" Package)" != "${packages%% *}" ] || version=$(dpkg-deb -f "$deb" Version)
done
rm -rf "$part/root/usr/share" "$part/root/usr/lib/systemd" "$part/root/var" "$part/root/etc"

ld=$(cd "$part/root" && find . -name 'ld-linux*.so.*' | head -n 1)
libc=$(cd "$part/root" && find ./usr/lib -name libc.so.6 | head -n 1)
[ -n "$ld" ] && [ -n "$libc" ] || die "the closure of ${packages%% *} has no libc"
for program; do
    [ -e "$part/root/usr/$program" ] || die "$program is not in ${packages%% *}"
    launcher=$part/bin/${program##*/}
    # shellcheck disable=SC2016  # "$@" belongs to the launcher
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
        "$prefix/root/$ld" "$prefix/root/$(dirname "$libc")" "$prefix/root/usr/$program" > "$launcher"
    chmod +x "$launcher"
done
echo "$suite $version" > "$part/ok"
rm -rf "$prefix" "$prefix.log"
mv "$part" "$prefix"
