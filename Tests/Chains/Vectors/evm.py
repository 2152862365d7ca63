"""Makes evm.json, which the tests of networks of Ethereum's kind read, with other people's code.

    python3 -m venv V
    V/bin/pip install py-evm==0.12.1b1 'eth-hash[pycryptodome]' coincurve eth-abi eth-account
    V/bin/python evm.py > evm.json

By pycryptodome: hashes. By rlp: encodings. By trie: roots and proofs. By eth-bloom: blooms. By py-evm: a block that is
really mined, with transactions of types 0 to 4 that eth-account or py-evm signs. By eth-abi: calls, logs and answers
of tokens. By hashlib and coincurve: addresses of an account.

The headers and transactions under `real` are those of public networks. Their hashes say that they are copied well;
this script refuses to write them otherwise.
"""
import hashlib
import hmac
import json
import random
import sys

import rlp
import trie
from Crypto.Hash import keccak as pycryptodome
from coincurve import PublicKey
from eth.chains.base import MiningChain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth_abi import encode as abi
from eth_account import Account
from eth_bloom import BloomFilter
from eth_keys import keys
from eth_utils import keccak, to_checksum_address

random.seed(20_261_122)
CHAIN = 31_337
KEY = keys.PrivateKey(keccak(b"the one who pays"))
US = keccak(b"the one who is paid")[12:]
TRANSFER = keccak(b"Transfer(address,address,uint256)")
PHRASE = "test test test test test test test test test test test junk"


def q(number):
    return hex(number)


def h(data):
    return "0x" + bytes(data).hex()


# Hashes

def message(count):
    return bytes((31 * place + count) & 255 for place in range(count))


def hashes():
    def digest(data):
        state = pycryptodome.new(digest_bits=256)
        state.update(data)
        return state.hexdigest()

    counts = [0, 1, 7, 8, 9, 31, 32, 55, 64, 127, 128, 129, 134, 135, 136, 137, 143, 144, 271, 272, 273, 1_000, 4_096]
    return [[count, digest(message(count))] for count in counts]


# Encodings

def item(depth):
    if depth > 0 and random.random() < 0.5:
        return [item(depth - 1) for _ in range(random.choice([0, 1, 2, 3, 17, 60]))]
    count = random.choice([0, 1, 1, 2, 20, 32, 54, 55, 56, 57, 255, 256, 300])
    return random.randbytes(count)


def plain(value):
    return [plain(part) for part in value] if isinstance(value, list) else value.hex()


def encodings():
    values = [item(3) for _ in range(24)] + [b"\x00" * 65_536]
    return [{"item": plain(value), "encoded": rlp.encode(value).hex()}
            for value in sorted(values, key=lambda value: len(rlp.encode(value)))
            if len(rlp.encode(value)) < 3_000]


# Tries

def value(place):
    return bytes([place & 255]) * (1 + place * place % 70)


def tries():
    made = []
    for count in [0, 1, 2, 3, 15, 16, 17, 18, 127, 128, 129, 130, 200, 255, 256, 257, 300, 1_000]:
        tree = trie.HexaryTrie({})
        for place in range(count):
            tree[rlp.encode(place)] = value(place)
        places = sorted({0, 127, 128, 256, count - 1} & set(range(count)))
        # The library shows a node that stands in its parent too; a proof has those that are hashed.
        proofs = [[place, [rlp.encode(node).hex() for number, node in enumerate(tree.get_proof(rlp.encode(place)))
                           if number == 0 or len(rlp.encode(node)) >= 32]] for place in places if count in (1, 2, 3, 16, 130, 300)]
        made.append({"count": count, "root": tree.root_hash.hex(), "proofs": proofs})
    return made


# A block

# Logs `Transfer(caller, the address in its input, the word behind that)`; reverts where it is called with nothing.
LOGGER = bytes.fromhex("36601157600080fd" "5b" "602060206000" "37" "600035" "33" "7f") + TRANSFER + bytes.fromhex(
    "60206000" "a3" "00")
# What follows the condition lies behind eight bytes.
LOGGER = bytes.fromhex("36600857600080fd") + LOGGER[8:]
# Returns what it is called with behind twelve bytes.
DEPLOY = bytes.fromhex("600c380380600c6000396000f3")


class Chain(MiningChain):
    chain_id = CHAIN
    vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, PragueVM),))

    def create_header_from_parent(self, parent, **parameters):
        parameters.setdefault("timestamp", parent.timestamp + 12)
        parameters["gas_limit"] = parent.gas_limit
        return super().create_header_from_parent(parent, **parameters)


