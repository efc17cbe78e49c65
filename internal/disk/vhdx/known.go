package vhdx

// The regions and metadata items that [MS-VHDX] 2.2.3.2 and 2.6.2 know, in the
// form that guid.GUID.String gives.
const (
	regionBAT      = "2dc27766-f623-4200-9d64-115e9bfd4a08"
	regionMetadata = "8b7ca206-4790-4b9a-b8fe-575f050f886e"

	itemFileParameters     = "caa16737-fa36-4d43-b3b6-33f0aa44e76b"
	itemVirtualDiskSize    = "2fa54224-cd1b-4876-b211-5dbed83bf4b8"
	itemVirtualDiskID      = "beca12ab-b2e6-4523-93ef-c309e000c746"
	itemLogicalSectorSize  = "8141bf1d-a96f-4709-ba47-f233a8faab5f"
	itemPhysicalSectorSize = "cda348c7-445d-4471-9cc9-e9885251c556"
	itemParentLocator      = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c"
)
