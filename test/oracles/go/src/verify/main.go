// Command verify checks a Rolewright audit log with golang.org/x/mod/sumdb and nothing of Rolewright.
//
//	verify VKEY TREE [CHECKPOINT...]
//
// Signatures are checked by the note package. The tree is computed anew from the entries by the tlog package's
// stored hashes, every stored tile is compared with it byte for byte, and so is every checkpoint that was kept
// elsewhere. The package's tile reader is not used: before v0.40.0 it skips tiles (GO-2026-6179).
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify VKEY TREE [CHECKPOINT...]")
		os.Exit(2)
	}
	if err := verify(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "NOT VERIFIED:", err)
		os.Exit(1)
	}
}

func verify(vkey, tree string, anchors []string) error {
	key, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	size, root, err := checkpoint(filepath.Join(tree, "checkpoint"), key)
	if err != nil {
		return err
	}
	var stored hashes
	for n := int64(0); n*width < size; n++ {
		entries, err := bundle(tree, n, min64(width, size-n*width))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			more, err := tlog.StoredHashes(stored.count, entry, &stored)
			if err != nil {
				return err
			}
			stored.all = append(stored.all, more...)
			stored.count++
		}
	}
	if have, err := tlog.TreeHash(size, &stored); err != nil || have != root {
		return fmt.Errorf("the %d entries do not give the signed root", size)
	}
	if err := tiles(tree, size, &stored); err != nil {
		return err
	}
	for _, path := range anchors {
		known, want, err := checkpoint(path, key)
		if err != nil {
			return err
		}
		if known > size {
			return fmt.Errorf("rolled back: %s covers %d entries, and the log has %d", path, known, size)
		}
		if have, err := tlog.TreeHash(known, &stored); err != nil || have != want {
			return fmt.Errorf("two histories: the first %d entries are not those of %s", known, path)
		}
		proof, err := tlog.ProveTree(size, known, &stored)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, size, root, known, want); err != nil {
			return err
		}
	}
	fmt.Printf("VERIFIED %s: %d entries, %d checkpoints that were kept elsewhere\n", key.Name(), size, len(anchors))
	return nil
}

// hashes is a tlog.HashReader over all stored hashes in memory.
type hashes struct {
	all   []tlog.Hash
	count int64
}

func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, 0, len(indexes))
	for _, index := range indexes {
		if index >= int64(len(h.all)) {
			return nil, errors.New("a hash beyond the end")
		}
		found = append(found, h.all[index])
	}
	return found, nil
}

func checkpoint(path string, key note.Verifier) (int64, tlog.Hash, error) {
	var root tlog.Hash
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, root, err
	}
	opened, err := note.Open(data, note.VerifierList(key))
	if err != nil {
		return 0, root, fmt.Errorf("%s: %w", path, err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return 0, root, fmt.Errorf("%s does not have exactly three lines", path)
	}
	if lines[0] != key.Name() {
		return 0, root, fmt.Errorf("%s is of the log %s", path, lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return 0, root, fmt.Errorf("the size of %s is malformed", path)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		return 0, root, fmt.Errorf("the root of %s is malformed", path)
	}
	copy(root[:], raw)
	return size, root, nil
}

func tilePath(level string, n, w int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if w < width {
		path += fmt.Sprintf(".p/%d", w)
	}
	return "tile/" + level + "/" + path
}

// read gives a file and its width: a partial one may be gone once the whole one is there.
func read(tree, level string, n, w int64) ([]byte, int64, error) {
	for _, have := range []int64{w, width} {
		data, err := os.ReadFile(filepath.Join(tree, tilePath(level, n, have)))
		if err == nil {
			return data, have, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("%s is missing", tilePath(level, n, w))
}

func bundle(tree string, n, w int64) ([][]byte, error) {
	data, have, err := read(tree, "entries", n, w)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for int64(len(entries)) < have {
		if len(data) < 2 {
			return nil, fmt.Errorf("%s ends too early", tilePath("entries", n, have))
		}
		length := int(data[0])<<8 | int(data[1])
		if len(data) < 2+length {
			return nil, fmt.Errorf("%s ends too early", tilePath("entries", n, have))
		}
		entries = append(entries, data[2:2+length])
		data = data[2+length:]
	}
	if len(data) != 0 {
		return nil, fmt.Errorf("%s goes on after its last entry", tilePath("entries", n, have))
	}
	return entries[:w], nil
}

// tiles compares every tile that a tree of this size has with the hashes that the entries gave.
func tiles(tree string, size int64, stored *hashes) error {
	for level, count := 0, size; count > 0; level, count = level+1, count/width {
		for n := int64(0); n*width < count; n++ {
			w := min64(width, count-n*width)
			data, have, err := read(tree, strconv.Itoa(level), n, w)
			if err != nil {
				return err
			}
			var want []byte
			for i := int64(0); i < w; i++ {
				hash := stored.all[tlog.StoredHashIndex(level*8, n*width+i)]
				want = append(want, hash[:]...)
			}
			if int64(len(data)) != have*tlog.HashSize || !bytes.Equal(data[:len(want)], want) {
				return fmt.Errorf("%s is not what the entries give", tilePath(strconv.Itoa(level), n, w))
			}
		}
	}
	return nil
}

func min64(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