def block():
    me = KEY.public_key.to_canonical_address()
    chain = Chain.from_genesis(
        AtomicDB(),
        {"coinbase": b"\0" * 20, "difficulty": 0, "extra_data": b"quittance", "gas_limit": 30_000_000,
         "mix_hash": b"\7" * 32, "nonce": b"\0" * 8, "timestamp": 1_750_000_000},
        {me: {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}},
         b"\x77" * 20: {"balance": 0, "nonce": 1, "code": LOGGER, "storage": {}}})
    build = chain.get_vm().get_transaction_builder()
    logger, word = b"\x77" * 20, abi(["address", "uint256"], [US, 50 * 10**6])
    access = [{"address": h(logger), "storageKeys": [h(bytes([n]) * 32) for n in (1, 2)]}, {"address": h(US), "storageKeys": []}]
    nonce = iter(range(100))

    def signed(**fields):
        fields = {"nonce": next(nonce), "gas": 100_000, "value": 0, "data": b"", **fields}
        if "type" in fields:
            fields |= {"chainId": CHAIN}
        return build.decode(bytes(Account.sign_transaction(fields, KEY.to_bytes()).raw_transaction))

    price, fees = {"gasPrice": 3 * 10**9}, {"maxFeePerGas": 4 * 10**9, "maxPriorityFeePerGas": 10**9}
    to, call = to_checksum_address(US), to_checksum_address(logger)
    other = keys.PrivateKey(keccak(b"another one"))
    transactions = [
        signed(to=to, value=10**18, gas=21_000, **price),
        signed(to=to, value=2**64 + 1, gas=21_000, chainId=CHAIN, **price),
        signed(type=1, to=call, data=word, accessList=access, **price),
        signed(type=2, to=to, value=1, **fees),
        signed(type=2, to=call, data=word, accessList=access[:1], **fees),
        signed(type=2, to=call, **fees),
        signed(data=DEPLOY + LOGGER, gas=200_000, **price),
        build.new_unsigned_blob_transaction(
            chain_id=CHAIN, nonce=next(nonce), max_priority_fee_per_gas=10**9, max_fee_per_gas=4 * 10**9, gas=90_000,
            to=logger, value=0, data=word, access_list=[], max_fee_per_blob_gas=10**9,
            blob_versioned_hashes=[b"\1" + keccak(b"blob")[1:], b"\1" + keccak(b"two")[1:]]).as_signed_transaction(KEY),
        signed(type=4, to=call, data=word, authorizationList=[
            Account.sign_authorization({"chainId": CHAIN, "address": call, "nonce": 0}, other.to_bytes()),
            Account.sign_authorization({"chainId": 0, "address": to, "nonce": 2**40}, other.to_bytes())], **fees),
    ] + [signed(type=2, to=call, data=abi(["address", "uint256"], [US, 10**n]), **fees) for n in (0, 6, 18, 30)]
    result, receipts, _ = chain.mine_all(transactions)
    mined = result.imported_block
    assert [receipt.state_root for receipt in receipts].count(b"") == 1 and len(receipts) == 13
    return {"block": block_json(mined), "receipts": receipts_json(mined, receipts),
            "header": rlp.encode(mined.header).hex(), "transactions": [tx.encode().hex() for tx in mined.transactions],
            "encodedReceipts": [receipt.encode().hex() for receipt in receipts]}


def transaction_json(tx):
    kind = getattr(tx, "type_id", None) or 0
    made = {"type": q(kind), "hash": h(tx.hash), "nonce": q(tx.nonce), "from": h(tx.sender),
            "to": h(tx.to) if tx.to else None, "value": q(tx.value), "gas": q(tx.gas), "input": h(tx.data),
            "r": q(tx.r), "s": q(tx.s), "v": q(tx.y_parity if kind else tx.v)}
    if kind:
        made |= {"chainId": q(CHAIN), "yParity": q(tx.y_parity)}
        made["accessList"] = [{"address": h(who), "storageKeys": [h(key.to_bytes(32, "big")) for key in where]}
                              for who, where in tx.access_list]
    if kind >= 2:
        made |= {"maxFeePerGas": q(tx.max_fee_per_gas), "maxPriorityFeePerGas": q(tx.max_priority_fee_per_gas)}
    else:
        made["gasPrice"] = q(tx.gas_price)
    if kind == 3:
        made |= {"maxFeePerBlobGas": q(tx.max_fee_per_blob_gas),
                 "blobVersionedHashes": [h(blob) for blob in tx.blob_versioned_hashes]}
    if kind == 4:
        made["authorizationList"] = [
            {"chainId": q(one.chain_id), "address": h(one.address), "nonce": q(one.nonce), "yParity": q(one.y_parity),
             "r": q(one.r), "s": q(one.s)} for one in tx.authorization_list]
    return made


