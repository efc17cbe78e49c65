package eql

// Truth decides the condition for a record, without allocation and without
// looking further than needed.
func (c *Cond) Truth(r Record) Truth {
	switch c.op {
	case Test:
		return c.test.truth(r)
	case And:
		t := True
		for _, k := range c.kids {
			if t = t.And(k.Truth(r)); t == False {
				break
			}
		}
		return t
	case Or:
		t := False
		for _, k := range c.kids {
			if t = t.Or(k.Truth(r)); t == True {
				break
			}
		}
		return t
	case Not:
		return c.kids[0].Truth(r).Not()
	}
	return truthOf(c.value.Bool)
}

// truth decides a leaf: True if some choice of one value for each field makes it
// true, where an absent field gives null; Unknown if a field is unknown. It is
// Unknown as well where the fields have more choices than can be tried: Excess
// tells that apart.
func (x *expr) truth(r Record) Truth {
	if len(x.fields) == 1 {
		return x.truthOfOne(r)
	}
	return x.truthOfMany(r)
}

// truthOfMany tries the combinations of values in turn.
func (x *expr) truthOfMany(r Record) Truth {
	var values [maxLeafFields]Value
	choices := 1
	for i, name := range x.fields {
		values[i] = r.Field(name)
		if values[i].State == StateUnknown {
			return Unknown
		}
		if n := values[i].len(); n > 1 {
			if choices *= n; choices > maxChoices {
				return Unknown
			}
		}
	}
	var slots [maxLeafFields]Scalar
	var chosen [maxLeafFields]int
	n := len(x.fields)
	for {
		for i := range n {
			slots[i] = Scalar{}
			if values[i].len() > 0 {
				slots[i] = values[i].at(chosen[i])
			}
		}
		if x.holds(slots[:n]) {
			return True
		}
		i := 0
		for ; i < n; i++ {
			if chosen[i]++; chosen[i] < values[i].len() {
				break
			}
			chosen[i] = 0
		}
		if i == n {
			return False
		}
	}
}

func (x *expr) truthOfOne(r Record) Truth {
	v := r.Field(x.fields[0])
	switch {
	case v.State == StateUnknown:
		return Unknown
	case v.State == Known && len(v.Many) > 0:
		for i := range v.Many {
			if x.holds(v.Many[i : i+1]) {
				return True
			}
		}
		return False
	}
	slot := [1]Scalar{}
	if v.State == Known {
		slot[0] = v.One
	}
	return truthOf(x.holds(slot[:]))
}

// holds evaluates a leaf for one choice of values. The tests of a field against
// constants, by far the most frequent, are done without copies.
func (x *expr) holds(slots []Scalar) bool {
	if len(x.args) > 1 && x.args[0].op == xField {
		v := &slots[x.args[0].slot]
		switch {
		case x.op == xEq && x.args[1].op == xConst:
			return equalsConstant(v, &x.args[1].value)
		case x.op == xIn:
			if found, ok := x.inConstants(v); ok {
				return found
			}
		}
	}
	if x.op == xLike && x.args[0].op == xField {
		v := &slots[x.args[0].slot]
		return v.Kind == KindString && x.likeAny(v.Str)
	}
	v := x.eval(slots)
	return v.isTrue()
}

// equalsConstant is v == c: a null constant asks whether v has a value.
func equalsConstant(v, c *Scalar) bool {
	switch {
	case v.Kind == KindString && c.Kind == KindString:
		return v.Str == c.Str
	case v.Kind == KindNull || c.Kind == KindNull:
		return v.Kind == c.Kind
	}
	return equal(*v, *c, foldNone)
}

