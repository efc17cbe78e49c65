package main

import (
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/device"
	"github.com/jobscan/jobscan/internal/disk/ewf"
	"github.com/jobscan/jobscan/internal/disk/qcow2"
	"github.com/jobscan/jobscan/internal/disk/raw"
	"github.com/jobscan/jobscan/internal/disk/split"
	"github.com/jobscan/jobscan/internal/disk/vdi"
	"github.com/jobscan/jobscan/internal/disk/vhd"
	"github.com/jobscan/jobscan/internal/disk/vhdx"
	"github.com/jobscan/jobscan/internal/disk/vmdk"
	"github.com/jobscan/jobscan/internal/format/evtx/binxml"
	"github.com/jobscan/jobscan/internal/isolate"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/csv"
	"github.com/jobscan/jobscan/internal/report/html"
	"github.com/jobscan/jobscan/internal/report/jsonl"
	"github.com/jobscan/jobscan/internal/report/table"
)

// The lists of plug-ins. A new one is added here and nowhere else.

// reportFormats are the output formats; the first is the default.
var reportFormats = []report.Format{
	table.Format,
	csv.Format,
	jsonl.Format,
	html.Format,
}

// diskFormats are the image formats, in the order in which they are tried; raw
// matches anything and stays last.
var diskFormats = []disk.Format{
	device.Format,
	ewf.Format,
	qcow2.Format,
	vmdk.Format,
	vhdx.Format,
	vhd.Format,
	vdi.Format,
	split.Format,
	raw.Format,
}

// decoders run in processes of their own.
var decoders = []isolate.Decoder{
	{Name: binxml.Name, Doc: "binary XML of event logs, a chunk for each request", Decode: binxml.Answer},
}
