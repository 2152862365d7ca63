# Shared by the node scripts: folders, ports, and starting and ending one process by its id. Sourced, never run.
# Expects: name (of the script), program (the node's launcher), conf (its configuration file's name).
# shellcheck shell=sh disable=SC2154

say() { echo "$name: $*" >&2; }
die() { say "$*"; exit 1; }

# The chain that the node is on, in its own words.
chain=${CHAIN:-regtest}

# Where downloads are kept. Outside the checkout: shared by all work trees, and `git clean` keeps it.
cache=${QUITTANCE_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME or QUITTANCE_CACHE must be set}/.cache}/quittance}

# Where the node lies that was fetched: the tested version, or what was taken in its place (see apt-closure.sh). Before
# it is fetched, where it will be.
# Expects: packages, pinned (of the first of them, the version as Debian names it).
fetched() {
    wanted=$cache/nodes/${packages%% *}_$pinned
    if [ ! -e "$wanted/ok" ] && [ -s "$wanted.instead" ]; then cat "$wanted.instead"; else echo "$wanted"; fi
}

# Where nodes run. Chain databases sync the disk on every block: in memory mining is a hundred times faster.
run_base() {
    if [ -n "${QUITTANCE_RUN:-}" ]; then
        echo "$QUITTANCE_RUN"
    elif [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print ($4 > 262144) }')" = 1 ]; then
        echo "/dev/shm/quittance-$(id -u)"
    else
        echo "${TMPDIR:-/tmp}/quittance-$(id -u)"
    fi
}

# What `start` prints is for `eval`: no path in it may be more to a shell than a word.
plain() { # PATH VARIABLE
    case $1 in *[!A-Za-z0-9_./:@%+,=-]*) die "“$1” has a character that a shell reads: set $2 to another folder" ;; esac
}

# Others can write where run folders lie, and may have made ours first: then it is theirs.
own_base() {
    base=$(run_base)
    case $RUN in "$base"/*) ;; *) return 0 ;; esac
    [ -z "${QUITTANCE_RUN:-}" ] || return 0
    mkdir -m 700 "$base" 2>/dev/null || { [ -d "$base" ] && [ -O "$base" ] && [ ! -L "$base" ]; } ||
        die "$base is not ours: set QUITTANCE_RUN to a folder that is"
}

# What the program says it is. In a folder of its own: asked for its version, it still writes its settings file.
program_version() {
    scratch=$(mktemp -d)
    "$program" -datadir="$scratch" -version | head -n 1
    rm -rf "$scratch"
}

# A TCP port that nobody has. Below the kernel's range for outgoing connections, so that none of those takes it
# between this look and the node's bind; `launch` tries again for the rest.
free_port() {
    while :; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
        # shellcheck disable=SC2046
        grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf '%04X' "$port") " $(ls /proc/net/tcp /proc/net/tcp6 2>/dev/null) ||
            { echo "$port"; return; }
    done
}

password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# The node of this run folder lives: the id alone is not enough, it may be another process's by now.
running() {
    [ -s "$RUN/node.pid" ] || return 1
    tr '\0' ' ' 2>/dev/null < "/proc/$(cat "$RUN/node.pid")/cmdline" | grep -qF -e "-datadir=$RUN "
}

# Starts the node with a fresh configuration and waits until `healthy` says so.
# Tried three times, because a port may be taken between choosing and binding it.
launch() { # OPTION...
    own_base
    mkdir -p "$RUN"
    chmod 700 "$RUN"
    for try in 1 2 3; do
        configure > "$RUN/$conf"
        "$program" -datadir="$RUN" -printtoconsole=0 "$@" > "$RUN/stdout.log" 2>&1 < /dev/null &
        pid=$!
        echo "$pid" > "$RUN/node.pid"
        if wait_healthy; then return 0; fi
        grep -q 'Unable to bind\|Binding RPC on address.*failed\|Unable to start HTTP server' \
            "$RUN/stdout.log" "$RUN/debug.log" "$RUN"/*/debug.log 2>/dev/null || break
        [ "$try" = 3 ] || say "a port was taken meanwhile, trying others"
    done
    cat "$RUN/stdout.log" >&2
    cat "$RUN/debug.log" "$RUN"/*/debug.log 2>/dev/null | tail -n 5 >&2 || true
    die "the node did not become healthy"
}

wait_healthy() {
    tries=0
    until healthy; do
        kill -0 "$pid" 2>/dev/null || { rm -f "$RUN/node.pid"; return 1; }
        tries=$((tries + 1))
        [ $tries -lt 480 ] || { say "not healthy after two minutes"; stop_node; return 1; }
        sleep 0.25
    done
}

# One setting of the running node's configuration.
setting() { sed -n "s/^$1=//p" "$RUN/$conf" | tail -n 1; }

stop_node() {
    if running; then
        pid=$(cat "$RUN/node.pid")
        kill "$pid"
        tries=0
        while running; do
            tries=$((tries + 1))
            [ $tries -lt 120 ] || { kill -9 "$pid"; break; }
            sleep 0.25
        done
    fi
    rm -f "$RUN/node.pid"
}

clean() {
    stop_node
    rm -rf "$RUN"
    [ -n "${QUITTANCE_RUN:-}" ] || rmdir "$(run_base)" 2>/dev/null || true
}

usage() {
    sed -n '2,/^set /p' "$0" | sed -n 's/^# \{0,1\}//p'
    exit 2
}

# The words that every node script understands.
main() {
    case ${1:-} in
        install) install_node ;;
        start)
            plain "$RUN" "RUN or QUITTANCE_RUN"
            if [ -n "${BIN:-}" ]; then plain "$BIN" BIN; else plain "$cache" QUITTANCE_CACHE; fi
            start_node
            ;;
        cli) shift; cli "$@" ;;
        stop) stop_node ;;
        clean) clean ;;
        *) usage ;;
    esac
}
