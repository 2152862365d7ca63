#!/bin/sh
# A real Litecoin Core node, on regtest or on another chain that it then hears nothing of, from Debian packages.
#
#   litecoind.sh install     fetch and unpack it (once), print its version
#   litecoind.sh start       start it on loopback, wait until it answers, print KEY=VALUE lines; again: the same lines
#   litecoind.sh cli ARGS…   litecoin-cli against the running node
#   litecoind.sh stop        end it by its process id; the run folder stays
#   litecoind.sh clean       end it and remove the run folder
#
# Settings (environment):
#   QUITTANCE_CACHE   downloads                          (default ~/.cache/quittance)
#   QUITTANCE_RUN     folder of run folders              (default in /dev/shm, else in /tmp)
#   RUN               run folder of this instance        (default $QUITTANCE_RUN/litecoin)
#   BIN               folder of another litecoind and litecoin-cli to use instead
#   SUITES            Debian suites to take it from      (default "trixie sid")
#   RPC_PORT P2P_PORT                                    (default: free ones)
#   MWEB=1            leave extension blocks on. They activate at height 432 on regtest, and from then on no block
#                     is valid before one with a peg-in. Off by default, so that any number of blocks can be mined
#   CHAIN             main, test, regtest: it never speaks to others                      (default regtest)
#   EXTRA             more litecoind options
#
# It speaks Bitcoin Core 0.21's RPC with Litecoin's parameters: no ZMQ, legacy wallets only (importmulti).
set -eu
tested=0.21.4
pinned=0.21.4-1     # the same, as Debian names it
packages="litecoind"
name=litecoind.sh
conf=litecoin.conf
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
prefix=$(fetched)
RUN=${RUN:-$(run_base)/litecoin}
program=${BIN:-$prefix/bin}/litecoind

install_node() {
    # Debian's /usr/bin/litecoind is a shell script around the program below /usr/lib.
    [ -n "${BIN:-}" ] || prefix=$(
        sh "$here/apt-closure.sh" "$cache/nodes" "$pinned" "${SUITES:-trixie sid}" "$packages" \
            lib/litecoin/litecoind bin/litecoin-cli
    ) || die "Litecoin Core $tested was tested, and cannot be had from any suite of ${SUITES:-trixie sid}"
    program=${BIN:-$prefix/bin}/litecoind
    version=$(program_version)
    case $version in
        *"v$tested"*) ;;
        *) say "note: tested with $tested, this is $version" ;;
    esac
    echo "$version"
}

cli() { "${BIN:-$prefix/bin}/litecoin-cli" -datadir="$RUN" "$@"; }
healthy() { cli getblockchaininfo > /dev/null 2>&1; }

# mempoolreplacement: off by default in Litecoin; without it bumpfee answers well and replaces nothing.
configure() {
    cat <<END
chain=$chain
server=1
rest=1
txindex=1
blockfilterindex=1
fallbackfee=0.0002
mempoolreplacement=1
upnp=0
dnsseed=0
[$chain]
connect=0
listen=1
bind=127.0.0.1
port=${P2P_PORT:-$(free_port)}
rpcbind=127.0.0.1
rpcallowip=127.0.0.1
rpcport=${RPC_PORT:-$(free_port)}
rpcuser=test
rpcpassword=$(password)
END
    [ "$chain" != regtest ] || [ "${MWEB:-0}" = 1 ] || echo "vbparams=mweb:-2:0"
}

start_node() {
    install_node > /dev/null
    # shellcheck disable=SC2086  # a list of options
    running || launch ${EXTRA:-}
    cat <<END
LTC_PID=$(cat "$RUN/node.pid")
LTC_RPC_URL=http://127.0.0.1:$(setting rpcport)
LTC_RPC_USER=$(setting rpcuser)
LTC_RPC_PASSWORD=$(setting rpcpassword)
LTC_P2P=127.0.0.1:$(setting port)
LTC_CLI=${BIN:-$prefix/bin}/litecoin-cli
LTC_DATADIR=$RUN
END
}

main "$@"
