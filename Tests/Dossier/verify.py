#!/usr/bin/env python3
"""Checks a dossier (docs/DOSSIER.md) without any of the gateway's code.

It knows no rules, so it does not say what the records come to. It says, of each transfer that they claim to be
in a block, what the network's bytes show. Ends with 1 where something is wrong, with 4 otherwise.

    verify.py FILE [--key FINGERPRINT]… [--header HASH@HEIGHT]…
"""
import hashlib
import hmac
import json
import struct
import sys

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

EASIEST = {
    "bitcoin": 0x1D00FFFF, "bitcoin-testnet3": 0x1D00FFFF, "bitcoin-testnet4": 0x1D00FFFF,
    "bitcoin-signet": 0x1E0377AE, "bitcoin-regtest": 0x207FFFFF, "litecoin": 0x1E0FFFFF,
    "litecoin-testnet": 0x1E0FFFFF, "litecoin-regtest": 0x207FFFFF,
}


class Wrong(Exception):
    pass


def must(holds, words):
    if not holds:
        raise Wrong(words)


def sha(data):
    return hashlib.sha256(data).digest()


def twice(data):
    return sha(sha(data))


def fields(tag, *values):
    out = tag.encode() + b"\n"
    for value in values:
        value = value if isinstance(value, bytes) else str(value).encode()
        out += struct.pack(">Q", len(value)) + value
    return out


def is_signed(key, signature, message):
    """None where nobody here can tell."""
    if Ed25519PublicKey is None:
        return None
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except Exception:
        return False


# MARK: The form

def no_doubles(pairs):
    must(len({key for key, _ in pairs}) == len(pairs), "a member is there twice")
    return dict(pairs)


def write(value):
    """The one form: as Python writes it without spaces, but for what it escapes beyond need."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read(data):
    text = data.decode("utf-8")
    text = text[:-1] if text.endswith("\n") else text
    file = json.loads(text, object_pairs_hook=no_doubles)
    must(write(file) == text, "it is not in its one form")
    must(list(file) == ["format", "rules", "payment", "merchant", "records", "seal", "keys", "networks",
                        "personal", "made_at", "key", "signature"], "its members are others")
    must(file["format"] == "quittance/dossier/1", "its format is another one")
    return text, file


# MARK: The operator's word

def check_keys(text, file, trusted):
    end = text.rindex(',"signature":"')
    message = b"quittance/dossier-signature/1\n" + sha((text[:end] + "}").encode())
    signed = is_signed(bytes.fromhex(file["key"]), bytes.fromhex(file["signature"]), message)
    must(signed is not False, "its signature is not that of its key")
    last = None
    for link in file["keys"]:
        old, new = bytes.fromhex(link["old"]), bytes.fromhex(link["new"])
        must(last is None or last == old, "its keys do not follow each other")
        held = is_signed(old, bytes.fromhex(link["signature"]), b"quittance/instance-key/1\n" + old + new)
        must(held is not False, "a key was not signed by the one before")
        if sha(old).hex() in trusted:
            trusted = trusted | {sha(new).hex()}
        last = new
    must(last is None or last.hex() == file["key"], "its keys do not lead to the one that signed it")
    if trusted:
        must(sha(bytes.fromhex(file["key"])).hex() in trusted, "no trusted key leads to the one that signed it")
    return signed


def check_records(file):
    previous = bytes(32)
    must(file["records"], "it has no records")
    for number, record in enumerate(file["records"]):
        must(record["sequence"] == number, f"record {number} is numbered otherwise")
        got = sha(fields("quittance/record/1", previous, file["payment"], number, record["at"], record["kind"],
                         record["subject"], record["cause"], record["actor"], record["body"]))
        must(got.hex() == record["hash"], f"the hash of record {number} is not that of its content")
        previous = got


def lead(leaf, place, leaves, path):
    """The head of a tree (RFC 6962, 2.1) that a leaf's path leads to."""
    node, last, path = sha(b"\0" + leaf), leaves - 1, list(path)
    must(0 <= place <= last, "a leaf that its tree has no place for")
    while last > 0:
        if place & 1 or place < last:
            must(path, "a path that ends too early")
            other = path.pop(0)
            node = sha(b"\1" + (other + node if place & 1 else node + other))
        place, last = place >> 1, last >> 1
    must(not path, "a path that goes on")
    return node


