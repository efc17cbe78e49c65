package usn

// SourceInfo says which kind of software announced that it made the change
// ([MS-FSCC] 2.3.62.1, SourceInfo). Any program that may open the volume can
// set it; zero is normal.
type SourceInfo uint32

// The sources of winioctl.h.
const (
	SourceDataManagement              SourceInfo = 0x1 // USN_SOURCE_DATA_MANAGEMENT
	SourceAuxiliaryData               SourceInfo = 0x2 // USN_SOURCE_AUXILIARY_DATA
	SourceReplicationManagement       SourceInfo = 0x4 // USN_SOURCE_REPLICATION_MANAGEMENT
	SourceClientReplicationManagement SourceInfo = 0x8 // USN_SOURCE_CLIENT_REPLICATION_MANAGEMENT
)

var sourceNames = []flagName{
	{uint32(SourceDataManagement), "DATA_MANAGEMENT"},
	{uint32(SourceAuxiliaryData), "AUXILIARY_DATA"},
	{uint32(SourceReplicationManagement), "REPLICATION_MANAGEMENT"},
	{uint32(SourceClientReplicationManagement), "CLIENT_REPLICATION_MANAGEMENT"},
}

// Names lists the sources by the specification's words without prefix.
func (s SourceInfo) Names() []string { return names(uint32(s), sourceNames) }

// String joins Names with "|"; no source at all is "0".
func (s SourceInfo) String() string { return joined(s.Names()) }