def block_json(mined):
    head = mined.header
    return {"number": q(head.block_number), "hash": h(head.hash), "parentHash": h(head.parent_hash),
            "nonce": h(head.nonce), "sha3Uncles": h(head.uncles_hash), "logsBloom": h(head.bloom.to_bytes(256, "big")),
            "transactionsRoot": h(head.transaction_root), "stateRoot": h(head.state_root),
            "receiptsRoot": h(head.receipt_root), "miner": h(head.coinbase), "difficulty": q(head.difficulty),
            "extraData": h(head.extra_data), "mixHash": h(head.mix_hash), "gasLimit": q(head.gas_limit),
            "gasUsed": q(head.gas_used), "timestamp": q(head.timestamp), "baseFeePerGas": q(head.base_fee_per_gas),
            "withdrawalsRoot": h(head.withdrawals_root), "blobGasUsed": q(head.blob_gas_used),
            "excessBlobGas": q(head.excess_blob_gas), "parentBeaconBlockRoot": h(head.parent_beacon_block_root),
            "requestsHash": h(head.requests_hash), "uncles": [], "withdrawals": [],
            "transactions": [transaction_json(tx) for tx in mined.transactions]}


def receipts_json(mined, receipts):
    return [{"type": q(getattr(tx, "type_id", None) or 0), "transactionHash": h(tx.hash), "transactionIndex": q(place),
             "status": "0x1" if receipt.state_root == b"\x01" else "0x0", "cumulativeGasUsed": q(receipt.gas_used),
             "logsBloom": h(receipt.bloom.to_bytes(256, "big")),
             "logs": [{"address": h(log.address), "topics": [h(topic.to_bytes(32, "big")) for topic in log.topics],
                       "data": h(log.data)} for log in receipt.logs]}
            for place, (tx, receipt) in enumerate(zip(mined.transactions, receipts))]


# Tokens

def tokens():
    someone, amount = b"\xab" * 20, 123_456_789
    bloom = BloomFilter()
    bloom.add(TRANSFER)
    bloom.add(b"\x11" * 20)
    return {
        "transfer": (keccak(b"transfer(address,uint256)")[:4] + abi(["address", "uint256"], [US, amount])).hex(),
        "transferFrom": (keccak(b"transferFrom(address,address,uint256)")[:4]
                         + abi(["address", "address", "uint256"], [someone, US, 2**256 - 1])).hex(),
        "balanceOf": (keccak(b"balanceOf(address)")[:4] + abi(["address"], [US])).hex(),
        "decimals": keccak(b"decimals()")[:4].hex(), "symbol": keccak(b"symbol()")[:4].hex(),
        "us": to_checksum_address(US), "someone": to_checksum_address(someone),
        "topic": TRANSFER.hex(), "topics": [abi(["address"], [who]).hex() for who in (someone, US)],
        "symbols": [[text, abi(["string"], [text]).hex()] for text in ["USDC", "USD₮0", "a" * 32]]
                   + [["MKR", abi(["bytes32"], [b"MKR"]).hex()], ["b" * 32, abi(["bytes32"], [b"b" * 32]).hex()]],
        "wrongSymbols": [abi(["string"], [text]).hex() for text in
                         ["", "a" * 33, "US DC", "US\nDC", "\u202eCDSU", "US\u200bDC", "\u0430\u0301"]]
                        + [abi(["bytes32"], [text]).hex() for text in [b"", b"US\0DC", b"\xff\xfe"]]
                        + ["", "00", abi(["uint256", "string"], [64, "USDC"]).hex(), abi(["uint256", "uint256"], [32, 2**255]).hex()],
        "decimal": [[n, abi(["uint8"], [n]).hex()] for n in (0, 6, 18, 255)],
        "bloom": int(bloom).to_bytes(256, "big").hex(),
    }