def check_seal(file, trusted):
    """What seals the records, in words."""
    seal = file["seal"]
    if seal is None:
        return "not sealed"
    must(list(seal) == ["record", "place", "path", "root", "later"], "a seal with other members")
    must(0 <= seal["record"] < len(file["records"]), "a root over a record that is not there")
    known = [link["old"] for link in file["keys"]] + [file["key"]]
    for link in file["keys"]:
        if sha(bytes.fromhex(link["old"])).hex() in trusted:
            trusted = trusted | {sha(bytes.fromhex(link["new"])).hex()}
    before, vouched = None, False
    for root in [seal["root"]] + seal["later"]:
        must(list(root) == ["scope", "number", "at", "leaves", "tree", "previous", "key", "signature"],
             "a root with other members")
        key = bytes.fromhex(root["key"])
        got = sha(fields("quittance/root/1", root["scope"], root["number"], root["at"], root["leaves"],
                         bytes.fromhex(root["tree"]), bytes.fromhex(root["previous"]), key))
        must(root["scope"] == file["merchant"], "a root of somebody else")
        must(root["key"] in known, "a root by a key that is none of the instance's")
        must(is_signed(key, bytes.fromhex(root["signature"]), b"quittance/root-signature/1\n" + got) is not False,
             "a root that its key has not signed")
        must(before is None or root["number"] > before[0] and root["previous"] == before[1].hex(),
             "a root that does not follow the one before")
        before = root["number"], got
        vouched = vouched or sha(key).hex() in trusted
    record = file["records"][seal["record"]]
    leaf = fields("quittance/leaf/1", file["payment"], seal["record"], bytes.fromhex(record["hash"]))
    path = [bytes.fromhex(node) for node in seal["path"]]
    must(all(len(node) == 32 for node in path), "a path of no hashes")
    must(lead(leaf, seal["place"], seal["root"]["leaves"], path).hex() == seal["root"]["tree"],
         "the record is not in the tree of its root")
    return f"sealed up to record {seal['record']} of {len(file['records']) - 1}, " + (
        "by a trusted key" if vouched else "by a key that nothing was compared with")


def told(file):
    """What the records claim: terms, scripts by quote, and each transfer as it was told of last."""
    terms, scripts, transfers = None, {}, {}
    for record in file["records"]:
        body = json.loads(record["body"])
        terms = body.get("terms", terms)
        fact = body.get("fact") or {}
        quotes = [fact.get("quote"), (fact.get("verdict") or {}).get("quote")]
        for quote in quotes:
            if isinstance(quote, dict):
                scripts[quote["id"]] = quote["destination"]["script"]
        for sighting in fact.get("sightings", []):
            key = (sighting["key"]["network"], sighting["key"]["place"])
            known = transfers.setdefault(key, {"sequence": -1, "observations": set()})
            if sighting["observation"]:
                known["observations"].add(sighting["observation"])
            if sighting["claim"]["sequence"] > known["sequence"]:
                known.update(sequence=sighting["claim"]["sequence"], claim=sighting["claim"],
                             amount=sighting["amount"], quote=sighting["quote"])
    must(terms is not None and terms["merchant"] == file["merchant"], "it names another merchant")
    return terms, scripts, transfers


def check_personal(file, terms):
    part = file["personal"]
    if part is None:
        return
    data = (part["customer"] or "").encode() + b"\0" + part["body"].encode()
    code = hmac.new(bytes.fromhex(part["salt"]), data, "sha256").hexdigest()
    must(code == terms["personal"], "customer or metadata are not what the first record binds")


