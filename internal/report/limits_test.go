package report

import (
	"slices"
	"testing"
)

func TestLimits(t *testing.T) {
	d := HeaderDocument(&Header{Options: map[string]string{"from": "2024\u202e", "no-usn": "true", "no-mft": "false", "hash": "true"},
		OptionNames: []string{"from", "hash", "no-mft", "no-usn"}})
	options := ScanOptions(d)
	if got, want := Limits(options), []string{"--from " + Visible("2024\u202e"), "--no-usn"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, tt := range []struct {
		options map[string]string
		want    string
	}{
		{nil, ""},
		{options, "in the asked range"},
		{map[string]string{"to": "2024-05-01"}, "in the asked range"},
		{map[string]string{"volume": "2"}, "in the asked volume"},
		{map[string]string{"volume": "2", "to": "2024-05-01"}, "in the asked range and volume"},
	} {
		if got := Asked(tt.options); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.options, got, tt.want)
		}
	}
	if got := Limits(map[string]string{"from": "", "no-usn": "true"}); !slices.Equal(got, []string{"--no-usn"}) {
		t.Errorf("an empty value: got %q", got)
	}
	if got := ScanOptions(NewDocument(TypeHeader)); len(got) != 0 {
		t.Errorf("a header without options gives %v", got)
	}
}
