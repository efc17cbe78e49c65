package html

import (
	"github.com/jobscan/jobscan/internal/report"
)

// volumeKey says which volume a row, a problem or a coverage is of; the values
// are as in the report.
type volumeKey struct{ evidence, volume, shadowCopy string }

// rowVolume is the volume of a finding or event.
func rowVolume(d report.Document) volumeKey {
	return volumeKey{
		d.Text("jobscan.evidence.path"),
		d.Text("jobscan.evidence.volume"),
		d.Text("jobscan.evidence.shadow_copy"),
	}
}

// coverageVolume is the volume that an item of the summary's list covers.
func coverageVolume(v report.Document) volumeKey {
	return volumeKey{v.Text("evidence"), v.Text("volume"), v.Text("shadow_copy")}
}

// name is a volume as a person would name it.
func (k volumeKey) name() string {
	name, _ := shorten(report.VolumeName(k.evidence, k.volume, k.shadowCopy), maxCell)
	return name
}
