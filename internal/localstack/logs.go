package localstack

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// logRotateSize is how large a log file may be when its process starts; a larger one is set aside
// under the name .1, so two starts' worth is kept.
const logRotateSize = 20 << 20

// tailLines is how many of its last lines a log remembers, to explain why a process ended.
const tailLines = 12

// console is the writer all processes share: one line at a time, behind the name of its process.
type console struct {
	mu  sync.Mutex
	out io.Writer
}

// nameWidth aligns the prefixes.
const nameWidth = 12

func (c *console) line(name string, text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "%-*s | %s\n", nameWidth, name, text)
}

// processLog takes what one process prints: to its file as it is, to the console line by line.
type processLog struct {
	name    string
	console *console
	file    *os.File

	mu      sync.Mutex
	partial []byte
	tail    []string
}

func openLog(dir, name string, c *console) (*processLog, error) {
	path := filepath.Join(dir, name+".log")
	if info, err := os.Stat(path); err == nil && info.Size() > logRotateSize {
		_ = os.Rename(path, path+".1")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &processLog{name: name, console: c, file: file}, nil
}

// Write never fails: what a full disk does not take is lost to the file. An error
// would end the reading, and the next line that the process writes would end it.
func (l *processLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.file.Write(p)
	l.partial = append(l.partial, p...)
	for {
		end := bytes.IndexByte(l.partial, '\n')
		if end < 0 {
			return len(p), nil
		}
		line := bytes.TrimRight(l.partial[:end], "\r")
		l.console.line(l.name, line)
		l.tail = append(l.tail, string(line))
		if len(l.tail) > tailLines {
			l.tail = l.tail[1:]
		}
		l.partial = l.partial[end+1:]
	}
}

// note adds a line of the launcher's own.
func (l *processLog) note(format string, args ...any) {
	_, _ = fmt.Fprintf(l, "kassa: "+format+"\n", args...)
}

// lastWords returns the end of what was printed, indented.
func (l *processLog) lastWords() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return "  " + strings.Join(l.tail, "\n  ")
}

func (l *processLog) close() { _ = l.file.Close() }
