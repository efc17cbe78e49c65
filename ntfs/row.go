package ntfs

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// maxRowGap is how many slots without their FILE record end a row of them.
const maxRowGap = 4096

// openRow mounts a volume whose $MFT cannot be mapped, because its record 0 and
// the copy of that are gone: it takes the FILE records that stand in a row where
// the boot sector puts $MFT, each with its own number. nil: there are none.
func openRow(v *Volume) *Volume {
	start := clusterBytes(v.boot.MFTLCN, int64(v.boot.ClusterSize))
	count, found := uint64(0), 0
	for n := uint64(0); n < count+maxRowGap; n++ {
		off := start + int64(n)*int64(v.recordSize)
		if off > v.size-int64(v.recordSize) {
			break
		}
		if isRecord(v.r, off, uint32(n)) {
			count, found = n+1, found+1
		}
	}
	if found == 0 {
		return nil
	}
	size := count * uint64(v.recordSize)
	clusters := (size + uint64(v.boot.ClusterSize) - 1) / uint64(v.boot.ClusterSize)
	v.problems, v.mftRecord = nil, nil
	v.setMFT([]*Attribute{{Type: TypeData, DataSize: size, InitializedSize: size,
		Runs: []Run{{Length: clusters, LCN: int64(v.boot.MFTLCN)}}}}, int64(size))
	v.note(&parse.Error{Structure: "$MFT", Field: "record 0", Offset: start, Err: parse.ErrSignature,
		Detail: fmt.Sprintf("it and its copy are gone: only the %d FILE records that stand in a row from here are read, other parts of $MFT are not found", found)})
	return v
}
