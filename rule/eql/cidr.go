package eql

import (
	"net/netip"
)

// cidrList is the compiled blocks of a cidrMatch; null is set when one is null,
// and then the function gives null.
type cidrList struct {
	blocks []netip.Prefix
	null   bool
}

// cidr compiles the blocks of x, which must be literals.
func (p *parser) cidr(x *expr) *SyntaxError {
	x.cidr = &cidrList{}
	for _, a := range x.args[1:] {
		switch {
		case a.isNull():
			x.cidr.null = true
			continue
		case a.op != xConst:
			return p.errorf(a.pos, "cidrMatch needs its address blocks as strings")
		}
		block, err := netip.ParsePrefix(a.value.Str)
		if err != nil {
			addr, aerr := netip.ParseAddr(a.value.Str)
			if aerr != nil {
				return p.errorf(a.pos, "%q is not an address block such as 10.0.0.0/8", a.value.Str)
			}
			block = netip.PrefixFrom(addr, addr.BitLen())
		}
		x.cidr.blocks = append(x.cidr.blocks, block.Masked())
	}
	return nil
}

func (c *cidrList) match(v Scalar) Scalar {
	if v.Kind != KindString || c.null {
		return Scalar{}
	}
	addr, err := netip.ParseAddr(v.Str)
	if err != nil {
		return Scalar{}
	}
	addr = addr.WithZone("").Unmap()
	for _, b := range c.blocks {
		if b.Contains(addr) {
			return boolean(true)
		}
	}
	return boolean(false)
}
