#!/usr/bin/env python3
"""evm_node.py - a small Ethereum JSON-RPC dev node on py-evm (a real EVM: real
headers, state/receipt tries, blooms, signatures, gas), for tests on loopback.

    python evm_node.py [--port 0] [--chain-id 31337] [--safe 2] [--finalized 4]

Prints one JSON line {"url", "chainId", "faucet", "faucetKey"} when it listens.
Needs: py-evm, eth-hash[pycryptodome], coincurve (signature speed).

Besides eth_*/net_*/web3_*: evm_mine [n | {blocks, timestamp}], evm_setAutomine,
evm_snapshot, evm_revert, and
  test_reorg {depth, drop?: [txhash] | true, blocks?}   replace the last `depth`
        blocks; their transactions are mined again unless dropped
  test_fund  {to, wei}          pay from the faucet account (mined like any tx)
  test_send  {to?, data?, wei?, gas?}   call, or without `to` make, a contract as
        the faucet; answers with the transaction's hash
  test_set   {safe, finalized, maxRange, maxLogs, gasPrice}
  test_fail  {method, times, code?, message?, http?}     answer errors
"""
import argparse, json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import rlp
from eth import constants
from eth.chains.base import MiningChain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.vm.forks.berlin.transactions import TypedTransaction
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_keys import keys
from eth_utils import ValidationError, keccak

FAUCET = keys.PrivateKey(keccak(b"evm_node faucet"))
SELECTOR_ERROR = bytes.fromhex("08c379a0")


