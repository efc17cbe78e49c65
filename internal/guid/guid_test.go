package guid

import "testing"

func TestString(t *testing.T) {
	for _, tt := range []struct {
		guid GUID
		want string
	}{
		{GUID{}, "00000000-0000-0000-0000-000000000000"},
		{GUID{0x6b, 0x87, 0x08, 0x38, 0x76, 0xc1, 0x48, 0x4e, 0xb7, 0xae, 0x04, 0x04, 0x6e, 0x6c, 0xc7, 0x52}, "3808876b-c176-4e48-b7ae-04046e6cc752"},
		{GUID{1, 0, 0, 0, 2, 0, 3, 0, 4, 5, 6}, "00000001-0002-0003-0405-060000000000"},
	} {
		if got := tt.guid.String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
