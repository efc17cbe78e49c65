package report

// Problem is one item of evidence that could not be read or decoded.
type Problem struct {
	Severity  string // error or warning
	Source    string // mft, usn, job, volume, evidence, report
	Evidence  string // path as it was given
	Volume    int    // 1-based; 0 where no volume is concerned
	Record    *uint64
	Offset    *int64 // bytes, in the structure's own stream
	Structure string
	Field     string
	Message   string
}

// Severities of a Problem.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// SourceReport is the Source of what is wrong with a saved report itself.
const SourceReport = "report"

// ProblemDocument makes the document of a problem.
func ProblemDocument(p *Problem) Document {
	d := NewDocument(TypeProblem)
	d.Set("severity", p.Severity)
	d.Set("source", p.Source)
	d.Set("evidence", p.Evidence)
	if p.Volume > 0 {
		d.Set("volume", p.Volume)
	} else {
		d.Set("volume", nil)
	}
	setOptional(d, "record", p.Record)
	setOptional(d, "offset", p.Offset)
	d.Set("structure", p.Structure)
	d.Set("field", p.Field)
	d.Set("message", p.Message)
	return d
}

func setOptional[T uint64 | int64](d Document, name string, v *T) {
	if v == nil {
		d.Set(name, nil)
		return
	}
	d.Set(name, *v)
}