class RpcError(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code, self.data = code, data


def q(n):  # quantity
    return None if n is None else hex(n)


def h(b):  # data
    return None if b is None else "0x" + bytes(b).hex()


def unq(v, default=None):
    if v is None:
        return default
    return v if isinstance(v, int) else int(v, 16)


def unh(v):
    try:
        return bytes.fromhex((v or "0x")[2:])
    except (ValueError, TypeError):
        raise RpcError(-32602, f"invalid hex: {v!r}")


def address(v):
    raw = unh(v)
    if len(raw) != 20:
        raise RpcError(-32602, "invalid address")
    return raw


def fee_cap(tx):
    return tx.max_fee_per_gas if getattr(tx, "type_id", 0) >= 2 else tx.gas_price


class Node:
    def __init__(self, chain_id_, safe, finalized):
        node = self

        class DevChain(MiningChain):
            chain_id = chain_id_
            vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, PragueVM),))

            def create_header_from_parent(self, parent, **params):
                params.setdefault("timestamp", node.next_timestamp or max(parent.timestamp + 1, int(time.time())))
                params["gas_limit"] = parent.gas_limit
                return super().create_header_from_parent(parent, **params)

        self.next_timestamp = None
        state = {FAUCET.public_key.to_canonical_address(): {"balance": 10**27, "nonce": 0, "code": b"", "storage": {}}}
        genesis = {"coinbase": b"\0" * 20, "difficulty": 0, "extra_data": b"", "gas_limit": 30_000_000,
                   "mix_hash": b"\0" * 32, "nonce": b"\0" * 8, "timestamp": int(time.time()) - 1}
        self.chain = DevChain.from_genesis(AtomicDB(), genesis, state)
        first = self.chain.get_canonical_block_by_number(0)
        self.blocks = [first]                  # canonical
        self.by_hash = {first.hash: first}     # every block ever mined, stale ones too
        self.receipts = {first.hash: ()}
        self.tx_at = {}                        # canonical: tx hash -> (number, index)
        self.mempool = {}                      # tx hash -> tx, in arrival order
        self.snapshots, self.filters, self.failures = [], {}, {}
        self.automine = True
        self.settings = {"safe": safe, "finalized": finalized, "maxRange": None, "maxLogs": 10_000, "gasPrice": 10**9}
        self.lock = threading.RLock()

    # -- chain ------------------------------------------------------------
    @property
    def head(self):
        return self.blocks[-1]

    def candidates(self):
        """Pooled transactions that can go into the next block, in a valid order."""
        state, out, gas = self.state("latest"), [], self.head.header.gas_limit
        waiting, nonces, base = list(self.mempool.values()), {}, self.chain.header.base_fee_per_gas
        progress = True
        while progress:                        # several rounds: nonces may arrive out of order
            progress = False
            for tx in list(waiting):
                if nonces.setdefault(tx.sender, state.get_nonce(tx.sender)) != tx.nonce or tx.gas > gas or fee_cap(tx) < base:
                    continue
                nonces[tx.sender] += 1
                gas -= tx.gas
                out.append(tx)
                waiting.remove(tx)
                progress = True
        return out

    def mine(self, timestamp=None):
        self.next_timestamp = timestamp
        self.chain.header = start = self.chain.create_header_from_parent(self.head.header)
        txs, block = self.candidates(), None
        while block is None:
            try:
                result, receipts, _ = self.chain.mine_all(txs, mix_hash=os.urandom(32))
                block = result.imported_block
            except Exception:                  # one cannot pay after all: leave those out, try again
                if not txs:
                    raise
                self.chain.header = start
                txs = self.payable(txs) if len(self.payable(txs)) < len(txs) else txs[:-1]
        self.next_timestamp = None
        self.blocks.append(block)
        self.by_hash[block.hash] = block
        self.receipts[block.hash] = tuple(receipts)
        for i, tx in enumerate(block.transactions):
            self.tx_at[tx.hash] = (block.number, i)
            self.mempool.pop(tx.hash, None)
        return block

    def payable(self, txs):
        """Those of txs that apply one after the other (slow path)."""
        start, good = self.chain.header, []
        for tx in txs:
            try:
                self.chain.apply_transaction(tx)
                good.append(tx)
            except Exception:
                continue
        self.chain.header = start
        return good

    def rewind(self, number):
        """Drop canonical blocks above number; their transactions, oldest first."""
        gone, self.blocks = self.blocks[number + 1:], self.blocks[:number + 1]
        txs = [tx for b in gone for tx in b.transactions]
        for tx in txs:
            self.tx_at.pop(tx.hash, None)
        return txs

    def reorg(self, depth, drop=(), blocks=None):
        if not 0 < depth < len(self.blocks):
            raise RpcError(-32602, "bad depth")
        old = [b.hash for b in self.blocks[-depth:]]
        back = self.rewind(len(self.blocks) - 1 - depth)
        dropped = {t.hash for t in back} if drop is True else {unh(t) for t in drop or ()}
        self.mempool = {**{t.hash: t for t in back if t.hash not in dropped}, **self.mempool}
        new = [self.mine().hash for _ in range(blocks or depth + 1)]
        return {"old": [h(x) for x in old], "new": [h(x) for x in new]}

    def at(self, tag):
        """Block for a tag, quantity or {blockHash|blockNumber}; None if there is none."""
        if isinstance(tag, dict):
            if "blockHash" in tag:
                return self.by_hash.get(unh(tag["blockHash"]))
            tag = tag.get("blockNumber")
        top = len(self.blocks) - 1
        if tag in (None, "latest", "pending"):
            return self.head
        if tag == "earliest":
            return self.blocks[0]
        if tag in ("safe", "finalized"):
            return self.blocks[max(0, top - self.settings[tag])]
        number = unq(tag)
        return self.blocks[number] if 0 <= number <= top else None

    def state(self, tag):
        block = self.at(tag)
        if block is None:
            raise RpcError(-32000, "header not found")
        return self.chain.get_vm(block.header).state

    # -- wire forms -------------------------------------------------------
    def tx_json(self, tx, block=None, index=None):
        kind = tx.type_id if isinstance(tx, TypedTransaction) else 0
        out = {"type": q(kind), "hash": h(tx.hash), "nonce": q(tx.nonce), "from": h(tx.sender),
               "to": h(tx.to) if tx.to else None, "value": q(tx.value), "gas": q(tx.gas), "input": h(tx.data),
               "blockHash": h(block.hash) if block else None, "blockNumber": q(block.number) if block else None,
               "transactionIndex": q(index), "r": q(tx.r), "s": q(tx.s)}
        if kind:
            out["accessList"] = [{"address": h(a), "storageKeys": [h(k.to_bytes(32, "big")) for k in ks]} for a, ks in tx.access_list]
            out["chainId"], out["yParity"], out["v"] = q(tx.chain_id), q(tx.y_parity), q(tx.y_parity)
        else:
            out["v"] = q(tx.v)
            if tx.v >= 35:
                out["chainId"] = q((tx.v - 35) // 2)
        if kind >= 2:
            out["maxFeePerGas"], out["maxPriorityFeePerGas"] = q(tx.max_fee_per_gas), q(tx.max_priority_fee_per_gas)
        out["gasPrice"] = q(self.effective_price(tx, block))
        return out

    def effective_price(self, tx, block):
        if getattr(tx, "type_id", 0) in (0, 1):
            return tx.gas_price
        if block is None:
            return tx.max_fee_per_gas
        return min(tx.max_fee_per_gas, tx.max_priority_fee_per_gas + block.header.base_fee_per_gas)

    def block_json(self, block, full):
        if block is None:
            return None
        k = block.header
        return {"number": q(k.block_number), "hash": h(k.hash), "parentHash": h(k.parent_hash), "nonce": h(k.nonce),
                "sha3Uncles": h(k.uncles_hash), "logsBloom": h(k.bloom.to_bytes(256, "big")),
                "transactionsRoot": h(k.transaction_root), "stateRoot": h(k.state_root), "receiptsRoot": h(k.receipt_root),
                "miner": h(k.coinbase), "difficulty": q(k.difficulty), "extraData": h(k.extra_data), "mixHash": h(k.mix_hash),
                "size": q(len(rlp.encode(block))), "gasLimit": q(k.gas_limit), "gasUsed": q(k.gas_used),
                "timestamp": q(k.timestamp), "baseFeePerGas": q(k.base_fee_per_gas), "uncles": [], "withdrawals": [],
                "withdrawalsRoot": h(k.withdrawals_root), "blobGasUsed": q(k.blob_gas_used), "excessBlobGas": q(k.excess_blob_gas),
                "parentBeaconBlockRoot": h(k.parent_beacon_block_root), "requestsHash": h(k.requests_hash),
                "transactions": [self.tx_json(t, block, i) if full else h(t.hash) for i, t in enumerate(block.transactions)]}

    def logs_of(self, block, removed=False):
        out = []
        for i, (tx, receipt) in enumerate(zip(block.transactions, self.receipts[block.hash])):
            for log in receipt.logs:
                out.append({"address": h(log.address), "topics": [h(t.to_bytes(32, "big")) for t in log.topics],
                            "data": h(log.data), "blockNumber": q(block.number), "blockHash": h(block.hash),
                            "blockTimestamp": q(block.header.timestamp), "transactionHash": h(tx.hash),
                            "transactionIndex": q(i), "logIndex": q(len(out)), "removed": removed})
        return out

    def receipt_json(self, block, index):
        tx, all_ = block.transactions[index], self.receipts[block.hash]
        receipt = all_[index]
        created = None
        if not tx.to:
            created = h(keccak(rlp.encode([tx.sender, tx.nonce]))[12:])
        return {"type": q(getattr(tx, "type_id", 0)), "transactionHash": h(tx.hash), "transactionIndex": q(index),
                "blockHash": h(block.hash), "blockNumber": q(block.number), "from": h(tx.sender),
                "to": h(tx.to) if tx.to else None, "contractAddress": created, "cumulativeGasUsed": q(receipt.gas_used),
                "gasUsed": q(receipt.gas_used - (all_[index - 1].gas_used if index else 0)),
                "effectiveGasPrice": q(self.effective_price(tx, block)), "status": "0x1" if receipt.state_root == b"\x01" else "0x0",
                "logsBloom": h(receipt.bloom.to_bytes(256, "big")),
                "logs": [l for l in self.logs_of(block) if l["transactionIndex"] == q(index)]}

    # -- logs -------------------------------------------------------------
    def match(self, crit, log):
        want = crit.get("address")
        if want:
            want = [want] if isinstance(want, str) else want
            if log["address"] not in [a.lower() for a in want]:
                return False
        for i, topic in enumerate(crit.get("topics") or []):
            if topic is None:
                continue
            options = [topic] if isinstance(topic, str) else topic
            if i >= len(log["topics"]) or (options and log["topics"][i] not in [o.lower() for o in options]):
                return False
        return True

    def get_logs(self, crit):
        if crit.get("blockHash"):
            block = self.by_hash.get(unh(crit["blockHash"]))
            if block is None:
                raise RpcError(-32000, "unknown block")
            return [l for l in self.logs_of(block) if self.match(crit, l)]
        first, last = self.at(crit.get("fromBlock")), self.at(crit.get("toBlock"))
        lo = first.number if first else unq(crit["fromBlock"])
        hi = last.number if last else len(self.blocks) - 1
        if lo > hi and last is not None:
            raise RpcError(-32602, "invalid block range params")
        limit = self.settings["maxRange"]
        if limit and hi - lo + 1 > limit:
            raise RpcError(-32005, f"query exceeds max block range {limit}")
        out = [l for b in self.blocks[lo:hi + 1] if b.transactions for l in self.logs_of(b) if self.match(crit, l)]
        if len(out) > self.settings["maxLogs"]:
            raise RpcError(-32005, f"query returned more than {self.settings['maxLogs']} results")
        return out

    # -- execution --------------------------------------------------------
    def spoof(self, call, block, gas):
        sender = address(call["from"]) if call.get("from") else b"\0" * 20
        tx = self.chain.create_unsigned_transaction(
            nonce=self.chain.get_vm(block.header).state.get_nonce(sender), gas_price=0, gas=gas,
            to=address(call["to"]) if call.get("to") else b"", value=unq(call.get("value"), 0),
            data=unh(call.get("input") or call.get("data")))
        return SpoofTransaction(tx, from_=sender)

    def execute(self, call, tag, gas=None):
        block = self.at(tag)
        if block is None:
            raise RpcError(-32000, "header not found")
        vm = self.chain.get_vm(block.header.copy(gas_used=0, base_fee_per_gas=0))  # calls are free
        tx = self.spoof(call, block, gas or unq(call.get("gas"), block.header.gas_limit))
        result = vm.state.costless_execute_transaction(tx)
        if result.is_error:
            data = bytes(result.output or b"")
            if not data and getattr(result, "_error", None) is not None and result._error.args and isinstance(result._error.args[0], bytes):
                data = result._error.args[0]
            if data[:4] == SELECTOR_ERROR:
                size = int.from_bytes(data[36:68], "big")
                raise RpcError(3, "execution reverted: " + data[68:68 + size].decode(errors="replace"), h(data))
            raise RpcError(3 if data else -32000, "execution reverted", h(data))
        return result

    def send_raw(self, raw):
        try:
            tx = self.chain.get_vm(self.head.header).get_transaction_builder().decode(raw)
            sender = tx.sender
            tx.check_signature_validity()
        except Exception as e:
            raise RpcError(-32000, f"invalid transaction: {e}")
        wrong = tx.chain_id if isinstance(tx, TypedTransaction) else ((tx.v - 35) // 2 if tx.v >= 35 else self.chain.chain_id)
        if wrong != self.chain.chain_id:
            raise RpcError(-32000, f"invalid chain id for signer: have {wrong} want {self.chain.chain_id}")
        if tx.hash in self.mempool or tx.hash in self.tx_at:
            raise RpcError(-32000, "already known")
        state = self.state("latest")
        if tx.nonce < state.get_nonce(sender):
            raise RpcError(-32000, f"nonce too low: next nonce {state.get_nonce(sender)}, tx nonce {tx.nonce}")
        price = fee_cap(tx)
        if state.get_balance(sender) < tx.value + tx.gas * price:
            raise RpcError(-32000, "insufficient funds for gas * price + value")
        for other in list(self.mempool.values()):
            if other.sender == sender and other.nonce == tx.nonce:
                if price * 10 < fee_cap(other) * 11:
                    raise RpcError(-32000, "replacement transaction underpriced")
                del self.mempool[other.hash]
        self.mempool[tx.hash] = tx
        if self.automine:
            self.mine()
        return h(tx.hash)

    def fund(self, to, wei):
        sender = FAUCET.public_key.to_canonical_address()
        nonce = self.nonce(sender, "pending")
        fee = self.head.header.base_fee_per_gas * 4 + self.settings["gasPrice"]
        tx = self.chain.get_vm(self.head.header).get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain.chain_id, nonce=nonce, max_priority_fee_per_gas=self.settings["gasPrice"], max_fee_per_gas=fee,
            gas=21000 if not self.state("latest").get_code(to) else 200_000, to=to, value=wei, data=b"",
            access_list=()).as_signed_transaction(FAUCET)
        return self.send_raw(tx.encode())

    def send(self, call):
        """A transaction of the faucet, whether it will succeed or not."""
        sender = FAUCET.public_key.to_canonical_address()
        fee = self.head.header.base_fee_per_gas * 4 + self.settings["gasPrice"]
        tx = self.chain.get_vm(self.head.header).get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain.chain_id, nonce=self.nonce(sender, "pending"), max_priority_fee_per_gas=self.settings["gasPrice"],
            max_fee_per_gas=fee, gas=unq(call.get("gas"), 3_000_000), to=address(call["to"]) if call.get("to") else b"",
            value=unq(call.get("wei"), 0), data=unh(call.get("data")), access_list=()).as_signed_transaction(FAUCET)
        return self.send_raw(tx.encode())

    def nonce(self, who, tag):
        n = self.state(tag).get_nonce(who)
        if tag == "pending":
            mine = {t.nonce for t in self.mempool.values() if t.sender == who}
            while n in mine:
                n += 1
        return n

    # -- filters (polling) --------------------------------------------------
    def new_filter(self, kind, crit=None):
        fid = hex(len(self.filters) + 1)
        self.filters[fid] = {"kind": kind, "crit": crit, "seen": [b.hash for b in self.blocks[-64:]], "at": len(self.blocks)}
        return fid

    def filter_changes(self, fid):
        f = self.filters.get(fid)
        if f is None:
            raise RpcError(-32000, "filter not found")
        canon = {b.hash for b in self.blocks}
        gone = [x for x in f["seen"] if x not in canon]
        low = min([self.by_hash[x].number for x in gone], default=f["at"])
        new = self.blocks[min(low, f["at"]):]
        f["seen"], f["at"] = [b.hash for b in self.blocks[-256:]], len(self.blocks)
        if f["kind"] == "block":
            return [h(b.hash) for b in new]
        out = [l for x in reversed(gone) for l in self.logs_of(self.by_hash[x], removed=True) if self.match(f["crit"], l)]
        return out + [l for b in new for l in self.logs_of(b) if self.match(f["crit"], l)]

    # -- dispatch -----------------------------------------------------------
    def call(self, method, p):
        fail = self.failures.get(method) or self.failures.get("*")
        if fail and fail["times"] > 0 and not method.startswith("test_"):
            fail["times"] -= 1
            if fail.get("http"):
                raise HttpFail(fail["http"])
            raise RpcError(fail.get("code", -32000), fail.get("message", "injected failure"))
        p = list(p or []) + [None] * 4
        lookup = lambda: self.tx_at.get(unh(p[0]))
        if method == "web3_clientVersion": return "evm_node/py-evm/python"
        if method == "web3_sha3": return h(keccak(unh(p[0])))
        if method == "net_version": return str(self.chain.chain_id)
        if method == "net_listening": return True
        if method == "eth_chainId": return q(self.chain.chain_id)
        if method == "eth_syncing": return False
        if method == "eth_accounts": return []
        if method == "eth_blockNumber": return q(self.head.number)
        if method == "eth_gasPrice": return q(self.head.header.base_fee_per_gas + self.settings["gasPrice"])
        if method == "eth_maxPriorityFeePerGas": return q(self.settings["gasPrice"])
        if method == "eth_feeHistory":
            top = self.at(p[1]); span = self.blocks[max(0, top.number + 1 - unq(p[0])):top.number + 1]
            return {"oldestBlock": q(span[0].number), "baseFeePerGas": [q(b.header.base_fee_per_gas) for b in span + span[-1:]],
                    "gasUsedRatio": [b.header.gas_used / b.header.gas_limit for b in span],
                    "reward": [[q(self.settings["gasPrice"])] * len(p[2]) for _ in span] if p[2] else None}
        if method == "eth_getBalance": return q(self.state(p[1]).get_balance(address(p[0])))
        if method == "eth_getCode": return h(self.state(p[1]).get_code(address(p[0])))
        if method == "eth_getStorageAt": return h(self.state(p[2]).get_storage(address(p[0]), unq(p[1])).to_bytes(32, "big"))
        if method == "eth_getTransactionCount": return q(self.nonce(address(p[0]), p[1]))
        if method == "eth_call": return h(self.execute(p[0], p[1]).output)
        if method == "eth_estimateGas":
            block = self.at(p[1])
            self.execute(p[0], p[1])
            lo, hi = 20999, block.header.gas_limit
            while hi - lo > 64:
                mid = (lo + hi) // 2
                try: self.execute(p[0], p[1], mid); hi = mid
                except (RpcError, ValidationError): lo = mid
            return q(hi)
        if method == "eth_sendRawTransaction": return self.send_raw(unh(p[0]))
        if method == "eth_getTransactionByHash":
            where, tx = lookup(), self.mempool.get(unh(p[0]))
            if where: return self.tx_json(self.blocks[where[0]].transactions[where[1]], self.blocks[where[0]], where[1])
            return self.tx_json(tx) if tx else None
        if method == "eth_getTransactionReceipt":
            where = lookup()
            return self.receipt_json(self.blocks[where[0]], where[1]) if where else None
        if method == "eth_getBlockReceipts":
            block = self.at(p[0] if not (isinstance(p[0], str) and len(p[0]) == 66) else {"blockHash": p[0]})
            return block and [self.receipt_json(block, i) for i in range(len(block.transactions))]
        if method == "eth_getBlockByNumber": return self.block_json(self.at(p[0]), p[1])
        if method == "eth_getBlockByHash": return self.block_json(self.by_hash.get(unh(p[0])), p[1])
        if method == "eth_getBlockTransactionCountByNumber": b = self.at(p[0]); return q(len(b.transactions)) if b else None
        if method == "eth_getLogs": return self.get_logs(p[0] or {})
        if method == "eth_newFilter": return self.new_filter("log", p[0] or {})
        if method == "eth_newBlockFilter": return self.new_filter("block")
        if method == "eth_getFilterChanges": return self.filter_changes(p[0])
        if method == "eth_uninstallFilter": return self.filters.pop(p[0], None) is not None
        if method == "evm_mine":
            opt = p[0] if isinstance(p[0], dict) else {"blocks": unq(p[0], 1)}
            for i in range(unq(opt.get("blocks"), 1)):
                self.mine(timestamp=unq(opt.get("timestamp")) if i == 0 else None)
            return "0x0"
        if method == "evm_setAutomine": self.automine = bool(p[0]); return True
        if method == "evm_snapshot":
            self.snapshots.append((self.head.number, dict(self.mempool))); return q(len(self.snapshots))
        if method == "evm_revert":
            i = unq(p[0]) - 1
            if not 0 <= i < len(self.snapshots): return False
            number, self.mempool = self.snapshots[i]; self.snapshots = self.snapshots[:i]; self.rewind(number); return True
        if method == "test_reorg": return self.reorg(unq(p[0]["depth"]), p[0].get("drop") or (), unq(p[0].get("blocks")))
        if method == "test_fund": return self.fund(address(p[0]["to"]), unq(p[0]["wei"]))
        if method == "test_send": return self.send(p[0])
        if method == "test_set": self.settings.update(p[0]); return self.settings
        if method == "test_fail": self.failures[p[0]["method"]] = dict(p[0], times=p[0].get("times", 1)); return True
        raise RpcError(-32601, f"the method {method} does not exist/is not available")