# Accounts (BIP 32, 39 and 44)

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(payload):
    payload += hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(payload, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return text


def accounts():
    seed = hashlib.pbkdf2_hmac("sha512", PHRASE.encode(), b"mnemonic", 2048)
    sums = hmac.new(b"Bitcoin seed", seed, "sha512").digest()
    key, code, parent = int.from_bytes(sums[:32], "big"), sums[32:], b"\0" * 4
    for step in (44, 60, 0):
        step += 2**31
        point = PublicKey.from_secret(key.to_bytes(32, "big")).format()
        parent = hashlib.new("ripemd160", hashlib.sha256(point).digest()).digest()[:4]
        sums = hmac.new(code, b"\0" + key.to_bytes(32, "big") + step.to_bytes(4, "big"), "sha512").digest()
        key, code = (key + int.from_bytes(sums[:32], "big")) % N, sums[32:]
    point = PublicKey.from_secret(key.to_bytes(32, "big")).format()
    account = base58(bytes.fromhex("0488b21e03") + parent + (2**31).to_bytes(4, "big") + code + point)
    Account.enable_unaudited_hdwallet_features()
    places = list(range(10)) + [127, 65_536, 2**31 - 1]
    return {"account": account, "addresses": [
        [place, Account.from_mnemonic(PHRASE, account_path=f"m/44'/60'/0'/0/{place}").address] for place in places]}


# Transactions that networks make themselves

def assembled():
    """As the layouts of op-geth's and of Arbitrum's `core/types` have them."""
    one, two, three, four = (bytes([n]) * 20 for n in (1, 2, 3, 4))
    ticket, chain, data = keccak(b"ticket"), 42_161, b"\xa9\x05\x9c\xbb"
    common = {"hash": None, "from": h(one), "r": "0x0", "s": "0x0", "v": "0x0"}
    arbitrum = common | {"chainId": q(chain)}
    rows = [
        (0x64, [chain, ticket, one, two, 10**18],
         arbitrum | {"requestId": h(ticket), "to": h(two), "value": q(10**18), "input": "0x"}),
        (0x65, [chain, one, 7, 10**8, 50_000, two, 5, data],
         arbitrum | {"nonce": "0x7", "gasPrice": q(10**8), "gas": q(50_000), "to": h(two), "value": "0x5", "input": h(data)}),
        (0x66, [chain, ticket, one, 10**8, 50_000, b"", 5, data],
         arbitrum | {"requestId": h(ticket), "maxFeePerGas": q(10**8), "gasPrice": "0x1", "gas": q(50_000), "to": None,
                     "value": "0x5", "input": h(data)}),
        (0x68, [chain, 2, one, 10**8, 60_000, two, 2**70, data, ticket, three, 99, 98],
         arbitrum | {"nonce": "0x2", "maxFeePerGas": q(10**8), "gas": q(60_000), "to": h(two), "value": q(2**70),
                     "input": h(data), "ticketId": h(ticket), "refundTo": h(three), "maxRefund": q(99),
                     "submissionFeeRefund": q(98)}),
        (0x69, [chain, ticket, one, 3, 10**17, 10**8, 70_000, b"", 10**16, three, 12, four, data],
         arbitrum | {"requestId": h(ticket), "l1BaseFee": "0x3", "depositValue": q(10**17), "maxFeePerGas": q(10**8),
                     "gas": q(70_000), "retryTo": None, "retryValue": q(10**16), "beneficiary": h(three),
                     "maxSubmissionFee": q(12), "refundTo": h(four), "retryData": h(data), "value": "0x0",
                     "to": "0x000000000000000000000000000000000000006e", "input": "0xc9f95d32"}),
        (0x7e, [ticket, one, two, 10**18, 10**18, 100_000, 1, data],
         common | {"sourceHash": h(ticket), "to": h(two), "mint": q(10**18), "value": q(10**18), "gas": q(100_000),
                   "isSystemTx": True, "input": h(data)}),
        (0x7e, [ticket, one, b"", 0, 0, 100_000, 0, data],
         common | {"sourceHash": h(ticket), "to": None, "value": "0x0", "gas": q(100_000), "input": h(data)}),
    ]
    made = []
    for kind, fields, shown in rows:
        encoded = bytes([kind]) + rlp.encode(fields)
        made.append({"encoded": encoded.hex(), "shown": shown | {"type": q(kind), "hash": h(keccak(encoded))}})
    return made


# Public networks

def real():
    with open(sys.path[0] + "/real.json") as file:
        kept = json.load(file)
    empty = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    for head in kept["headers"] + kept["blocks"]:
        head.setdefault("sha3Uncles", "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347")
        for name in ("transactionsRoot", "receiptsRoot"):
            head.setdefault(name, empty)
        head.setdefault("logsBloom", "0x" + "00" * 256)
        fields = [head[name] for name in (
            "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit "
            "gasUsed timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas "
            "parentBeaconBlockRoot requestsHash blockAccessListHash slotNumber").split() if name in head]
        numbers = {7, 8, 9, 10, 11, 15, 17, 18, 22}
        encoded = rlp.encode([int(text, 16) if place in numbers else bytes.fromhex(text[2:])
                              for place, text in enumerate(fields)])
        assert h(keccak(encoded)) == head["hash"], head["hash"]
    return kept


if __name__ == "__main__":
    made = {"hashes": hashes(), "encodings": encodings(), "tries": tries(), "block": block(), "assembled": assembled(),
            "tokens": tokens(), "accounts": accounts(), "real": real()}
    json.dump(made, sys.stdout, separators=(",", ":"), ensure_ascii=False)
    print()
