package vmdk

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

func TestParseDescriptor(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       descriptor
	}{
		{"of a split disk, with line ends of Windows", "# Disk DescriptorFile\r\nversion=1\r\nencoding=\"windows-1252\"\r\nCID=fffffffe\r\nparentCID=ffffffff\r\ncreateType=\"twoGbMaxExtentSparse\"\r\n\r\n# Extent description\r\n" +
			"RW 4192256 SPARSE \"a b-s001.vmdk\"\r\nRDONLY 63 FLAT \"a-pt.vmdk\" 7\r\nrw 9 zero\r\nNOACCESS 5\tSPARSE\r\n",
			descriptor{Version: "1", Encoding: "windows-1252", CreateType: "twoGbMaxExtentSparse", ParentKnown: true}},
		{"extents are kept", "version=1\nRW 4 SPARSE \"a\"b\"\nRW 2 ZERO\nRW 9 VMFS \"x-flat.vmdk\"\nRW 7 FLAT \"y\" 12\n",
			descriptor{Version: "1", Extents: []extentLine{
				{Offset: 10, Access: "RW", Sectors: 4, Type: "SPARSE", File: `a"b`}, {Offset: 28, Access: "RW", Sectors: 2, Type: "ZERO"},
				{Offset: 38, Access: "RW", Sectors: 9, Type: "VMFS", File: "x-flat.vmdk"}, {Offset: 62, Access: "RW", Sectors: 7, Type: "FLAT", File: "y", Start: 12}}}},
		{"keys without case, spaces, NUL bytes at the end", "VERSION = \"3\"\nParentCid = 12\nPARENTFILENAMEHINT=\"base.vmdk\"\n\x00\x00",
			descriptor{Version: "3", HasParent: true, ParentKnown: true, ParentName: "base.vmdk"}},
		{"a CID that became two digits shorter", "version=1\nCID=129891\nparentCID=ffffffff\nddb.toolsVersion = \"2147483647\"\n\x00\n\x00\x00", descriptor{Version: "1", ParentKnown: true}},
		{"a CID that became five digits shorter, then three more", "version=1\nCID=1\nparentCID=ffffffff\nddb.toolsVersion = \"2147483647\"\n\x00\n\x007\"\n", descriptor{Version: "1", ParentKnown: true}},
		{"any parent is one", "version=1\nparentCID=ffffffff\nparentCID=1\n", descriptor{Version: "1", HasParent: true, ParentKnown: true}},
		{"keys in it", "version=1\nencryptionKeys=\"vmware:key/list/(x)\"\n", descriptor{Version: "1", Encrypted: true}},
		{"filter that encrypts", "version=1\nddb.iofilters = \"vmwarevmcrypt\"\n", descriptor{Version: "1", Encrypted: true}},
		{"filter that does not", "version=1\nddb.iofilters = \"vmwarelwd\"\n", descriptor{Version: "1"}},
		{"extent that is commented out", "version=1\n# RW 4 SPARSE \"a\"\n", descriptor{Version: "1"}},
	} {
		got, err := parseDescriptor([]byte(test.text))
		if strings.HasPrefix(test.name, "of a split") {
			if len(got.Extents) != 4 || got.Extents[1].Start != 7 || got.Extents[2].Type != "ZERO" || got.Extents[3].Access != "NOACCESS" {
				t.Errorf("%s: extents %+v", test.name, got.Extents)
			}
			got.Extents = nil
		}
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\ngot  %+v, error %v\nwant %+v", test.name, got, err, test.want)
		}
	}
}

