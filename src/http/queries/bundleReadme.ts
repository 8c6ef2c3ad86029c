/** What stands in a bundle for the person who opens it: how to check it by hand. */
export const BUNDLE_README = `The record of one session, to be checked by anybody.

events.ndjson   one event a line, exactly the bytes that are hashed. An event's hash is
                SHA-256 of the byte 00 and the line without its end; "prev" is the hash of the
                line before it, 64 zeros in the first.
payloads.ndjson what each event says: "commit" of the event is SHA-256 of the byte 02, the
                32 bytes of "salt", and the text in "payload". An erased payload names the
                event that erased it instead.
exhibits/       the files, each under the SHA-256 of its bytes; none where the reader had no token.
session.json    the session as it stood after the last event.

The chain by hand, in Python 3:

  import hashlib, json
  prev, n = "0" * 64, 0
  for line in open("events.ndjson", "rb"):
      e, n = json.loads(line), n + 1
      assert e["seq"] == n and e["prev"] == prev, n
      prev = hashlib.sha256(b"\\0" + line[:-1]).hexdigest()
  print(n, prev)

A chain that agrees with itself proves nothing about who made it. All of it is checked, against a
key that you got from elsewhere, by: npm run -s verify -- <this file> --key <vkey>
`;
