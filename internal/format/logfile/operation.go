package logfile

import "fmt"

// Operation says what a log record does to its target, or how to undo it.
type Operation uint16

// The operations of the NTFS log client.
const (
	Noop                         Operation = 0x00
	CompensationLogRecord        Operation = 0x01
	InitializeFileRecordSegment  Operation = 0x02
	DeallocateFileRecordSegment  Operation = 0x03
	WriteEndOfFileRecordSegment  Operation = 0x04
	CreateAttribute              Operation = 0x05
	DeleteAttribute              Operation = 0x06
	UpdateResidentValue          Operation = 0x07
	UpdateNonresidentValue       Operation = 0x08
	UpdateMappingPairs           Operation = 0x09
	DeleteDirtyClusters          Operation = 0x0A
	SetNewAttributeSizes         Operation = 0x0B
	AddIndexEntryRoot            Operation = 0x0C
	DeleteIndexEntryRoot         Operation = 0x0D
	AddIndexEntryAllocation      Operation = 0x0E
	DeleteIndexEntryAllocation   Operation = 0x0F
	WriteEndOfIndexBuffer        Operation = 0x10
	SetIndexEntryVcnRoot         Operation = 0x11
	SetIndexEntryVcnAllocation   Operation = 0x12
	UpdateFileNameRoot           Operation = 0x13
	UpdateFileNameAllocation     Operation = 0x14
	SetBitsInNonresidentBitMap   Operation = 0x15
	ClearBitsInNonresidentBitMap Operation = 0x16
	HotFix                       Operation = 0x17
	EndTopLevelAction            Operation = 0x18
	PrepareTransaction           Operation = 0x19
	CommitTransaction            Operation = 0x1A
	ForgetTransaction            Operation = 0x1B
	OpenNonresidentAttribute     Operation = 0x1C
	OpenAttributeTableDump       Operation = 0x1D
	AttributeNamesDump           Operation = 0x1E
	DirtyPageTableDump           Operation = 0x1F
	TransactionTableDump         Operation = 0x20
	UpdateRecordDataRoot         Operation = 0x21
	UpdateRecordDataAllocation   Operation = 0x22
	UpdateRelativeDataIndex      Operation = 0x23
	UpdateRelativeDataAllocation Operation = 0x24
	ZeroEndOfFileRecord          Operation = 0x25
)

// String gives the operation's name.
func (o Operation) String() string {
	switch o {
	case Noop:
		return "Noop"
	case CompensationLogRecord:
		return "CompensationLogRecord"
	case InitializeFileRecordSegment:
		return "InitializeFileRecordSegment"
	case DeallocateFileRecordSegment:
		return "DeallocateFileRecordSegment"
	case WriteEndOfFileRecordSegment:
		return "WriteEndOfFileRecordSegment"
	case CreateAttribute:
		return "CreateAttribute"
	case DeleteAttribute:
		return "DeleteAttribute"
	case UpdateResidentValue:
		return "UpdateResidentValue"
	case UpdateNonresidentValue:
		return "UpdateNonresidentValue"
	case UpdateMappingPairs:
		return "UpdateMappingPairs"
	case DeleteDirtyClusters:
		return "DeleteDirtyClusters"
	case SetNewAttributeSizes:
		return "SetNewAttributeSizes"
	case AddIndexEntryRoot:
		return "AddIndexEntryRoot"
	case DeleteIndexEntryRoot:
		return "DeleteIndexEntryRoot"
	case AddIndexEntryAllocation:
		return "AddIndexEntryAllocation"
	case DeleteIndexEntryAllocation:
		return "DeleteIndexEntryAllocation"
	case WriteEndOfIndexBuffer:
		return "WriteEndOfIndexBuffer"
	case SetIndexEntryVcnRoot:
		return "SetIndexEntryVcnRoot"
	case SetIndexEntryVcnAllocation:
		return "SetIndexEntryVcnAllocation"
	case UpdateFileNameRoot:
		return "UpdateFileNameRoot"
	case UpdateFileNameAllocation:
		return "UpdateFileNameAllocation"
	case SetBitsInNonresidentBitMap:
		return "SetBitsInNonresidentBitMap"
	case ClearBitsInNonresidentBitMap:
		return "ClearBitsInNonresidentBitMap"
	}
	return o.rare()
}

// rare names the operations of transactions, tables and view indexes.
func (o Operation) rare() string {
	switch o {
	case HotFix:
		return "HotFix"
	case EndTopLevelAction:
		return "EndTopLevelAction"
	case PrepareTransaction:
		return "PrepareTransaction"
	case CommitTransaction:
		return "CommitTransaction"
	case ForgetTransaction:
		return "ForgetTransaction"
	case OpenNonresidentAttribute:
		return "OpenNonresidentAttribute"
	case OpenAttributeTableDump:
		return "OpenAttributeTableDump"
	case AttributeNamesDump:
		return "AttributeNamesDump"
	case DirtyPageTableDump:
		return "DirtyPageTableDump"
	case TransactionTableDump:
		return "TransactionTableDump"
	case UpdateRecordDataRoot:
		return "UpdateRecordDataRoot"
	case UpdateRecordDataAllocation:
		return "UpdateRecordDataAllocation"
	case UpdateRelativeDataIndex:
		return "UpdateRelativeDataIndex"
	case UpdateRelativeDataAllocation:
		return "UpdateRelativeDataAllocation"
	case ZeroEndOfFileRecord:
		return "ZeroEndOfFileRecord"
	}
	return fmt.Sprintf("operation %#x", uint16(o))
}