func TestParseDescriptorErrors(t *testing.T) {
	for _, test := range []struct {
		name, text string
		offset     int64
	}{
		{"no version", "parentCID=ffffffff\n", 0},
		{"damaged word of access", "version=1\nRV 4192256 SPARSE \"a\"\n", 10},
		{"the same, with a sign of equality in the name", "version=1\nRV 4192256 SPARSE \"a=b\"\n", 10},
		{"line end lost before an extent", "version=1\n# Extent description*RW 4 SPARSE \"a\"\n", 10},
		{"no sectors", "version=1\nRW 0 ZERO\n", 10},
		{"negative", "version=1\nRW -1 ZERO\n", 10},
		{"too many", "version=1\nRW 9223372036854775807 ZERO\n", 10},
		{"no type", "version=1\nRW 1\n", 10},
		{"no file", "version=1\nRW 1 FLAT\n", 10},
		{"no end of the name", "version=1\nRW 1 FLAT \"a\n", 10},
		{"empty name", "version=1\nRW 1 FLAT \"\" 0\n", 10},
		{"name without marks", "version=1\nRW 1 FLAT a 0\n", 10},
		{"bad offset", "version=1\nRW 1 FLAT \"a\" x\n", 10},
		{"NUL within", "version=1\n\x00RW 1 ZERO\n", 10},
		{"NUL before the end", "version=1\nRW 1 ZERO\n\x00x\n", 20},
		{"NUL between equal lines", "version=1\nRW 1 ZERO\n\x00RW 1 ZERO\n", 20},
		{"NUL within the last word", "version=1\nddb.x = \"3\x0045\"\n", 20},
		{"words behind the offset", "version=1\nRW 1 FLAT \"a\" 0\vRW 1 ZERO\n", 10},
		{"parentCID", "version=1\nparentCID=zz\n", 10},
		{"too many extents", "version=1\n" + strings.Repeat("RW 1 ZERO\n", maxExtents+1), 10 + 10*maxExtents},
	} {
		got, err := parseDescriptor([]byte(test.text))
		var e *parse.Error
		if !errors.As(err, &e) || e.Offset != test.offset || !reflect.DeepEqual(got, descriptor{}) {
			t.Errorf("%s: got %+v, error %v; want one at %#x", test.name, got, err, test.offset)
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, test := range []struct{ name, text, word string }{
		{"encrypted", "version=1\nkeyID=\"x\"\n", "encrypted"},
		{"version", "version=4\n", "version"},
		{"snapshot by CID", "version=1\nparentCID=00000000\n", "snapshot"},
		{"snapshot by name", "version=1\nparentCID=ffffffff\nparentFileNameHint=\"b.vmdk\"\n", `"b.vmdk"`},
		{"device", "version=1\ncreateType=\"fullDevice\"\n", "device"},
		{"partitions", "version=1\ncreateType=\"PartitionedDevice\"\n", "device"},
		{"device of Windows", "version=1\nRW 1 FLAT \"\\\\.\\PhysicalDrive0\" 0\n", "device"},
		{"device of Linux", "version=1\nRW 1 FLAT \"/dev/sda\" 0 Partition1\n", "device"},
		{"raw device map", "version=1\nRW 1 VMFSRDM \"x-rdm.vmdk\"\n", "device"},
		{"COWD", "version=1\nRW 1 VMFSSPARSE \"x-delta.vmdk\"\n", "COWD"},
		{"seSparse", "version=1\nRW 1 SESPARSE \"x-sesparse.vmdk\"\n", "seSparse"},
		{"another type", "version=1\nRW 1 VVOL \"x\"\n", "VVOL"},
		{"none", "version=1\nparentCID=ffffffff\nRW 1 VMFS \"x\"\nRW 1 ZERO\nRW 1 SPARSE \"y\"\n", ""},
	} {
		d, err := parseDescriptor([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		err = d.refusal()
		if (err == nil) != (test.word == "") || err != nil && (!disk.IsContainer(err) || !strings.Contains(err.Error(), test.word)) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.word)
		}
	}
}

func TestIsDescriptor(t *testing.T) {
	for _, test := range []struct {
		name, head string
		want       bool
	}{
		{"title", "# Disk DescriptorFile\nversion=1\n", true},
		{"title in another case", "# disk descriptorFILE\r\n", true},
		{"comment and version, as QEMU takes it", "#x\n  \r\n#y\nversion=2\r\nCID=1\ncreateType=\"vmfs\"\n", true},
		{"version and nothing else", "# configuration\nversion=1\nname=x\n", false},
		{"another text", "# shell\nset -e\n", false},
		{"short", "# Disk", false},
		{"empty", "", false},
	} {
		if got := isDescriptor([]byte(test.head)); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestDescriptorName(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"/e/Windows XP-s001.vmdk", "Windows XP.vmdk"}, {"x-f012.VMDK", "x.VMDK"}, {"x-000001-s002.vmdk", "x-000001.vmdk"},
		{"x.vmdk", ""}, {"x-flat.vmdk", ""}, {"-s001.vmdk", ""},
	} {
		if got := descriptorName(test.path); got != test.want {
			t.Errorf("%s: got %q, want %q", test.path, got, test.want)
		}
	}
}

func TestDecodeName(t *testing.T) {
	if got, ok := decodeName("Gr\xfc\xdfe \x80-s001.vmdk", "windows-1252"); got != "Grüße €-s001.vmdk" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
	if n := len([]rune(windows1252)); n != 32 {
		t.Errorf("%d characters, want 32", n)
	}
	if got, ok := decodeName("\xfc", "GBK"); ok {
		t.Errorf("got %q of an encoding that is not known", got)
	}
}
