#!/bin/sh
# A real EVM with a JSON-RPC server in front of it (evm_node.py), from Python packages.
#
#   evm.sh install        make its virtual environment (once), print its version
#   evm.sh start          start it on loopback, wait until it answers, print KEY=VALUE lines; again: the same lines
#   evm.sh cli METHOD [PARAMETERS]      ask it something; parameters as a JSON list
#   evm.sh compile FILE   compile a contract in Vyper; prints JSON: abi, bytecode
#   evm.sh stop           end it by its process id; the run folder stays
#   evm.sh clean          end it and remove the run folder
#
# Settings (environment):
#   QUITTANCE_CACHE   the virtual environment          (default ~/.cache/quittance)
#   QUITTANCE_RUN     folder of run folders            (default in /dev/shm, else in /tmp)
#   RUN               run folder of this instance      (default $QUITTANCE_RUN/evm)
#   CHAIN_ID          (default 31337)
#   SAFE FINALIZED    how many blocks those are below the newest      (default 2 and 4)
#   EXTRA             more options of evm_node.py
#
# What it can be told beside Ethereum's own calls stands at the head of evm_node.py.
set -eu
tested="py-evm 0.12.1b1"
packages="py-evm==0.12.1b1 rlp==5.0.0 trie==4.0.0 eth-hash[pycryptodome]==0.8.0 eth-keys==0.8.0 eth-utils==6.0.0
    eth-typing==6.0.0 coincurve==21.0.0 vyper==0.4.3"
name=evm.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
RUN=${RUN:-$(run_base)/evm}
# A folder of its own for each list of packages: another list makes another one.
prefix=$cache/nodes/evm_$(printf '%s' "$packages" | cksum | cut -d ' ' -f 1)
python=$prefix/bin/python

install_node() {
    if [ ! -e "$prefix/ok" ]; then
        rm -rf "$prefix"
        mkdir -p "$cache/nodes"
        python3 -m venv "$prefix" || die "python3-venv is missing"
        tries=0
        # shellcheck disable=SC2086  # a list of packages
        until "$prefix/bin/pip" -q --disable-pip-version-check install $packages; do
            tries=$((tries + 1))
            [ $tries -lt 3 ] || die "$tested was tested, and cannot be had"
            sleep $((tries * 2))
        done
        touch "$prefix/ok"
    fi
    echo "$tested"
}

start_node() {
    install_node > /dev/null
    if ! running; then
        own_base
        mkdir -p "$RUN"
        chmod 700 "$RUN"
        rm -f "$RUN/node.out"
        # shellcheck disable=SC2086  # a list of options
        "$python" "$here/evm_node.py" --chain-id "${CHAIN_ID:-31337}" --safe "${SAFE:-2}" \
            --finalized "${FINALIZED:-4}" "-datadir=$RUN" ${EXTRA:-} \
            > "$RUN/node.out" 2> "$RUN/node.err" < /dev/null &
        pid=$!
        echo "$pid" > "$RUN/node.pid"
        tries=0
        until [ -s "$RUN/node.out" ]; do
            kill -0 "$pid" 2> /dev/null || { tail -n 5 "$RUN/node.err" >&2; die "the node ended at its start"; }
            tries=$((tries + 1))
            [ $tries -lt 480 ] || { stop_node; die "not healthy after two minutes"; }
            sleep 0.25
        done
    fi
    echo "EVM_PID=$(cat "$RUN/node.pid")"
    tr ',{}' '\n' < "$RUN/node.out" | sed -n \
        -e 's/^ *"url": "\(.*\)"$/EVM_RPC_URL=\1/p' \
        -e 's/^ *"chainId": \(.*\)$/EVM_CHAIN_ID=\1/p'
}

cli() { # METHOD [PARAMETERS]
    "$python" -c 'import json, sys, urllib.request
url, method, parameters = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
answer = json.load(urllib.request.urlopen(request))
print(json.dumps(answer.get("result", answer.get("error")), indent=2))
sys.exit("error" in answer)' "$(sed 's/.*"url": "\([^"]*\)".*/\1/' "$RUN/node.out")" "$1" "${2:-[]}"
}

compile() { # FILE
    install_node > /dev/null
    "$python" -c 'import json, sys, vyper
print(json.dumps(vyper.compile_code(open(sys.argv[1]).read(), output_formats=["abi", "bytecode"])))' "$1"
}

case ${1:-} in
    compile) compile "$2" ;;
    *) main "$@" ;;
esac
