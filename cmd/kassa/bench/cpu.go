package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc/PID/stat (proc(5)); 100 per second on
// every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// usage is the processor time used so far, by name.
type usage map[string]time.Duration

// since is what was used after before was taken.
func (u usage) since(before usage) usage {
	used := usage{}
	for name, now := range u {
		used[name] = now - before[name]
	}
	return used
}

func (u usage) add(other usage) {
	for name, used := range other {
		u[name] += used
	}
}

// postgres is the one process whose children do its work.
const postgres = "postgres"

// processorTime is what each process has used. What the servers of Postgres have
// used counts by the database they serve too, as "postgres orders". It is empty
// where there is no /proc.
func processorTime(pids map[string]int) usage {
	used := usage{}
	for name, pid := range pids {
		used[name] = processOf(pid).used
	}
	for _, child := range childrenOf()[pids[postgres]] {
		each := processOf(child).used
		used[postgres] += each
		if database := serves(child); database != "" {
			used[postgres+" "+database] += each
		}
	}
	return used
}

// process is a line of /proc/PID/stat.
type process struct {
	parent int
	used   time.Duration // with the children it has waited for
}

func processOf(pid int) process {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}
	}
	// The second field is the program's name in parentheses and may hold spaces.
	_, rest, _ := strings.Cut(string(line), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return process{}
	}
	var p process
	p.parent, _ = strconv.Atoi(fields[1])
	for _, field := range fields[11:15] { // utime stime cutime cstime
		ticks, _ := strconv.ParseInt(field, 10, 64)
		p.used += time.Duration(ticks) * clockTick
	}
	return p
}

// childrenOf lists the processes that run now, by their parent.
func childrenOf() map[int][]int {
	children := map[int][]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return children
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			parent := processOf(pid).parent
			children[parent] = append(children[parent], pid)
		}
	}
	return children
}

// serves is the database of a server process of Postgres, from its title
// "postgres: role database host(port) doing"; "" for its other processes.
func serves(pid int) string {
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(strings.ReplaceAll(string(title), "\x00", " "))
	if len(fields) < 4 || fields[0] != "postgres:" || !strings.Contains(fields[3], "(") {
		return ""
	}
	return fields[2]
}
