package evidence

import (
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/disk/vss"
)

// shadowed is a volume that has shadow copies.
type shadowed struct {
	volume *Volume
	set    *vss.Set
}

// shadows adds the shadow copies of all volumes, as volumes behind those that
// the evidence names, whose numbers therefore do not depend on them. A store
// that lies on another volume is found where that volume is evidence too.
func (o *opener) shadows() {
	var all []shadowed
	for _, v := range o.host.Volumes {
		if v.NTFS == nil || !v.NTFS.HasClusters() {
			continue
		}
		set, err := vss.Open(v.Reader, v.Size)
		if errors.Is(err, vss.ErrNone) {
			continue
		}
		if err != nil {
			o.shadowProblem(v, fmt.Errorf("shadow copies cannot be listed: %w", err))
			continue
		}
		all = append(all, shadowed{v, set})
	}
	for _, s := range all {
		for _, other := range all {
			s.set.Adopt(other.set)
		}
		for _, err := range s.set.Problems() {
			o.shadowProblem(s.volume, fmt.Errorf("shadow copies: %w", err))
		}
		for _, snapshot := range s.set.Snapshots() {
			if err := o.shadow(s, snapshot); err != nil {
				o.shadowProblem(s.volume, fmt.Errorf("shadow copy %d of %s is not read: %w", snapshot.Index, snapshot.Created, err))
			}
		}
	}
}

// shadow adds one shadow copy.
func (o *opener) shadow(s shadowed, snapshot vss.Snapshot) error {
	r, err := s.set.Reader(snapshot.Index)
	if err != nil {
		return err
	}
	base := s.volume
	v := &Volume{EvidencePath: base.EvidencePath, Container: base.Container, Partition: base.Partition, Reader: r,
		Offset: base.Offset, Size: snapshot.Size, DriveLetter: base.DriveLetter,
		ShadowCopy: snapshot.Index, ShadowOf: base.Index, ShadowID: snapshot.ID, Created: snapshot.Created}
	if v.NTFS, err = openNTFS(r, v.Size); err != nil {
		return err
	}
	o.add(v)
	return nil
}

// shadowProblem notes that an earlier state of a volume was not seen.
func (o *opener) shadowProblem(v *Volume, err error) {
	o.host.Problems = append(o.host.Problems, Problem{Path: v.EvidencePath, Volume: v.Index, Err: err})
}
