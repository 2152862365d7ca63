#!/bin/sh
# A real bitcoind, on regtest or on another chain that it then hears nothing of, from Debian packages.
#
#   bitcoind.sh install     fetch and unpack it (once), print its version
#   bitcoind.sh start       start it on loopback, wait until it answers, print KEY=VALUE lines; again: the same lines
#   bitcoind.sh cli ARGS…   bitcoin-cli against the running node
#   bitcoind.sh stop        end it by its process id; the run folder stays
#   bitcoind.sh clean       end it and remove the run folder
#
# Settings (environment):
#   QUITTANCE_CACHE   downloads                          (default ~/.cache/quittance)
#   QUITTANCE_RUN     folder of run folders              (default in /dev/shm, else in /tmp)
#   RUN               run folder of this instance        (default $QUITTANCE_RUN/bitcoin)
#   BIN               folder of another bitcoind and bitcoin-cli to use instead
#   SUITES            Debian suites to take it from      (default "forky sid")
#   RPC_PORT P2P_PORT ZMQ_PORT                           (default: free ones)
#   CHAIN             main, test, testnet4, signet, regtest: it never speaks to others    (default regtest)
#   EXTRA             more bitcoind options
#
# No Debian suite has Bitcoin Core, but testing and unstable have Bitcoin Knots, which is the same node with other
# policy defaults. Both move on; `install` says when it found another version than the one tested here.
# Descriptor wallets only: importdescriptors, no importmulti, no importaddress.
set -eu
tested=29.4.2
pinned=29.4.knots20260508.2-1     # the same, as Debian names it
packages="bitcoin-knots systemd-standalone-sysusers"
name=bitcoind.sh
conf=bitcoin.conf
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
prefix=$(fetched)
RUN=${RUN:-$(run_base)/bitcoin}
program=${BIN:-$prefix/bin}/bitcoind

install_node() {
    [ -n "${BIN:-}" ] || prefix=$(
        sh "$here/apt-closure.sh" "$cache/nodes" "$pinned" "${SUITES:-forky sid}" "$packages" \
            bin/bitcoind bin/bitcoin-cli
    ) || die "Bitcoin Knots $tested was tested, and cannot be had from any suite of ${SUITES:-forky sid}"
    program=${BIN:-$prefix/bin}/bitcoind
    version=$(program_version)
    case $version in
        *"v$tested"*) ;;
        *) say "note: tested with $tested, this is $version" ;;
    esac
    echo "$version"
}

cli() { "${BIN:-$prefix/bin}/bitcoin-cli" -datadir="$RUN" "$@"; }
healthy() { cli getblockchaininfo > /dev/null 2>&1; }

configure() {
    zmq=tcp://127.0.0.1:${ZMQ_PORT:-$(free_port)}
    cat <<END
chain=$chain
server=1
rest=1
txindex=1
blockfilterindex=1
fallbackfee=0.0002
addresstype=bech32
zmqpubrawblock=$zmq
zmqpubhashblock=$zmq
zmqpubrawtx=$zmq
zmqpubsequence=$zmq
dnsseed=0
natpmp=0
[$chain]
connect=0
listen=1
bind=127.0.0.1:${P2P_PORT:-$(free_port)}
rpcbind=127.0.0.1
rpcallowip=127.0.0.1
rpcport=${RPC_PORT:-$(free_port)}
rpcuser=test
rpcpassword=$(password)
END
}

start_node() {
    install_node > /dev/null
    # shellcheck disable=SC2086  # a list of options
    running || launch ${EXTRA:-}
    cat <<END
BTC_PID=$(cat "$RUN/node.pid")
BTC_RPC_URL=http://127.0.0.1:$(setting rpcport)
BTC_RPC_USER=$(setting rpcuser)
BTC_RPC_PASSWORD=$(setting rpcpassword)
BTC_ZMQ=$(setting zmqpubrawblock)
BTC_P2P=$(setting bind)
BTC_CLI=${BIN:-$prefix/bin}/bitcoin-cli
BTC_DATADIR=$RUN
END
}

main "$@"
