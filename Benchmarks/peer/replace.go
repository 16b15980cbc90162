package main

import (
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// target is a file that is replaced whole.
type target struct {
	path, staged string
	directory    *os.File
}

func openTarget(path string) (*target, error) {
	staging := filepath.Join(filepath.Dir(path), ".staging")
	if err := os.MkdirAll(staging, 0o700); err != nil {
		return nil, err
	}
	directory, err := os.Open(filepath.Dir(path))
	return &target{path, filepath.Join(staging, filepath.Base(path)), directory}, err
}

// replace puts the pieces in the place of the file: staged beside it, on the disk before they count, the
// file's name as well.
func (to *target) replace(pieces [][]byte) error {
	out, err := os.OpenFile(to.staged, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = writeAll(int(out.Fd()), pieces)
	if err == nil {
		err = out.Chmod(0o644)
	}
	if err == nil {
		err = out.Sync()
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(to.staged, to.path)
	}
	if err != nil {
		os.Remove(to.staged)
		return err
	}
	return to.directory.Sync()
}

// mostPieces is what the kernel takes at once.
const mostPieces = 1024

// writeAll writes the pieces without joining them first.
func writeAll(fd int, pieces [][]byte) error {
	for len(pieces) > 0 {
		written, err := unix.Writev(fd, pieces[:min(len(pieces), mostPieces)])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if written == 0 {
			return io.ErrShortWrite
		}
		for len(pieces) > 0 && written >= len(pieces[0]) {
			written -= len(pieces[0])
			pieces = pieces[1:]
		}
		if written > 0 {
			pieces[0] = pieces[0][written:]
		}
	}
	return nil
}
