# Shared by the scripts beside it. Sourced by bash, never run.

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# Root does it at once, anybody else through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        die "this needs root: $* (run it as root, or install sudo)"
    fi
}

# Runs a command up to three times. For downloads only: anything else that fails by chance is a fault to mend.
retry() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        [ "$try" = 3 ] || { say "failed, trying again: $*"; sleep $((try * 3)); }
    done
    return 1
}

# Many sockets and many files: as many as the system grants this user, within reason.
raise_file_limit() {
    local hard
    hard=$(ulimit -Hn)
    if [ "$hard" = unlimited ] || [ "$hard" -gt 65536 ]; then hard=65536; fi
    ulimit -Sn "$hard"
}

need_swift() {
    command -v swift > /dev/null || die "no swift on the PATH: install Swift 6.3 from https://www.swift.org/install/linux/"
}

# A folder for nodes, databases and sockets of one run: in memory when there is room, otherwise on disk.
run_folder() {
    local base=${TMPDIR:-/tmp} folder
    if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print ($4 > 524288) }')" = 1 ]; then
        base=/dev/shm
    fi
    folder=$(mktemp -d "$base/quittance.XXXXXX")
    chmod 711 "$folder"     # a database server of another user (PostgreSQL refuses root) must reach its own below
    echo "$folder"
}

# Runs a command in a process group of its own and waits for it, so that a signal to the script reaches the whole
# group at once: bash would otherwise look at the signal only after the command has ended.
group=
run_group() {
    local status=0
    set -m
    "$@" < /dev/null &
    group=$!
    set +m
    wait "$group" || status=$?
    # Where it failed by itself, what it has left behind ends with it: the server of a bench that gave up, say. What
    # is left after a success is a fault, which `is_over` tells.
    if [ "$status" != 0 ] && kill -0 -- "-$group" 2> /dev/null; then end_group; fi
    group=
    return "$status"
}

end_group() {
    local tries
    [ -n "$group" ] || return 0
    kill -- "-$group" 2> /dev/null || true
    # Asked gently first; what has not ended after ten seconds is not asked again.
    for ((tries = 0; tries < 40; tries++)); do
        kill -0 -- "-$group" 2> /dev/null || break
        sleep 0.25
    done
    kill -9 -- "-$group" 2> /dev/null || true
    wait "$group" 2> /dev/null || true
    group=
}

# Whether a process lives and its command line names the folder: an id alone may be somebody else's by now.
# (A process that has ended but was not collected yet has an empty command line.)
belongs() { # PID FOLDER
    [[ $1 =~ ^[0-9]+$ && $(tr '\0' ' ' 2> /dev/null < "/proc/$1/cmdline") == *"$2"* ]]
} 2> /dev/null

# The processes that still work for a run, a line for each: those that were given its folder in QUITTANCE_RUN, and
# those whose command line names it.
at_work() { # FOLDER
    local pid
    {
        grep -lzxF "QUITTANCE_RUN=$1" /proc/[0-9]*/environ
        grep -lF -e "$1" /proc/[0-9]*/cmdline
    } 2> /dev/null | cut -d / -f 3 | sort -u | while read -r pid; do
        # One that has ended and was only not collected yet has no command line.
        tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" | sed -n "s|..*|$pid &|p"
    done 2> /dev/null
    return 0
}

# Whether a run has ended all that it started; gives it some seconds to, and names what goes on.
is_over() { # FOLDER
    local tries left
    for ((tries = 0; tries < 40; tries++)); do
        left=$(at_work "$1")
        [ -n "$left" ] || return 0
        sleep 0.25
    done
    say "still at work: $left"
    return 1
}

# Ends whatever a run left behind in its folder, by process id, and removes the folder.
end_run() { # FOLDER
    local file pid tries
    [ -n "${1:-}" ] && [ -d "$1" ] || return 0
    while IFS= read -r file; do
        pid=$(head -n 1 "$file" 2> /dev/null) || continue
        belongs "$pid" "$1" || continue
        kill "$pid" 2> /dev/null || continue
        for ((tries = 0; tries < 120; tries++)); do
            belongs "$pid" "$1" || continue 2
            sleep 0.25
        done
        kill -9 "$pid" 2> /dev/null || true
    done < <(find "$1" -name '*.pid' 2> /dev/null)
    rm -rf "$1"
}