// inConstants looks for v among the members; ok is false where one is no
// constant. Null is in no list.
func (x *expr) inConstants(v *Scalar) (found, ok bool) {
	for _, m := range x.args[1:] {
		switch {
		case m.op != xConst:
			return false, false
		case v.Kind == KindNull || m.value.Kind == KindNull:
		case v.Kind == KindString && m.value.Kind == KindString:
			found = x.fold.equal(v.Str, m.value.Str)
		default:
			found = equal(*v, m.value, x.fold)
		}
		if found {
			return true, true
		}
	}
	return false, true
}

func (x *expr) likeAny(s string) bool {
	for i := range x.like {
		if x.like[i].match(s) {
			return true
		}
	}
	return false
}

func (s Scalar) isTrue() bool { return s.Kind == KindBool && s.Bool }

func boolean(b bool) Scalar { return Scalar{Kind: KindBool, Bool: b} }

// eval computes an expression; slots holds the value chosen for each field.
func (x *expr) eval(slots []Scalar) Scalar {
	switch x.op {
	case xConst:
		return x.value
	case xField:
		return slots[x.slot]
	case xEq:
		return x.evalEqual(slots)
	case xLess, xLessEq, xGreater, xGreaterEq:
		return x.evalOrder(slots)
	case xIn:
		return x.evalIn(slots)
	case xLike:
		v := x.args[0].eval(slots)
		if v.Kind != KindString {
			return Scalar{}
		}
		return boolean(x.likeAny(v.Str))
	case xRegex:
		v := x.args[0].eval(slots)
		if v.Kind != KindString {
			return Scalar{}
		}
		for _, re := range x.regex {
			if re.match(v.Str) {
				return boolean(true)
			}
		}
		return boolean(false)
	case xAdd, xSub, xMul, xDiv, xMod:
		return arithmetic(x.op, x.args[0].eval(slots), x.args[1].eval(slots))
	case xNeg:
		return negate(x.args[0].eval(slots))
	case xCall:
		return x.evalCall(slots)
	}
	return x.evalLogic(slots)
}

// evalEqual compares with "==". The literal null asks whether the other side has
// a value; any other null gives null.
func (x *expr) evalEqual(slots []Scalar) Scalar {
	a, b := x.args[0].eval(slots), x.args[1].eval(slots)
	switch {
	case x.args[0].isNull() || x.args[1].isNull():
		return boolean(a.Kind == KindNull && b.Kind == KindNull)
	case a.Kind == KindNull || b.Kind == KindNull:
		return Scalar{}
	}
	return boolean(equal(a, b, foldNone))
}

func (x *expr) evalOrder(slots []Scalar) Scalar {
	c, ok := compare(x.args[0].eval(slots), x.args[1].eval(slots))
	if !ok {
		return Scalar{}
	}
	switch x.op {
	case xLess:
		return boolean(c < 0)
	case xLessEq:
		return boolean(c <= 0)
	case xGreater:
		return boolean(c > 0)
	}
	return boolean(c >= 0)
}

// evalIn compares with each member; a null among them decides nothing.
func (x *expr) evalIn(slots []Scalar) Scalar {
	v := x.args[0].eval(slots)
	if v.Kind == KindNull {
		return Scalar{}
	}
	null := false
	for _, m := range x.args[1:] {
		w := m.eval(slots)
		if w.Kind == KindNull {
			null = true
		} else if equal(v, w, x.fold) {
			return boolean(true)
		}
	}
	if null {
		return Scalar{}
	}
	return boolean(false)
}

// evalLogic computes and, or, not inside the operand of another operator, where
// null is a third value.
func (x *expr) evalLogic(slots []Scalar) Scalar {
	if x.op == xNot {
		v := x.args[0].eval(slots)
		if v.Kind != KindBool {
			return Scalar{}
		}
		return boolean(!v.Bool)
	}
	decisive := x.op == xOr
	null := false
	for _, a := range x.args {
		v := a.eval(slots)
		if v.Kind != KindBool {
			null = true
		} else if v.Bool == decisive {
			return boolean(decisive)
		}
	}
	if null {
		return Scalar{}
	}
	return boolean(!decisive)
}
