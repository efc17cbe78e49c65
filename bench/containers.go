package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// container is one way to wrap the volume. make writes it to out, whose name it
// may extend, and gives the name of what it wrote.
type container struct {
	name string
	make func(image, out string) (string, error)
}

// qemu has qemu-img write a format; more are further arguments.
func qemu(format, ending string, more ...string) func(image, out string) (string, error) {
	return func(image, out string) (string, error) {
		out += ending
		args := append([]string{"convert", "-f", "raw", "-O", format}, more...)
		return out, command("qemu-img", append(args, image, out)...)
	}
}

var containers = []container{
	{"qcow2", qemu("qcow2", ".qcow2")},
	{"qcow2, compressed", qemu("qcow2", "-c.qcow2", "-c")},
	{"vhdx", qemu("vhdx", ".vhdx")},
	{"vhd", qemu("vpc", ".vhd")},
	{"vmdk", qemu("vmdk", ".vmdk")},
	{"vmdk, stream", qemu("vmdk", "-s.vmdk", "-o", "subformat=streamOptimized")},
	{"vdi", qemu("vdi", ".vdi")},
	{"ewf, fast", func(image, out string) (string, error) {
		return out + ".E01", command("ewfacquire", "-u", "-q", "-c", "deflate:fast", "-S", "7.9EiB", "-t", out, "-f", "encase7",
			"-C", "1", "-D", "x", "-E", "1", "-e", "x", "-N", "x", image)
	}},
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// compareContainers scans the volume raw and in each container that the installed
// tools can make, in rounds.
func compareContainers(o options, v volume, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp(o.dir, "containers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	list := []tool{scanOf(o, "raw", v.Path)}
	for i, c := range containers {
		path, err := c.make(v.Path, filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			fmt.Fprintf(stderr, "bench: %s is left out: %v\n", c.name, err)
			continue
		}
		if err := warm(path); err != nil {
			return err
		}
		list = append(list, scanOf(o, c.name, path))
	}
	out := filepath.Join(o.dir, "bench.out")
	defer os.Remove(out)
	all, err := rounds(list, v.Path, out, o, stderr)
	if err != nil {
		return err
	}
	return writeContainers(stdout, list, all, o)
}

// scanOf is a scan of one file, whatever image is asked for.
func scanOf(o options, name, path string) tool {
	return tool{name: name, writes: true, facts: jobscanFacts, command: func(_, out string) []string {
		return []string{o.jobscan, "scan", "--quiet", "--exit-zero", "--force", "--format", "jsonl", "--output", out, path}
	}}
}

func writeContainers(w io.Writer, list []tool, all []series, o options) error {
	for i := range list {
		if err := all[0].facts.agree(all[i].facts); err != nil {
			return fmt.Errorf("%s, %s: %w", list[0].name, list[i].name, err)
		}
	}
	fmt.Fprintf(w, "%d rounds; load %s\n\n", o.rounds, load())
	fmt.Fprint(w, "| container | wall s, median | CPU s, median | peak RSS, MiB | wall / raw, median of the rounds | CPU / raw |\n|---|---:|---:|---:|---:|---:|\n")
	for i, t := range list {
		var walls, cpus []float64
		for k, m := range all[i].runs {
			walls = append(walls, m.wall.Seconds()/all[0].runs[k].wall.Seconds())
			cpus = append(cpus, m.cpu.Seconds()/all[0].runs[k].cpu.Seconds())
		}
		s := &all[i]
		fmt.Fprintf(w, "| %s | %.3f | %.3f | %.1f | %.2f | %.2f |\n", t.name, median(s.walls()).Seconds(), median(s.cpus()).Seconds(), mib(s.peak()), median(walls), median(cpus))
	}
	return nil
}
