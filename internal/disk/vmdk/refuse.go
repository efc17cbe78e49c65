package vmdk

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
)

// deviceTypes are the createTypes of disks that lie on a device.
var deviceTypes = map[string]bool{
	"fulldevice": true, "partitioneddevice": true,
	"vmfsraw": true, "vmfsrdm": true, "vmfsrdmp": true, "vmfsrawdevicemap": true, "vmfspassthroughrawdevicemap": true,
}

// refusal names what a descriptor asks for and is not done, or gives nil.
func (d *descriptor) refusal() error {
	if d.Encrypted {
		return refuse("encrypted VMDK disk", "decrypt the virtual machine with VMware first, which has its keys")
	}
	if v := d.Version; v != "1" && v != "2" && v != "3" {
		return refuse(fmt.Sprintf("VMDK descriptor of version %.20q", v), adviceConvert)
	}
	if d.HasParent {
		name := "VMDK snapshot"
		if d.ParentName != "" {
			name += fmt.Sprintf(" (it builds on %.200q)", d.ParentName)
		}
		return refuse(name, adviceMerge)
	}
	if deviceTypes[strings.ToLower(d.CreateType)] {
		return refuseDevice(d.CreateType)
	}
	for _, e := range d.Extents {
		switch e.Type {
		case "FLAT", "VMFS":
			if onDevice(e.File) {
				return refuseDevice(e.File)
			}
		case "SPARSE", "ZERO":
		case "VMFSRAW", "VMFSRDM":
			return refuseDevice(e.Type)
		case "VMFSSPARSE":
			return refuseCOWD()
		case "SESPARSE":
			return refuseSESparse()
		default:
			if e.Access != "NOACCESS" {
				return refuse(fmt.Sprintf("VMDK disk with an extent of type %.20q", e.Type), adviceConvert)
			}
		}
	}
	return nil
}

// onDevice says that a name is that of a device.
func onDevice(name string) bool {
	return strings.HasPrefix(name, `\\.\`) || strings.HasPrefix(name, "/dev/")
}

func refuseDevice(what string) *disk.ContainerError {
	return refuse(fmt.Sprintf("VMDK descriptor of a physical device (%.200q)", what), "image that device, and name the image")
}

func refuseCOWD() *disk.ContainerError {
	return refuse("VMDK copy-on-write disk of ESX (COWD, vmfsSparse)", adviceMerge)
}

func refuseSESparse() *disk.ContainerError {
	return refuse("VMDK space-efficient snapshot of ESX (seSparse)", adviceMerge)
}

// refuseExtent is for one extent file of a split disk.
func refuseExtent(path string) *disk.ContainerError {
	advice := "name the disk's descriptor file instead"
	if name := descriptorName(path); name != "" {
		advice += fmt.Sprintf(", which is likely called %q", name)
	}
	return refuse("VMDK extent of a disk that has several files", advice)
}

var extentName = regexp.MustCompile(`(?i)^(.+)-[sf][0-9]{3,}(\.vmdk)$`)

// descriptorName gives "x.vmdk" for "x-s001.vmdk", as VMware and QEMU name extents,
// or nothing.
func descriptorName(path string) string {
	m := extentName.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}
