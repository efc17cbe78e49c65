package eql

// Kind is the type of a scalar.
type Kind uint8

// The kinds. KindNull, the zero value, is the null of the language.
const (
	KindNull Kind = iota
	KindString
	KindInt
	KindFloat
	KindBool
	kindAny // of a field, in the static check only
)

// String names the kind as messages do.
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindString:
		return "string"
	case KindInt, KindFloat:
		return "number"
	case KindBool:
		return "boolean"
	}
	return "any"
}

// Scalar is one value. Only the member that Kind names counts.
type Scalar struct {
	Kind  Kind
	Str   string // UTF-8 or WTF-8
	Int   int64
	Float float64
	Bool  bool
}

// State says what the source of a record knows about a field.
type State uint8

// The states. The zero value is StateUnknown, so that a value which somebody
// forgot to fill in can leave a rule open but never decide it.
const (
	StateUnknown State = iota // the source cannot tell
	Absent                    // known to have no value
	Known                     // known to have the value or values
)

// Value is what a record says about one field.
type Value struct {
	State State
	One   Scalar   // the value, when Many is empty
	Many  []Scalar // the values of an array
}

// Str is a known string.
func Str(s string) Value { return Value{State: Known, One: Scalar{Kind: KindString, Str: s}} }

// Strs is a known list of strings; an empty list is an absent field.
func Strs(s ...string) Value {
	switch len(s) {
	case 0:
		return Missing()
	case 1:
		return Str(s[0])
	}
	many := make([]Scalar, len(s))
	for i, v := range s {
		many[i] = Scalar{Kind: KindString, Str: v}
	}
	return Value{State: Known, Many: many}
}

// Int is a known integer.
func Int(i int64) Value { return Value{State: Known, One: Scalar{Kind: KindInt, Int: i}} }

// Float is a known floating-point number.
func Float(f float64) Value { return Value{State: Known, One: Scalar{Kind: KindFloat, Float: f}} }

// Bool is a known boolean.
func Bool(b bool) Value { return Value{State: Known, One: Scalar{Kind: KindBool, Bool: b}} }

// Missing is a field that is known to have no value.
func Missing() Value { return Value{State: Absent} }

// NotKnown is a field that the source of the record cannot tell.
func NotKnown() Value { return Value{State: StateUnknown} }

// len is the number of values; 0 unless the value is known.
func (v *Value) len() int {
	switch {
	case v.State != Known:
		return 0
	case len(v.Many) > 0:
		return len(v.Many)
	case v.One.Kind == KindNull:
		return 0
	}
	return 1
}

func (v *Value) at(i int) Scalar {
	if len(v.Many) > 0 {
		return v.Many[i]
	}
	return v.One
}

// Record gives the fields of one event by name, e.g. "file.path". A field it has
// never heard of is for it to call Missing or NotKnown.
type Record interface {
	Field(name string) Value
}
