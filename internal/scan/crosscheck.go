package scan

import (
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
)

// twinStore is the folder of the tasks that Windows Vista and later run, one
// file for each, named as the job without its extension. A volume that has it
// is no older than Vista.
type twinStore struct {
	found bool
	names map[string]bool // lower case
}

// note takes the live names of a folder called Tasks, if the folder above says
// that it is the store, and reports whether it is.
func (t *twinStore) note(above string, live []ntfs.IndexEntry) bool {
	if !strings.EqualFold(above, "System32") {
		return false
	}
	t.found = true
	if t.names == nil {
		t.names = make(map[string]bool)
	}
	for _, e := range live {
		t.names[strings.ToLower(e.FileName.Name)] = true
	}
	return true
}

// productXP is the last product version of job files before Windows Vista.
const productXP = 0x0502

// crossCheck compares a job with the volume that it lies on, once.
func (s *volumeScan) crossCheck(f *event.File, path winpath.Path) {
	if s.checked[f] {
		return
	}
	s.checked[f] = true
	add := func(code, detail string) {
		f.Anomalies = append(f.Anomalies, event.Anomaly{Code: code, Detail: detail})
	}
	if f.Links > 1 {
		add("hard_linked", fmt.Sprintf("the file has %d names: a job that is a hard link to another file lets the scheduler change that file's rights", f.Links))
	}
	s.checkTwin(f, path, add)
	s.checkContent(f, path)
}

// checkContent compares what a job says with the volume and with its name.
func (s *volumeScan) checkContent(f *event.File, path winpath.Path) {
	add := func(code, detail string) {
		f.Anomalies = append(f.Anomalies, event.Anomaly{Code: code, Detail: detail})
	}
	c := f.Content
	if c == nil || c.Job == nil || !c.Job.Complete {
		return
	}
	s.checkProduct(uint16(c.Job.Product), add)
	if vendor := imitated(path.Name(), c.Job.CommandLine()); vendor != "" {
		add("imitates_updater", fmt.Sprintf("the name is that of %s's job, the program is not", vendor))
	}
}

func (s *volumeScan) checkTwin(f *event.File, path winpath.Path, add func(code, detail string)) {
	if !s.twins.found || f.State != event.Allocated || !path.Complete() || !inTasks(path) {
		return
	}
	name := path.Name()
	if !s.twins.names[strings.ToLower(name[:len(name)-len(".job")])] {
		add("no_xml_twin", `no task of this name lies in System32\Tasks: the job was put there as a file, or its task was deleted; Windows Vista and later do not run it`)
	}
}

// inTasks reports a file directly in the folder \Windows\Tasks.
func inTasks(path winpath.Path) bool {
	return path.Len() == 3 && inFolder(path, "Windows", "Tasks")
}

// checkProduct compares the version of Windows that wrote the job with the one
// on the volume.
func (s *volumeScan) checkProduct(product uint16, add func(code, detail string)) {
	here, known := s.windowsVersion()
	wrote := fmt.Sprintf("the job says that Windows %d.%d wrote it", product>>8, product&0xFF)
	switch {
	case known && product > here.Product():
		add("product_newer_than_windows", fmt.Sprintf("%s, and the volume has the older Windows %s (ntdll.dll): it was made elsewhere", wrote, here))
	case known && product < here.Product():
		add("product_older_than_windows", fmt.Sprintf("%s, and the volume has Windows %s (ntdll.dll): it was made elsewhere, or before an upgrade", wrote, here))
	case !known && s.twins.found && product <= productXP:
		add("product_older_than_windows", wrote+`, and the volume has Windows Vista or later (System32\Tasks): it was made elsewhere, or before an upgrade`)
	}
}

// imitated names the vendor whose job the file is called after while it runs
// something else.
func imitated(name, command string) string {
	for _, v := range []struct{ vendor, name, program string }{
		{"CCleaner", "ccleanercrashreporting.job", `\ccleaner\`},
		{"ManageEngine", "dcagentupdater.job", `_agent\`},
		{"Google Update", "googleupdatetask", `\google\update\googleupdate.exe`},
	} {
		if strings.HasPrefix(strings.ToLower(name), v.name) && !strings.Contains(strings.ToLower(command), v.program) {
			return v.vendor
		}
	}
	return ""
}
