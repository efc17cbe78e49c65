package disk

import "testing"

func TestDeviceName(t *testing.T) {
	tests := []struct {
		path string
		want bool
	}{
		{`C:`, true},
		{`\\.\C:`, true},
		{`\\.\C:\`, true},
		{`//./C:`, true},
		{`\\.\PhysicalDrive0`, true},
		{`\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1`, true},
		{`C:\`, false},
		{`C:\image.raw`, false},
		{`\\?\C:\image.raw`, false},
		{`\\server\share\image.raw`, false},
	}
	for _, tt := range tests {
		if got := DeviceName(tt.path); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.path, got, tt.want)
		}
	}
}