class HttpFail(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1                              # one write per answer
    node = None

    def log_message(self, *a):
        pass

    def one(self, req):
        if not isinstance(req, dict) or "method" not in req:
            return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "invalid request"}}
        out = {"jsonrpc": "2.0", "id": req.get("id")}
        try:
            with self.node.lock:
                out["result"] = self.node.call(req["method"], req.get("params"))
        except RpcError as e:
            out["error"] = {"code": e.code, "message": str(e), **({"data": e.data} if e.data else {})}
        except HttpFail:
            raise
        except Exception as e:
            out["error"] = {"code": -32603, "message": f"{type(e).__name__}: {e}"}
        return out

    def do_POST(self):
        status = 200
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            out = [self.one(r) for r in body] if isinstance(body, list) else self.one(body)
        except HttpFail as e:
            status, out = int(e.args[0]), {"error": "injected"}
        except ValueError:
            out = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse error"}}
        data = json.dumps(out).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--chain-id", type=int, default=31337)
    ap.add_argument("--safe", type=int, default=2)
    ap.add_argument("--finalized", type=int, default=4)
    ap.add_argument("-datadir", help="tells one process from another; nothing is kept there")
    a = ap.parse_args()
    Handler.node = Node(a.chain_id, a.safe, a.finalized)
    server = ThreadingHTTPServer(("127.0.0.1", a.port), Handler)
    server.daemon_threads = True
    print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "chainId": a.chain_id,
                      "faucet": FAUCET.public_key.to_checksum_address(), "faucetKey": str(FAUCET)}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
