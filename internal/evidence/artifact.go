package evidence

import (
	"errors"

	"github.com/jobscan/jobscan/jobfile"
)

// What to do about a file that is no evidence when it stands alone.
const (
	adviceInVolume = "it is read where it lies in a volume, so name the image of the volume"
	adviceNotRead  = "jobscan does not read these; name the image of the volume, or its $MFT and $J"
)

// artifactMagics is how files of Windows begin that are often at hand beside a
// volume and are none. Evidence whose first bytes were overwritten can begin so
// too: these say what a file is only once nothing in it can be read.
var artifactMagics = []struct {
	offset int
	magic  string
	what   string
}{
	{0, "ElfFile\x00", "an event log (.evtx): " + adviceInVolume},
	{4, "LfLe", "an event log of Windows XP or 2003 (.evt): " + adviceInVolume},
	{0, "regf", "a registry hive: " + adviceNotRead},
	{4, "SCCA", "a Prefetch file: " + adviceNotRead},
	{0, "MAM\x04", "a compressed Prefetch file: " + adviceNotRead},
}

// artifact says by the first bytes what a file is in place of evidence, and what
// to do; "" if it is not known.
func artifact(head []byte) string {
	for _, m := range artifactMagics {
		if at(head, m.offset, m.magic) {
			return m.what
		}
	}
	return ""
}

// instead gives for err, with which f did not open, what f is in place of a
// volume; err itself where that says more, or it is not known what f is.
func instead(f *File, err error) error {
	if !errors.Is(err, errNotNTFS) {
		return err
	}
	what := artifact(readHead(f.image, f.Size))
	if what == "" && isJobFile(f) {
		what = isAJob
	}
	if what == "" {
		return err
	}
	return errors.New("this is " + what)
}

const isAJob = "a job file: decode it with 'jobscan job'"

// isJobFile recognises a job file by its fixed section, behind which it may be
// cut off or damaged.
func isJobFile(f *File) bool {
	if f.Size > jobfile.MaxSize {
		return false
	}
	j, _ := jobfile.ParseHead(readHead(f.image, f.Size), f.Size)
	return j.Product.Known() && j.FileVersion == 1 && j.Priority.String() != ""
}
