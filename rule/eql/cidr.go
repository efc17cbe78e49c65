package eql

import (
	"net/netip"
	"strings"
)

// mappedBits is the length of the prefix ::ffff:0:0/96, below which the IPv4
// addresses lie among those of IPv6 (RFC 4291, section 2.5.5.2).
const mappedBits = 96

// cidrList is the compiled blocks of a cidrMatch; null is set when one is null,
// and then the function gives null. All addresses are compared as 16 bytes, so
// that a block of IPv6 addresses can hold an IPv4 address.
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
		block, ok := addressBlock(a.value.Str)
		switch {
		case !ok:
			return p.errorf(a.pos, "%q is not an address block such as 10.0.0.0/8", a.value.Str)
		case block.Addr().Is4In6() && block.Bits() < mappedBits:
			return p.errorf(a.pos, "%q is ambiguous: the block of an IPv4 address written as IPv6 has %d to 128 bits", a.value.Str, mappedBits)
		}
		x.cidr.blocks = append(x.cidr.blocks, block.Masked())
	}
	return nil
}

// addressBlock reads a block, or an address as the block of it alone, and gives
// it among the addresses of 16 bytes.
func addressBlock(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(wide(addr), 128), true
	}
	block, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	bits := block.Bits()
	if block.Addr().Is4() {
		bits += mappedBits
	}
	return netip.PrefixFrom(wide(block.Addr()), bits), true
}

// wide is the address in 16 bytes: an IPv4 address a.b.c.d is ::ffff:a.b.c.d.
func wide(a netip.Addr) netip.Addr { return netip.AddrFrom16(a.As16()) }

func (c *cidrList) match(v Scalar) Scalar {
	if v.Kind != KindString || c.null {
		return Scalar{}
	}
	addr, err := netip.ParseAddr(v.Str)
	if err != nil {
		return Scalar{}
	}
	addr = wide(addr)
	for _, b := range c.blocks {
		if b.Contains(addr) {
			return boolean(true)
		}
	}
	return boolean(false)
}
