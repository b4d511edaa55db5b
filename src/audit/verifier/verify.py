#!/usr/bin/env python3
"""Verifies a Rolewright audit log without any Rolewright code.

    python3 verify.py VKEY TREE [CHECKPOINT...]

VKEY        the log's public key, as its owner told you: name+8 hex digits+base64
TREE        the folder of the log that holds `checkpoint` and `tile/`
CHECKPOINT  checkpoints of the same log that were kept elsewhere

It needs the Python standard library, and `openssl` 3 for the one signature. Formats:
c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-tiles, RFC 6962 section 2.1.
Everything is computed anew from the entries; each stored tile must be what they give.
Exit code 0: verified. 1: not. 2: called wrongly. Every check exits by itself, so `python3 -O` changes nothing.
"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

WIDTH = 256


def fail(message):
    print("NOT VERIFIED: " + message, file=sys.stderr)
    sys.exit(1)


def sha256(data):
    return hashlib.sha256(data).digest()


def strict_base64(text, what):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        fail(what + " is not base64")
    if base64.b64encode(data).decode() != text:
        fail(what + " is not canonical base64")
    return data


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def parse_key(vkey):
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        fail("the key is not name+id+base64")
    name, key_id, encoded = parts
    data = strict_base64(encoded, "the key")
    if len(data) != 33 or data[0] != 1:
        fail("the key is not an Ed25519 key")
    if sha256(name.encode() + b"\n" + data)[:4].hex() != key_id:
        fail("the id of the key is not its own")
    return name, bytes.fromhex(key_id), data[1:]


def ed25519_verify(public_key, message, signature):
    """By openssl, since the standard library has no Ed25519."""
    der = bytes.fromhex("302a300506032b6570032100") + public_key
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("key", "message", "signature")]
        for path, data in zip(paths, (der, message, signature)):
            with open(path, "wb") as file:
                file.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0],
                   "-rawin", "-in", paths[1], "-sigfile", paths[2]]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def checkpoint_of(data, key, what):
    """The size and root of a checkpoint, once the log's own signature on it holds."""
    name, key_id, public_key = key
    if data is None:
        fail(what + " is missing")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        fail(what + " is not UTF-8")
    if any(ord(character) < 32 and character != "\n" for character in text):
        fail(what + " has control characters")
    body, separator, rest = text.rpartition("\n\n")
    if separator == "" or not rest.endswith("\n"):
        fail(what + " is not a signed note")
    body += "\n"
    signed = 0
    for line in rest[:-1].split("\n"):
        found = re.fullmatch(r"\u2014 (\S+) (\S+)", line)
        if found is None:
            fail(what + " has a malformed signature")
        signature = strict_base64(found.group(2), "a signature of " + what)
        if len(signature) < 5:
            fail(what + " has a malformed signature")
        if found.group(1) != name or signature[:4] != key_id:
            continue
        if len(signature) != 68 or not ed25519_verify(public_key, body.encode(), signature[4:]):
            fail("the signature of " + what + " fails")
        signed += 1
    if signed == 0:
        fail(what + " is not signed by the key")
    lines = body.split("\n")
    if len(lines) != 4 or lines[3] != "":
        fail(what + " does not have exactly three lines")
    if lines[0] != name:
        fail(what + " is of another log: " + lines[0])
    if re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]) is None:
        fail("the size of " + what + " is malformed")
    root = strict_base64(lines[2], "the root of " + what)
    if len(root) != 32:
        fail("the root of " + what + " is malformed")
    return int(lines[1]), root


def tile_path(level, index, width):
    parts = ["%03d" % (index % 1000)]
    while index >= 1000:
        index //= 1000
        parts.insert(0, "x%03d" % (index % 1000))
    return "tile/%s/%s%s" % (level, "/".join(parts), "" if width == WIDTH else ".p/%d" % width)


def stored(tree, level, index, width):
    """A partial file may be gone once the whole one is there. Gives the bytes and the width that they have."""
    for have in (width, WIDTH):
        data = read(os.path.join(tree, tile_path(level, index, have)))
        if data is not None:
            return data, have
    fail("the file %s is missing" % tile_path(level, index, width))


def entries_of(data, count, path, exact):
    entries, at = [], 0
    while len(entries) < count:
        length = int.from_bytes(data[at:at + 2], "big")
        if at + 2 + length > len(data) or at + 2 > len(data):
            fail("the bundle %s ends before its last entry" % path)
        entries.append(data[at + 2:at + 2 + length])
        at += 2 + length
    if exact and at != len(data):
        fail("the bundle %s goes on after its last entry" % path)
    return entries


def root_of(hashes):
    """RFC 6962, 2.1: a hash that is left over on a level goes up unpaired."""
    if not hashes:
        return sha256(b"")
    while len(hashes) > 1:
        pairs = [sha256(b"\x01" + hashes[at] + hashes[at + 1]) for at in range(0, len(hashes) - 1, 2)]
        hashes = pairs + ([hashes[-1]] if len(hashes) % 2 else [])
    return hashes[0]


def check_tiles(tree, level, hashes):
    for index in range((len(hashes) + WIDTH - 1) // WIDTH):
        part = hashes[index * WIDTH:(index + 1) * WIDTH]
        data, have = stored(tree, level, index, len(part))
        if len(data) != 32 * have or data[:32 * len(part)] != b"".join(part):
            fail("the tile %s is not what the entries give" % tile_path(level, index, len(part)))
    return [root_of(hashes[at:at + WIDTH]) for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    key, tree = parse_key(arguments[0]), arguments[1]
    size, root = checkpoint_of(read(os.path.join(tree, "checkpoint")), key, "the checkpoint")
    leaves, types = [], {}
    for index in range((size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - index * WIDTH)
        data, have = stored(tree, "entries", index, width)
        path = tile_path("entries", index, have)
        for entry in entries_of(data, have, path, True)[:width]:
            leaves.append(sha256(b"\x00" + entry))
            kind = json.loads(entry).get("type", "?") if entry[:1] == b"{" else "?"
            types[kind] = types.get(kind, 0) + 1
    if root_of(leaves) != root:
        fail("the %d entries do not give the signed root" % size)
    level, hashes = 0, leaves
    while hashes:
        hashes, level = check_tiles(tree, level, hashes), level + 1
    for path in arguments[2:]:
        known_size, known_root = checkpoint_of(read(path), key, path)
        if known_size > size:
            fail("rolled back: %s covers %d entries, and the log has %d" % (path, known_size, size))
        if root_of(leaves[:known_size]) != known_root:
            fail("two histories: the first %d entries are not those of %s" % (known_size, path))
    print("VERIFIED %s: %d entries, root %s" % (key[0], size, base64.b64encode(root).decode()))
    print("goes on from %d checkpoints that were kept elsewhere" % len(arguments[2:]))
    for kind in sorted(types):
        print("%8d %s" % (types[kind], kind))


if __name__ == "__main__":
    main(sys.argv[1:])
