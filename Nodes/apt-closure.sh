#!/bin/sh
# Unpacks a package of a newer Debian suite with its whole library closure, libc included, in one folder and
# writes launchers that run its programs through that closure's own ld.so. Nothing on the host is installed or
# changed, and no root is needed.
#
#   apt-closure.sh FOLDER VERSION "SUITE..." "PACKAGE..." PROGRAM...
#
# FOLDER    where it is kept: in FOLDER/<package>_<version>, which is printed, and is complete once it holds `ok`; then
#           nothing happens
# VERSION   of the first package, as Debian names it. Where no suite has it any more, that is said, and the version that
#           a suite has is taken, and kept: remove FOLDER/<package>_VERSION.instead to look for VERSION again
# SUITE     Debian suites, tried in order
# PACKAGE   the packages wanted
# PROGRAM   a path below /usr; <printed>/bin/<name> execs it, so the launcher's process id is the program's
#
# The mirror is the one that this machine's apt uses, and apt checks the signatures as always. Where that mirror stands
# still, so that apt refuses its signed lists for nothing but their date, they are taken all the same, and that is said:
# an old list could name an old node, but not another one than VERSION, and never one that Debian did not sign.
set -eu
[ $# -ge 5 ] || { sed -n '2,20p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
folder=$1 version=$2 suites=$3 packages=$4
shift 4
package=${packages%% *} others=${packages#"${packages%% *}"}
say() { echo "apt-closure.sh: $*" >&2; }
die() { say "$*"; exit 1; }

# The folder of a version; a library path has colons between its parts.
place() { echo "$folder/${package}_$(echo "$1" | tr : _)"; } # VERSION
wanted=$(place "$version")

# What was fetched before.
known() {
    if [ -e "$wanted/ok" ]; then
        echo "$wanted"
    elif [ -s "$wanted.instead" ] && [ -e "$(cat "$wanted.instead")/ok" ]; then
        cat "$wanted.instead"
    else
        return 1
    fi
}
if known; then exit 0; fi
mkdir -p "$folder"
# Two first starts at once: the second waits for the first and then finds everything done.
exec 9> "$wanted.lock"
flock 9
if known; then exit 0; fi

part=$wanted.part      # renamed when whole: an interrupted run leaves nothing that looks complete
apt=$wanted.apt
log=$wanted.log
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

download() { # SUITE PACKAGE
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
            APT_CONFIG="$apt/apt.conf" apt-get -qq -y --download-only install "$2" $others
    } > "$log" 2>&1 9>&-
}

# Whether lists were refused for their date and nothing else was wrong.
is_only_expired() {
    grep -q '^E: Release file for .* is expired' "$log" &&
        ! grep '^E: ' "$log" | grep -qv '^E: Release file for .* is expired'
}

# Mirrors fail now and then: each suite gets three tries. What a suite does not have is not asked for again.
# 0: fetched, 1: the suite does not have it, 2: nobody knows.
fetch() { # SUITE PACKAGE
    dated=true
    for try in 1 2 3; do
        if download "$1" "$2"; then return 0; fi
        if grep -q 'Unable to locate package\|no installation candidate\|was not found' "$log"; then return 1; fi
        if [ "$dated" = true ] && is_only_expired; then
            say "warning: $uri stands still: its signed list of $1 is past its date, and taken all the same"
            dated=false
            continue
        fi
        [ "$try" = 3 ] || sleep $((try * 2))
    done
    return 2
}

# The same, from whichever suite has it; the suite is left in $suite.
get() { # PACKAGE
    outcome=1
    for suite in $suites; do
        status=0
        fetch "$suite" "$1" || status=$?
        [ "$status" != 0 ] || return 0
        [ "$status" = 1 ] || outcome=2
    done
    return "$outcome"
}

status=0
get "$package=$version" || status=$?
if [ "$status" = 1 ]; then
    say "no suite of $suites has $package $version any more: taking the version that is there"
    status=0
    get "$package" || status=$?
fi
case $status in
    0) ;;
    1) die "no suite of $suites has $package any more" ;;
    *) cat "$log" >&2; die "could not download $package from: $suites" ;;
esac

fetched=$version
mkdir -p "$part/root" "$part/bin"
for deb in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$part/root"
    [ "$(dpkg-deb -f "$deb" Package)" != "$package" ] || fetched=$(dpkg-deb -f "$deb" Version)
done
prefix=$(place "$fetched")
rm -rf "$part/root/usr/share" "$part/root/usr/lib/systemd" "$part/root/var" "$part/root/etc"

ld=$(cd "$part/root" && find . -name 'ld-linux*.so.*' | head -n 1)
libc=$(cd "$part/root" && find ./usr/lib -name libc.so.6 | head -n 1)
[ -n "$ld" ] && [ -n "$libc" ] || die "the closure of $package has no libc"
for program; do
    [ -e "$part/root/usr/$program" ] || die "$program is not in $package"
    launcher=$part/bin/${program##*/}
    # shellcheck disable=SC2016  # "$@" belongs to the launcher
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
        "$prefix/root/$ld" "$prefix/root/$(dirname "$libc")" "$prefix/root/usr/$program" > "$launcher"
    chmod +x "$launcher"
done
echo "$suite $fetched" > "$part/ok"
rm -rf "$prefix" "$log"
mv "$part" "$prefix"
[ "$prefix" = "$wanted" ] || echo "$prefix" > "$wanted.instead"
echo "$prefix"
