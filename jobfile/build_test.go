package jobfile

import (
	"encoding/binary"
	"unicode/utf16"
)

// jobSpec describes the bytes of a job file for tests. It writes them on its
// own and shares nothing with the decoder.
type jobSpec struct {
	product, version          uint16
	uuid                      []byte // as stored
	appOffset                 uint16 // 0: 70
	triggerOffset             uint16 // 0: the right one
	retries, retryInterval    uint16
	idleDeadline, idleWait    uint16
	priority, maxRun          uint32
	exitCode, status, flags   uint32
	lastRun                   [8]uint16
	running                   uint16
	app, par, dir, auth, note []uint16 // with their NUL; nil: absent
	userData, reserved        []byte
	triggerCount              int // -1: as many as there are
	triggers                  [][]byte
	tail                      []byte // signature and whatever follows
}

var testUUID = []byte{0xeb, 0xcf, 0xf2, 0x0d, 0x93, 0x52, 0xe9, 0x41, 0xa4, 0x5e, 0x73, 0x37, 0x20, 0xc2, 0xe1, 0xfa}

// plainJob is a job with nothing to remark on.
func plainJob() jobSpec {
	return jobSpec{
		product: 0x0501, version: 1, uuid: testUUID,
		idleDeadline: 60, idleWait: 10, priority: 0x20, maxRun: 259200000,
		status: 0x41303, flags: 0x208000C0 | 0x01000000,
		app: wide("C:\\WINDOWS\\system32\\calc.exe"), dir: wide("C:\\WINDOWS\\system32"), auth: wide("Administrator"),
		reserved:     []byte{0x03, 0x13, 0x04, 0, 0, 0, 0, 0},
		triggerCount: -1,
		triggers:     [][]byte{daily(2023, 5, 11, 9, 0)},
	}
}

func wide(s string) []uint16 { return append(utf16.Encode([]rune(s)), 0) }

func (x jobSpec) bytes() []byte {
	le := binary.LittleEndian
	var body []byte
	body = le.AppendUint16(body, x.running)
	for _, s := range [][]uint16{x.app, x.par, x.dir, x.auth, x.note} {
		body = le.AppendUint16(body, uint16(len(s)))
		for _, u := range s {
			body = le.AppendUint16(body, u)
		}
	}
	body = append(le.AppendUint16(body, uint16(len(x.userData))), x.userData...)
	body = append(le.AppendUint16(body, uint16(len(x.reserved))), x.reserved...)
	triggersAt := 68 + len(body)
	n := x.triggerCount
	if n < 0 {
		n = len(x.triggers)
	}
	body = le.AppendUint16(body, uint16(n))
	for _, t := range x.triggers {
		body = append(body, t...)
	}
	if x.appOffset == 0 {
		x.appOffset = 70
	}
	if x.triggerOffset == 0 {
		x.triggerOffset = uint16(triggersAt)
	}
	var b []byte
	b = le.AppendUint16(b, x.product)
	b = le.AppendUint16(b, x.version)
	b = append(b, x.uuid...)
	for _, v := range []uint16{x.appOffset, x.triggerOffset, x.retries, x.retryInterval, x.idleDeadline, x.idleWait} {
		b = le.AppendUint16(b, v)
	}
	for _, v := range []uint32{x.priority, x.maxRun, x.exitCode, x.status, x.flags} {
		b = le.AppendUint32(b, v)
	}
	for _, v := range x.lastRun {
		b = le.AppendUint16(b, v)
	}
	return append(append(b, body...), x.tail...)
}

// triggerBytes writes 48 bytes. union is what stands at offset 36.
func triggerBytes(begin, end [3]uint16, hour, minute uint16, duration, interval, flags, kind uint32, union ...byte) []byte {
	le := binary.LittleEndian
	b := []byte{0x30, 0, 0, 0}
	for _, v := range begin {
		b = le.AppendUint16(b, v)
	}
	for _, v := range end {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint16(b, hour)
	b = le.AppendUint16(b, minute)
	for _, v := range []uint32{duration, interval, flags, kind} {
		b = le.AppendUint32(b, v)
	}
	b = append(b, union...)
	return append(b, make([]byte, 48-len(b))...)
}

func daily(year, month, day, hour, minute uint16) []byte {
	return triggerBytes([3]uint16{year, month, day}, [3]uint16{}, hour, minute, 0, 0, 0, 1, 1, 0)
}

// signature writes the block with every byte of the value different.
func signature() []byte {
	b := []byte{1, 0, 1, 0}
	for i := range 64 {
		b = append(b, byte(i*37+11))
	}
	return b
}
