package eql_test

import (
	"fmt"

	"github.com/jobscan/jobscan/rule/eql"
)

// event knows its file; what wrote it, it cannot tell.
type event map[string]string

func (e event) Field(name string) eql.Value {
	if v, ok := e[name]; ok {
		return eql.Str(v)
	}
	return eql.NotKnown()
}

func ExampleQuery_Eval() {
	q, err := eql.Parse(`file where file.extension : "job" and not process.name : "updater.exe"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, extension := range []string{"JOB", "txt"} {
		e := event{"event.category": "file", "file.extension": extension}
		result := q.Eval(e)
		fmt.Println(extension, result.Truth, result.Missing, q.Residual(e))
	}
	// Output:
	// JOB unknown [process.name] not process.name : "updater.exe"
	// txt false [] false
}

func ExampleSyntaxError() {
	_, err := eql.Parse(`file where file.name = "x"`)
	fmt.Println(err)
	// Output:
	// line 1, column 22: comparison is written "==" or ":", not "="
	//   file where file.name = "x"
	//                        ^
}
