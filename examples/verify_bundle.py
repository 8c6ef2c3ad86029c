"""A bundle (docs/bundle.md) checked by Python 3 and none of our code: python3 verify_bundle.py <zip or folder> [<vkey>]."""
import base64, hashlib, json, os, sys, zipfile
sha, P = lambda b: hashlib.sha256(b).digest(), 2**255 - 19; D = -121665 * pow(121666, -1, P) % P
def end(code, *words): sys.exit(print(("INTACT", "TAMPERED", "UNVERIFIABLE")[code], *words) or code)
def add(a, b):  # points of Ed25519's curve
    k = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P
def times(n, a): return (0, 1) if n == 0 else add(times(n >> 1, add(a, a)), a if n & 1 else (0, 1))
def point(b):
    y = int.from_bytes(b, "little") & 2**255 - 1
    x = pow(xx := (y * y - 1) * pow(D * y * y + 1, -1, P) % P, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == xx, "no point of the curve"
    return (x if x & 1 == b[31] >> 7 else P - x), y
def signed(key, text, s):
    h, base = int.from_bytes(hashlib.sha512(s[:32] + key + text).digest(), "little"), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return len(s) == 64 and times(int.from_bytes(s[32:], "little"), base) == add(point(s[:32]), times(h, point(key)))
def tree(size, leaves, hashes):  # an RFC 6962 root from some leaves and the largest subtrees between them
    stack, at, hashes = [], 0, iter(hashes)
    for index, leaf in [*leaves, (size, None)]:
        assert at <= index <= size, "leaves out of order"
        while at < index + (leaf is not None):
            level = 0 if at == index else next(n for n in range(60, -1, -1) if at % (1 << n) == 0 and at + (1 << n) <= index)
            h, at = leaf if at == index else bytes.fromhex(next(hashes)), at + (1 << level)
            while stack and stack[-1][0] == level: h, level = sha(b"\1" + stack.pop()[1] + h), level + 1
            stack.append((level, h))
    assert next(hashes, None) is None, "hashes left over"
    while len(stack) > 1: stack[-2:] = [(0, sha(b"\1" + stack[-2][1] + stack[-1][1]))]
    return stack[0][1]
def commits(p, e): assert sha(b"\2" + bytes.fromhex(p["salt"]) + p["payload"].encode()).hex() == e["commit"], f"payload {e['seq']}"
try:
    z = None if os.path.isdir(path := sys.argv[1]) else zipfile.ZipFile(path)
    names = z.namelist() if z else [os.path.relpath(os.path.join(d, f), path) for d, _, fs in os.walk(path) for f in fs]
    read = lambda name: z.read(name) if z else open(os.path.join(path, name), "rb").read()
    for name in ("events.ndjson", "payloads.ndjson", "session.json"): name in names or end(2, "no", name)
    prev, leaves, erased, lines, owns = "0" * 64, [], {}, read("events.ndjson").splitlines(), read("payloads.ndjson").splitlines()
    for n, (line, own) in enumerate(zip(lines, owns), 1):
        e, p = json.loads(line), json.loads(own)
        form = json.dumps(e, sort_keys=True, separators=(",", ":")), json.dumps(p, separators=(",", ":"), ensure_ascii=False)
        assert (line, own) == (form[0].encode(), form[1].encode()) and e["v"] == "plearoll.event/1" and set(e) == set("actor at commit id prev seq stream type v".split()), f"form {n}"
        assert e["seq"] == p["sequence"] == n and e["prev"] == prev and e["stream"] == json.loads(lines[0])["stream"], f"chain {n}"
        prev = sha(b"\0" + line).hex(); leaves.append(bytes.fromhex(prev))
        if "erased" in p: b, q = json.loads(p["by"]["envelope"]), json.loads(p["by"]["payload"]); commits(p["by"], b); erased[n] = sha(b"\0" + p["by"]["envelope"].encode())
        else: commits(p, e)
        if "erased" in p: assert (b["type"], q["payload_commitment"], q["stream"], q["event_sequence"]) == ("PAYLOAD_ERASED", e["commit"], e["stream"], n), f"erasure {n}"
        elif e["type"] == "EXHIBIT_UPLOADED" and any(name.startswith("exhibits/") for name in names): assert (f := "exhibits/" + json.loads(p["payload"])["sha256"]) in names and sha(read(f)).hex() == f[9:], f
    lines or owns or end(2, "nothing to check")
    assert len(lines) == len(owns) and json.loads(read("session.json"))["head"] == {"event_sequence": len(lines), "event_hash": prev}, "the end"
    if len(sys.argv) < 3: end(0, "in itself", n, prev)
    if "checkpoint.note" not in names or "proof.json" not in names: end(2, "no proof")
    (text, _, signatures), (name, _, key), proof = read("checkpoint.note").decode().rpartition("\n\n"), sys.argv[2].split("+", 2), json.loads(read("proof.json"))
    good = [signed(base64.b64decode(key)[1:], text.encode() + b"\n", base64.b64decode(line.split()[2], validate=True)[4:]) for line in signatures.splitlines() if line.startswith(f"— {name} ")]
    assert good and all(good) and text.split("\n")[0] == name, "signature"
    size, root, at = int(text.split("\n")[1]), base64.b64decode(text.split("\n")[2]), [i for run in proof["leaves"] for i in range(run["index"], run["index"] + run["count"])]
    assert proof["size"] == size and len(at) <= len(leaves) and tree(size, zip(at, leaves), proof["hashes"]) == root, "the events are not those in the log"
    for one in proof["erasures"]: assert tree(size, [(one["index"], erased.pop(one["sequence"]))], one["hashes"]) == root, "an erasure is not in the log"
    end(0 if len(at) == len(leaves) and not erased else 2, "under the checkpoint of size", size, n, prev)
except (AssertionError, KeyError, ValueError, TypeError, IndexError, StopIteration) as fault: end(1, repr(fault))
except (OSError, zipfile.BadZipFile) as fault: end(2, repr(fault))