# MARK: The network's bytes

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        must(0 <= count <= len(self.data) - self.at, "bytes end too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def size(self):
        first = self.number(1)
        return first if first < 253 else self.number({253: 2, 254: 4, 255: 8}[first])


def parse(raw, is_litecoin):
    """The id, the length of what it covers, and the outputs. An extension part is passed over: it ends where the
    lock time begins, four bytes before the end."""
    reader = Reader(raw)
    version, flags = reader.take(4), 0
    if raw[4:5] == b"\0" and raw[5:6] not in (b"", b"\0"):
        flags = raw[5]
        reader.take(2)
    must(flags & ~(9 if is_litecoin else 1) == 0, "flags that nobody knows")
    start = reader.at
    inputs = reader.size()
    for _ in range(inputs):
        reader.take(36)
        reader.take(reader.size())
        reader.take(4)
    outputs = []
    for _ in range(reader.size()):
        amount = reader.number(8)
        outputs.append((amount, reader.take(reader.size()).hex()))
    core = raw[start:reader.at]
    must((inputs > 0 or flags & 8) and outputs, "a transaction of nothing")
    if flags & 1:
        for _ in range(inputs):
            for _ in range(reader.size()):
                reader.take(reader.size())
    if flags & 8:
        reader.take(len(raw) - 4 - reader.at)
    lock = reader.take(4)
    must(reader.at == len(raw), "bytes are left over")
    return twice(version + core + lock), len(core) + 8, outputs


def check_inclusion(entry, raw, header, is_litecoin):
    node, length, outputs = parse(raw, is_litecoin)
    must(node[::-1].hex() == entry["transaction"], "its bytes are another transaction's")
    must(length != 64, "a transaction of 64 bytes")
    place = entry["place"]
    for text in entry["branch"]:
        other = bytes.fromhex(text)
        if place & 1:
            must(other != node, "it is a copy")
        pair = other + node if place & 1 else node + other
        try:
            hollow = parse(pair, is_litecoin)[1] == 64
        except Wrong:
            hollow = False
        must(not hollow, "an inner node is a transaction")
        node, place = twice(pair), place >> 1
    must(place == 0, "its place does not fit")
    must(node == header[36:68], "its branch does not lead to the header")
    return outputs


def check_work(header, network):
    bits = int.from_bytes(header[72:76], "little")

    def target(bits):
        mantissa, size = bits & 0x7FFFFF, bits >> 24
        value = mantissa << 8 * (size - 3) if size > 3 else mantissa >> 8 * (3 - size)
        must(not bits & 0x800000 and 0 < value < 1 << 256, "a target that is none")
        return value

    if network.startswith("litecoin"):
        proof = hashlib.scrypt(header, salt=header, n=1024, r=1, p=1, dklen=32)
    else:
        proof = twice(header)
    must(int.from_bytes(proof, "little") <= target(bits) <= target(EASIEST[network]), "a header without its work")


def read_headers(part):
    headers = {}
    for run in part["headers"]:
        before = None
        for offset, text in enumerate(run["raw"]):
            header, height = bytes.fromhex(text), run["height"] + offset
            must(len(header) == 80 and height not in headers and height < 2**63 - 1, "a header that is none, or there twice")
            must(before is None or header[4:36] == twice(before), "headers that do not follow each other")
            if before is not None and part["network"] in ("bitcoin", "litecoin") and height % 2016:
                must(header[72:76] == before[72:76], "another amount of work within one period")
            check_work(header, part["network"])
            headers[height] = before = header
    return headers


def name(header):
    return twice(header)[::-1].hex()


def check_transfers(file, scripts, transfers, trusted):
    """What is shown, in words; and the trusted headers that were found."""
    shown, parts, used = [], {}, set()
    for part in file["networks"]:
        must(part["network"] in EASIEST and part["network"] not in parts, "a network that is none, or there twice")
        parts[part["network"]] = (part["transactions"], read_headers(part))
    for (network, place), transfer in sorted(transfers.items()):
        claim = transfer["claim"]
        if claim["standing"] != "mined":
            continue
        entries, headers = parts.get(network, ([], {}))
        txid, _, index = place.partition(":")
        found = [entry for entry in entries if (entry["transaction"], entry["block"]) == (txid, claim["block"])]
        if not found or found[0]["raw"] is None or claim["height"] not in headers:
            shown.append(f"not shown: {network}/{place}")
            used.update((network, entry["transaction"], entry["block"]) for entry in found)
            continue
        entry, header = found[0], headers[claim["height"]]
        used.add((network, txid, entry["block"]))
        must((entry["height"], entry["place"]) == (claim["height"], claim["index"]), "it is at another place")
        must(name(header) == entry["block"], "the header is another block's")
        raw = bytes.fromhex(entry["raw"])
        must(sha(raw).hex() in transfer["observations"], "its bytes are not those that the records name")
        outputs = check_inclusion(entry, raw, header, network.startswith("litecoin"))
        must(index.isdigit() and int(index) < len(outputs), "there is no such output")
        must(outputs[int(index)] == (int(transfer["amount"]), scripts[transfer["quote"]]), "it pays something else")
        top, last = claim["height"], header
        while top + 1 in headers and headers[top + 1][4:36] == twice(last):
            top, last = top + 1, headers[top + 1]
        below = [height for block, height in trusted
                 if claim["height"] <= height <= top and name(headers[height]) == block]
        depth = max(below) - claim["height"] + 1 if below else 0
        shown.append(f"shown: {network}/{place}, {top - claim['height'] + 1} blocks, {depth} of them trusted")
    for network, (entries, headers) in parts.items():
        for entry in entries:
            must((network, entry["transaction"], entry["block"]) in used, "a transaction that no record counts with")
    for block, height in trusted:
        there = [name(headers[height]) for _, headers in parts.values() if height in headers]
        must(not there or block in there, "a trusted block is another one")
    return shown


def main(words):
    trusted_keys, trusted_headers, files = set(), [], []
    words = iter(words)
    for word in words:
        if word == "--key":
            trusted_keys.add(next(words))
        elif word == "--header":
            block, _, height = next(words).partition("@")
            trusted_headers.append((block, int(height)))
        else:
            files.append(word)
    try:
        with open(files[0], "rb") as handle:
            text, file = read(handle.read())
        signed = check_keys(text, file, trusted_keys)
        check_records(file)
        terms, scripts, transfers = told(file)
        check_personal(file, terms)
        print(check_seal(file, trusted_keys))
        for line in check_transfers(file, scripts, transfers, trusted_headers):
            print(line)
    except (Wrong, ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error, RecursionError) as error:
        print(f"wrong: {error}")
        return 1
    if signed is None:
        print("not checked: signatures (there is no module “cryptography”)")
    print("not checked: what the rules make of the records")
    return 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
